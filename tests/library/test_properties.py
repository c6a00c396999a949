"""The formulas over the whole range of their inputs, against mpmath's fifty digits.

Each tolerance counts roundings: ``eps`` of the dtype, times the sizes of the terms that are added.
``pytest --hypothesis-profile thorough tests/library/test_properties.py`` tries fifty times as many.
"""

import math
from fractions import Fraction

import mpmath
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from mpmath import mpf

from vae_lib.engine.checks import InputError
from vae_lib.evaluation import bound_at, effective_sample_size
from vae_lib.evidence import monte_carlo_relative_variance, quadrature_evidence
from vae_lib.gaussian import (
    DiagonalGaussian,
    FullGaussian,
    best_diagonal,
    sigma_points,
    weight_variance,
)
from vae_lib.gradients import pathwise_gradients, score_function_gradients
from vae_lib.latents import linear_aggregate, unit_variance
from vae_lib.lessons.identities import (
    conditional,
    entropy,
    low_rank_inverse,
    low_rank_log_det,
    product,
)
from vae_lib.lessons.wrong_losses import grey_mass, kl_weight_to_beta, variance_to_kl_weight
from vae_lib.likelihoods import Bernoulli, Gaussian
from vae_lib.linear import (
    LinearGaussian,
    fixed_noise_maximum,
    forecast_unit_variance,
    rate_and_distortion,
)
from vae_lib.objectives import elbo, log_weights
from vae_lib.schedules import BurdaStages, OneCycle

mpmath.mp.dps = 50
LOG_2PI = mpmath.log(2 * mpmath.pi)
DTYPES = st.sampled_from([torch.float32, torch.float64])
# The |log σ²| at which σ² or its inverse leaves the dtype, less what sums need.
WIDEST = {torch.float32: 85.0, torch.float64: 700.0}


def reals(limit, least=None):
    """Numbers that single precision holds exactly, so that both dtypes get the same."""
    low = -limit if least is None else least
    return st.floats(
        float(torch.tensor(low, dtype=torch.float32)),
        float(torch.tensor(limit, dtype=torch.float32)),
        width=32,
        allow_subnormal=False,
    )


def several(numbers, count):
    return st.lists(numbers, min_size=count, max_size=count)


def eps(dtype):
    return torch.finfo(dtype).eps


def column(values, dtype, grad=False):
    return torch.tensor(values, dtype=dtype, requires_grad=grad)


def close(ours, truth, tolerance, dtype):
    """Assert that ours is the truth up to the tolerance, or what is left of it beyond the dtype."""
    largest = mpf(torch.finfo(dtype).max) / 4
    if abs(truth) > largest:
        assert not math.isnan(ours)
        return
    assert math.isfinite(ours), f"{ours} where the truth is {mpmath.nstr(truth, 8)}"
    allowed = mpf(tolerance) + 16 * mpf(torch.finfo(dtype).tiny)
    assert abs(mpf(ours) - truth) <= allowed, f"{ours}, not {mpmath.nstr(truth, 17)}"


def dense(matrix):
    """A matrix of mpmath's numbers, from a tensor or lists."""
    rows = matrix.tolist() if isinstance(matrix, torch.Tensor) else matrix
    return mpmath.matrix(rows)


def normal(value, mean, covariance):
    """log N(value; mean, covariance) by the determinant and the inverse."""
    difference = mpmath.matrix([mpf(a) - mpf(b) for a, b in zip(value, mean, strict=True)])
    square = (difference.T * mpmath.lu_solve(covariance, difference))[0]
    return -(len(value) * LOG_2PI + mpmath.log(mpmath.det(covariance)) + square) / 2


@given(DTYPES, reals(1e4), reals(1e4), st.data())
def test_diagonal_log_density_and_its_gradients(dtype, mean, value, data):
    log_var = data.draw(reals(WIDEST[dtype]))
    kind = data.draw(st.sampled_from([DiagonalGaussian, Gaussian]))
    mu, width = column([mean], dtype, True), column([log_var], dtype, True)
    ours = kind(mu, width).log_prob(column([value], dtype))
    ours.backward()
    square = (mpf(value) - mpf(mean)) ** 2 * mpmath.exp(-mpf(log_var))
    truth = -(LOG_2PI + mpf(log_var) + square) / 2
    close(ours.item(), truth, 8 * eps(dtype) * (2 + abs(log_var) + square), dtype)
    slope = (mpf(value) - mpf(mean)) * mpmath.exp(-mpf(log_var))
    close(mu.grad.item(), slope, 8 * eps(dtype) * abs(slope), dtype)
    close(width.grad.item(), (square - 1) / 2, 8 * eps(dtype) * (1 + square), dtype)


