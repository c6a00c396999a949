"""The ends of every range: nothing, one of it, and what no number can stand for.

What has no answer is refused by one sentence of ours, never by a division by zero, a NaN in a
figure or an error from inside PyTorch.
"""

import math

import pytest
import torch

from vae_lib.data import load_mnist
from vae_lib.engine.checks import InputError
from vae_lib.engine.devices import Machine, pick_device
from vae_lib.engine.speed import affordable_draws, computing
from vae_lib.evaluation import (
    Score,
    bound_at,
    effective_sample_size,
    log_likelihood,
    optimise_posterior,
)
from vae_lib.evidence import (
    monte_carlo_evidence,
    monte_carlo_relative_variance,
    posterior_chi_square,
    quadrature_evidence,
)
from vae_lib.gaussian import DiagonalGaussian, FullGaussian, sigma_points
from vae_lib.history import History
from vae_lib.latents import active_units, aggregate_split, unit_variance
from vae_lib.lessons.identities import conditional
from vae_lib.lessons.wrong_losses import (
    kl_weight_to_beta,
    make_bench,
    make_loss,
    missing_variance,
    rescaling_check,
    slope_check,
)
from vae_lib.likelihoods import Gaussian
from vae_lib.linear import (
    LinearGaussian,
    fixed_noise_maximum,
    forecast_unit_variance,
    rate_and_distortion,
    train_linear_vae,
)
from vae_lib.models import mlp_vae
from vae_lib.networks import mlp
from vae_lib.objectives import elbo, importance_weighted_bound
from vae_lib.plotting import image_grid, latent_plane, training_curves
from vae_lib.training import fit


def small_vae(latent_dim=2, data_dim=9):
    torch.manual_seed(0)
    return mlp_vae(data_dim=data_dim, latent_dim=latent_dim, hidden=(5,)).double()


def line():
    """A linear model with one latent variable, and a batch for it."""
    return LinearGaussian(torch.ones(3, 1), torch.zeros(3), torch.tensor(0.0)), torch.ones(2, 3)


def posteriors(count, latent_dim=3):
    return DiagonalGaussian(torch.zeros(count, latent_dim), torch.zeros(count, latent_dim))


def score(*values):
    return Score(torch.tensor(values), 1, "test", "fixed")


