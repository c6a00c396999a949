"""The bound at k, its error and its gap: against SciPy and NumPy."""

import math

import numpy as np
import pytest
import torch
from agreement import agree, agree_in_standard_errors
from scipy.integrate import quad, simpson
from scipy.optimize import minimize
from scipy.stats import multivariate_normal, norm

from vae_lib.evaluation import (
    bound_at,
    effective_sample_size,
    log_likelihood,
    optimise_posterior,
    split_gap,
)
from vae_lib.gaussian import (
    DiagonalGaussian,
    FullGaussian,
    best_diagonal,
    sigma_points,
    weight_variance,
)
from vae_lib.latents import aggregate_split
from vae_lib.linear import LinearGaussian
from vae_lib.models import mlp_vae
from vae_lib.objectives import elbo, importance_weighted_bound, log_weights, upper_bound

# One latent variable: x = 1.3 z + 0.6 ε, one data point, and a q that is not its posterior.
SLOPE, NOISE, POINT, MEAN, STD = 1.3, 0.6, 0.9, 0.2, 0.7


def one_dimensional():
    model = LinearGaussian(
        torch.tensor([[SLOPE]]), torch.zeros(1), torch.tensor(2 * math.log(NOISE))
    ).requires_grad_(False)
    q = DiagonalGaussian(torch.tensor([[MEAN]]), torch.tensor([[2 * math.log(STD)]]))
    return model, torch.tensor([[POINT]]), q


def scipy_log_weight(z):
    joint = norm.logpdf(z) + norm.logpdf(POINT, SLOPE * z, NOISE)
    return joint - norm.logpdf(z, MEAN, STD)


SCIPY_EVIDENCE = norm.logpdf(POINT, 0, math.hypot(SLOPE, NOISE))


def bound_on_a_grid(k, nodes=60):
    """Our bound, averaged over all k-tuples of Gauss-Hermite nodes: its exact expectation."""
    model, x, q = one_dimensional()
    points, weights = np.polynomial.hermite_e.hermegauss(nodes)
    weights = weights / weights.sum()
    tuples = np.stack(np.meshgrid(*[points] * k, indexing="ij")).reshape(k, -1, 1)
    chance = np.prod(np.stack(np.meshgrid(*[weights] * k, indexing="ij")), axis=0).ravel()
    bound = importance_weighted_bound(
        model, x.expand(tuples.shape[1], 1), k, q=q, noise=torch.tensor(tuples)
    )
    return (torch.tensor(chance) * bound).sum().item()


@pytest.mark.equation("eq-importance-weighted-bound", oracle="quadrature")
def test_bound_with_two_draws_is_scipys_double_integral():
    """SciPy's Simpson rule on 801² points. Gauss-Hermite with 60 nodes is the coarser: 1e-6."""
    u = np.linspace(-8, 8, 801)
    weight = scipy_log_weight(MEAN + STD * u)
    pair = np.logaddexp(weight[:, None], weight[None]) - math.log(2)
    inner = simpson(norm.pdf(u) * pair, x=u, axis=1)
    expected = simpson(norm.pdf(u) * inner, x=u)
    agree(bound_on_a_grid(2), expected, atol=1e-6)


@pytest.mark.equation("eq-bound-monotone", oracle="quadrature")
def test_bound_rises_from_the_elbo_and_stays_below_the_evidence():
    """Exact expectations for k = 1, 2, 3; the ELBO and log p(x) come from SciPy."""
    low = quad(lambda u: norm.pdf(u) * scipy_log_weight(MEAN + STD * u), -9, 9)[0]
    bounds = [bound_on_a_grid(1), bound_on_a_grid(2), bound_on_a_grid(3, nodes=40)]
    agree(bounds[0], low, atol=1e-8)
    assert bounds[0] < bounds[1] - 1e-3 and bounds[1] < bounds[2] - 1e-3
    assert bounds[2] < SCIPY_EVIDENCE


