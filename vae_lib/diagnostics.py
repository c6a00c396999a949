"""How good is a trained model? Error of the bound, parts of its gap, use of the latent space."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from vae_lib.gaussian import DiagonalGaussian, FullGaussian, Gaussian
from vae_lib.models import GenerativeModel
from vae_lib.objectives import elbo

ACTIVE = 0.01  # Burda et al. 2016, appendix C


@torch.no_grad()
def log_weights(
    model: GenerativeModel,
    x: Tensor,
    k: int,
    q: Gaussian | None = None,
    chunk: int = 100,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Draw importance weights: log w_i = log p(x, z_i) - log q(z_i|x), with z_i from q.

    Args:
        model: Supplies ``encode``, ``decode`` and ``prior``.
        x: Data, shape (B, D).
        k: The number of draws for each data point.
        q: The proposal over (B, L); by default ``model.encode(x)``.
        chunk: How many of them are decoded at once.
        generator: Source of the draws.

    Returns:
        Shape (k, B), in nats.

    Raises:
        ValueError: If ``k`` or ``chunk`` is less than 1 or the model refuses ``x``.

    Source: eq-importance-weighted-bound.
    """
    if k < 1 or chunk < 1:
        raise ValueError(f"k is {k} and chunk is {chunk}: both must be at least 1.")
    q = model.encode(x) if q is None else q
    parts = []
    for start in range(0, k, chunk):
        z = q.rsample((min(chunk, k - start),), generator)
        parts.append(model.log_joint(x, z) - q.log_prob(z))
    return torch.cat(parts)


