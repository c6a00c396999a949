"""Labels: the conditional VAE and the sum over labels, against models that are solved exactly."""

import numpy as np
import pytest
import scipy.special
import scipy.stats
import torch
from agreement import agree

from vae_lib.conditional import LabelledVAE, fit_labelled, labelled_vae
from vae_lib.engine.checks import InputError
from vae_lib.gaussian import DiagonalGaussian, sigma_points
from vae_lib.likelihoods import Gaussian
from vae_lib.linear import LinearGaussian

CLASSES, D, L = 10, 4, 1


@pytest.fixture
def exact(generator):
    """A linear model for each label, W z + b_y, as one labelled model whose q is the posterior."""
    weight = torch.randn(D, L, generator=generator)
    biases = torch.randn(CLASSES, D, generator=generator)
    log_var = torch.tensor(-0.7)
    solved = [LinearGaussian(weight, bias, log_var).requires_grad_(False) for bias in biases]

    def encoder(both):
        x, code = both.split([D, CLASSES], dim=-1)
        posterior = solved[0].encode(x - code @ biases + biases[0])
        variance = posterior.scale_tril.diagonal(dim1=-2, dim2=-1).square()
        return DiagonalGaussian(posterior.mean, variance.log().expand_as(posterior.mean))

    def decoder(both):
        z, code = both.split([L, CLASSES], dim=-1)
        return Gaussian(z @ weight.T + code @ biases, log_var[None])

    def classifier(x):
        return torch.stack([one.log_evidence(x) for one in solved], dim=-1)

    model = LabelledVAE(encoder, decoder, classifier, D, L, CLASSES)
    x = solved[3].sample(6, generator)
    return model, solved, x


def log_gaussians(solved, x):
    """log N(x; b_y, W Wᵀ + σ² I) for each label, by SciPy: (B, K)."""
    rows = []
    for one in solved:
        weight = one.weight.numpy()
        covariance = weight @ weight.T + one.log_var.exp().item() * np.eye(D)
        rows.append(scipy.stats.multivariate_normal(one.bias.numpy(), covariance).logpdf(x.numpy()))
    return np.stack(rows, axis=-1)


# equation: eq-conditional-joint, eq-labelled-bound, oracle exact model
def test_with_the_exact_posterior_the_labelled_bound_is_log_p_x_y(exact):
    model, solved, x = exact
    y = torch.tensor([0, 1, 2, 3, 9, 3])
    ours = model.labelled_bound(x, y, noise=sigma_points(L))
    expected = log_gaussians(solved, x)[np.arange(6), y.numpy()] - np.log(CLASSES)
    agree(ours, expected, atol=1e-10)


# equation: eq-label-sum, oracle SciPy
def test_with_exact_parts_the_sum_over_ten_labels_is_log_p_x(exact):
    """log p(x) by SciPy's log-sum-exp over ten Gaussians: to 1e-10."""
    model, solved, x = exact
    ours = model.unlabelled_bound(x, noise=sigma_points(L))
    expected = scipy.special.logsumexp(log_gaussians(solved, x), axis=-1) - np.log(CLASSES)
    agree(ours, expected, atol=1e-10)


# equation: eq-label-sum, oracle SciPy
def test_what_a_wrong_classifier_costs_is_its_divergence(exact):
    """The gap is KL(q(y|x) ‖ p(y|x)), by SciPy's entropy."""
    model, solved, x = exact
    wrong = torch.arange(CLASSES) / 3
    model.classifier = lambda x: wrong.expand(len(x), CLASSES)
    logs = log_gaussians(solved, x)
    truth = scipy.special.softmax(logs, axis=-1)
    divergence = scipy.stats.entropy(scipy.special.softmax(wrong.numpy())[:, None], truth.T)
    expected = scipy.special.logsumexp(logs, axis=-1) - np.log(CLASSES) - divergence
    agree(model.unlabelled_bound(x, noise=sigma_points(L)), expected, atol=1e-10)


def test_one_label_serves_any_number_of_samples(exact):
    model, _, x = exact
    vae = model.given(torch.tensor(2))
    assert vae.sample(5).shape == (5, D)
    assert vae.encode(x).mean.shape == (6, L)


