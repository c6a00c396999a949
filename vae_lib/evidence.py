"""Two ways to compute log p(x) = log ∫ p(z) p(x|z) dz without an encoder; how one of them fails."""

import math

import torch
from torch import Tensor

from vae_lib.engine.checks import InputError
from vae_lib.gaussian import DiagonalGaussian
from vae_lib.models import GenerativeModel


def quadrature_evidence(
    model: GenerativeModel, x: Tensor, points: int = 2001, limit: float = 8.0
) -> Tensor:
    """Compute log p(x) by the trapezoidal rule on a grid over a one-dimensional latent space.

    Args:
        model: A model with L = 1.
        x: Data, shape (B, D).
        points: Grid points between ``-limit`` and ``limit``.
        limit: How many prior standard deviations the grid reaches to each side.

    Returns:
        log p(x), shape (B,), in nats.

    Raises:
        ValueError: If L is not 1 (the grid grows as ``points ** L``), ``points`` is less than 2 or
            ``limit`` not positive.

    Source: eq-marginal, eq-quadrature.
    """
    if model.latent_dim != 1:
        raise InputError(
            f"The grid covers a latent space of dimension 1, this model has {model.latent_dim}: "
            "use monte_carlo_evidence or an importance-weighted bound."
        )
    if points < 2:
        raise InputError(f"points is {points}: a grid needs at least its 2 ends.")
    if not 0 < limit < math.inf:
        raise InputError(f"limit is {limit}: choose a positive number of standard deviations.")
    like = model.prior.mean
    z = torch.linspace(-limit, limit, points, dtype=like.dtype, device=like.device)
    step = 2 * limit / (points - 1)
    log_weight = torch.full_like(z, math.log(step))
    log_weight[[0, -1]] -= math.log(2.0)
    log_joint = model.log_joint(x, z[:, None, None])  # (points, B)
    return torch.logsumexp(log_joint + log_weight[:, None], dim=0)


def monte_carlo_evidence(
    model: GenerativeModel, x: Tensor, samples: int, generator: torch.Generator | None = None
) -> Tensor:
    """Estimate log p(x) by averaging p(x|z) over draws of z from the prior.

    The average is unbiased for p(x); its logarithm is too low on average, and hopeless when
    L is large (eq-relative-variance).

    Args:
        model: Any generative model.
        x: Data, shape (B, D).
        samples: K, the number of draws; all data points share them.
        generator: Source of the draws.

    Returns:
        The estimate of log p(x), shape (B,), in nats.

    Raises:
        ValueError: If ``samples`` is less than 1.

    Source: eq-monte-carlo.
    """
    if samples < 1:
        raise InputError(f"samples is {samples}: draw at least 1.")
    z = model.prior.rsample((samples, 1), generator)  # (K, 1, L)
    log_likelihood = model.decode(z).log_prob(x)  # (K, B)
    return torch.logsumexp(log_likelihood, dim=0) - math.log(samples)


def monte_carlo_relative_variance(x: Tensor, log_var: Tensor, samples: int) -> Tensor:
    """Compute the relative variance of the Monte Carlo estimate of p(x), in a model that has one.

    The model is x = z + σ ε with D = L: ``LinearGaussian`` with W = I and b = 0. The result is
    Var[p̂] / p(x)², where p̂ is the average that ``monte_carlo_evidence`` takes the logarithm of.

    Args:
        x: Data, shape (..., D).
        log_var: log σ² of the noise, a single number.
        samples: K.

    Returns:
        Shape (...), without unit. It grows exponentially with D.

    Raises:
        ValueError: If ``samples`` is less than 1.

    Source: eq-relative-variance, by eq-gaussian-square.
    """
    if samples < 1:
        raise InputError(f"samples is {samples}: draw at least 1.")
    variance = log_var.exp()
    zero = torch.zeros_like(x)
    second = DiagonalGaussian(zero, torch.log1p(variance / 2).expand_as(x)).log_prob(x)
    first = DiagonalGaussian(zero, torch.log1p(variance).expand_as(x)).log_prob(x)
    log_ratio = second - 2 * first - x.shape[-1] * 0.5 * torch.log(4 * math.pi * variance)
    return torch.expm1(log_ratio) / samples