@given(DTYPES, reals(1e4), st.data())
def test_kl_to_the_prior_is_never_negative(dtype, mean, data):
    log_var = data.draw(reals(WIDEST[dtype]))
    mu, width = column([mean], dtype, True), column([log_var], dtype, True)
    ours = DiagonalGaussian(mu, width).kl_to_standard()
    ours.backward()
    assert ours >= 0
    square, excess = mpf(mean) ** 2, mpmath.expm1(mpf(log_var))
    size = square + abs(excess) + abs(log_var)
    close(ours.item(), (square + excess - mpf(log_var)) / 2, 8 * eps(dtype) * size, dtype)
    close(mu.grad.item(), mpf(mean), 8 * eps(dtype) * abs(mean), dtype)
    close(width.grad.item(), excess / 2, 8 * eps(dtype) * (1 + abs(excess)), dtype)


@given(DTYPES, reals(1e3), reals(1e3), st.data())
def test_kl_of_two_diagonals_is_never_negative(dtype, mean, other_mean, data):
    log_var, other = data.draw(several(reals(WIDEST[dtype] / 2), 2))
    q = DiagonalGaussian(column([mean], dtype), column([log_var], dtype))
    ours = q.kl_to(DiagonalGaussian(column([other_mean], dtype), column([other], dtype)))
    assert ours >= 0
    square = (mpf(mean) - mpf(other_mean)) ** 2 * mpmath.exp(-mpf(other))
    ratio = mpf(log_var) - mpf(other)
    # The difference of both logarithms is rounded before its exponential is taken.
    size = square + mpmath.exp(ratio) * (2 + abs(ratio)) + abs(log_var) + abs(other)
    truth = (square + mpmath.expm1(ratio) - ratio) / 2
    close(ours.item(), truth, 8 * eps(dtype) * size, dtype)


@given(DTYPES, reals(1e4) | reals(40.0, 10.0), st.data())
def test_bernoulli_log_probability_and_its_gradient(dtype, logit, data):
    grey = data.draw(st.booleans())
    x = data.draw(reals(1.0, 0.0) if grey else st.sampled_from([0.0, 1.0]))
    logits = column([logit], dtype, True)
    ours = Bernoulli(logits, grey).log_prob(column([x], dtype))
    ours.backward()
    truth = mpf(x) * mpf(logit) - mpmath.log1p(mpmath.exp(mpf(logit)))
    close(ours.item(), truth, 4 * eps(dtype) * (1 + abs(logit)), dtype)
    close(logits.grad.item(), mpf(x) - 1 / (1 + mpmath.exp(-mpf(logit))), 4 * eps(dtype), dtype)


TRIANGLES = st.tuples(reals(100.0, 0.01), reals(10.0), reals(100.0, 0.01))


def triangle(entries):
    first, below, second = entries
    return [[first, 0.0], [below, second]]


@given(TRIANGLES, TRIANGLES, several(reals(100.0), 4))
def test_full_gaussians(one, other, numbers):
    """The condition of the triangles, squared, multiplies the roundings of their solutions."""
    dtype = torch.float64
    mean, value = numbers[:2], numbers[2:]
    mine, theirs = triangle(one), triangle(other)
    p = FullGaussian(column(mean, dtype), column(mine, dtype))
    q = FullGaussian(column(value, dtype), column(theirs, dtype))
    covariance, second = (dense(a) * dense(a).T for a in (mine, theirs))
    worst = max(float(torch.linalg.cond(p.scale_tril)), float(torch.linalg.cond(q.scale_tril)))
    truth = normal(value, mean, covariance)
    rounding = 64 * eps(dtype) * worst**2
    close(p.log_prob(column(value, dtype)).item(), truth, rounding * (1 + abs(truth)), dtype)
    close(entropy(p).item(), LOG_2PI + 1 + mpmath.log(mpmath.det(covariance)) / 2, 1e-12, dtype)
    shift = mpmath.matrix([mpf(b) - mpf(a) for a, b in zip(mean, value, strict=True)])
    inverse = second**-1
    divergence = (
        (inverse * covariance)[0, 0] + (inverse * covariance)[1, 1] - 2
        + (shift.T * inverse * shift)[0]
        + mpmath.log(mpmath.det(second) / mpmath.det(covariance))
    ) / 2  # fmt: skip
    ours = p.kl_to(q).item()
    assert ours >= 0
    close(ours, divergence, rounding * (1 + abs(divergence)), dtype)
    best = best_diagonal(p).log_var.exp()
    for j in range(2):
        precise = 1 / (covariance**-1)[j, j]
        close(best[j].item(), precise, rounding * precise, dtype)