IMAGES = torch.zeros(4, 9, dtype=torch.float64)
SPREAD = torch.tensor([3.0, 2.0, 1.0], dtype=torch.float64)  # eigenvalues
REFUSED = {
    "quadrature: two points": (lambda: quadrature_evidence(*line(), points=2), "points is 2"),
    "quadrature: coarse": (lambda: quadrature_evidence(*line(), points=9), "too coarse for 2 data"),
    "quadrature: narrow": (lambda: quadrature_evidence(*line(), limit=1.0), "larger limit"),
    "quadrature: no point": (lambda: quadrature_evidence(*line(), points=0), "points is 0"),
    "quadrature: width 0": (lambda: quadrature_evidence(*line(), limit=0.0), "limit is 0.0"),
    "quadrature: width -1": (lambda: quadrature_evidence(*line(), limit=-1.0), "limit is -1.0"),
    "quadrature: no end": (lambda: quadrature_evidence(*line(), limit=math.inf), "limit is inf"),
    "quadrature: NaN": (lambda: quadrature_evidence(*line(), limit=math.nan), "limit is nan"),
    "chi square: p(x) = 0": (
        lambda: posterior_chi_square(line()[0], torch.full((2, 3), 1e200)),
        "is 0 for 2 data points",
    ),
    "Monte Carlo": (lambda: monte_carlo_evidence(*line(), 0), "samples is 0"),
    "relative variance": (
        lambda: monte_carlo_relative_variance(torch.ones(2), torch.tensor(0.0), 0),
        "samples is 0",
    ),
    "score: nothing": (lambda: score(), "finite for 0 of 0 images"),
    "score: NaN": (lambda: score(-1.0, math.nan), "finite for 1 of 2 images"),
    "score: infinite": (lambda: score(-math.inf), "finite for 0 of 1 images"),
    "score: error of one": (lambda: score(-1.0).standard_error, "at least 2 images"),
    "score: difference of one": (lambda: score(-1.0).minus(score(-2.0)), "at least 2 images"),
    "likelihood: k": (lambda: log_likelihood(small_vae(), IMAGES, 0), "k is 0"),
    "likelihood: chunk": (lambda: log_likelihood(small_vae(), IMAGES, 5, 0), "chunk is 0"),
    "likelihood: no image": (lambda: log_likelihood(small_vae(), IMAGES[:0], 5), "is empty"),
    "likelihood: no pixel": (lambda: log_likelihood(small_vae(), IMAGES[:, :0], 5), "is empty"),
    "likelihood: one image": (lambda: log_likelihood(small_vae(), IMAGES[0], 5), "give a batch"),
    "likelihood: 3 dimensions": (lambda: log_likelihood(small_vae(), IMAGES[None], 5), "a batch"),
    "likelihood: a number": (lambda: log_likelihood(small_vae(), IMAGES[0, 0], 5), "a batch"),
    "likelihood: threads": (
        lambda: log_likelihood(small_vae(), IMAGES, 5, threads=0),
        "threads is 0: take at least 1",
    ),
    "threads": (lambda: computing(-1).__enter__(), "threads is -1"),
    "fit: threads": (
        lambda: fit(
            small_vae(), IMAGES, epochs=1, batch_size=2, machine=Machine("cpu", threads=-1)
        ),
        "threads is -1",
    ),
    "bound at k": (lambda: bound_at(torch.zeros(0, 3), 1), "log_weight has the shape .* empty"),
    "effective size": (lambda: effective_sample_size(torch.zeros(0, 3)), "is empty"),
    "optimise": (lambda: optimise_posterior(*line(), posteriors(2, 1), steps=0), "steps is 0"),
    "optimise: draws": (
        lambda: optimise_posterior(*line(), posteriors(2, 1), samples=0),
        "number of samples is 0",
    ),
    "aggregate: nothing": (lambda: aggregate_split(posteriors(0)), "is empty"),
    "aggregate: one": (lambda: aggregate_split(posteriors(1), samples=2), "at least 2 data"),
    "aggregate: no batch": (
        lambda: aggregate_split(DiagonalGaussian(torch.zeros(3), torch.zeros(3))),
        r"q has the shape \(3,\): give it the shape \(N, L\)",
    ),
    "units: nothing": (lambda: active_units(posteriors(0)), "is empty"),
    "units: one": (lambda: unit_variance(posteriors(1)), "at least 2 data"),
    "elbo: draws": (lambda: elbo(small_vae(), IMAGES, samples=0), "samples is 0"),
    "iwae: draws": (lambda: importance_weighted_bound(small_vae(), IMAGES, 0), "samples is 0"),
    "sigma points": (lambda: sigma_points(0), "latent_dim is 0"),
    "sigma points, negative": (lambda: sigma_points(-1), "latent_dim is -1"),
    "diagonal": (lambda: DiagonalGaussian(torch.tensor(0.0), torch.tensor(0.0)), "single numbers"),
    "full": (lambda: FullGaussian(torch.tensor(0.0), torch.eye(1)), "single number"),
    "conditional: all": (
        lambda: conditional(torch.zeros(2), torch.eye(2), torch.zeros(2)),
        "2 of 2 entries are observed: choose 1 to 1",
    ),
    "conditional: none": (
        lambda: conditional(torch.zeros(2), torch.eye(2), torch.zeros(0)),
        "observed has the shape .* empty",
    ),
    "layers": (lambda: mlp(()), r"sizes \(\): every size"),
    "no pixel": (lambda: mlp_vae(data_dim=0), "every size must be at least 1"),
    "pPCA: one point": (
        lambda: LinearGaussian.maximum_likelihood(torch.rand(1, 3), 1),
        "The 1 data points lie in 1 dimensions",
    ),
    "pPCA: no point": (lambda: LinearGaussian.maximum_likelihood(IMAGES[:0], 1), "is empty"),
    "pPCA: NaN": (lambda: LinearGaussian.maximum_likelihood(IMAGES / 0, 1), "NaN or infinite"),
    "pPCA: a plane": (
        lambda: LinearGaussian.maximum_likelihood(torch.rand(50, 2) @ torch.rand(2, 5), 2),
        "no variance is left",
    ),
    "pPCA: constant": (lambda: LinearGaussian.maximum_likelihood(IMAGES, 1), "no variance"),
    "σ² = 0": (lambda: fixed_noise_maximum(SPREAD, 1, 0.0), "variance is 0.0"),
    "σ² = ∞": (lambda: forecast_unit_variance(SPREAD, 1, math.inf), "variance is inf"),
    "σ² is NaN": (lambda: fixed_noise_maximum(SPREAD, 1, math.nan), "variance is nan"),
    "β = ∞": (lambda: rate_and_distortion(SPREAD, 1, 1.0, math.inf), "beta is inf"),
    "linear VAE: L": (lambda: train_linear_vae(torch.rand(9, 3), -1), "latent_dim is -1"),
    "linear VAE: σ²": (lambda: train_linear_vae(torch.rand(9, 3), 1, math.inf), "variance is inf"),
    "linear VAE: no data": (lambda: train_linear_vae(IMAGES[:0], 1), "is empty"),
    "linear VAE: steps": (lambda: train_linear_vae(IMAGES, 1, iterations=0), "iterations 0"),
    "bench": (lambda: make_bench(count=0), "count is 0"),
    "rescaling by 0": (lambda: rescaling_check(make_loss(), make_bench(), 0.0), "positive"),
    "slope": (lambda: slope_check(make_loss(), make_bench(), 0.0), "positive"),
    "β from ∞ / ∞": (lambda: kl_weight_to_beta(math.inf, math.inf), "positive and finite"),
    "no variance": (
        lambda: missing_variance(IMAGES, Gaussian(IMAGES, torch.tensor(-math.inf))),
        "pixels have variance 0.0",
    ),
    "grid: columns": (lambda: image_grid(IMAGES, 0), "4 images in 0 columns"),
    "grid: images": (lambda: image_grid(IMAGES[:0], 3), "0 images in 3 columns"),
    "grid: pixels": (lambda: image_grid(IMAGES[:, :0], 3), "0 values, which is not the square"),
    "plane: cells": (lambda: latent_plane(small_vae(), 0), "cells is 0"),
    "plane: pixels": (lambda: latent_plane(small_vae(data_dim=8)), "8 values, which is not"),
    "curves": (lambda: training_curves(History()), "no epoch"),
    "device: no name": (lambda: pick_device("cpu:x"), "device is 'cpu:x': this machine offers"),
    "device: empty": (lambda: pick_device(""), "device is ''"),
    "device: number": (lambda: pick_device("cpu:7"), "device is 'cpu:7'"),
    "data": (lambda: load_mnist(""), "source is ''"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_answer_is_refused_by_one_sentence_of_ours(name):
    call, message = REFUSED[name]
    with pytest.raises(InputError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_smallest_ranges_that_have_an_answer_have_a_finite_one():
    model, x = line()
    assert quadrature_evidence(model, x, points=41).isfinite().all()
    assert monte_carlo_evidence(model, x, 1).isfinite().all()
    assert log_likelihood(small_vae(), IMAGES[:1], k=1, chunk=1).isfinite().all()
    assert math.isfinite(score(-1.0, -2.0).standard_error)
    split = aggregate_split(posteriors(2), samples=2)
    assert all(math.isfinite(value) for value in vars(split).values())
    assert unit_variance(posteriors(2)).tolist() == [0, 0, 0]
    assert sigma_points(1).shape == (2, 1, 1)
    assert affordable_draws(torch.zeros(3, 0)) > 1
    assert len(image_grid(IMAGES[:1], 1).axes) == 1 and latent_plane(small_vae(), 1).axes


def test_isotropic_data_have_a_maximum_without_nan():
    """All eigenvalues are equal there: their difference may come out negative, by rounding."""
    for size in range(2, 12):
        for latent_dim in range(1, size):
            corners = torch.cat([torch.eye(size), -torch.eye(size)])
            model = LinearGaussian.maximum_likelihood(corners, latent_dim)
            assert model.weight.isfinite().all() and model.weight.abs().max() < 1e-6


def test_one_image_is_scored_without_an_error():
    text = str(score(-90.0))
    assert "nan" not in text and "±" not in text
    assert text == (
        "log p(x) ≥ -90.00 nats per image "
        "(k = 1, 1 image (a standard error needs 2): test, binarisation: fixed)"
    )


def test_curves_need_no_validation_images():
    history = History()
    for epoch in range(2):
        history.record([-100.0 + epoch, 20.0], [], 1e-3, 1.0)
    assert [len(ax.lines) for ax in training_curves(history).axes] == [1, 1, 1]
    both = History()
    both.record([-100.0, 20.0], [-90.0, 21.0], 1e-3, 1.0)
    assert [len(ax.lines) for ax in training_curves(both).axes] == [2, 2, 2]