@pytest.mark.equation("eq-bound-monotone", oracle="Monte Carlo")
def test_limit_of_the_bound_is_the_evidence(generator):
    """At k = 200,000 the error is below four standard errors, which are below 0.01 nats."""
    model, x, q = one_dimensional()
    weights = log_weights(model, x, 200_000, q=q, chunk=50_000, generator=generator)
    error = (weight_variance(q, model.encode(x)) / 200_000).sqrt()
    assert 4 * error < 0.01
    expected = torch.tensor([SCIPY_EVIDENCE])
    agree_in_standard_errors(bound_at(weights, 200_000), expected, error)


def test_log_weights_and_blocks_are_what_they_say():
    torch.manual_seed(0)
    model = mlp_vae(data_dim=9, latent_dim=2, hidden=(5,)).double()
    x = torch.bernoulli(torch.full((4, 9), 0.5))
    weights = log_weights(model, x, 70, chunk=70, generator=torch.Generator().manual_seed(1))
    whole = log_likelihood(model, x, k=70, chunk=280, generator=torch.Generator().manual_seed(1))
    assert weights.shape == (70, 4)
    agree(bound_at(weights, 70), whole, atol=1e-12)
    agree(bound_at(weights, 1), weights.mean(0), atol=1e-12)
    blocks = [weights[i : i + 30].exp().mean(0).log() for i in (0, 30)]  # 10 are left out
    agree(bound_at(weights, 30), torch.stack(blocks).mean(0), atol=1e-10)


@pytest.mark.equation("eq-weight-variance", oracle="quadrature")
@pytest.mark.equation("eq-importance-variance", oracle="quadrature")
def test_variance_of_the_weights_is_scipys_integral():
    model, x, q = one_dimensional()

    def second_moment(z):
        return norm.pdf(z, MEAN, STD) * math.exp(2 * (scipy_log_weight(z) - SCIPY_EVIDENCE))

    expected = quad(second_moment, -8, 8, epsabs=1e-12)[0] - 1
    ours = weight_variance(q, model.encode(x))
    agree(ours.item(), expected, rtol=1e-9)


@pytest.mark.equation("eq-weight-variance", oracle="quadrature")
def test_variance_of_the_weights_in_three_dimensions(generator):
    """A sum over a grid of 81³ points; shifts, correlations and widths all differ.

    For Gaussians that are negligible at the ends such a sum is exact to rounding; here 1e-8.
    """
    root = torch.eye(3) + 0.3 * torch.randn(3, 3, generator=generator).tril()
    posterior = FullGaussian(torch.tensor([0.2, -0.1, 0.3]), root)
    q = DiagonalGaussian(torch.zeros(3), torch.tensor([1.2, 1.0, 1.3]))
    axis = np.linspace(-14, 14, 81)
    z = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), -1).reshape(-1, 3)
    spread = np.diag(np.exp(q.log_var.numpy()))
    log_p = multivariate_normal(posterior.mean.numpy(), (root @ root.T).numpy()).logpdf(z)
    log_q = multivariate_normal(np.zeros(3), spread).logpdf(z)
    expected = np.exp(2 * log_p - log_q).sum() * (axis[1] - axis[0]) ** 3 - 1
    agree(weight_variance(q, posterior).item(), expected, rtol=1e-8)
    narrow = DiagonalGaussian(torch.zeros(3), torch.full((3,), -3.0))
    assert weight_variance(narrow, posterior).item() == math.inf
    agree(weight_variance(posterior, posterior).item(), 0, atol=1e-12)


@pytest.mark.equation("eq-weight-variance", oracle="quadrature")
def test_variance_of_the_weights_keeps_the_dimensions_before_the_last(generator):
    """Without correlations E_q[w²] is a product of sums over a grid, one for each coordinate."""
    centre, mean = torch.randn(2, 4, 2, 3, generator=generator)
    width, std = torch.tensor([0.5, 1.0, 1.2]), 1 + torch.rand(4, 2, 3, generator=generator)
    std[1, 0, 2] = 0.5  # too narrow
    ours = weight_variance(
        DiagonalGaussian(mean, 2 * std.log()), FullGaussian(centre, torch.diag(width))
    )
    z, step = np.linspace(-20, 20, 2001, retstep=True)
    z = z[:, None, None, None]
    log_p, log_q = norm.logpdf(z, centre, width), norm.logpdf(z, mean, std)
    expected = (step * np.exp(2 * log_p - log_q).sum(0)).prod(-1) - 1
    exists = ours.isfinite()
    assert ours[1, 0] == math.inf and exists.sum() == 7
    agree(ours[exists], expected[exists], rtol=1e-10)


