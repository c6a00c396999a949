"""The exercises of chapter 6, evaluation."""

import math

import torch
from torch import Tensor

from vae_lib.lessons.exercises.grading import Exercise

LOG_WEIGHT = torch.tensor(  # (k, B) = (4, 3)
    [
        [-90.0, -1101.5, -80.2],
        [-92.5, -1099.0, -81.0],
        [-88.7, -1103.0, -79.5],
        [-95.0, -1098.2, -84.0],
    ]
)
_WAVE = torch.tensor([-1.0, 1.0, -1.0, 1.0, 1.0, -1.0])
_SCALE = torch.tensor([0.8, 0.3, 0.05, 0.2, 0.05, 0.04, 0.03, 0.001])
MEANS = _WAVE[:, None] * _SCALE + torch.tensor(
    [0.0, 0.1, 0.0, 0.0, 0.0, 0.0, 0.0, 2.0]
)  # (N, L) = (6, 8)
EIGENVALUES = torch.tensor([9.0, 4.0, 2.5, 0.7, 0.2])
VARIANCE = 1.25


def _bound(log_weight: Tensor) -> Tensor:
    return torch.logsumexp(log_weight, 0) - math.log(log_weight.shape[0])


def _active(mean: Tensor) -> Tensor:
    return (mean.var(0, correction=0) > 0.01).sum()


def _unit_kl(eigenvalues: Tensor, variance: float) -> Tensor:
    return 0.5 * torch.log(eigenvalues.clamp(min=variance) / variance)


EXERCISES = {
    "06-bound": Exercise(
        arguments=(LOG_WEIGHT,),
        reference=_bound,
        mistakes={
            "You averaged the logarithms, which is the ELBO: average the weights, then take the "
            "logarithm.": lambda w: w.mean(0),
            "You formed the weights, and e^-1100 is 0 in floating point: take out the largest log "
            "weight first.": lambda w: torch.log(torch.exp(w).mean(0)),
            "You added the weights: subtract log k to average them.": lambda w: torch.logsumexp(
                w, 0
            ),
            "You averaged over the images: the draws stand along the first dimension.": lambda w: (
                torch.logsumexp(w, 1) - math.log(w.shape[1])
            ),
            "You averaged the bound over the batch: each image has its own value.": lambda w: (
                _bound(w).mean()
            ),
        },
    ),
    "06-active": Exercise(
        arguments=(MEANS,),
        reference=_active,
        mistakes={
            "You compared the standard deviation with 0.01: take the variance.": lambda m: (
                m.std(0, correction=0) > 0.01
            ).sum(),
            "You took the mean square: a constant mean is not activity, take the variance.": (
                lambda m: ((m**2).mean(0) > 0.01).sum()
            ),
            "You counted the units that are not active.": lambda m: (
                m.shape[1] - (m.var(0, correction=0) > 0.01).sum()
            ),
            "You counted data points: take the variance over the data, the first dimension.": (
                lambda m: (m.var(1, correction=0) > 0.01).sum()
            ),
        },
    ),
    "06-unit-kl": Exercise(
        arguments=(EIGENVALUES, VARIANCE),
        reference=_unit_kl,
        mistakes={
            "The factor ½ is missing.": lambda v, s: 2 * _unit_kl(v, s),
            "Some of your values are negative: a direction below the noise is not used, and its "
            "KL is 0.": lambda v, s: 0.5 * torch.log(v / s),
            "The sign is wrong: a divergence is never negative.": lambda v, s: -_unit_kl(v, s),
            "That is the variance of the posterior mean: the KL is asked for.": lambda v, s: (
                1 - s / v.clamp(min=s)
            ),
        },
    ),
}
