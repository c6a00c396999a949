"""Bernoulli and Gaussian likelihoods against torch.distributions, and what they refuse."""

import numpy as np
import pytest
import scipy.optimize
import scipy.stats
import torch
from agreement import agree
from torch.distributions import Bernoulli as TorchBernoulli
from torch.distributions import Normal

from vae_lib.likelihoods import Bernoulli, Gaussian


@pytest.fixture
def logits(generator):
    return 3 * torch.randn(5, 12, generator=generator)


@pytest.fixture
def binary(generator):
    return torch.bernoulli(torch.full((5, 12), 0.4), generator=generator)


@pytest.mark.equation("eq-bernoulli", oracle="SciPy")
def test_bernoulli_is_the_product_of_pixel_probabilities(logits, binary):
    probability = 1 / (1 + np.exp(-logits.numpy()))
    picked = scipy.stats.bernoulli.pmf(binary.numpy(), probability)
    agree(Bernoulli(logits).log_prob(binary), np.log(picked.prod(-1)), rtol=1e-12)


@pytest.mark.equation("eq-bernoulli-logits", oracle="torch.distributions")
def test_bernoulli_is_torch_distributions(logits, binary):
    expected = TorchBernoulli(logits=logits).log_prob(binary).sum(-1)
    agree(Bernoulli(logits).log_prob(binary), expected, atol=1e-12)


@pytest.mark.equation("eq-logit-gradient", oracle="finite differences")
def test_gradient_in_the_logits_is_a_finite_difference(logits, binary):
    """Central differences with step h err by h² = 1e-10 times a third derivative below 0.1."""
    step = 1e-5
    nudge = step * torch.eye(12)[:, None, :]
    higher = Bernoulli(logits + nudge).log_prob(binary)
    lower = Bernoulli(logits - nudge).log_prob(binary)
    loss_slope = -(higher - lower).T / (2 * step)
    agree(torch.sigmoid(logits) - binary, loss_slope, atol=1e-9)


@pytest.mark.equation("eq-bernoulli-logits", oracle="NumPy")
def test_large_logits_keep_the_small_chance_of_the_other_pixel():
    """log π = -log(1 + exp(-logit)); what is left of 38 less 38 is good to 1e-14."""
    logits = np.arange(10.0, 39.0)[:, None]
    ours = Bernoulli(torch.tensor(logits)).log_prob(torch.ones(29, 1))
    agree(ours, -np.log1p(np.exp(-logits[:, 0])), atol=1e-14)


def test_extreme_logits_stay_finite():
    assert Bernoulli(torch.tensor([800.0])).log_prob(torch.tensor([0.0])).item() == -800


@pytest.mark.equation("eq-gaussian-likelihood", oracle="torch.distributions")
def test_gaussian_is_torch_distributions(generator):
    mean, x = torch.randn(2, 5, 12, generator=generator)
    log_var = torch.tensor([-1.3])
    expected = Normal(mean, log_var.exp().sqrt()).log_prob(x).sum(-1)
    agree(Gaussian(mean, log_var).log_prob(x), expected, atol=1e-11)


@pytest.mark.equation("eq-optimal-variance", oracle="SciPy")
def test_best_variance_is_found_by_a_numerical_search(generator):
    """The minimiser's own tolerance is 1e-10 in log σ²."""
    mean, x = torch.randn(2, 1, 50, generator=generator)

    def loss(log_var):
        return -Gaussian(mean, torch.tensor([log_var])).log_prob(x).item()

    found = scipy.optimize.minimize_scalar(loss, bounds=(-5, 5), options={"xatol": 1e-10})
    agree(((x - mean) ** 2).mean().item(), np.exp(found.x), rtol=1e-6)


@pytest.mark.equation("eq-mse-beta", oracle="NumPy")
@pytest.mark.parametrize("variance", [0.02, 0.5, 3.0])
def test_scaled_loss_is_squared_error_plus_beta_kl(variance, generator):
    """Differences between two decoder outputs cancel the constant."""
    x, first, second = torch.rand(3, 1, 30, generator=generator)
    kl_first, kl_second = 2.0, 5.5
    log_var = torch.tensor([variance]).log()

    def scaled_loss(mean, kl):
        return 2 * variance * (kl - Gaussian(mean, log_var).log_prob(x).item())

    def squared_error_plus(mean, kl):
        return ((x.numpy() - mean.numpy()) ** 2).sum() + 2 * variance * kl

    ours = scaled_loss(first, kl_first) - scaled_loss(second, kl_second)
    expected = squared_error_plus(first, kl_first) - squared_error_plus(second, kl_second)
    agree(ours, expected, atol=1e-10)


def test_means_and_samples(logits, generator):
    drawn = Bernoulli(logits).sample(generator)
    assert set(drawn.unique().tolist()) <= {0.0, 1.0}
    torch.testing.assert_close(Bernoulli(logits).mean, torch.sigmoid(logits))
    many = Gaussian(torch.full((40_000, 1), 2.0), torch.tensor([-2.0])).sample(generator)
    error = np.exp(-1.0) / 40_000**0.5
    assert many.mean().item() == pytest.approx(2.0, abs=4 * error)
    assert many.std().item() == pytest.approx(np.exp(-1.0), abs=4 * error / 2**0.5)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (torch.zeros(2, 11), r"shape \(2, 11\), but the model expects \(\.\.\., 12\)"),
        (torch.zeros(0, 12), "empty"),
        (torch.full((2, 12), torch.nan), "24 NaN or infinite values out of 24"),
        (torch.full((2, 12), 255.0), "must lie in .0, 1.: divide 8-bit images by 255"),
        (torch.full((2, 12), -1.0), "scale them, or use a Gaussian likelihood"),
        (torch.full((2, 12), -0.1), "values from -0.1 to -0.1, but they must lie"),
        (torch.full((2, 12), 0.5), "24 of 24 are grey: binarise them"),
    ],
)
def test_bernoulli_refuses_with_one_sentence(x, message):
    with pytest.raises(ValueError, match=message) as caught:
        Bernoulli(torch.zeros(2, 12)).log_prob(x)
    assert str(caught.value).count("\n") == 0


def test_grey_pixels_pass_when_allowed():
    grey = torch.full((2, 12), 0.25)
    value = Bernoulli(torch.zeros(2, 12), allow_grey=True).log_prob(grey)
    torch.testing.assert_close(value, torch.full((2,), -12 * np.log(2)))
    with pytest.raises(ValueError, match="must lie in"):
        Bernoulli(torch.zeros(2, 12), allow_grey=True).log_prob(grey + 1)


@pytest.mark.parametrize("likelihood", [Bernoulli, lambda mean: Gaussian(mean, torch.zeros(1))])
def test_data_without_values_are_refused(likelihood):
    with pytest.raises(ValueError, match="on the device meta"):
        likelihood(torch.zeros(2, 12)).log_prob(torch.zeros(2, 12, device="meta"))


def test_gaussian_refuses_what_is_not_finite():
    with pytest.raises(ValueError, match="NaN or infinite"):
        Gaussian(torch.zeros(3), torch.zeros(1)).log_prob(torch.tensor([0.0, torch.inf, 1.0]))


def test_a_seed_repeats_the_samples_of_both_likelihoods(logits):
    for likelihood in (Bernoulli(logits), Gaussian(logits, torch.tensor([0.3]))):
        first, again, other = (
            likelihood.sample(torch.Generator().manual_seed(seed)) for seed in (7, 7, 8)
        )
        assert torch.equal(first, again) and not torch.equal(first, other)