@given(reals(3.0), reals(3.0), reals(3.0), reals(3.0))
def test_variance_of_the_weights_in_one_dimension(mean, other_mean, log_var, other_log_var):
    """E_q[w²] is one more Gaussian integral, here by completing the square."""
    s, t = mpmath.exp(mpf(log_var)), mpmath.exp(mpf(other_log_var))
    precision = 2 / t - 1 / s
    assume(abs(precision) * s > 1e-2)
    q = DiagonalGaussian(column([mean], torch.float64), column([log_var], torch.float64))
    scale = column([[other_log_var / 2]], torch.float64).exp()
    ours = weight_variance(q, FullGaussian(column([other_mean], torch.float64), scale)).item()
    if precision < 0:
        assert ours == math.inf
        return
    linear = 2 * mpf(other_mean) / t - mpf(mean) / s
    constant = -(mpf(other_mean) ** 2) / t + mpf(mean) ** 2 / (2 * s)
    front = mpmath.sqrt(2 * mpmath.pi * s) / (2 * mpmath.pi * t)
    second = front * mpmath.sqrt(2 * mpmath.pi / precision)
    truth = second * mpmath.exp(linear**2 / (2 * precision) + constant) - 1
    # The exponent, of this size, is rounded before its exponential is taken.
    size = (1 + abs(truth)) * (10 + linear**2 / precision + abs(constant))
    close(ours, truth, 1e3 * eps(torch.float64) * size, torch.float64)


LINES = st.tuples(several(reals(3.0), 6), several(reals(3.0), 3), several(reals(5.0), 3))


@given(DTYPES, LINES, reals(5.0, -15.0))
def test_evidence_and_posterior_of_the_linear_model(dtype, numbers, log_var):
    """A narrow noise magnifies what rounding does to x itself, and no more than that."""
    entries, bias, x = numbers
    weight = [entries[0:2], entries[2:4], entries[4:6]]
    model = LinearGaussian(column(weight, dtype), column(bias, dtype), column(log_var, dtype))
    ours = model.log_evidence(column([x], dtype)).item()
    noise = mpmath.exp(mpf(log_var))
    covariance = dense(weight) * dense(weight).T + noise * mpmath.eye(3)
    residual = mpmath.matrix([mpf(a) - mpf(b) for a, b in zip(x, bias, strict=True)])
    slope = mpmath.norm(mpmath.lu_solve(covariance, residual))
    posterior = (dense(weight).T * dense(weight) / noise + mpmath.eye(2)) ** -1
    mean = posterior * dense(weight).T * residual / noise
    size = 1 + mpmath.norm(dense([x])) + mpmath.norm(dense([bias])) + 4 * mpmath.norm(mean)
    rounding = 16 * eps(dtype) * size
    truth = normal(x, bias, covariance)
    terms = 100 + abs(truth)
    close(ours, truth, rounding * slope + rounding**2 / noise + 16 * eps(dtype) * terms, dtype)
    q = model.encode(column([x], dtype))
    # The condition of W/σ above I, times the roundings of what it is applied to.
    condition = 1 + mpmath.norm(dense(weight)) / mpmath.sqrt(noise)
    for j in range(2):
        close(q.mean[0, j].item(), mean[j], rounding * condition, dtype)
        for i in range(2):
            found = (q.scale_tril.detach().double() @ q.scale_tril.detach().double().T)[i, j].item()
            close(found, posterior[i, j], 16 * eps(dtype) * condition, dtype)


@given(reals(3.0), reals(3.0), reals(5.0), reals(3.0, -16.0))
def test_quadrature_is_right_or_says_that_it_cannot(slope, bias, x, log_var):
    """At most 1e-4 beyond the ends, as the module says, and as much between the points."""
    model = LinearGaussian(column([[slope]] * 2, torch.float64), column([bias] * 2, torch.float64),
                           column(log_var, torch.float64))  # fmt: skip
    exact = model.log_evidence(column([[x, x]], torch.float64)).item()
    try:
        ours = quadrature_evidence(model, column([[x, x]], torch.float64)).item()
    except InputError as error:
        assert "give" in str(error)
        assert log_var < -6 or abs(x - bias) > 5 * abs(slope)
        return
    assert abs(ours - exact) < 3e-4


