"""The exercises of chapter 1, the generative model."""

import math

import torch
from torch import Tensor

from vae_lib.lessons.exercises.grading import Exercise
from vae_lib.linear import LinearGaussian

# Log-likelihoods of K = 4 draws for B = 3 data points; those of the last are too small for exp.
LOG_LIKELIHOOD = torch.tensor(
    [[-1.0, -7.5, -1200.0], [-2.5, -6.0, -1201.5], [-0.5, -9.0, -1198.5], [-4.0, -6.5, -1203.0]]
)


def _rho_at_zero(sigma: Tensor) -> Tensor:
    numerator = 1 / torch.sqrt(2 * math.pi * (1 + sigma**2 / 2))
    denominator = 1 / torch.sqrt(2 * math.pi * (1 + sigma**2))
    return numerator / (2 * sigma * math.sqrt(math.pi) * denominator**2)


def _evidence(x: Tensor, w: Tensor, b: Tensor, sigma: Tensor) -> Tensor:
    model = LinearGaussian(w.reshape(1, 1), b.reshape(1), 2 * sigma.log())
    return model.log_evidence(x[:, None])


def _log_normal(x: Tensor, mean: Tensor, variance: Tensor) -> Tensor:
    return -0.5 * (torch.log(2 * math.pi * variance) + (x - mean) ** 2 / variance)


def _log_mean(log_likelihood: Tensor, dim: int = 0) -> Tensor:
    return torch.logsumexp(log_likelihood, dim) - math.log(log_likelihood.shape[dim])


EXERCISES = {
    "01-rho": Exercise(
        arguments=(torch.tensor([0.1, 0.3, 0.8, 1.5, 4.0]),),
        reference=_rho_at_zero,
        mistakes={
            "This is ρ(0)²: take the square root.": lambda s: _rho_at_zero(s) ** 2,
            "The numerator's variance is 1 + σ²/2, not 1 + σ²: squaring a density halves σ².": (
                lambda s: torch.sqrt((1 + s**2) / 2) / s
            ),
            "The density in the denominator is squared.": lambda s: (
                torch.sqrt((1 + s**2) / (1 + s**2 / 2)) / (2 * s * math.sqrt(math.pi))
            ),
            "The factor 1 / (2σ√π) of step 3 is missing.": lambda s: (
                _rho_at_zero(s) * 2 * s * math.sqrt(math.pi)
            ),
            "You used σ where σ² stands: the argument is the standard deviation.": lambda s: (
                _rho_at_zero(s**0.5)
            ),
            "This is only what ρ(0) approaches as σ → 0: keep all terms.": lambda s: (
                1 / (s * math.sqrt(2))
            ),
        },
    ),
    "01-log-mean": Exercise(
        arguments=(LOG_LIKELIHOOD,),
        reference=_log_mean,
        mistakes={
            "You forgot the average 1/K: subtract log K.": lambda v: torch.logsumexp(v, 0),
            "You averaged the logarithms: average first, the logarithm comes last.": lambda v: (
                v.mean(0)
            ),
            "The last data point's exp is 0 and its logarithm -∞: use torch.logsumexp.": (
                lambda v: torch.log(torch.exp(v).mean(0))
            ),
            "You forgot the logarithm: this is the average itself.": lambda v: v.exp().mean(0),
            "You averaged over the data points: the draws are the first dimension.": lambda v: (
                _log_mean(v, 1)
            ),
            "You summed over all entries: each data point has its own value.": lambda v: _log_mean(
                v.flatten()
            ),
        },
    ),
    "01-linear-evidence": Exercise(
        arguments=(
            torch.tensor([-1.5, 0.2, 0.9, 3.0]),
            torch.tensor(0.8),
            torch.tensor(0.5),
            torch.tensor(0.6),
        ),
        reference=_evidence,
        mistakes={
            "This is the likelihood at z = 0: the variance of w z is missing.": (
                lambda x, w, b, s: _log_normal(x, b, s**2)
            ),
            "You used σ for σ²: the variance of the noise is σ².": lambda x, w, b, s: _log_normal(
                x, b, w**2 + s
            ),
            "You used w for w²: the variance of w z is w².": lambda x, w, b, s: _log_normal(
                x, b, w + s**2
            ),
            "Variances of independent terms add, standard deviations do not.": (
                lambda x, w, b, s: _log_normal(x, b, (w + s) ** 2)
            ),
            "The mean is b, not 0.": lambda x, w, b, s: _log_normal(x, 0 * b, w**2 + s**2),
            "The factor ½ is missing.": lambda x, w, b, s: 2 * _evidence(x, w, b, s),
            "The normalising term ½ log(2π variance) is missing.": lambda x, w, b, s: (
                -0.5 * (x - b) ** 2 / (w**2 + s**2)
            ),
            "You forgot the logarithm: this is p(x).": lambda x, w, b, s: _evidence(
                x, w, b, s
            ).exp(),
        },
    ),
}