def bound_at(log_weight: Tensor, k: int) -> Tensor:
    """Estimate the importance-weighted bound at ``k`` from K ≥ k weights, in blocks of k.

    Args:
        log_weight: From ``log_weights``, shape (K, B).
        k: Block size; a last incomplete block is left out.

    Returns:
        The average over blocks, unbiased for the bound: shape (B,), in nats.

    Raises:
        ValueError: If ``k`` is not between 1 and K.

    Source: eq-importance-weighted-bound.
    """
    total, count = log_weight.shape
    if not 1 <= k <= total:
        raise ValueError(f"k is {k} with {total} weights: choose 1 to {total}.")
    blocks = log_weight[: total // k * k].reshape(total // k, k, count)
    return (torch.logsumexp(blocks, dim=1) - math.log(k)).mean(0)


def bound_error(log_weight: Tensor) -> tuple[Tensor, Tensor]:
    """Estimate bias and standard error of the bound at k, from the k weights themselves.

    Args:
        log_weight: From ``log_weights``, shape (k, B), k at least 2.

    Returns:
        The bias (negative) and the standard error, shape (B,) each, in nats. Both are good only
        where the error is small; weights of infinite variance do not show themselves here.

    Raises:
        ValueError: If there are fewer than 2 weights.

    Source: eq-bound-bias.
    """
    k = log_weight.shape[0]
    if k < 2:
        raise ValueError(f"There are {k} weights: a variance needs at least 2.")
    ratio = k * torch.softmax(log_weight, dim=0)  # w / mean(w)
    variance = ratio.var(0)
    return -variance / (2 * k), torch.sqrt(variance / k)


def weight_variance(q: Gaussian, posterior: FullGaussian) -> Tensor:
    """Compute Var[w] / p(x)² exactly, where proposal and posterior are Gaussian.

    Args:
        q: The proposal over (..., L).
        posterior: p(z|x) over (..., L).

    Returns:
        Shape (...), without unit; infinite where q is too narrow for the variance to exist.

    Source: eq-weight-variance.
    """
    ours, exact = _precision(q), _precision(posterior)
    twice = 2 * exact - ours  # (..., L, L)
    shift = ((posterior.mean - q.mean).unsqueeze(-2) @ ours).squeeze(-2)  # (..., L)
    exists = torch.linalg.eigvalsh(twice)[..., 0] > 0
    safe = torch.where(exists[..., None, None], twice, torch.eye(twice.shape[-1]).to(twice))
    inner = torch.linalg.solve(safe, shift.unsqueeze(-1)).squeeze(-1) + posterior.mean - q.mean
    log_second = torch.logdet(exact) - 0.5 * (torch.logdet(ours) + torch.logdet(safe))
    value = torch.expm1(log_second + 0.5 * (shift * inner).sum(-1))
    return torch.where(exists, value, torch.inf)


def best_diagonal(posterior: FullGaussian) -> DiagonalGaussian:
    """Find the diagonal Gaussian closest to a Gaussian posterior, in KL(q ‖ posterior).

    Args:
        posterior: p(z|x) over (..., L).

    Returns:
        The same mean, and variances 1 / Λ_jj from the posterior's precision Λ.

    Source: eq-best-diagonal.
    """
    diagonal = _precision(posterior).diagonal(dim1=-2, dim2=-1)
    return DiagonalGaussian(posterior.mean, -diagonal.log())


def optimise_posterior(
    model: GenerativeModel,
    x: Tensor,
    start: DiagonalGaussian,
    steps: int = 300,
    learning_rate: float = 0.05,
    samples: int = 4,
    noise: Tensor | None = None,
    generator: torch.Generator | None = None,
) -> DiagonalGaussian:
    """Give every data point its own best diagonal q, by gradient ascent on the ELBO.

    The decoder stays as it is. Adam's step size falls to zero along half a cosine, so that the
    noise of the draws averages out.

    Args:
        model: Supplies ``decode`` and ``prior``; its weights and their gradients are not touched.
        x: Data, shape (B, D).
        start: Where to begin, over (B, L): for a VAE, ``model.encode(x)``.
        steps: Gradient steps.
        learning_rate: Adam's first step size.
        samples: Draws of z per step.
        noise: ε in place of fresh draws, as in ``elbo``.
        generator: Source of the draws.

    Returns:
        The optimised q over (B, L), without gradient.

    Raises:
        ValueError: If ``steps`` is less than 1 or the model refuses ``x``.

    Source: eq-gap-split (Cremer et al. 2018).
    """
    if steps < 1:
        raise ValueError(f"steps is {steps}: take at least 1.")
    values = [start.mean.detach().clone(), start.log_var.detach().clone()]
    values = [value.requires_grad_() for value in values]
    optimiser = torch.optim.Adam(values, lr=learning_rate)
    for step in range(steps):
        optimiser.param_groups[0]["lr"] = learning_rate * math.cos(math.pi / 2 * step / steps) ** 2
        q = DiagonalGaussian(*values)
        bound = elbo(model, x, q=q, samples=samples, noise=noise, generator=generator)
        slopes = torch.autograd.grad(-bound.value.sum(), values)
        for value, slope in zip(values, slopes, strict=True):
            value.grad = slope
        optimiser.step()
    return DiagonalGaussian(*(value.detach() for value in values))


@dataclass(frozen=True)
class GapSplit:
    """The bound's gap in two parts, per data point and in nats: shape (B,) each.

    Attributes:
        approximation: What the best q of the family leaves open.
        amortisation: What the encoder loses against that best q.

    Source: eq-gap-split.
    """

    approximation: Tensor
    amortisation: Tensor


def split_gap(log_evidence: Tensor, best_bound: Tensor, bound: Tensor) -> GapSplit:
    """Split log p(x) - 𝓛 into approximation gap and amortisation gap.

    Args:
        log_evidence: log p(x), or the best estimate of it, shape (B,), in nats.
        best_bound: The ELBO with the best q of the family for each data point, shape (B,).
        bound: The ELBO with the encoder's q, shape (B,).

    Source: eq-gap-split (Cremer et al. 2018).
    """
    return GapSplit(log_evidence - best_bound, best_bound - bound)


def unit_variance(q: DiagonalGaussian) -> Tensor:
    """Compute the variance over the data of each coordinate's posterior mean: shape (L,).

    Args:
        q: The posteriors of N data points, over (N, L).

    Source: eq-active-units.
    """
    return q.mean.var(0, correction=0)


def active_units(q: DiagonalGaussian, threshold: float = ACTIVE) -> Tensor:
    """Say which coordinates' posterior mean depends on the data: shape (L,), true or false.

    Args:
        q: The posteriors of N data points, over (N, L).
        threshold: The variance above which a unit counts as active.

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
        standard_error: Of either estimate, the larger of the two.

    Source: eq-kl-mutual-information.
    """

    average_kl: float
    mutual_information: float
    kl_to_prior: float
    standard_error: float


@torch.no_grad()
def aggregate_split(
    q: DiagonalGaussian, samples: int = 20, generator: torch.Generator | None = None
) -> AggregateSplit:
    """Split the average KL of N posteriors into mutual information and KL of their mixture.

    Args:
        q: The posteriors of N data points, over (N, L), N at least 2.
        samples: Draws from each posterior.
        generator: Source of the draws.

    Raises:
        ValueError: If ``samples`` is less than 1.

    Source: eq-aggregate-posterior, eq-kl-mutual-information.
    """
    if samples < 1:
        raise ValueError(f"samples is {samples}: draw at least 1.")
    prior = DiagonalGaussian(torch.zeros_like(q.mean), torch.zeros_like(q.mean))
    information, divergence = [], []
    for _ in range(samples):
        z = q.rsample((), generator)  # (N, L), one draw from each posterior
        log_mixture = torch.logsumexp(q.log_prob(z[:, None]), dim=1) - math.log(len(z))
        information.append(q.log_prob(z) - log_mixture)
        divergence.append(log_mixture - prior.log_prob(z))
    parts = torch.stack([torch.stack(information), torch.stack(divergence)])  # (2, S, N)
    errors = parts.std((1, 2)) / math.sqrt(parts[0].numel())
    means = parts.mean((1, 2))
    average = q.kl_to_standard().mean().item()
    return AggregateSplit(average, means[0].item(), means[1].item(), errors.max().item())


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

    Source: eq-aggregate-linear.
    """
    covariance = weight @ data_covariance @ weight.T + noise
    information = 0.5 * (torch.logdet(covariance) - torch.logdet(noise))
    zero = torch.zeros(len(weight), dtype=weight.dtype, device=weight.device)
    return FullGaussian(zero, torch.linalg.cholesky(covariance)), information


def _precision(q: Gaussian) -> Tensor:
    return torch.cholesky_inverse(q.scale_tril)
