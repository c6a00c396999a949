"""Rows with gaps in a model where all is Gaussian: SciPy, block inversion, scikit-learn."""

import math

import numpy as np
import pytest
import torch
from agreement import agree, agree_in_standard_errors
from scipy.stats import multivariate_normal
from sklearn.decomposition import FactorAnalysis as Reference

from vae_lib.factor_analysis import FactorAnalysis, fit_factor_analysis

D, L, B = 5, 2, 6


@pytest.fixture
def gappy(generator):
    """A model, rows, their masks (an empty one and a full one among them), and its covariance."""
    weight = torch.randn(D, L, generator=generator)
    model = FactorAnalysis(
        weight, torch.randn(D, generator=generator), torch.randn(D, generator=generator)
    )
    x = 2 * torch.randn(B, D, generator=generator)
    seen = (torch.rand(B, D, generator=generator) < 0.6).to(x)
    seen[0], seen[1] = 0, 1
    covariance = (weight @ weight.T + torch.diag(model.log_var.exp())).numpy()
    return model, x, seen, covariance


@pytest.mark.equation("eq-observed-evidence", oracle="SciPy")
def test_evidence_is_that_of_the_observed_block(gappy):
    """SciPy's density of the rows and columns that were seen, to rounding."""
    model, x, seen, covariance = gappy
    expected = []
    for row, mask in zip(x.numpy(), seen.numpy() > 0, strict=True):
        center, block = model.bias.numpy()[mask], covariance[np.ix_(mask, mask)]
        expected.append(multivariate_normal(center, block).logpdf(row[mask]) if mask.any() else 0)
    agree(model.log_evidence(x, seen), np.array(expected), atol=1e-12)


@pytest.mark.equation("eq-observed-posterior", oracle="NumPy")
def test_posterior_is_the_conditional_of_the_joint(gappy):
    """z given x_o from the joint covariance of both: the other way round, by its blocks."""
    model, x, seen, covariance = gappy
    posterior = model.posterior(x, seen)
    weight = model.weight.numpy()
    for i, mask in enumerate(seen.numpy() > 0):
        gain = weight[mask].T @ np.linalg.inv(covariance[np.ix_(mask, mask)])
        agree(posterior.mean[i], gain @ (x - model.bias).numpy()[i, mask], atol=1e-11)
        spread = posterior.scale_tril[i] @ posterior.scale_tril[i].T
        agree(spread, np.eye(L) - gain @ weight[mask], atol=1e-12)


@pytest.mark.equation("eq-missing-conditional", oracle="NumPy")
def test_what_was_in_the_gaps_by_block_inversion(gappy):
    model, x, seen, covariance = gappy
    mean, spread = model.conditional(x, seen)
    for i, mask in enumerate(seen.numpy() > 0):
        gain = covariance[np.ix_(~mask, mask)] @ np.linalg.inv(covariance[np.ix_(mask, mask)])
        expected = x[i].numpy().copy()
        expected[~mask] = model.bias.numpy()[~mask] + gain @ (
            x[i].numpy()[mask] - model.bias.numpy()[mask]
        )
        agree(mean[i], expected, atol=1e-11)
        full = np.zeros((D, D))
        full[np.ix_(~mask, ~mask)] = (
            covariance[np.ix_(~mask, ~mask)] - gain @ covariance[np.ix_(mask, ~mask)]
        )
        agree(spread[i], full, atol=1e-11)


@pytest.mark.equation("eq-missing-conditional", oracle="Monte Carlo")
def test_what_was_in_the_gaps_by_simulation(generator):
    """Of a million rows of a small model, those whose seen entries lie close to the given ones.

    Within ±0.02 the regression's slope moves the mean by less than a tenth of a standard error.
    """
    model = FactorAnalysis(
        torch.tensor([[1.0], [0.8]]), torch.tensor([0.3, -0.2]), torch.tensor([-1.0, 0.0])
    )
    z = torch.randn(1_000_000, 1, generator=generator)
    noise = torch.randn(1_000_000, 2, generator=generator)
    rows = z @ model.weight.T + model.bias + noise * torch.exp(model.log_var / 2)
    near = rows[(rows[:, 0] - 1.1).abs() < 0.02, 1]
    mean, spread = model.conditional(torch.tensor([[1.1, 0.0]]), torch.tensor([[1.0, 0.0]]))
    agree_in_standard_errors(near.mean(), mean[0, 1], near.std() / math.sqrt(len(near)))
    error = near.var() * math.sqrt(2 / len(near))
    agree_in_standard_errors(near.var(), spread[0, 1, 1], error)


def test_without_gaps_and_with_one_noise_it_is_the_linear_model(random_linear):
    linear, x, _ = random_linear(4, 2)
    model = FactorAnalysis(linear.weight, linear.bias, linear.log_var.expand(4).clone())
    seen = torch.ones_like(x)
    agree(model.log_evidence(x, seen), linear.log_evidence(x), atol=1e-12)
    agree(model.posterior(x, seen).mean, linear.encode(x).mean, atol=1e-12)


