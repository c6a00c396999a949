"""Scores of strangeness: SciPy's χ², scikit-learn's ROC, DeLong's error by pairs and bootstrap."""

import math

import numpy as np
import pytest
import torch
from agreement import agree, agree_in_standard_errors
from scipy.stats import chi2, kstest, ncx2, norm
from sklearn.metrics import roc_auc_score
from sklearn.metrics import roc_curve as sklearn_curve

from vae_lib.linear import LinearGaussian
from vae_lib.outliers import area_under_roc, best_auc, own_log_density, roc_curve, typicality


@pytest.mark.equation("eq-log-density-chi-square", oracle="SciPy")
def test_log_density_of_own_data_is_a_constant_less_half_a_chi_square(random_linear, generator):
    """The mean and standard deviation from SciPy's χ²; the whole law by Kolmogorov–Smirnov."""
    model, *_ = random_linear(8, 3)
    mean, deviation = own_log_density(model)
    covariance = model.weight @ model.weight.T + model.log_var.exp() * torch.eye(8)
    constant = -0.5 * np.linalg.slogdet(2 * math.pi * covariance.numpy())[1]
    agree(mean, constant - 0.5 * chi2(8).mean(), atol=1e-12)
    agree(deviation, 0.5 * chi2(8).std(), atol=1e-12)
    values = model.log_evidence(model.sample(5000, generator)).numpy()
    assert kstest(2 * (constant - values), chi2(8).cdf).pvalue > 1e-3
    agree_in_standard_errors(values.mean(), mean, deviation / math.sqrt(5000))


def test_the_mean_is_likelier_than_all_of_the_models_own_data(random_linear, generator):
    """In 200 dimensions by 10 standard deviations, √(D/2)."""
    model, *_ = random_linear(200, 3)
    mean, deviation = own_log_density(model)
    highest = model.log_evidence(model.bias[None])
    agree((highest - mean) / deviation, torch.tensor([10.0]), rtol=1e-12)
    assert model.log_evidence(model.sample(1000, generator)).max() < highest


@pytest.mark.equation("eq-typicality", oracle="NumPy")
def test_typicality_is_the_distance_from_the_mean_in_standard_deviations(generator):
    own, log_p = (torch.randn(n, generator=generator) for n in (50, 7))
    values = own.numpy()
    expected = np.abs(log_p.numpy() - values.mean()) / values.std(ddof=1)
    agree(typicality(log_p, own), expected, atol=1e-12)


@pytest.mark.equation("eq-likelihood-ratio", oracle="Monte Carlo")
def test_the_ratio_reaches_its_area_and_the_density_does_not(random_linear, generator):
    """20,000 points of each kind; DeLong's standard error."""
    model, *_ = random_linear(20, 2)
    shift = torch.randn(20, generator=generator) / 6
    moved = LinearGaussian(model.weight, model.bias + shift, model.log_var).requires_grad_(False)
    usual, strange = (one.sample(20_000, generator) for one in (model, moved))
    ratio, density = (
        area_under_roc(score(strange), score(usual))
        for score in (
            lambda x: moved.log_evidence(x) - model.log_evidence(x),
            lambda x: -model.log_evidence(x),
        )
    )
    agree_in_standard_errors(ratio.value, best_auc(model, shift), ratio.error)
    assert density.value + 4 * density.error < ratio.value
    # The density's own area: a χ² against a noncentral one, by SciPy.
    covariance = model.weight @ model.weight.T + model.log_var.exp() * torch.eye(20)
    distance = float(shift @ torch.linalg.solve(covariance, shift))
    grid = np.linspace(0, 1, 20_001)[1:-1]
    expected = chi2(20).cdf(ncx2(20, distance).ppf(grid)).mean()
    agree_in_standard_errors(density.value, expected, density.error)


@pytest.mark.equation("eq-likelihood-ratio", oracle="SciPy")
def test_the_ratio_of_two_gaussians_is_a_gaussian_on_either_side(random_linear, generator):
    """Its means are ±δ²/2 and its variance δ², so the difference of two has a known law."""
    model, *_ = random_linear(5, 2)
    shift = torch.randn(5, generator=generator)
    covariance = model.weight.numpy() @ model.weight.numpy().T
    covariance += math.exp(model.log_var) * np.eye(5)
    squared = shift.numpy() @ np.linalg.inv(covariance) @ shift.numpy()
    expected = norm(squared, math.sqrt(2 * squared)).sf(0)
    agree(best_auc(model, shift), expected, atol=1e-12)
    moved = LinearGaussian(model.weight, model.bias + shift, model.log_var).requires_grad_(False)
    usual = model.sample(20_000, generator)
    ratio = moved.log_evidence(usual) - model.log_evidence(usual)
    assert abs(ratio.mean() + squared / 2) < 4 * math.sqrt(squared / 20_000)


