"""Quadrature and naive Monte Carlo for log p(x), against SciPy and the exactly solvable model."""

import math

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.stats import norm

from vae_lib.evidence import (
    monte_carlo_evidence,
    monte_carlo_relative_variance,
    quadrature_evidence,
)
from vae_lib.likelihoods import Gaussian
from vae_lib.models import GenerativeModel, LinearGaussian


def cube(size, noise):
    """The model x = z + σ ε with D = L = size."""
    log_var = torch.tensor(2 * math.log(noise))
    return LinearGaussian(torch.eye(size), torch.zeros(size), log_var).requires_grad_(False)


@pytest.mark.equation("eq-marginal")
@pytest.mark.equation("eq-quadrature")
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
    assert ours == pytest.approx(math.log(integral), abs=1e-9)


@pytest.mark.equation("eq-quadrature")
def test_grid_is_exact_for_the_linear_model(random_linear):
    """The trapezoidal rule converges exponentially for smooth integrands: rounding is left."""
    model, x, _ = random_linear(4, 1)
    torch.testing.assert_close(
        quadrature_evidence(model, x), model.log_evidence(x), rtol=0, atol=1e-9
    )


@pytest.mark.equation("eq-monte-carlo")
def test_monte_carlo_is_unbiased_for_the_evidence(generator):
    """The mean of 4,000 independent estimates lies within four of its standard errors."""
    model = cube(2, 0.5)
    x = torch.tensor([[0.4, -1.0]])
    estimates = torch.stack([monte_carlo_evidence(model, x, 50, generator) for _ in range(4000)])
    estimates = estimates.exp()[:, 0]
    error = estimates.std() / math.sqrt(4000)
    assert abs(estimates.mean() - model.log_evidence(x).exp()) < 4 * error


@pytest.mark.equation("eq-relative-variance")
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
    assert ours.item() == pytest.approx((ratio - 1) / 7, rel=1e-7)


@pytest.mark.equation("eq-relative-variance")
def test_relative_variance_is_the_spread_of_estimates(generator):
    """A standard deviation from 4,000 estimates is known to about 3 %; 10 % is allowed."""
    x = torch.tensor([[0.4, -1.0]])
    model = cube(2, 0.5)
    estimates = torch.stack([monte_carlo_evidence(model, x, 50, generator) for _ in range(4000)])
    measured = estimates.exp().var() / model.log_evidence(x).exp() ** 2
    predicted = monte_carlo_relative_variance(x, model.log_var, samples=50)
    assert measured.item() == pytest.approx(predicted.item(), rel=0.1)


def test_what_cannot_be_computed_is_refused():
    with pytest.raises(ValueError, match="dimension 1, this model has 2"):
        quadrature_evidence(cube(2, 1.0), torch.zeros(1, 2))
    with pytest.raises(ValueError, match="samples is 0: draw at least 1"):
        monte_carlo_evidence(cube(2, 1.0), torch.zeros(1, 2), samples=0)
