"""Quadrature and naive Monte Carlo for log p(x), against SciPy and the exactly solvable model."""

import math

import numpy as np
import pytest
import torch
from agreement import agree, agree_in_standard_errors
from scipy.integrate import quad
from scipy.stats import norm

from vae_lib.evidence import (
    monte_carlo_evidence,
    monte_carlo_relative_variance,
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


def test_what_cannot_be_computed_is_refused():
    with pytest.raises(ValueError, match="dimension 1, this model has 2"):
        quadrature_evidence(cube(2, 1.0), torch.zeros(1, 2))
    with pytest.raises(ValueError, match="samples is 0: draw at least 1"):
        monte_carlo_evidence(cube(2, 1.0), torch.zeros(1, 2), samples=0)