@given(DTYPES, several(reals(5.0), 2), reals(20.0), st.integers(1, 1000))
def test_relative_variance_of_the_monte_carlo_estimate(dtype, x, log_var, samples):
    """E[p(x|z)²] is a Gaussian integral, too: ∫ N(z; 0, 1) N(x; z, σ²)² dz."""
    ours = monte_carlo_relative_variance(column(x, dtype), column(log_var, dtype), samples).item()
    v, ratio = mpmath.exp(mpf(log_var)), mpf(1)
    for value in map(mpf, x):
        second = mpmath.exp(normal([value], [0], dense([[1 + v / 2]]))) / mpmath.sqrt(
            4 * mpmath.pi * v
        )
        ratio *= second / mpmath.exp(2 * normal([value], [0], dense([[1 + v]])))
    truth = (ratio - 1) / samples
    size = (1 + abs(truth)) * (1 + abs(mpmath.log(ratio)))
    close(ours, truth, 16 * eps(dtype) * size, dtype)


SPREADS = several(reals(1e3, 1e-3), 3).map(lambda values: sorted(values, reverse=True))


@given(DTYPES, SPREADS, st.integers(1, 3), reals(1e2, 1e-2), reals(10.0, 0.1))
def test_linear_vae_whose_noise_is_given(dtype, spread, latent_dim, variance, beta):
    eigenvalues = column(spread, dtype)
    v, b = mpf(variance), mpf(beta)
    total = [max(mpf(value), v) if j < latent_dim else v for j, value in enumerate(spread)]
    best = (
        -sum(LOG_2PI + mpmath.log(c) + mpf(e) / c for c, e in zip(total, spread, strict=True)) / 2
    )
    ours = fixed_noise_maximum(eigenvalues, latent_dim, variance).item()
    close(
        ours,
        best,
        16 * eps(dtype) * (20 + 2 * sum(mpf(e) / c for c, e in zip(total, spread, strict=True))),
        dtype,
    )
    forecast = forecast_unit_variance(eigenvalues, latent_dim, variance)
    for j in range(latent_dim):
        close(forecast[j].item(), 1 - v / total[j], 4 * eps(dtype), dtype)
    rate, distortion = rate_and_distortion(eigenvalues, latent_dim, variance, beta)
    kept = [min(mpf(e), b * v) if j < latent_dim else mpf(e) for j, e in enumerate(spread)]
    bits = sum(mpmath.log(max(mpf(e) / (b * v), 1)) for e in spread[:latent_dim]) / 2
    close(rate.item(), bits, 16 * eps(dtype) * (1 + bits), dtype)
    error = sum(kept) / v
    expected = (3 * (LOG_2PI + mpmath.log(v)) + error) / 2
    close(distortion.item(), expected, 16 * eps(dtype) * (20 + error), dtype)


@given(DTYPES, several(reals(3.0), 8), reals(4.0, -8.0), several(reals(1.0), 2))
def test_bounds_of_given_draws(dtype, numbers, log_var, noise):
    """One latent variable and two pixels: each term of log p(x, z) - log q(z) by itself."""
    slopes, bias, x, (mean, width) = numbers[:2], numbers[2:4], numbers[4:6], numbers[6:]
    model = LinearGaussian(
        column([[slope] for slope in slopes], dtype), column(bias, dtype), column(log_var, dtype)
    )
    q = DiagonalGaussian(column([[mean]], dtype), column([[width]], dtype))
    draws = column([[[one]] for one in noise], dtype)
    weights = log_weights(model, column([x], dtype), 2, q, draws)
    bound = elbo(model, column([x], dtype), q, noise=draws)
    likelihoods, size = [], mpf(0)
    for i, one in enumerate(noise):
        z = mpf(mean) + mpmath.exp(mpf(width) / 2) * mpf(one)
        errors = [mpf(x[d]) - mpf(slopes[d]) * z - mpf(bias[d]) for d in range(2)]
        squares = sum(error**2 for error in errors) * mpmath.exp(-mpf(log_var))
        likelihoods.append(-(2 * (LOG_2PI + mpf(log_var)) + squares) / 2)
        prior = -(LOG_2PI + z**2) / 2
        proposal = -(LOG_2PI + mpf(width) + mpf(one) ** 2) / 2
        truth = likelihoods[-1] + prior - proposal
        # z is rounded, and the noise's precision multiplies what that changes; so it does for q.
        reach = 1 + abs(z) + max(map(abs, x)) + max(map(abs, bias))
        size = reach**2 * 4 * (2 + mpmath.exp(-mpf(log_var))) * (1 + mpmath.exp(-mpf(width) / 2))
        close(weights[i, 0].item(), truth, 32 * eps(dtype) * (20 + squares + size), dtype)
    expected = sum(likelihoods) / 2
    close(
        bound.log_likelihood.item(), expected, 64 * eps(dtype) * (20 + abs(expected) + size), dtype
    )


