"""Quadrature and naive Monte Carlo for log p(x), against SciPy and the exactly solvable model."""

import math

import numpy as np
import pytest
import torch
from agreement import agree, agree_in_standard_errors
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.stats import norm

from vae_lib.evidence import (
    monte_carlo_evidence,
    monte_carlo_relative_variance,
    posterior_chi_square,
    quadrature_evidence,
)
from vae_lib.likelihoods import Gaussian
from vae_lib.linear import LinearGaussian
from vae_lib.models import GenerativeModel


def cube(size, noise):
    """The model x = z + σ ε with D = L = size."""
    log_var = torch.tensor(2 * math.log(noise))
    return LinearGaussian(torch.eye(size), torch.zeros(size), log_var).requires_grad_(False)


@pytest.mark.equation("eq-marginal", oracle="quadrature")
@pytest.mark.equation("eq-quadrature", oracle="quadrature")
@pytest.mark.parametrize("x", [-2.0, 0.1, 1.7])
def test_grid_is_adaptive_quadrature(x):
    """SciPy's adaptive rule states an error below 1e-10 here."""
    model = GenerativeModel(lambda z: Gaussian(2 * torch.tanh(2 * z), torch.tensor(-1.8)), 1)
    integral, _ = quad(
        lambda z: norm.pdf(z) * norm.pdf(x, 2 * np.tanh(2 * z), np.exp(-0.9)),
        -10,
        10,
        epsabs=1e-12,
        limit=200,
    )
    ours = quadrature_evidence(model, torch.tensor([[x]])).item()
    agree(ours, math.log(integral), atol=1e-9)


@pytest.mark.equation("eq-quadrature", oracle="exact model")
def test_grid_is_exact_for_the_linear_model(random_linear):
    """The trapezoidal rule converges exponentially for smooth integrands: rounding is left."""
    model, x, _ = random_linear(4, 1)
    agree(quadrature_evidence(model, x), model.log_evidence(x), atol=1e-9)


@pytest.mark.equation("eq-monte-carlo", oracle="Monte Carlo")
def test_monte_carlo_is_unbiased_for_the_evidence(generator):
    """The mean of 4,000 independent estimates lies within four of its standard errors."""
    model = cube(2, 0.5)
    x = torch.tensor([[0.4, -1.0]])
    estimates = torch.stack([monte_carlo_evidence(model, x, 50, generator) for _ in range(4000)])
    estimates = estimates.exp()[:, 0]
    error = estimates.std() / math.sqrt(4000)
    agree_in_standard_errors(estimates.mean(), model.log_evidence(x).exp()[0], error)


@pytest.mark.equation("eq-relative-variance", oracle="quadrature")
@pytest.mark.parametrize("noise", [0.2, 0.5, 1.5])
def test_relative_variance_is_scipys_integral(noise):
    """Mean square and mean of p(x|z) by adaptive quadrature, one coordinate at a time."""
    x = torch.tensor([0.4, -1.0, 1.9])
    ratio = 1.0
    for value in x.tolist():

        def density(z, power, value=value):
            return norm.pdf(z) * norm.pdf(value, z, noise) ** power

        mean, mean_square = (quad(density, -10, 10, args=(p,), limit=400)[0] for p in (1, 2))
        ratio *= mean_square / mean**2
    ours = monte_carlo_relative_variance(x, torch.tensor(2 * math.log(noise)), samples=7)
    agree(ours, (ratio - 1) / 7, rtol=1e-7)


@pytest.mark.equation("eq-relative-variance", oracle="Monte Carlo")
def test_relative_variance_is_the_spread_of_estimates(generator):
    """A variance from 4,000 estimates is known to about 3 %; 10 % and four errors are allowed."""
    x = torch.tensor([[0.4, -1.0]])
    model = cube(2, 0.5)
    estimates = torch.stack([monte_carlo_evidence(model, x, 50, generator) for _ in range(4000)])
    ratios = estimates.exp() / model.log_evidence(x).exp()
    measured = ratios.var()
    error = ((ratios - ratios.mean()) ** 2).std() / math.sqrt(4000)
    predicted = monte_carlo_relative_variance(x, model.log_var, samples=50)
    assert measured.item() == pytest.approx(predicted.item(), rel=0.1)
    agree_in_standard_errors(measured, predicted[0], error)