@pytest.mark.equation("eq-bound-bias", oracle="SciPy")
def test_bias_and_standard_error_for_large_k(generator):
    """20,000 repetitions at k = 200. Terms of order 1/k are left out: 3% of the result here.

    The mean of w/p - 1 is zero, so subtracting it from log(w/p) changes no expectation and takes
    nearly all of the variance away.
    """
    model, x, q = one_dimensional()
    k, runs = 200, 20_000
    variance = weight_variance(q, model.encode(x)).item()
    many = DiagonalGaussian(q.mean.expand(runs, 1), q.log_var.expand(runs, 1))
    weights = log_weights(model, x.expand(runs, 1), k, q=many, generator=generator)
    bound = torch.logsumexp(weights, 0) - math.log(k)
    excess = torch.expm1(bound - SCIPY_EVIDENCE)
    bias = (bound - SCIPY_EVIDENCE - excess).mean().item()
    agree(bias, -variance / (2 * k), rtol=0.05)
    agree(bound.std().item(), math.sqrt(variance / k), rtol=0.05)


@pytest.mark.equation("eq-effective-sample-size", oracle="exact model")
def test_effective_sample_size_is_the_share_that_the_exact_variance_leaves(generator):
    """The mean of 400 runs at k = 2000; the estimate's own bias, of order χ²/k, is below 1%."""
    model, x, q = one_dimensional()
    many = DiagonalGaussian(q.mean.expand(400, 1), q.log_var.expand(400, 1))
    weights = log_weights(model, x.expand(400, 1), 2000, q=many, generator=generator)
    expected = 2000 / (1 + weight_variance(q, model.encode(x)).item())
    agree(effective_sample_size(weights).mean().item(), expected, rtol=0.01)


@pytest.mark.equation("eq-effective-sample-size", oracle="NumPy")
def test_effective_sample_size_is_the_squared_sum_over_the_sum_of_squares(generator):
    """In NumPy, also by its other form, k / (1 + χ²), with χ² the weights' relative variance."""
    log_weight = 2 * torch.randn(30, 4, generator=generator) - 900  # e^-900 is 0 in float64
    weight = np.exp(log_weight.numpy() + 900)
    ours = effective_sample_size(log_weight)
    agree(ours, weight.sum(0) ** 2 / (weight**2).sum(0), rtol=1e-12)
    agree(ours, 30 / (1 + weight.var(0) / weight.mean(0) ** 2), rtol=1e-12)
    equal, alone = torch.zeros(30, 1), torch.full((30, 1), -1e4)
    alone[7] = 0.0
    agree([effective_sample_size(w).item() for w in (equal, alone)], [30, 1], rtol=1e-12)


@pytest.mark.equation("eq-upper-bound", oracle="quadrature")
def test_upper_bound_with_two_draws_is_scipys_double_integral(generator):
    """SciPy over the posterior and q; ours by 200,000 draws, the first of them the exact one."""
    model, x, q = one_dimensional()
    exact = model.encode(x)
    centre, width = exact.mean.item(), exact.scale_tril.item()
    u = np.linspace(-8, 8, 801)
    first, second = scipy_log_weight(centre + width * u), scipy_log_weight(MEAN + STD * u)
    pair = np.logaddexp(first[:, None], second[None]) - math.log(2)
    expected = simpson(norm.pdf(u) * simpson(norm.pdf(u) * pair, x=u, axis=1), x=u)
    runs = 200_000
    z = centre + width * torch.randn(runs, 1, generator=generator)
    many = DiagonalGaussian(q.mean.expand(runs, 1), q.log_var.expand(runs, 1))
    bound = upper_bound(model, x.expand(runs, 1), z, 2, q=many, generator=generator)
    assert expected > SCIPY_EVIDENCE + 0.01
    agree(bound.mean().item(), expected, atol=4 * bound.std().item() / math.sqrt(runs))