@given(DTYPES, several(reals(80.0), 6), st.sampled_from([1, 2, 3, 6]))
def test_bound_at_and_the_effective_sample_size(dtype, weights, k):
    values = [mpf(one) for one in weights]
    blocks = [values[start : start + k] for start in range(0, 6, k)]
    logs = [mpmath.log(sum(map(mpmath.exp, block)) / k) for block in blocks]
    column_of = column([[one] for one in weights], dtype)
    close(bound_at(column_of, k).item(), sum(logs) / len(logs), 400 * eps(dtype), dtype)
    total, squares = sum(map(mpmath.exp, values)), sum(mpmath.exp(2 * one) for one in values)
    # A share is rounded where its logarithm, of at most 160, is; the size is at most 6.
    close(effective_sample_size(column_of).item(), total**2 / squares, 6e3 * eps(dtype), dtype)


@given(DTYPES, reals(1e4))
def test_grey_mass(dtype, logit):
    truth = mpmath.tanh(mpf(logit) / 2) / mpf(logit) if logit else mpf(1) / 2
    close(grey_mass(column([logit], dtype)).item(), truth, 4 * eps(dtype) * truth, dtype)


@given(*(reals(1e6, 1e-6) for _ in range(4)))
def test_weights_of_a_loss_and_back(weight, error_weight, error_divisor, kl_divisor):
    beta = kl_weight_to_beta(weight, error_weight, error_divisor, kl_divisor)
    a, b, r, s = map(Fraction, (error_weight, weight, error_divisor, kl_divisor))
    assert abs(beta - b * r / (a * s)) <= 4 * eps(torch.float64) * beta
    back = variance_to_kl_weight(beta / 2, error_weight, error_divisor, kl_divisor)
    assert abs(back - weight) <= 16 * eps(torch.float64) * weight


COVARIANCES = several(reals(2.0), 9).map(
    lambda entries: dense([entries[0:3], entries[3:6], entries[6:9]])
).map(lambda a: a * a.T + mpmath.eye(3))  # fmt: skip


def as_tensor(matrix):
    return torch.tensor(
        [[float(entry) for entry in row] for row in matrix.tolist()], dtype=torch.float64
    )


@given(COVARIANCES, COVARIANCES, several(reals(3.0), 6))
def test_conditional_and_product(one, other, numbers):
    """Eigenvalues are at least 1 and at most 37, so the condition stays below 40."""
    first, second = as_tensor(one), as_tensor(other)
    a, b = dense(first), dense(second)  # what double precision holds of them
    mean, more = numbers[:3], numbers[3:]
    given_last = conditional(column(mean, torch.float64), first, column(more[:1], torch.float64))
    shift = (mpf(more[0]) - mpf(mean[2])) / a[2, 2]
    for i in range(2):
        close(given_last.mean[i].item(), mpf(mean[i]) + a[i, 2] * shift, 1e-12, torch.float64)
    log_scale, combined = product(
        column(mean, torch.float64), first, column(more, torch.float64), second
    )
    close(log_scale.item(), normal(mean, more, a + b), 1e-11, torch.float64)
    total = (a**-1 + b**-1) ** -1
    centre = total * (
        a**-1 * dense([[one] for one in mean]) + b**-1 * dense([[one] for one in more])
    )
    for i in range(3):
        close(combined.mean[i].item(), centre[i], 1e-11, torch.float64)


