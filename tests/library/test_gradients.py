"""Gradient estimators and closed-form gradients against exact ones and finite differences."""

import math

import numpy as np
import pytest
import torch
from agreement import agree, agree_in_standard_errors

from vae_lib.gaussian import DiagonalGaussian, sigma_points
from vae_lib.gradients import best_baseline, pathwise_gradients, score_function_gradients
from vae_lib.linear import LinearGaussian
from vae_lib.objectives import elbo

DRAWS = 400_000


def square(z):
    return (z**2).sum(-1)


def wave(z):
    """E[sin z] = exp(-σ²/2) sin μ for z ~ N(μ, σ²)."""
    return torch.sin(z).sum(-1)


def exact_wave(q):
    """Gradients of exp(-σ²/2) sin μ in μ and in log σ², by hand."""
    variance = q.log_var.exp()
    damping = torch.exp(-variance / 2)
    return torch.stack([damping * q.mean.cos(), -0.5 * variance * damping * q.mean.sin()])


@pytest.fixture
def q():
    return DiagonalGaussian(torch.tensor([0.7, -1.1]), torch.tensor([-0.9, 0.4]))


@pytest.mark.equation("eq-score-function", oracle="Monte Carlo")
@pytest.mark.equation("eq-pathwise", oracle="Monte Carlo")
@pytest.mark.parametrize(
    ("estimator", "label"),
    [(score_function_gradients, "eq-score-function"), (pathwise_gradients, "eq-pathwise")],
)
def test_estimators_are_unbiased(estimator, label, q, generator):
    """The mean of 400,000 draws lies within four standard errors of the exact gradient."""
    draws = estimator(wave, q, torch.randn(DRAWS, 2, generator=generator))
    error = draws.std(0) / math.sqrt(DRAWS)
    agree_in_standard_errors(draws.mean(0), exact_wave(q), error, of=label)


@pytest.mark.equation("eq-pathwise", oracle="autograd")
@pytest.mark.equation("eq-reparameterisation", oracle="autograd")
def test_pathwise_gradient_is_autograd_through_the_draw(q, generator):
    noise = torch.randn(50, 2, generator=generator)
    mean, log_var = q.mean.clone().requires_grad_(), q.log_var.clone().requires_grad_()
    z = mean + torch.exp(log_var / 2) * noise
    expected = torch.stack(torch.autograd.grad(wave(z).sum(), (mean, log_var)))
    ours = pathwise_gradients(wave, q, noise).sum(0)
    agree(ours, expected, atol=1e-11)


@pytest.mark.equation("eq-score-function", oracle="finite differences")
def test_score_is_a_finite_difference_of_the_log_density(q, generator):
    """Central differences of log q at fixed z, step 1e-6: error about 1e-9."""
    noise = torch.randn(50, 2, generator=generator)
    z = q.transform(noise)
    ours = score_function_gradients(square, q, noise)
    for j in range(2):
        nudge = 1e-6 * torch.eye(2)[j]
        for row, (up, down) in enumerate(
            [
                (
                    DiagonalGaussian(q.mean + nudge, q.log_var),
                    DiagonalGaussian(q.mean - nudge, q.log_var),
                ),
                (
                    DiagonalGaussian(q.mean, q.log_var + nudge),
                    DiagonalGaussian(q.mean, q.log_var - nudge),
                ),
            ]
        ):
            slope = (up.log_prob(z) - down.log_prob(z)) / 2e-6
            agree(ours[:, row, j], square(z) * slope, rtol=1e-6, atol=1e-6)


