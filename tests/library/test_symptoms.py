"""Each symptom is seen, and is gone after the cure."""

import math

import pytest
import torch
import torch.nn.functional as F
from scipy.stats import norm

from vae_lib.lessons import symptoms
from vae_lib.lessons.symptoms import GROUPS, iwae_encoder
from vae_lib.lessons.wrong_losses import (
    blind_check,
    doubling_check,
    floor_check,
    make_bench,
    make_loss,
    posterior_check,
)
from vae_lib.linear import LinearGaussian, forecast_unit_variance

CHANCE = 0.1  # relative, of means of 1,000 draws or more; the seeds are fixed

SEEN_AND_CURED = {
    "negative_loss": lambda fault, cured: (
        fault < 0 < cured and cured - fault == pytest.approx(16 * math.log(255))
    ),
    "loss_is_nan": lambda fault, cured: math.isnan(fault) and cured == pytest.approx(0),
    "nan_after_some_steps": lambda fault, cured: (  # the minimum is at σ² = 1/100
        math.isnan(fault) and cured == pytest.approx(0.5 + 0.5 * math.log(100), abs=1e-3)
    ),
    "falling_loss": lambda fault, cured: fault < -100 and 0 <= cured < 0.01,
    "vanishing_variance": lambda fault, cured: (
        fault == pytest.approx(-15 * 16, rel=1e-5) and cured == pytest.approx(0, abs=1e-4)
    ),
    "exploding_kl": lambda fault, cured: fault > 10 * cured > 0,
    "zero_kl": lambda fault, cured: fault < 1e-6 and cured > 3,
    "pixel_average": lambda fault, cured: (
        fault == 0 and cured == pytest.approx(0.5 * math.log(80) + 0.5 * math.log(20))
    ),
    "jumping_loss": lambda fault, cured: fault == pytest.approx(10 * cured, rel=0.2),  # of √100
    "still_encoder": lambda fault, cured: fault == 0 and cured > 1,
    "validation_better": lambda fault, cured: fault > 0.5 and abs(cured) < 0.1,
    "bound_above_evidence": lambda fault, cured: fault > 0.2 and cured < 0,
    "negative_kl": lambda fault, cured: fault < -0.1 and cured == pytest.approx(0.01),
    "targets_outside": lambda fault, cured: (
        fault == pytest.approx(-50) and cured == pytest.approx(0, abs=1e-6)
    ),
    "cross_entropy_floor": lambda fault, cured: fault > 4 and cured == pytest.approx(0, abs=1e-12),
    "two_papers": lambda fault, cured: fault > 0.5 and cured == 0,
    "one_weight": lambda fault, cured: fault < 50 and cured == pytest.approx(1000),
    "iwae_encoder": lambda fault, cured: fault < 0.3 and cured > 1,
    "gray_pictures": lambda fault, cured: fault == pytest.approx(0.5) and cured < 1e-8,
    "blurry_pictures": lambda fault, cured: fault < 0.01 and cured > 0.8,
    "same_picture": lambda fault, cured: (  # λ - σ² of both directions: 8 and 2
        fault < 1e-6 and cured == pytest.approx(10, rel=CHANCE)
    ),
    "smooth_samples": lambda fault, cured: fault < 0.75 and cured == pytest.approx(1, rel=CHANCE),
    "only_reconstructs": lambda fault, cured: fault > 10 and 0 < cured < 0.3,
    "holes": lambda fault, cured: fault > 0.5 and cured < 0.03,
    "mean_or_sample": lambda fault, cured: fault > 0.5 and cured < 1e-12,
    "which_beta": lambda fault, cured: (
        fault == pytest.approx(math.sqrt(392)) and cured == pytest.approx(0.1)
    ),
    "few_units": lambda fault, cured: (fault, cured) == (1, 2),
    "how_many_latents": lambda fault, cured: fault > 2 and abs(cured) < 0.1,
    "another_winner": lambda fault, cured: fault > 5 * cured > 0,
    "two_threads": lambda fault, cured: (fault, cured) == (2, 1),
}


@pytest.mark.parametrize("name", SEEN_AND_CURED)
def test_symptom_is_seen_and_gone_after_the_cure(name):
    fault, cured = getattr(symptoms, name)()
    assert SEEN_AND_CURED[name](fault, cured), f"{fault} with the fault, {cured} after the cure"
    assert not SEEN_AND_CURED[name](cured, cured), "what is cured would pass for the symptom"
    assert not SEEN_AND_CURED[name](fault, fault), "what is at fault would pass for cured"


def test_thirty_symptoms_are_tested():
    names = [one.__name__ for group in GROUPS.values() for one in group]
    assert names == list(SEEN_AND_CURED) and len(names) == 30


def test_a_density_times_the_levels_distance_is_a_mass():
    """The page's condition: the distance is small against σ."""
    level, step, sigma = 0.52, 1 / 255, 0.05
    mass = norm.cdf(level + step / 2, 0.5, sigma) - norm.cdf(level - step / 2, 0.5, sigma)
    assert math.log(mass) == pytest.approx(
        norm.logpdf(level, 0.5, sigma) + math.log(step), abs=1e-3
    )


def test_the_sigmoid_of_17_is_one_in_single_precision():
    below, above = torch.sigmoid(torch.tensor([16.0, 17.0], dtype=torch.float32)).tolist()
    assert below < 1 == above


def test_a_loss_of_probabilities_stays_at_100_without_a_gradient():
    logit = torch.tensor([200.0], dtype=torch.float32, requires_grad=True)
    loss = F.binary_cross_entropy(torch.sigmoid(logit), torch.zeros_like(logit))
    (slope,) = torch.autograd.grad(loss, logit)
    assert loss.item() == 100 and slope.item() == 0


@pytest.mark.parametrize("mistake", ["ELBO minimised", "KL sign", "mean over pixels", "no noise"])
def test_the_checks_that_the_page_calls_are_0_for_the_right_loss(mistake):
    check = {"KL sign": blind_check, "mean over pixels": doubling_check}.get(mistake, floor_check)
    assert check(make_loss(), make_bench()) < 1e-12 < check(make_loss(mistake), make_bench())


@pytest.mark.parametrize("mistake", ["ELBO minimised", "KL sign"])
def test_the_exact_posterior_finds_both_losses_that_fall_without_end(mistake):
    assert posterior_check(make_loss(), make_bench()) < 1e-12
    assert posterior_check(make_loss(mistake), make_bench()) > 1


@pytest.mark.parametrize("instead_of_variance", [2.0, 2 * math.log(2)])
def test_what_makes_a_kl_in_closed_form_negative(instead_of_variance):
    """At σ = 2 and μ = 0: the deviation, or the log variance without its exponential."""
    assert 0.5 * (instead_of_variance - 1 - 2 * math.log(2)) < 0


def test_the_tighter_bound_says_less_to_the_encoder():
    one, many = iwae_encoder(1)[0], iwae_encoder(64)[0]
    assert many < one / 2


def test_more_latents_than_the_data_have_directions_stay_almost_unused():
    values = torch.linalg.eigvalsh(torch.cov(symptoms._data(4000).T, correction=0)).flip(0)
    two, four = (forecast_unit_variance(values, latents, 0.09) for latents in (2, 4))
    assert (two > 0.9).all() and (four[2:] < 0.1).all()


def test_on_the_training_data_more_latents_lose_nothing():
    x = symptoms._data()
    models = [LinearGaussian.maximum_likelihood(x, latents) for latents in range(1, 6)]
    means = torch.stack([one.log_evidence(x).mean() for one in models])
    assert (means.diff() > -1e-12).all()