@pytest.mark.equation("eq-upper-bound", oracle="Monte Carlo")
def test_simulated_data_have_the_evidence_between_two_bounds(random_linear, generator):
    """20,000 simulated data points at k = 100: each bound off on its side, by half of χ²/k.

    Of the exact evidence they are measured from; what is left out of χ²/2k is of order 1/k².
    """
    model, _, _ = random_linear(4, 2)
    model.requires_grad_(False)
    z = torch.randn(20_000, 2, generator=generator)
    x = model.decode(z).sample(generator)
    exact = model.encode(x)
    variance = exact.scale_tril.square().sum(1)  # of each coordinate alone: wide enough
    q = DiagonalGaussian(exact.mean + 0.8 * variance.sqrt(), variance.log().expand_as(z))
    evidence, chi2 = model.log_evidence(x), weight_variance(q, exact).mean().item()
    low = importance_weighted_bound(model, x, 100, q=q, generator=generator) - evidence
    high = upper_bound(model, x, z, 100, q=q, chunk=30, generator=generator) - evidence
    errors = [part.std().item() / math.sqrt(20_000) for part in (low, high)]
    assert low.mean() < -4 * errors[0] and high.mean() > 4 * errors[1]
    agree_in_standard_errors(low.mean(), -chi2 / 200, errors[0])
    agree_in_standard_errors(high.mean(), chi2 / 200, errors[1])


@pytest.mark.equation("eq-best-diagonal", oracle="SciPy")
@pytest.mark.parametrize(("data_dim", "latent_dim"), [(2, 1), (5, 3), (12, 4)])
def test_best_diagonal_is_what_scipy_finds(random_linear, data_dim, latent_dim):
    """SciPy minimises NumPy's KL over means and log variances; it stops within 1e-5."""
    model, x, _ = random_linear(data_dim, latent_dim)
    weight, variance = model.weight.numpy(), math.exp(model.log_var.item())
    precision = np.eye(latent_dim) + weight.T @ weight / variance
    centre = np.linalg.solve(precision, weight.T @ (x[0] - model.bias).numpy() / variance)

    def kl(values):
        off, spread = values[:latent_dim] - centre, np.exp(values[latent_dim:])
        log_ratio = -np.linalg.slogdet(precision)[1] - values[latent_dim:].sum()
        inner = precision.diagonal() @ spread + off @ precision @ off
        return 0.5 * (inner - latent_dim + log_ratio)

    found = minimize(kl, np.zeros(2 * latent_dim), method="BFGS", options={"gtol": 1e-8})
    best = best_diagonal(model.encode(x[:1]))
    agree(best.mean[0], found.x[:latent_dim], atol=1e-5)
    agree(best.log_var[0], found.x[latent_dim:], atol=1e-5)
    gap = 0.5 * (np.log(precision.diagonal()).sum() - np.linalg.slogdet(precision)[1])
    agree(found.fun, gap, atol=1e-9)


@pytest.mark.equation("eq-best-diagonal", oracle="NumPy")
def test_best_diagonal_has_the_variance_that_all_other_coordinates_leave(generator):
    """NumPy regresses each coordinate on the others, for each of 4 · 2 posteriors."""
    mean = torch.randn(4, 2, 3, generator=generator)
    root = torch.randn(4, 2, 3, 3, generator=generator).tril(-1) + 2 * torch.eye(3)
    covariance = (root @ root.mT).numpy()
    best = best_diagonal(FullGaussian(mean, root))
    agree(best.mean, mean, atol=0)
    for j in range(3):
        others = [i for i in range(3) if i != j]
        cross = covariance[..., others, j, None]
        slope = np.linalg.solve(covariance[..., others, :][..., others], cross)
        left = covariance[..., j, j] - (slope * cross).sum((-2, -1))
        agree(best.log_var[..., j].exp(), left, rtol=1e-12)


