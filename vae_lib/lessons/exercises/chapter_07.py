"""The exercises of chapter 7, wrong losses."""

import math

import torch
from torch import Tensor

from vae_lib.lessons.exercises.grading import Exercise

MEAN_SQUARES = torch.tensor([0.031, 0.054, 0.022])
MEAN_KLS = torch.tensor([1.4, 0.9, 2.1])
PROBABILITIES = torch.tensor([[0.9, 0.2, 0.5], [0.7, 0.1, 0.4], [0.2, 0.6, 0.5], [0.8, 0.3, 0.9]])


def _claim(data_dim: int, error_weight: float, kl_weight: float) -> float:
    return kl_weight * data_dim / (2 * error_weight)


def _repair(
    mse: Tensor, kl: Tensor, data_dim: int, latent_dim: int, variance: float, kl_sign: int = 1
) -> Tensor:
    error = data_dim * mse / (2 * variance)
    normaliser = data_dim / 2 * math.log(2 * math.pi * variance)
    return error + normaliser + kl_sign * latent_dim * kl


def _no_normaliser(mse: Tensor, kl: Tensor, data_dim: int, latent: int, variance: float) -> Tensor:
    return data_dim * mse / (2 * variance) + latent * kl


def _variance(probabilities: Tensor) -> Tensor:
    mean = probabilities.mean(0)
    return mean * (1 - mean)


EXERCISES = {
    "07-claim": Exercise(
        arguments=(196, 3.0, 0.25),
        reference=_claim,
        mistakes={
            "That is β: the claimed variance is half of it.": lambda d, a, b: 2 * _claim(d, a, b),
            "You took the squared error for a sum: it is a mean over D pixels.": lambda d, a, b: (
                b / (2 * a)
            ),
            "The weights are the wrong way round: a heavy KL term claims much noise.": (
                lambda d, a, b: a * d / (2 * b)
            ),
            "You returned σ: the variance is asked for.": lambda d, a, b: _claim(d, a, b) ** 0.5,
        },
    ),
    "07-repair": Exercise(
        arguments=(MEAN_SQUARES, MEAN_KLS, 196, 8, 0.04),
        reference=_repair,
        mistakes={
            "The normaliser ½ D log 2πσ² is missing.": _no_normaliser,
            "The sign of the KL term is wrong: it makes the loss larger.": lambda m, k, d, n, v: (
                _repair(m, k, d, n, v, kl_sign=-1)
            ),
            "The KL term is still a mean: multiply it by L.": lambda m, k, d, n, v: _repair(
                m, k, d, 1, v
            ),
            "The squared error is still a mean: multiply it by D.": lambda m, k, d, n, v: _repair(
                m / d, k, d, n, v
            ),
            "You returned the ELBO: the loss is its negative.": lambda m, k, d, n, v: (
                -_repair(m, k, d, n, v)
            ),
            "You reduced over the batch: each image has its own value.": lambda m, k, d, n, v: (
                _repair(m, k, d, n, v).mean()
            ),
        },
    ),
    "07-variance": Exercise(
        arguments=(PROBABILITIES,),
        reference=_variance,
        mistakes={
            "That is the variance of the means: the noise of each draw is missing.": lambda p: (
                p.var(0, correction=0)
            ),
            "That is the noise given z: the variance of the means is missing.": lambda p: (
                p * (1 - p)
            ).mean(0),
            "You returned a standard deviation: the variance is asked for.": lambda p: _variance(
                p
            ).sqrt(),
            "You averaged over pixels: each pixel has its own variance.": lambda p: _variance(
                p
            ).mean(),
        },
    ),
}