@given(several(reals(3.0), 6), reals(4.0, -8.0))
def test_low_rank_identities(entries, log_var):
    """The inverse is as large as 1/σ², and its cancellation costs the condition's digits."""
    weight = [entries[0:2], entries[2:4], entries[4:6]]
    noise = mpmath.exp(mpf(log_var))
    full = dense(weight) * dense(weight).T + noise * mpmath.eye(3)
    condition = 1 + mpmath.norm(dense(weight)) ** 2 / noise
    given_weight, given_log = column(weight, torch.float64), column(log_var, torch.float64)
    ours = low_rank_log_det(given_weight, given_log).item()
    rounding = 64 * eps(torch.float64) * condition
    close(ours, mpmath.log(mpmath.det(full)), rounding * 30, torch.float64)
    inverse = low_rank_inverse(given_weight, given_log)
    for i in range(3):
        for j in range(3):
            close(inverse[i, j].item(), (full**-1)[i, j], rounding / noise, torch.float64)


@given(DTYPES, reals(10.0), reals(10.0), reals(5.0))
def test_gradient_estimates_of_a_square(dtype, mean, log_var, one):
    q = DiagonalGaussian(column([mean], dtype), column([log_var], dtype))
    noise = column([[one]], dtype)
    std = mpmath.exp(mpf(log_var) / 2)
    z, e = mpf(mean) + std * mpf(one), mpf(one)
    reach = abs(mean) + std * abs(one)

    def square(latents):
        return (latents**2).sum(-1)

    scores = score_function_gradients(square, q, noise)[0, :, 0].tolist()
    for ours, factor, size in zip(
        scores, (e / std, (e**2 - 1) / 2), (abs(e) / std, (e**2 + 1) / 2), strict=True
    ):
        close(ours, z**2 * factor, 16 * eps(dtype) * reach**2 * size, dtype)
    paths = pathwise_gradients(square, q, noise)[0, :, 0].tolist()
    for ours, factor in zip(paths, (mpf(2), std * e), strict=True):
        close(ours, z * factor, 16 * eps(dtype) * reach * abs(factor), dtype)


@given(DTYPES, st.lists(reals(1e3), min_size=2, max_size=9))
def test_variance_of_a_unit(dtype, means):
    exact = [Fraction(one) for one in means]
    centre = sum(exact) / len(exact)
    truth = sum((one - centre) ** 2 for one in exact) / len(exact)
    q = DiagonalGaussian(
        column([[one] for one in means], dtype), torch.zeros(len(means), 1, dtype=dtype)
    )
    ours = unit_variance(q).item()
    size = max(map(abs, means)) ** 2
    close(ours, mpf(truth.numerator) / mpf(truth.denominator), 32 * eps(dtype) * size, dtype)


@given(several(reals(3.0), 2), several(reals(3.0), 3), reals(4.0, 0.01))
def test_aggregate_of_a_linear_encoder(weight, entries, noise):
    factor = dense([[entries[0], 0], [entries[1], entries[2]]])
    spread = as_tensor(factor * factor.T + mpmath.eye(2))
    row = dense([weight])
    total = (row * dense(spread) * row.T)[0] + mpf(noise)
    aggregate, information = linear_aggregate(
        column([weight], torch.float64), column([[noise]], torch.float64), spread
    )
    rounding = 64 * eps(torch.float64)
    close(aggregate.scale_tril.item() ** 2, total, rounding * total, torch.float64)
    truth = mpmath.log(total / mpf(noise)) / 2
    close(information.item(), truth, rounding * (1 + truth), torch.float64)


@given(st.integers(1, 60))
def test_sigma_points_have_the_moments_of_a_normal(latent_dim):
    points = sigma_points(latent_dim)[:, 0]
    assert points.mean(0).abs().max() == 0 and (points**3).mean(0).abs().max() == 0
    second = points.T @ points / len(points)
    assert (second - torch.eye(latent_dim)).abs().max() < 4 * eps(torch.float64)


@given(reals(1.0, 1e-6), st.integers(1, 500), st.data())
def test_rates_of_one_cycle(peak, epochs, data):
    epoch = data.draw(st.integers(0, epochs - 1))
    position, top = mpf(epoch) + mpf(1) / 2, mpf(0.1) * epochs
    phase = position / top - 1 if position < top else (position - top) / (epochs - top)
    truth = mpf(peak) * max(mpf("1e-4"), (1 + mpmath.cos(mpmath.pi * phase)) / 2)
    # The cosine's argument is rounded at most at π.
    assert abs(OneCycle(peak, epochs)(epoch) - truth) < 16 * eps(torch.float64) * peak


@given(st.integers(0, 3279))
def test_rates_of_burda(epoch):
    stage = next(i for i in range(8) if epoch < sum(3**j for j in range(i + 1)))
    assert BurdaStages()(epoch) == pytest.approx(1e-3 * 10 ** (-stage / 7), rel=1e-15)