@pytest.fixture
def scores(generator):
    """Scores with ties: of 40 outliers and 60 usual points."""
    strange = (3 * torch.randn(40, generator=generator) + 2).round()
    return strange, (3 * torch.randn(60, generator=generator)).round()


@pytest.mark.equation("eq-auc", oracle="NumPy")
def test_area_is_the_share_of_pairs_in_order(scores):
    """Every pair looked at, ties for half; and scikit-learn's area, which sums trapezoids."""
    strange, usual = (one.numpy() for one in scores)
    pairs = strange[:, None] - usual
    area = area_under_roc(*scores)
    agree(area.value, ((pairs > 0) + 0.5 * (pairs == 0)).mean(), atol=1e-14)
    labels = np.repeat([1, 0], [40, 60])
    agree(area.value, roc_auc_score(labels, np.concatenate([strange, usual])), atol=1e-14)


@pytest.mark.equation("eq-auc-error", oracle="NumPy")
def test_error_is_delongs(scores):
    """From the matrix of all pairs, whose means over rows and columns are the two parts."""
    strange, usual = (one.numpy() for one in scores)
    pairs = strange[:, None] - usual
    wins = (pairs > 0) + 0.5 * (pairs == 0)
    rows, columns = wins.mean(1), wins.mean(0)
    expected = math.sqrt(rows.var(ddof=1) / 40 + columns.var(ddof=1) / 60)
    area = area_under_roc(*scores)
    agree(area.error, expected, atol=1e-14)
    agree(area.outliers, rows, atol=1e-14)
    agree(area.usual, columns, atol=1e-14)


@pytest.mark.equation("eq-auc-error", oracle="Monte Carlo")
def test_error_is_the_scatter_over_repetitions(generator):
    """2000 repetitions of two samples know their own scatter to √(1/4000) = 1.6 %."""
    areas = [
        area_under_roc(
            torch.randn(40, generator=generator) + 1, torch.randn(60, generator=generator)
        )
        for _ in range(2000)
    ]
    values = torch.stack([one.value for one in areas])
    claimed = torch.stack([one.error**2 for one in areas]).mean().sqrt()
    agree_in_standard_errors(claimed, values.std(), values.std() * math.sqrt(1 / 4000))


def test_error_is_that_of_the_bootstrap(scores, generator):
    """2000 resamples; they are biased by a part 1/m and so agree to some percent."""
    strange, usual = scores
    values = torch.stack(
        [
            area_under_roc(
                strange[torch.randint(40, (40,), generator=generator)],
                usual[torch.randint(60, (60,), generator=generator)],
            ).value
            for _ in range(2000)
        ]
    )
    agree(values.std(), area_under_roc(strange, usual).error, rtol=0.08)


@pytest.mark.equation("eq-auc-error", oracle="NumPy")
def test_two_scores_of_the_same_points_are_compared_in_pairs(scores, generator):
    """By DeLong's covariance of the two areas; a score is no different from itself."""
    other = tuple(one + torch.randn(len(one), generator=generator) for one in scores)
    one, two = area_under_roc(*scores), area_under_roc(*other)
    difference, error = one.minus(two)
    agree(difference, one.value - two.value, atol=1e-14)
    variance = sum(
        np.cov(np.stack([first.numpy(), second.numpy()])) / len(first)
        for first, second in ((one.outliers, two.outliers), (one.usual, two.usual))
    )
    agree(error**2, variance[0, 0] + variance[1, 1] - 2 * variance[0, 1], atol=1e-14)
    assert error < torch.hypot(one.error, two.error)
    assert one.minus(one) == (0, 0)


@pytest.mark.equation("eq-auc", oracle="NumPy")
def test_curve_is_scikit_learns_and_has_the_area(scores):
    false_alarms, hits = roc_curve(*scores)
    labels = np.repeat([1, 0], [40, 60])
    expected = sklearn_curve(labels, torch.cat(scores).numpy(), drop_intermediate=False)
    agree(false_alarms, expected[0], atol=1e-14)
    agree(hits, expected[1], atol=1e-14)
    agree(torch.trapezoid(hits, false_alarms), area_under_roc(*scores).value, atol=1e-14)


def test_what_cannot_be_judged_is_refused_in_one_sentence(scores):
    strange, usual = scores
    with pytest.raises(ValueError, match="outliers holds 1 score"):
        area_under_roc(strange[:1], usual)
    with pytest.raises(ValueError, match="give at least 2 that differ"):
        typicality(strange, torch.ones(5))
    with pytest.raises(ValueError, match="compare scores"):
        area_under_roc(strange, usual).minus(area_under_roc(strange[1:], usual))
