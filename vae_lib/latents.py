"""What the latent variables carry: active units, aggregate posterior, information."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from vae_lib.engine.arguments import takes
from vae_lib.engine.checks import InputError, require_covariance, require_finite_values
from vae_lib.engine.speed import affordable_draws
from vae_lib.gaussian import DiagonalGaussian, FullGaussian

ACTIVE = 0.01  # Burda et al. 2016, appendix C


@takes(q="N L")
def unit_variance(q: DiagonalGaussian) -> Tensor:
    """Compute the variance over the data of each coordinate's posterior mean: shape (L,).

    Args:
        q: The posteriors of N data points, over (N, L), N at least 2.

    Raises:
        ValueError: If there are fewer than 2 posteriors.

    Source: eq-active-units.
    """
    _require_several(q)
    return q.mean.var(0, correction=0)


@takes(q="N L")
def active_units(q: DiagonalGaussian, threshold: float = ACTIVE) -> Tensor:
    """Say which coordinates' posterior mean depends on the data: shape (L,), true or false.

    Args:
        q: The posteriors of N data points, over (N, L), N at least 2.
        threshold: The variance above which a unit counts as active.

    Raises:
        ValueError: If there are fewer than 2 posteriors.

    Source: eq-active-units (Burda et al. 2016).
    """
    return unit_variance(q) > threshold


@dataclass(frozen=True)
class AggregateSplit:
    """The average KL to the prior and its two parts, in nats.

    Attributes:
        average_kl: (1/N) Σ KL(q(z|x_n) ‖ p(z)), exact.
        mutual_information: Of z and the number n of the data point; at most log N. Estimated.
        kl_to_prior: KL(q(z) ‖ p(z)) of the aggregate posterior q(z). Estimated.
        standard_error: Of both estimates and of their sum, the largest; from the draws only.

    Source: eq-kl-mutual-information.
    """

    average_kl: float
    mutual_information: float
    kl_to_prior: float
    standard_error: float


@torch.no_grad()
@takes(q="N L")
def aggregate_split(
    q: DiagonalGaussian, samples: int = 20, generator: torch.Generator | None = None
) -> AggregateSplit:
    """Split the average KL of N posteriors into mutual information and KL of their mixture.

    The time grows with N², the memory does not: a few draws at a time meet all N posteriors.

    Args:
        q: The posteriors of N data points, over (N, L), N at least 2.
        samples: Draws from each posterior, at least 2.
        generator: Source of the draws.

    Raises:
        ValueError: If ``samples`` is less than 2, or there are fewer than 2 posteriors.

    Source: eq-aggregate-posterior, eq-kl-mutual-information.
    """
    if samples < 2:
        raise InputError(f"samples is {samples}: draw at least 2 from each posterior.")
    _require_several(q)
    at_once = affordable_draws(q.mean.reshape(1, -1))  # each of them takes N times L values
    prior = DiagonalGaussian.standard(q.mean)
    information, divergence = [], []
    for _ in range(samples):
        z = q.rsample((), generator)  # (N, L), one draw from each posterior
        parts = [torch.logsumexp(q.log_prob(some[:, None]), dim=1) for some in z.split(at_once)]
        log_mixture = torch.cat(parts) - math.log(len(z))
        information.append(q.log_prob(z) - log_mixture)
        divergence.append(log_mixture - prior.log_prob(z))
    both = torch.stack([torch.stack(information), torch.stack(divergence)])  # (2, S, N)
    # Each posterior has its S draws, so only the spread within a posterior is one of chance.
    spread = torch.cat([both, both.sum(0, keepdim=True)]).var(1).mean(1)  # (3,)
    error = (spread.max() / both[0].numel()).sqrt().item()
    means = both.mean((1, 2))
    average = q.kl_to_standard().mean().item()
    return AggregateSplit(average, means[0].item(), means[1].item(), error)


@takes(weight="L D", noise="L L", data_covariance="D D")
def linear_aggregate(
    weight: Tensor, noise: Tensor, data_covariance: Tensor
) -> tuple[FullGaussian, Tensor]:
    """Aggregate posterior and mutual information where data and encoder are linear-Gaussian.

    The data are x ~ N(b, S), the encoder is q(z|x) = N(A (x - b), V).

    Args:
        weight: A, shape (L, D).
        noise: V, the encoder's covariance, shape (L, L).
        data_covariance: S, shape (D, D).

    Returns:
        q(z) over (L,), and the mutual information of x and z, shape (), in nats.

    Raises:
        ValueError: If the shapes do not fit together, or a covariance is none.

    Source: eq-aggregate-linear.
    """
    require_covariance("noise", noise)
    require_covariance("data_covariance", data_covariance)
    covariance = weight @ data_covariance @ weight.T + noise
    require_finite_values("A S Aᵀ + V", covariance)
    information = 0.5 * (torch.logdet(covariance) - torch.logdet(noise))
    zero = torch.zeros(len(weight), dtype=weight.dtype, device=weight.device)
    return FullGaussian(zero, torch.linalg.cholesky(covariance)), information


def _require_several(q: DiagonalGaussian) -> None:
    if q.mean.dim() != 2 or len(q.mean) < 2:
        raise InputError(
            f"The posteriors have shape {tuple(q.mean.shape)}: give those of at least 2 data "
            "points, shape (N, L)."
        )
