"""What is maximised: the ELBO, and its importance-weighted relatives.

None of these functions knows whether the model is a neural network or solved exactly.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from tqdm.auto import tqdm

from vae_lib.checks import require_precision
from vae_lib.gaussian import Gaussian
from vae_lib.heap import keep_freed_memory
from vae_lib.matmul import fast_float32
from vae_lib.memory import affordable_draws
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


def elbo(
    model: GenerativeModel,
    x: Tensor,
    q: Gaussian | None = None,
    samples: int = 1,
    noise: Tensor | None = None,
    generator: torch.Generator | None = None,
) -> ELBO:
    """Compute the evidence lower bound of each data point.

    Args:
        model: Supplies ``encode``, ``decode`` and ``prior``.
        x: Data, shape (B, D).
        q: The variational posterior over (B, L); by default ``model.encode(x)``.
        samples: S, the draws of z that estimate the expected log-likelihood.
        noise: ε of shape (S, B, L) or (S, 1, L), used in place of fresh draws. With
            ``gaussian.sigma_points`` the result is exact in a linear-Gaussian model.
        generator: Source of the draws.

    Returns:
        Both terms, shape (B,) each, in nats. The KL term is exact, the log-likelihood unbiased.

    Raises:
        ValueError: If ``samples`` is less than 1 or the model refuses ``x``.

    Source: eq-elbo, eq-elbo-estimate (Kingma & Welling 2014). What it is short of log p(x) is
    eq-gap, by eq-kl-identity; averaged over data eq-objective-split. Its gradient in the decoder's
    weights is eq-gradient-theta.
    """
    q = model.encode(x) if q is None else q
    z = _latents(q, samples, noise, generator)  # (S, B, L)
    log_likelihood = model.decode(z).log_prob(x)  # (S, B)
    return ELBO(log_likelihood.mean(0), q.kl_to(model.prior))


def importance_weighted_bound(
    model: GenerativeModel,
    x: Tensor,
    k: int,
    q: Gaussian | None = None,
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
        ValueError: If ``k`` is less than 1 or the model refuses ``x``.

    Source: eq-importance-weighted-bound (Burda et al. 2016).
    """
    q = model.encode(x) if q is None else q
    z = _latents(q, k, noise, generator)  # (k, B, L)
    log_weight = model.log_joint(x, z) - q.log_prob(z)  # (k, B)
    return torch.logsumexp(log_weight, dim=0) - math.log(log_weight.shape[0])


@torch.no_grad()
def log_likelihood(
    model: GenerativeModel,
    x: Tensor,
    k: int = 5000,
    chunk: int | None = None,
    generator: torch.Generator | None = None,
    precision: str = "float32",
    progress: bool = False,
) -> Tensor:
    """Estimate log p(x) by ``importance_weighted_bound``, a few images and samples at a time.

    Still a lower bound on average; the memory needed grows neither with k nor with B.

    Args:
        model: Supplies ``encode``, ``decode`` and ``prior``.
        x: Data, shape (B, D).
        k: The number of importance samples for each data point.
        chunk: How many samples are decoded at once; by default what memory allows.
        generator: Source of the draws.
        precision: ``"float32"``, or ``"bfloat16"`` for the layers' matrix products only.
        progress: Show a bar with the time left.

    Returns:
        The estimate, shape (B,), in nats.

    Raises:
        ValueError: If ``k`` or ``chunk`` is less than 1, or ``precision`` is neither of the two, or
            the model refuses ``x``.

    Source: eq-importance-weighted-bound (Burda et al. 2016); its error is eq-bound-bias.
    """
    require_precision(precision)
    keep_freed_memory()
    chunk = affordable_draws(x) if chunk is None else chunk
    if k < 1 or chunk < 1:
        raise ValueError(f"k is {k} and chunk is {chunk}: both must be at least 1.")
    samples = min(k, chunk, 100)
    results = []
    blocks = x.split(chunk // samples)  # a few images, each with ``samples`` draws at a time
    bar = tqdm(blocks, "log-likelihood", unit="block", disable=not progress)
    for images in bar:
        half = torch.autocast(x.device.type, torch.bfloat16, precision == "bfloat16")
        with half, fast_float32():
            q = model.encode(images)
            total = x.new_full((len(images),), -torch.inf)
            for start in range(0, k, samples):
                size = min(samples, k - start)
                bound = importance_weighted_bound(model, images, size, q=q, generator=generator)
                total = torch.logaddexp(total, bound + math.log(size))
        results.append(total - math.log(k))
    return torch.cat(results)


def _latents(
    q: Gaussian, samples: int, noise: Tensor | None, generator: torch.Generator | None
) -> Tensor:
    if noise is not None:
        return q.transform(noise)
    if samples < 1:
        raise ValueError(f"The number of samples is {samples}: draw at least 1.")
    return q.rsample((samples,), generator)