@pytest.fixture
def table(generator):
    """500 rows with two factors, their gaps at random."""
    z = torch.randn(500, L, generator=generator)
    weight = torch.randn(D, L, generator=generator)
    noise = torch.randn(500, D, generator=generator) * torch.linspace(0.3, 1, D)
    return z @ weight.T + 1 + noise, (torch.rand(500, D, generator=generator) < 0.7).double()


@pytest.mark.equation("eq-factor-em", oracle="SciPy")
def test_each_step_climbs_and_ends_where_no_small_change_helps(table):
    """The sum of SciPy's densities of the observed blocks: it rises, and its slope is zero."""
    x, seen = table

    def evidence(model):
        covariance = (model.weight @ model.weight.T + torch.diag(model.log_var.exp())).numpy()
        total = 0.0
        for pattern in np.unique(seen.numpy(), axis=0):
            mask = pattern > 0
            rows = x.numpy()[(seen.numpy() == pattern).all(1)][:, mask]
            if mask.any():
                block = covariance[np.ix_(mask, mask)]
                total += multivariate_normal(model.bias.numpy()[mask], block).logpdf(rows).sum()
        return total

    model = fit_factor_analysis(x, seen, L, steps=1, generator=torch.Generator().manual_seed(1))
    heights = [evidence(model)]
    for _ in range(5):
        model = model.improved(x, seen)
        heights.append(evidence(model))
    assert np.diff(heights).min() > 0.1
    best = fit_factor_analysis(x, seen, L, steps=800)
    top, step = evidence(best), 1e-3
    assert top > heights[-1]
    slopes = []
    for name in ("weight", "bias", "log_var"):
        value = getattr(best, name)
        shift = torch.zeros_like(value)
        shift.flatten()[0] = step
        parts = {one: getattr(best, one).data for one in ("weight", "bias", "log_var")}
        up, down = (
            evidence(FactorAnalysis(**parts | {name: parts[name] + sign * shift}))
            for sign in (1, -1)
        )
        slopes.append((up - down) / (2 * step))
    # At the start they are tens to thousands; differences leave rounding over the step, and its
    # square times a third derivative of some 1e3.
    agree(np.array(slopes), np.zeros(3), atol=2e-2)


def test_without_gaps_it_finds_what_scikit_learn_finds(table):
    """Both searches stop within 1e-5 nats per row of the highest mean evidence."""
    x, _ = table
    reference = Reference(L, tol=1e-10, max_iter=5000, svd_method="lapack").fit(x.numpy())
    model = fit_factor_analysis(x, torch.ones_like(x), L, steps=800)
    ours = model.log_evidence(x, torch.ones_like(x)).mean()
    agree(ours, reference.score(x.numpy()), atol=1e-5)


def test_the_search_starts_at_the_moments_of_what_was_seen(table):
    """By NumPy's masked arrays; half of each deviation goes into random weights."""
    x, seen = table
    seeded = torch.Generator().manual_seed(3)
    found = fit_factor_analysis(x, seen, L, steps=2, generator=seeded)
    masked = np.ma.masked_array(x.numpy(), seen.numpy() == 0)
    mean, deviation = (torch.from_numpy(np.asarray(one)) for one in (masked.mean(0), masked.std(0)))
    draws = torch.randn(D, L, generator=torch.Generator().manual_seed(3))
    start = FactorAnalysis(deviation[:, None] / 2 * draws, mean, 2 * deviation.log())
    expected = start.improved(x, seen).improved(x, seen)
    for name in ("weight", "bias", "log_var"):
        agree(getattr(found, name), getattr(expected, name), atol=1e-10)


def test_what_stands_in_a_gap_is_never_read(gappy):
    model, x, seen, _ = gappy
    other = torch.where(seen > 0, x, 99.0)
    assert torch.equal(model.log_evidence(x, seen), model.log_evidence(other, seen))
    assert torch.equal(model.conditional(x, seen)[0], model.conditional(other, seen)[0])
    rows, mask = torch.cat([x, x]), torch.cat([seen, torch.ones_like(seen)])
    changed = torch.where(mask > 0, rows, 99.0)
    for name in ("weight", "bias", "log_var"):
        ours, theirs = (getattr(model.improved(one, mask), name) for one in (rows, changed))
        agree(ours, theirs, atol=1e-10)


def test_what_cannot_be_fitted_is_refused_in_one_sentence(table):
    x, seen = table
    with pytest.raises(ValueError, match="Column 0 has 1 observed"):
        empty = seen.clone()
        empty[:, 0] = 0
        empty[:2, 0] = torch.tensor([1.0, 0.0])
        FactorAnalysis(torch.ones(D, 1), torch.zeros(D), torch.zeros(D)).improved(x, empty)
    with pytest.raises(ValueError, match="Column 2 never changes"):
        fit_factor_analysis(torch.where(torch.arange(D) == 2, 1.0, x), seen, L)
    with pytest.raises(ValueError, match="neither 0 nor 1"):
        FactorAnalysis(torch.ones(D, 1), torch.zeros(D), torch.zeros(D)).posterior(x, seen / 2)
    with pytest.raises(ValueError, match="each at least 1"):
        fit_factor_analysis(x, seen, 0)