def test_the_label_reaches_the_decoder(exact, generator):
    model, solved, _ = exact
    drawn = model.given(torch.tensor(7)).sample(20_000, generator)
    spread = (solved[7].weight.square().sum(1) + solved[7].log_var.exp()) / 20_000
    assert ((drawn.mean(0) - solved[7].bias).abs() < 4 * spread.sqrt()).all()


def points(generator):
    """Two bars of pixels, at the left or at the right: the label."""
    y = torch.randint(2, (200,), generator=generator)
    x = torch.zeros(200, 6)
    x[y == 0, :3] = 1
    x[y == 1, 3:] = 1
    flip = (torch.rand(200, 6, generator=generator) < 0.1).to(x.dtype)
    return (x - flip).abs(), y


def test_a_few_labels_teach_the_rest(generator):
    torch.manual_seed(0)
    x, y = points(generator)
    few = torch.full_like(y, -1)
    few[:6] = y[:6]
    assert set(y[:6].tolist()) == {0, 1}
    model = labelled_vae(6, 2, 2, (16,))
    values = fit_labelled(model, x, few, epochs=30, batch_size=50, learning_rate=0.01, weight=5.0)
    assert values[-1] > values[0] + 0.5
    assert (model.log_label(x).argmax(-1) == y).double().mean() > 0.95


def test_training_is_repeated_by_its_seed(generator):
    x, y = points(generator)
    runs = []
    for _ in range(2):
        torch.manual_seed(1)
        model = labelled_vae(6, 2, 2, (4,), binary=False)
        runs.append(fit_labelled(model, x, y, epochs=2, batch_size=64, seed=3))
    assert runs[0] == runs[1]


def test_gaussian_pixels_and_all_points_count(generator):
    """The mean of an epoch in one batch is that of the bounds before its step."""
    x, y = points(generator)
    torch.manual_seed(1)
    model = labelled_vae(6, 2, 2, (4,), binary=False)
    noise = torch.Generator().manual_seed(3)
    rows = torch.randperm(200, generator=noise)
    bound = model.labelled_bound(x[rows], y[rows], generator=noise)
    own = model.log_label(x)[torch.arange(200), y]
    expected = (bound.mean() + 2 * own.mean()).item()
    found = fit_labelled(model, x, y.tolist(), epochs=1, batch_size=200, weight=2.0, seed=3)
    agree(found, [expected], rtol=1e-12)


@pytest.mark.parametrize(
    "y", [torch.tensor([2]), torch.tensor([-1]), torch.tensor([0.0]), torch.zeros(0).long(), 1]
)
def test_what_is_no_label_is_refused(y):
    with pytest.raises(InputError, match="whole numbers from 0 to 1"):
        labelled_vae(6, 2, 2, (4,)).given(y)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": torch.zeros(3).long()}, "give a whole number for each"),
        ({"y": torch.zeros(4).double()}, "give a whole number for each"),
        ({"epochs": 0}, "epochs is 0"),
        ({"batch_size": 0}, "batch_size 0"),
        ({"learning_rate": 0.0}, "learning_rate 0"),
        ({"weight": -1.0}, "weight -1"),
        ({"x": torch.zeros(4, 5).double()}, "expects"),
        ({"y": torch.tensor([0, 1, 2, 0])}, "from 0 to 1"),
    ],
)
def test_bad_settings_are_refused(change, message):
    good = {"x": torch.zeros(4, 6).double(), "y": torch.tensor([0, 1, -1, 0]), "epochs": 1}
    with pytest.raises(InputError, match=message):
        fit_labelled(labelled_vae(6, 2, 2, (4,)), **good | change)


def test_bad_sizes_are_refused():
    with pytest.raises(InputError, match="classes is 0"):
        labelled_vae(6, 0)
    with pytest.raises(InputError, match="latent_dim 0"):
        labelled_vae(6, 2, 0)
    with pytest.raises(InputError, match="classes is 0"):
        LabelledVAE(abs, abs, abs, 2, 1, 0)