@pytest.mark.equation("eq-variance-pathwise", oracle="quadrature")
@pytest.mark.equation("eq-variance-score", oracle="quadrature")
@pytest.mark.parametrize(("mu", "sigma"), [(1.5, 0.2), (-0.5, 1.0), (0.0, 2.0)])
def test_variances_of_both_estimators(mu, sigma, generator):
    """Gauss-Hermite quadrature of the squared estimates: exact for polynomials in ε."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(20)
    noise, weights = torch.tensor(nodes)[:, None], torch.tensor(weights / weights.sum())
    one = DiagonalGaussian(torch.tensor([mu]), torch.tensor([2 * math.log(sigma)]))
    score = mu**4 / sigma**2 + 14 * mu**2 + 15 * sigma**2
    for estimator, variance, label in [
        (pathwise_gradients, 4 * sigma**2, "eq-variance-pathwise"),
        (score_function_gradients, score, "eq-variance-score"),
    ]:
        draws = estimator(square, one, noise)[:, 0, 0]
        mean = (weights * draws).sum()
        measured = (weights * (draws - mean) ** 2).sum()
        agree(mean.item(), 2 * mu, atol=1e-10, of=label)
        agree(measured.item(), variance, rtol=1e-10, of=label)


@pytest.mark.equation("eq-best-baseline", oracle="finite differences")
def test_best_baseline_is_where_the_variance_is_least(q, generator):
    """The mean square is a parabola in the baseline: three values give its lowest point."""
    noise = torch.randn(1000, 2, generator=generator)

    def mean_square(baseline):
        return (score_function_gradients(lambda z: wave(z) - baseline, q, noise) ** 2).mean(0)

    below, middle, above = map(mean_square, (-1.0, 0.0, 1.0))
    lowest = 0.5 * (below - above) / (below - 2 * middle + above)
    agree(best_baseline(wave, q, noise), lowest, rtol=1e-10)


@pytest.mark.equation("eq-best-baseline", oracle="Monte Carlo")
def test_best_baseline_of_a_square(generator):
    """For f = z² it is μ² + 3σ² in μ; the quotient's error is that of the residual over E[ε²]."""
    one = DiagonalGaussian(torch.tensor([1.5]), torch.tensor([-1.0]))
    noise = torch.randn(DRAWS, 1, generator=generator)
    exact = one.mean**2 + 3 * one.log_var.exp()
    residual = (square(one.transform(noise))[:, None] - exact) * noise**2
    error = residual.std(0) / math.sqrt(DRAWS)
    agree_in_standard_errors(best_baseline(square, one, noise)[0], exact, error)


@pytest.mark.equation("eq-kl-gradients", oracle="finite differences")
def test_kl_gradients_are_finite_differences(q):
    """Central differences with step 1e-5 err by about 1e-10."""
    step = 1e-5
    exact = torch.stack([q.mean, 0.5 * (q.log_var.exp() - 1)])
    for j in range(2):
        nudge = step * torch.eye(2)[j]
        in_mean = DiagonalGaussian(torch.stack([q.mean + nudge, q.mean - nudge]), q.log_var)
        in_log_var = DiagonalGaussian(q.mean, torch.stack([q.log_var + nudge, q.log_var - nudge]))
        for row, pair in enumerate((in_mean, in_log_var)):
            up, down = pair.kl_to_standard()
            agree((up - down) / (2 * step), exact[row, j], atol=1e-9)


@pytest.mark.equation("eq-gradient-theta", oracle="finite differences")
def test_decoder_gradient_moves_inside_the_expectation(random_linear):
    """Finite differences of the exact ELBO against the mean gradient of log p(x|z)."""
    model, x, q = random_linear(4, 2)
    points = sigma_points(2)
    weight = model.weight.clone().requires_grad_()
    moved = LinearGaussian(model.weight, model.bias, model.log_var)
    z = q.transform(points)
    residual = x - z @ weight.T - model.bias
    log_likelihood = -0.5 * (residual**2).sum(-1) * torch.exp(-model.log_var)
    (inside,) = torch.autograd.grad(log_likelihood.mean(0).sum(), weight)
    step = 1e-5
    for d, j in [(0, 0), (1, 1), (3, 0)]:
        values = []
        for sign in (1, -1):
            moved.weight.data = model.weight.clone()
            moved.weight.data[d, j] += sign * step
            values.append(elbo(moved, x, q=q, noise=points).value.sum().item())
        slope = (values[0] - values[1]) / (2 * step)
        agree(slope, inside[d, j].item(), rtol=1e-6, atol=1e-6)
