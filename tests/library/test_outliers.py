"""Typicality in the linear model against SciPy's χ², and ROC curves against scikit-learn's."""

import numpy as np
import pytest
import scipy.stats
import torch
from agreement import agree, agree_in_standard_errors
from sklearn.metrics import roc_auc_score, roc_curve

from vae_lib.engine.checks import InputError
from vae_lib.outliers import atypicality, roc, squared_distance


# equation: eq-evidence-chi-square, oracle NumPy
def test_the_distance_is_mahalanobis_s(random_linear):
    model, x, _ = random_linear(7, 3)
    weight, difference = model.weight.numpy(), (x - model.bias).numpy()
    covariance = weight @ weight.T + model.log_var.exp().item() * np.eye(7)
    expected = np.einsum("nd,de,ne->n", difference, np.linalg.inv(covariance), difference)
    agree(squared_distance(model, x), expected, rtol=1e-9)


# equation: eq-evidence-chi-square, oracle SciPy
def test_log_p_of_the_model_s_own_data_has_the_chi_square_distribution(random_linear, generator):
    model, _, _ = random_linear(7, 3)
    distance = squared_distance(model, model.sample(20_000, generator)).numpy()
    assert scipy.stats.kstest(distance, scipy.stats.chi2(7).cdf).pvalue > 0.01


# equation: eq-typicality, oracle SciPy
def test_the_p_value_is_scipy_s_two_sided_one(random_linear):
    model, x, _ = random_linear(7, 3)
    near = model.bias + (x - model.bias) * torch.tensor([0.0, 0.1, 0.7, 1.0, 3.0])[:, None]
    law = scipy.stats.chi2(7)
    distance = squared_distance(model, near).numpy()
    expected = 2 * np.minimum(law.cdf(distance), law.sf(distance))
    agree(atypicality(model, near), expected, rtol=1e-9, atol=1e-300)


def test_the_mean_is_the_likeliest_point_and_utterly_atypical(random_linear, generator):
    model, _, _ = random_linear(50, 3)
    drawn = model.sample(1000, generator)
    assert model.log_evidence(model.bias[None]) > model.log_evidence(drawn).max()
    assert atypicality(model, model.bias[None]).item() == 0
    assert 0.4 < atypicality(model, drawn).mean() < 0.6


def test_rounding_makes_no_distance_negative(random_linear, generator):
    for _ in range(40):
        model, _, _ = random_linear(9, 3)
        near = model.bias + 1e-9 * torch.randn(20, 9, generator=generator)
        assert (squared_distance(model, near) >= 0).all()
        assert atypicality(model, near).isfinite().all()


# equation: eq-auc, oracle NumPy
@pytest.mark.parametrize("digits", [0, 1, 6])
def test_the_curve_and_its_area_are_scikit_learn_s(digits):
    """With few digits there are ties."""
    rng = np.random.default_rng(1)
    rest, outliers = rng.normal(size=40).round(digits), rng.normal(0.8, size=25).round(digits)
    labels = np.repeat([0, 1], [40, 25])
    scores = np.concatenate([rest, outliers])
    ours = roc(torch.tensor(rest), torch.tensor(outliers))
    agree(ours.area, roc_auc_score(labels, scores), rtol=1e-12)
    false_alarms, hits, _ = roc_curve(labels, scores, drop_intermediate=False)
    agree(ours.false_alarms, false_alarms, atol=1e-12)
    agree(ours.hits, hits, atol=1e-12)
    agree(torch.trapezoid(ours.hits, ours.false_alarms), ours.area, rtol=1e-12)


# equation: eq-auc-error, oracle Monte Carlo
def test_the_error_of_the_area_is_its_spread_over_many_samples():
    """2,000 samples give a deviation to 1.6 per cent, and their mean estimate is unbiased."""
    rng = np.random.default_rng(0)
    found = [
        roc(torch.tensor(rng.normal(size=30)), torch.tensor(rng.normal(1, 2, size=20)))
        for _ in range(2000)
    ]
    spread = np.std([one.area for one in found], ddof=1)
    mean_square = np.mean([one.standard_error**2 for one in found])
    agree_in_standard_errors(np.sqrt(mean_square), spread, 0.02 * spread)


def test_a_perfect_score_and_a_useless_one():
    low, high = torch.arange(5.0), torch.arange(5.0) + 10
    assert roc(low, high).area == 1 and roc(high, low).area == 0
    assert roc(low, low).area == 0.5
    assert str(roc(low, high)) == "AUC 1.000 ± 0.000"


@pytest.mark.parametrize(
    ("rest", "outliers", "message"),
    [
        (torch.zeros(1), torch.zeros(3), "1 scores of the rest"),
        (torch.zeros(3), torch.zeros(1), "1 of outliers"),
        (torch.full((3,), torch.nan), torch.zeros(3), "3 NaN"),
        (torch.zeros(3, 2), torch.zeros(3), "shape"),
    ],
)
def test_scores_that_judge_nothing_are_refused(rest, outliers, message):
    with pytest.raises(InputError, match=message):
        roc(rest, outliers)
