"""Two ways to compute log p(x) = log ∫ p(z) p(x|z) dz without an encoder; how one of them fails."""

import math

import torch
from torch import Tensor

from vae_lib.engine.arguments import takes
from vae_lib.engine.checks import InputError, require_data
from vae_lib.engine.door import Images
from vae_lib.engine.memory import require_room
from vae_lib.engine.speed import affordable_draws
from vae_lib.models import GenerativeModel

COARSE = 0.05  # nats, between all points and every second
BEYOND = 1e-4  # of p(x), outside the grid


@takes()
def quadrature_evidence(
    model: GenerativeModel, x: Images, points: int = 2001, limit: float = 8.0
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
        ValueError: If L is not 1 (the grid grows as ``points ** L``), ``points`` is less than 3,
            ``limit`` not positive, or the grid too coarse or too narrow for a data point.

    Source: eq-marginal, eq-quadrature.
    """
    return _grid(model, model.accept(x), points, limit)[2]


@takes()
def posterior_chi_square(
    model: GenerativeModel, x: Images, points: int = 2001, limit: float = 8.0
) -> Tensor:
    """Compute χ²(p(z|x) ‖ p(z)) = ∫ p(z|x)² / p(z) dz - 1 on the grid of ``quadrature_evidence``.

    Divided by K it is the relative variance of an average of p(x|z) over K draws from the prior.

    Args:
        model: A model with L = 1.
        x: Data, shape (B, D).
        points: Grid points between ``-limit`` and ``limit``.
        limit: How many prior standard deviations the grid reaches to each side.

    Returns:
        χ², shape (B,), without unit.

    Raises:
        ValueError: As ``quadrature_evidence`` does, and if p(x) is 0: there is no posterior then.

    Source: eq-prior-draws-chi-square.
    """
    z, log_joint, evidence = _grid(model, model.accept(x), points, limit)
    impossible = int((evidence == -torch.inf).sum())
    if impossible > 0:
        raise InputError(f"p(x) is 0 for {impossible} data points: leave out what cannot be.")
    log_ratio = 2 * (log_joint - evidence) - model.prior.log_prob(z)  # log p(z|x)² / p(z)
    return torch.expm1(_trapezoid(log_ratio, 2 * limit / (points - 1)))


def _grid(
    model: GenerativeModel, x: Tensor, points: int, limit: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Grid points z (points, 1, 1), log p(x, z) at each (points, B), and log p(x) (B,)."""
    if model.latent_dim != 1:
        raise InputError(
            f"The grid covers a latent space of dimension 1, this model has {model.latent_dim}: "
            "use monte_carlo_evidence or an importance-weighted bound."
        )
    if points < 3:
        raise InputError(f"points is {points}: a grid needs its 2 ends and a point between them.")
    if not 0 < limit < math.inf:
        raise InputError(f"limit is {limit}: choose a positive number of standard deviations.")
    count = _count(x)
    require_room(x.element_size() * points * count, x.device, "fewer points")
    z = torch.linspace(-limit, limit, points, dtype=x.dtype, device=x.device)[:, None, None]
    parts = z.split(max(1, affordable_draws(x) // count))
    log_joint = torch.cat([model.log_joint(x, part) for part in parts])  # (points, B)
    evidence = _trapezoid(log_joint, 2 * limit / (points - 1))
    _require_fine_grid(log_joint.detach(), evidence.detach(), points, limit)
    return z, log_joint, evidence


def _count(x: Tensor) -> int:
    """How many data points (..., D) there are."""
    require_data(x, x.shape[-1] if x.dim() else 1)
    return x.numel() // x.shape[-1]


def _trapezoid(log_values: Tensor, step: float) -> Tensor:
    """The logarithm of the trapezoidal rule for the exponentials of values (points, B)."""
    log_weight = torch.full_like(log_values[:, :1], math.log(step))
    log_weight[[0, -1]] -= math.log(2.0)
    return torch.logsumexp(log_values + log_weight, dim=0)


def _require_fine_grid(log_joint: Tensor, evidence: Tensor, points: int, limit: float) -> None:
    """Refuse a grid of which half the points say something else, or that stops too early.

    The rule's error falls so fast with the step that a change by ``COARSE`` at twice the step
    leaves less than 1e-4 at the step itself, for a Gaussian. What lies beyond an end is taken for
    an exponential tail that goes on as steeply as the last two points fall.
    """
    step = 2 * limit / (points - 1)
    coarse = int(((_trapezoid(log_joint[::2], 2 * step) - evidence).abs() > COARSE).sum())
    if coarse > 0:
        raise InputError(
            f"The grid of {points} points is too coarse for {coarse} data points, whose posterior "
            f"is narrow against the step {step:.2g}: give more points, or a smaller limit."
        )
    ends, inner = log_joint[[0, -1]], log_joint[[1, -2]]
    slope = (inner - ends) / step  # how steeply it falls outwards
    beyond = torch.where(slope > 0, ends - slope.log() - evidence, torch.inf)
    beyond = torch.where(ends == -torch.inf, -torch.inf, beyond)
    narrow = int((beyond.logsumexp(0) > math.log(BEYOND)).sum())
    if narrow > 0:
        raise InputError(
            f"The grid from {-limit:g} to {limit:g} leaves out more than {BEYOND:g} of p(x) for "
            f"{narrow} data points: give a larger limit."
        )


@takes()
def monte_carlo_evidence(
    model: GenerativeModel, x: Images, samples: int, generator: torch.Generator | None = None
) -> Tensor:
    """Estimate log p(x) by averaging p(x|z) over draws of z from the prior.

    The average is unbiased for p(x); its logarithm is too low on average, and far too low where
    the posterior is far from the prior (eq-prior-draws-chi-square).

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
    x = model.accept(x)
    count = _count(x)
    require_room(x.element_size() * samples * count, x.device, "fewer samples")
    z = model.prior.rsample((samples, 1), generator)  # (K, 1, L)
    parts = z.split(max(1, affordable_draws(x) // count))
    log_likelihood = torch.cat([model.decode(part).log_prob(x) for part in parts])  # (K, B)
    return torch.logsumexp(log_likelihood, dim=0) - math.log(samples)


@takes(x="... D", log_var="")
def monte_carlo_relative_variance(x: Tensor, log_var: Tensor, samples: int) -> Tensor:
    """Compute the relative variance of the Monte Carlo estimate of p(x), in a model that has one.

    The model is x = z + σ ε with D = L: ``LinearGaussian`` with W = I and b = 0. The result is
    Var[p̂] / p(x)², where p̂ is the average that ``monte_carlo_evidence`` takes the logarithm of:
    χ²(p(z|x) ‖ p(z)) / K in this model.

    Args:
        x: Data, shape (..., D).
        log_var: log σ² of the noise, a single number.
        samples: K.

    Returns:
        Shape (...), without unit. It grows exponentially with D.

    Raises:
        ValueError: If ``samples`` is less than 1, or ``log_var`` no single number.

    Source: eq-relative-variance, by eq-gaussian-square.
    """
    if samples < 1:
        raise InputError(f"samples is {samples}: draw at least 1.")
    variance = log_var.exp()
    # log N(x; 0, 1 + σ²/2) - 2 log N(x; 0, 1 + σ²) - ½ log 4πσ² for each coordinate, put together.
    constant = 0.5 * torch.log1p(1 / (variance * (2 + variance)))
    log_ratio = (constant + (x / (1 + variance)) * (x / (2 + variance))).sum(-1)
    return torch.expm1(log_ratio) / samples