@pytest.mark.equation("eq-prior-draws-chi-square", oracle="quadrature")
@pytest.mark.parametrize("x", [-2.0, 0.1, 1.7])
def test_chi_square_is_scipys_spread_of_the_likelihood(x):
    """Var[p(x|z)] / p(x)² over the prior, no posterior in it, by SciPy's adaptive rule."""

    def moment(power):
        def density(z):
            return norm.pdf(z) * norm.pdf(x, 2 * np.tanh(2 * z), np.exp(-0.9)) ** power

        return quad(density, -10, 10, epsabs=1e-12, limit=200)[0]

    model = GenerativeModel(lambda z: Gaussian(2 * torch.tanh(2 * z), torch.tensor(-1.8)), 1)
    ours = posterior_chi_square(model, torch.tensor([[x]]))[0]
    agree(ours, moment(2) / moment(1) ** 2 - 1, rtol=1e-7)


@pytest.mark.equation("eq-prior-draws-chi-square", oracle="exact model")
def test_chi_square_of_the_linear_model_is_that_of_its_posterior(random_linear):
    """∫ N(z; m, s²)² / N(z; 0, 1) dz = exp(m² / (2 - s²)) / (s √(2 - s²)) for each posterior."""
    model, x, _ = random_linear(4, 1)
    posterior = model.encode(x)
    mean, variance = posterior.mean[:, 0].numpy(), posterior.scale_tril[..., 0, 0].numpy() ** 2
    expected = np.exp(mean**2 / (2 - variance)) / np.sqrt(variance * (2 - variance)) - 1
    agree(posterior_chi_square(model, x), torch.from_numpy(expected), rtol=1e-9)


@pytest.mark.equation("eq-prior-draws-chi-square", oracle="Monte Carlo")
def test_chi_square_is_the_spread_of_estimates(generator):
    """The mean of squared relative errors of 4,000 estimates, within four standard errors."""
    model = GenerativeModel(lambda z: Gaussian(2 * torch.tanh(2 * z), torch.tensor(-1.8)), 1)
    x = torch.tensor([[1.2]])
    estimates = torch.stack([monte_carlo_evidence(model, x, 50, generator) for _ in range(4000)])
    squared = torch.expm1(estimates[:, 0] - quadrature_evidence(model, x)) ** 2
    error = squared.std() / math.sqrt(4000)
    agree_in_standard_errors(50 * squared.mean(), posterior_chi_square(model, x)[0], 50 * error)


class Given:
    """A likelihood that is told its values (..., 1) for the draws of z, the same for every x."""

    def __init__(self, values):
        self.values = values

    def log_prob(self, x):
        return self.values.expand(*self.values.shape[:-1], len(x))


def model_with(log_joint):
    """A model whose log p(x, z) is this function of z, an array."""

    def decode(z):
        z = z[..., 0]
        return Given(torch.from_numpy(log_joint(z.numpy()) - norm.logpdf(z.numpy())))

    return GenerativeModel(decode, 1)


@pytest.mark.parametrize("centre", [0.0, 0.5], ids=["on the coarse grid", "between its points"])
@pytest.mark.parametrize("change", [0.045, 0.055])
def test_grid_is_refused_if_half_its_points_change_log_p_by_a_twentieth(centre, change):
    """NumPy's sums over a grid of step ½ and one of step 1, for a Gaussian of just that width."""

    def difference(width):
        fine, coarse = (
            step * norm.pdf(np.arange(-8, 8 + step, step), centre, width).sum()
            for step in (0.5, 1.0)
        )
        return abs(math.log(coarse / fine)) - change

    width = brentq(difference, 0.3, 0.6)
    model = model_with(lambda z: norm.logpdf(z, centre, width))
    x = torch.zeros(2, 1)
    if change < 0.05:
        # By Poisson's summation the finer grid itself is off by 2 exp(-2π² width² / step²) < 1e-5.
        assert quadrature_evidence(model, x, points=33).abs().max() < 1e-5
    else:
        with pytest.raises(ValueError, match=r"too coarse for 2 data points.* the step 0\.5"):
            quadrature_evidence(model, x, points=33)


