"""What is maximised: the ELBO, and its importance-weighted relatives.

None of these functions knows whether the model is a neural network or solved exactly.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from vae_lib.engine.arguments import takes
from vae_lib.engine.checks import InputError, require_finite_values
from vae_lib.engine.door import Images
from vae_lib.gaussian import LatentGaussian
from vae_lib.models import GenerativeModel


@dataclass(frozen=True)
class ELBO:
    """The two terms of the evidence lower bound, per image and in nats.

    Attributes:
        log_likelihood: E_q[log p(x|z)], shape (B,).
        kl: KL(q(z|x) ‖ p(z)), shape (B,).

    Source: eq-elbo.
    """

    log_likelihood: Tensor
    kl: Tensor

    @property
    def value(self) -> Tensor:
        """The bound 𝓛 itself, to be maximised, shape (B,), in nats.

        Source: eq-elbo.
        """
        return self.log_likelihood - self.kl

    @property
    def loss(self) -> Tensor:
        """J = -𝓛 averaged over the batch, to be minimised, shape (), in nats.

        Source: eq-loss, eq-minibatch.
        """
        return -self.value.mean()


@takes()
def elbo(
    model: GenerativeModel,
    x: Images,
    q: LatentGaussian | None = None,
    samples: int = 1,
    noise: Tensor | None = None,
    generator: torch.Generator | None = None,
) -> ELBO:
    """Compute the evidence lower bound of each data point.

    Args:
        model: Supplies ``encode``, ``decode`` and ``prior``.
        x: Data, shape (B, D).
        q: The variational posterior over (B, L); by default ``model.encode(x)``.
        samples: S, the draws of z that estimate the expected log-likelihood; given with the noise.
        noise: ε of shape (S, B, L) or (S, 1, L), used in place of fresh draws. With
            ``gaussian.sigma_points`` the result is exact in a linear-Gaussian model.
        generator: Source of the draws.

    Returns:
        Both terms, shape (B,) each, in nats. The KL term is exact, the log-likelihood unbiased.

    Raises:
        ValueError: If ``samples`` is less than 1, ``noise`` has another shape or is not finite, or
            the model refuses ``x``.

    Source: eq-elbo, eq-elbo-estimate (Kingma & Welling 2014). What it is short of log p(x) is
    eq-gap, by eq-kl-identity; averaged over data eq-objective-split. Its gradient in the decoder's
    weights is eq-gradient-theta.
    """
    x = model.accept(x)
    q = model.encode(x) if q is None else q
    if noise is not None and samples == 1:
        samples = noise.shape[:1].numel()
    z = _latents(q, samples, noise, generator)  # (S, B, L)
    log_likelihood = model.decode(z).log_prob(x)  # (S, B)
    return ELBO(log_likelihood.mean(0), q.kl_to(model.prior))


@takes()
def log_weights(
    model: GenerativeModel,
    x: Images,
    k: int,
    q: LatentGaussian | None = None,
    noise: Tensor | None = None,
    chunk: int | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Draw importance weights: log w_i = log p(x, z_i) - log q(z_i|x), with z_i from q.

    The weights have the mean p(x) (eq-importance-sampling); they all equal it if q is the posterior
    (eq-best-proposal).

    Args:
        model: Supplies ``encode``, ``decode`` and ``prior``.
        x: Data, shape (B, D).
        k: The number of draws for each data point.
        q: The proposal over (B, L); by default ``model.encode(x)``.
        noise: ε of shape (k, B, L), used in place of fresh draws.
        chunk: How many of the k draws are decoded at once; by default all.
        generator: Source of the draws.

    Returns:
        Shape (k, B), in nats.

    Raises:
        ValueError: If ``k`` or ``chunk`` is less than 1, ``noise`` has another shape or is not
            finite, or the model refuses ``x``.

    Source: eq-importance-weighted-bound.
    """
    if chunk is not None and chunk < 1:
        raise InputError(f"chunk is {chunk}: decode at least 1 draw at once.")
    x = model.accept(x)
    q = model.encode(x) if q is None else q
    z = _latents(q, k, noise, generator)  # (k, B, L)
    parts = z.split(chunk or len(z))
    return torch.cat([model.log_joint(x, part) - q.log_prob(part) for part in parts])


@takes()
def importance_weighted_bound(
    model: GenerativeModel,
    x: Images,
    k: int,
    q: LatentGaussian | None = None,
    noise: Tensor | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Compute the bound log (1/k) Σ p(x, z_i) / q(z_i|x), with z_i drawn from q.

    Its expectation rises with k towards log p(x), by eq-bound-monotone. At k = 1 it is the ELBO
    (eq-elbo-joint), a lower bound by eq-jensen.

    Args:
        model: Supplies ``encode``, ``decode`` and ``prior``.
        x: Data, shape (B, D).
        k: The number of importance samples.
        q: The proposal over (B, L); by default ``model.encode(x)``.
        noise: ε of shape (k, B, L), used in place of fresh draws.
        generator: Source of the draws.

    Returns:
        The bound, shape (B,), in nats.

    Raises:
        ValueError: If ``k`` is less than 1, ``noise`` has another shape or is not finite, or the
            model refuses ``x``.

    Source: eq-importance-weighted-bound (Burda et al. 2016).
    """
    log_weight = log_weights(model, x, k, q, noise, generator=generator)  # (k, B)
    return torch.logsumexp(log_weight, dim=0) - math.log(log_weight.shape[0])


@takes(z="B L")
def upper_bound(
    model: GenerativeModel,
    x: Images,
    z: Tensor,
    k: int,
    q: LatentGaussian | None = None,
    chunk: int | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Compute log (1/k) Σ p(x, z_i) / q(z_i|x) where one of the k draws is the z that made x.

    Given x, that z is a draw from p(z|x): so the expectation is at least log p(x).

    Args:
        model: Supplies ``encode``, ``decode`` and ``prior``.
        x: Simulated data, shape (B, D): drawn from p(x|z).
        z: Drawn from the prior, shape (B, L).
        k: The number of draws, ``z`` among them.
        q: The proposal over (B, L); by default ``model.encode(x)``.
        chunk: As for ``log_weights``.
        generator: Source of the other draws.

    Returns:
        The bound, shape (B,), in nats.

    Raises:
        ValueError: If ``k`` or ``chunk`` is less than 1, ``z`` is not finite, or the model refuses
            ``x`` or ``z``.

    Source: eq-upper-bound (Grosse et al. 2015).
    """
    x = model.accept(x)
    q = model.encode(x) if q is None else q
    require_finite_values("z, squared,", z**2)
    others = log_weights(model, x, k, q, chunk=chunk, generator=generator)[1:]
    own = model.log_joint(x, z[None]) - q.log_prob(z[None])  # (1, B)
    return torch.logsumexp(torch.cat([own, others]), dim=0) - math.log(k)


def _latents(
    q: LatentGaussian, samples: int, noise: Tensor | None, generator: torch.Generator | None
) -> Tensor:
    """z of shape (S, B, L), from q over (B, L)."""
    if samples < 1:
        raise InputError(f"The number of samples is {samples}: draw at least 1.")
    if noise is None:
        return q.rsample((samples,), generator)
    if noise.dim() != q.mean.dim() + 1 or len(noise) != samples:
        raise InputError(
            f"noise has the shape {tuple(noise.shape)} for {samples} draws from a q of shape "
            f"{tuple(q.mean.shape)}: give it the shape (S, B, L), or (S, 1, L)."
        )
    require_finite_values("noise, squared,", noise**2)
    return q.transform(noise)
