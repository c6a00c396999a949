"""The exercises of chapter 9, your own data."""

import math

import torch
from torch import Tensor

from vae_lib.discretised import DiscretisedLogistic, bits_per_dimension
from vae_lib.lessons.exercises.grading import Exercise

LEVELS = 5
STEP = 1 / (LEVELS - 1)
# Values between the ends; the last mean is far away, so that both distribution functions are 0.
VALUES = torch.tensor([0.25, 0.5, 0.75, 0.5, 0.25])
MEANS = torch.tensor([0.3, 0.1, 0.8, 0.5, 30.0])
SCALES = torch.tensor([0.2, 0.15, 0.4, 0.3, 0.01])
NATS = torch.tensor([310.0, -12.5, 0.0, 45.2])
ROUNDED = torch.tensor([0.0, 0.25, 0.5, 0.5, 0.75, 1.0])
FITTED = torch.tensor([0.02, 0.21, 0.52, 0.44, 0.75, 0.93])


def _log_mass(x: Tensor, mean: Tensor, scale: Tensor, step: float) -> Tensor:
    law = DiscretisedLogistic(mean[:, None], scale.log()[:, None], round(1 / step) + 1)
    return law.log_prob(x[:, None])


def _difference(x: Tensor, mean: Tensor, scale: Tensor, step: float) -> Tensor:
    upper, lower = ((x + side * step / 2 - mean) / scale for side in (1, -1))
    return torch.sigmoid(upper) - torch.sigmoid(lower)


def _log_density(x: Tensor, mean: Tensor, scale: Tensor, step: float) -> Tensor:
    t = (x - mean) / scale
    logsigmoid = torch.nn.functional.logsigmoid
    return logsigmoid(t) + logsigmoid(-t) - scale.log()


def _bits(nats: Tensor, data_dim: int, step: float) -> Tensor:
    return bits_per_dimension(nats, data_dim, step)


def _variance(x: Tensor, mean: Tensor, step: float) -> Tensor:
    return (x - mean).square().mean() + step**2 / 12


EXERCISES = {
    "09-mass": Exercise(
        arguments=(VALUES, MEANS, SCALES, STEP),
        reference=_log_mass,
        mistakes={
            "The last mass becomes 0 and its logarithm -∞: add logarithms, see the section on "
            "NaN.": lambda *given: torch.log(_difference(*given)),
            "This is the mass: its logarithm is asked for.": lambda *given: _log_mass(*given).exp(),
            "A cell reaches Δ/2 to each side, not Δ.": lambda x, m, s, step: torch.log(
                _difference(x, m, s, 2 * step)
            ),
            "This is the log density at the value: the mass of its cell is asked for.": (
                _log_density
            ),
            "This is the density times Δ: the mass is a difference of two values of F.": (
                lambda x, m, s, step: _log_density(x, m, s, step) + math.log(step)
            ),
        },
    ),
    "09-bits": Exercise(
        arguments=(NATS, 192, 1 / 255),
        reference=_bits,
        mistakes={
            "These are nats per dimension: divide by log 2.": lambda n, d, step: (
                _bits(n, d, step) * math.log(2)
            ),
            "The term log Δ is missing, so this is right for masses only.": lambda n, d, step: (
                _bits(n, d, 1.0)
            ),
            "The term log Δ counts once for each of the D values.": lambda n, d, step: (
                -(n + math.log(step)) / (d * math.log(2))
            ),
            "These are bits per picture: divide by D.": lambda n, d, step: _bits(n, d, step) * d,
            "The sign of log Δ is wrong: a density in a unit where Δ is small is large.": (
                lambda n, d, step: _bits(n, d, 1 / step)
            ),
        },
    ),
    "09-floor": Exercise(
        arguments=(ROUNDED, FITTED, STEP),
        reference=lambda x, m, step: torch.log(_variance(x, m, step)),
        mistakes={
            "The variance of the rounding, Δ²/12, is missing.": lambda x, m, step: torch.log(
                (x - m).square().mean()
            ),
            "This is the variance: its logarithm is asked for.": _variance,
            "The variance of the rounding is Δ²/12, not Δ².": lambda x, m, step: torch.log(
                (x - m).square().mean() + step**2
            ),
            "The variance of the rounding is Δ²/12, not Δ²/4: the error is uniform between -Δ/2 "
            "and Δ/2.": lambda x, m, step: torch.log((x - m).square().mean() + step**2 / 4),
            "Average over the values: you summed.": lambda x, m, step: torch.log(
                (x - m).square().sum() + len(x) * step**2 / 12
            ),
            "The two variances add: Δ²/12 is no limit at which you cut off.": lambda x, m, step: (
                torch.log((x - m).square().mean().clamp(min=step**2 / 12))
            ),
        },
    ),
}