@pytest.mark.parametrize("rates", [(0.6, 0.6), (3.0, 0.6), (0.6, 3.0)])
@pytest.mark.parametrize("share", [0.9e-4, 1.1e-4])
def test_grid_is_refused_if_it_leaves_out_a_ten_thousandth(rates, share):
    """Two exponential tails, log p(x) = 5: what lies beyond the ends is known in closed form."""
    left, right = rates

    def beyond(limit):
        return (right * math.exp(-left * limit) + left * math.exp(-right * limit)) / (left + right)

    limit = brentq(lambda limit: beyond(limit) - share, 1, 40)

    def log_joint(z):
        slope = np.where(z < 0, left, -right)
        return 5 + math.log(left * right / (left + right)) + slope * z

    x = torch.zeros(2, 1)
    if share < 1e-4:
        # NumPy's own rule; the kink at 0 costs it about left * right * step² / 12 < 2e-4.
        found = quadrature_evidence(model_with(log_joint), x, 1001, limit)
        z = np.linspace(-limit, limit, 1001)
        expected = math.log(np.trapezoid(np.exp(log_joint(z)), z))
        assert abs(expected - 5) < 3e-4
        agree(found, torch.full((2,), expected), atol=1e-12)  # half an end's weight is 1e-7
    else:
        with pytest.raises(ValueError, match=r"more than 0\.0001 .* for 2 data points"):
            quadrature_evidence(model_with(log_joint), x, 1001, limit)


def test_grid_need_not_reach_beyond_where_the_density_ends():
    """A density on (-1, 1) alone; its jump costs the rule half a step, 0.004."""

    def log_joint(z):
        return np.where(abs(z) < 1, -math.log(2), -np.inf)

    assert quadrature_evidence(model_with(log_joint), torch.zeros(2, 1)).abs().max() < 0.005
    with pytest.raises(ValueError, match="give a larger limit"):
        quadrature_evidence(model_with(lambda z: 0.0 * z), torch.zeros(2, 1))


@pytest.mark.parametrize(("affordable", "largest"), [(12, 3), (2, 1)])
def test_no_more_is_decoded_at_once_than_memory_holds(
    affordable, largest, random_linear, monkeypatch
):
    """Of 4 data points 12 draws at once are 3 for each; and one for each is the least."""
    model, x, _ = random_linear(3, 1)
    model, x, seen = model.float(), x[:4].float(), []
    monkeypatch.setattr("vae_lib.evidence.affordable_draws", lambda x: affordable)
    decode = model.decode
    monkeypatch.setattr(model, "decode", lambda z: seen.append(z.shape) or decode(z))
    with torch.device("meta"):  # what is made must go to the model's device, not to the default one
        by_grid = quadrature_evidence(model, x, 101)
        by_draws = monte_carlo_evidence(model, x, 101, torch.Generator("cpu").manual_seed(1))
    assert set(seen) <= {(n, 1, 1) for n in range(1, largest + 1)}
    assert (largest, 1, 1) in seen and sum(shape[0] for shape in seen) == 202
    assert by_grid.dtype == by_draws.dtype == torch.float32
    z = torch.randn(101, 1, 1, generator=torch.Generator().manual_seed(1), dtype=torch.float32)
    mean = (z @ model.weight.T + model.bias).numpy().astype(float)
    std = math.exp(model.log_var.item() / 2)
    log_prob = norm.logpdf(x.numpy().astype(float), mean, std).sum(-1)  # (101, 4)
    expected = np.logaddexp.reduce(log_prob) - math.log(101)
    agree(by_draws, torch.from_numpy(expected).float(), rtol=1e-5)  # single precision
    agree(by_grid, model.log_evidence(x), rtol=1e-5)


def test_what_cannot_be_computed_is_refused():
    with pytest.raises(ValueError, match="dimension 1, this model has 2"):
        quadrature_evidence(cube(2, 1.0), torch.zeros(1, 2))
    with pytest.raises(ValueError, match="samples is 0: draw at least 1"):
        monte_carlo_evidence(cube(2, 1.0), torch.zeros(1, 2), samples=0)