@pytest.mark.equation("eq-gap-split", oracle="NumPy")
def test_gap_splits_into_the_best_qs_divergence_and_the_rest(random_linear):
    """Optimised per data point, the linear model's gap is Cremer's two parts in closed form."""
    model, x, q = random_linear(6, 3)
    points = sigma_points(3)
    best = optimise_posterior(model, x, q, steps=1500, learning_rate=0.1, noise=points)
    split = split_gap(
        model.log_evidence(x),
        elbo(model, x, q=best, noise=points).value,
        elbo(model, x, q=q, noise=points).value,
    )
    weight, variance = model.weight.numpy(), math.exp(model.log_var.item())
    precision = np.eye(3) + weight.T @ weight / variance
    gap = 0.5 * (np.log(precision.diagonal()).sum() - np.linalg.slogdet(precision)[1])
    agree(split.approximation, torch.full((5,), float(gap)), atol=1e-6)
    whole = q.kl_to(model.encode(x))
    agree(split.approximation + split.amortisation, whole, atol=1e-10)
    assert (split.amortisation > 0).all()


def test_optimising_with_draws_comes_close_and_leaves_the_model_alone(random_linear, generator):
    """Within 0.02 nats of the best q; a step with four draws is noisy, but its size falls."""
    model, x, q = random_linear(6, 3)
    model.requires_grad_(True)
    best = optimise_posterior(model, x, q, steps=800, learning_rate=0.1, generator=generator)
    with torch.no_grad():
        exact = best_diagonal(model.encode(x)).kl_to(model.encode(x))
        assert (best.kl_to(model.encode(x)) - exact).max() < 0.02
    assert model.weight.grad is None and not best.mean.requires_grad


def test_optimising_begins_at_the_start_and_keeps_data_points_apart(random_linear):
    """A step of 1e-9 leads nowhere; a data point alone ends where it ends among others."""
    model, x, q = random_linear(6, 3)
    still = optimise_posterior(model, x, q, steps=1, learning_rate=1e-9)
    agree(still.mean, q.mean, atol=2e-9)
    agree(still.log_var, q.log_var, atol=2e-9)
    only, points = DiagonalGaussian(q.mean[2:3], q.log_var[2:3]), sigma_points(3)
    alone = optimise_posterior(model, x[2:3], only, steps=20, noise=points)
    among = optimise_posterior(model, x, q, steps=20, noise=points)
    agree(alone.mean, among.mean[2:3], atol=1e-12)
    agree(alone.log_var, among.log_var[2:3], atol=1e-12)


def test_step_size_falls_along_half_a_cosine_and_a_seed_repeats_the_draws(
    random_linear, monkeypatch
):
    model, x, q = random_linear(6, 3)
    sizes, draws = [], []
    step, decode = torch.optim.Adam.step, model.decode

    def watched(self, *arguments):
        sizes.append(self.param_groups[0]["lr"])
        return step(self, *arguments)

    monkeypatch.setattr(torch.optim.Adam, "step", watched)
    monkeypatch.setattr(model, "decode", lambda z: draws.append(z.shape) or decode(z))
    first, again = (
        optimise_posterior(
            model, x, q, 4, 0.2, samples=7, generator=torch.Generator().manual_seed(2)
        )
        for _ in range(2)
    )
    low, high = (2 - 2**0.5) / 4, (2 + 2**0.5) / 4  # cos² of 3π/8 and of π/8
    assert sizes == pytest.approx([0.2, 0.2 * high, 0.1, 0.2 * low] * 2, rel=1e-12)
    assert set(draws) == {(7, 5, 3)}
    assert torch.equal(first.mean, again.mean) and torch.equal(first.log_var, again.log_var)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m, x, q: log_weights(m, x, 0), "number of samples is 0: draw at least 1"),
        (lambda m, x, q: bound_at(torch.zeros(5, 2), 6), "k is 6 with 5 weights"),
        (lambda m, x, q: effective_sample_size(torch.zeros(1, 2)), "1 weights: a variance needs"),
        (
            lambda m, x, q: optimise_posterior(m, x, q, steps=0),
            "steps is 0, .* give positive numbers",
        ),
        (lambda m, x, q: aggregate_split(q, samples=1), "samples is 1: draw at least 2"),
        (lambda m, x, q: upper_bound(m, x, q.mean, 0), "number of samples is 0: draw at least 1"),
    ],
)
def test_unusable_input_is_refused(random_linear, call, message):
    with pytest.raises(ValueError, match=message):
        call(*random_linear(4, 2))
