"""A score is made as it says, and refuses to be compared with one that was made otherwise."""

import math

import numpy as np
import pytest
import torch
from agreement import agree
from scipy.stats import bernoulli, multivariate_normal

from vae_lib.data import binarise
from vae_lib.evaluation import Score, log_likelihood, score_images
from vae_lib.gaussian import DiagonalGaussian
from vae_lib.likelihoods import Bernoulli
from vae_lib.models import VAE, mlp_vae


def test_scores_carry_their_protocol_and_refuse_to_be_mixed():
    one = Score(torch.tensor([-90.0, -100.0, -95.0]), 5000, "MNIST test", "fixed")
    other = Score(torch.tensor([-91.0, -102.0, -95.0]), 5000, "MNIST test", "fixed")
    assert str(one) == (
        "log p(x) ≥ -95.00 ± 2.89 nats per image "
        "(k = 5000, 3 images: MNIST test, binarisation: fixed)"
    )
    difference, error = one.minus(other)
    assert difference == pytest.approx(1.0) and error == pytest.approx(1 / math.sqrt(3))
    for k, data, mode in [
        (100, "MNIST test", "fixed"),
        (5000, "embedded", "fixed"),
        (5000, "MNIST test", "dynamic"),
    ]:
        with pytest.raises(ValueError, match="made in the same way"):
            one.minus(Score(other.values, k, data, mode))
    with pytest.raises(ValueError, match="made in the same way"):
        one.minus(Score(other.values[:2], 5000, "MNIST test", "fixed"))


def test_two_images_have_a_standard_error():
    """Two values that differ by 2 have the standard deviation √2, and their mean that over √2."""
    shown = str(Score(torch.tensor([-90.0, -92.0]), 1, "drawn", "none"))
    assert shown.startswith("log p(x) ≥ -91.00 ± 1.00 nats per image (k = 1, 2 images: drawn")


@pytest.mark.parametrize("values", [torch.zeros(2, 3), torch.zeros(1, device="meta")])
def test_score_needs_one_value_for_each_image(values):
    with pytest.raises(ValueError, match=r"is finite for . of . images: give"):
        Score(values, 1, "drawn", "none")


def test_data_points_of_a_solved_model_are_scored_by_their_evidence(random_linear):
    """Its encoder is the exact posterior, so each draw alone says log p(x); SciPy says it, too."""
    model, x, _ = random_linear(5, 2)
    score = score_images(model, x, 3, "drawn from the model")
    covariance = model.weight @ model.weight.T + model.log_var.exp() * torch.eye(5)
    agree(score.values, multivariate_normal(model.bias, covariance).logpdf(x), atol=1e-10)
    assert (score.k, score.data, score.binarisation) == (3, "drawn from the model", "none")


def test_grey_images_are_scored_by_their_fixed_pixels(generator):
    """A decoder that ignores z has SciPy's product of pixel probabilities as its p(x)."""
    logits, images = torch.randn(9, generator=generator), torch.rand(4, 9, generator=generator)
    blind = VAE(
        lambda x: DiagonalGaussian(torch.zeros(len(x), 2), torch.zeros(2)),
        lambda z: Bernoulli(logits.expand(*z.shape[:-1], 9)),
        9,
        2,
    )
    score = score_images(blind, images, 3, "grey")
    pixels = binarise(images, "fixed").numpy()
    expected = bernoulli.logpmf(pixels, 1 / (1 + np.exp(-logits.numpy()))).sum(-1)
    agree(score.values, expected, atol=1e-12)
    assert score.binarisation == "fixed"


@pytest.fixture
def small(single_precision):
    """A model in single precision, and pixels for it."""
    torch.manual_seed(0)
    return mlp_vae(data_dim=9, latent_dim=2, hidden=(5,)), torch.rand(4, 9).round()


def test_only_bfloat16_rounds_the_products(small):
    """The same average of weights by hand, in float32; bfloat16 has three digits."""
    model, x = small
    with torch.no_grad():
        q = model.encode(x)
        z = q.rsample((30,), torch.Generator().manual_seed(1))
        expected = (model.log_joint(x, z) - q.log_prob(z)).exp().mean(0).log()
    for precision, low, high in (("float32", 0, 1e-5), ("bfloat16", 1e-4, 0.1)):
        generator = torch.Generator().manual_seed(1)
        ours = log_likelihood(model, x, 30, generator=generator, precision=precision)
        assert low <= (ours - expected).abs().max() < high


def test_score_is_computed_as_it_is_told_to_be(small, monkeypatch, capsys):
    model, x = small
    seen, decode = [], model.decode
    monkeypatch.setattr(
        model, "decode", lambda z: seen.append(torch.get_num_threads()) or decode(z)
    )
    found = {}
    for name, settings in {
        "as always": {}, "again": {"seed": 0}, "other seed": {"seed": 1},
        "two threads": {"threads": 2}, "coarse": {"precision": "bfloat16"},
    }.items():  # fmt: skip
        found[name] = score_images(model, x, 10, "drawn", **settings).values
        assert seen[-1] == settings.get("threads", 1)  # one thread is enough for so little
        assert "log-likelihood: 100%" in capsys.readouterr().err
    assert torch.equal(found["as always"], found["again"])
    agree(found["two threads"], found["again"], atol=1e-5)
    for name, low, high in (("other seed", 1e-3, 1), ("coarse", 1e-4, 0.1)):
        assert low < (found[name] - found["again"]).abs().max() < high
