"""What is asked of a trained model: log p(x), the error of its bound, and the parts of its gap."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from tqdm.auto import tqdm

from vae_lib.data import binarise
from vae_lib.engine.arguments import require_fields, takes
from vae_lib.engine.checks import Binarisation, InputError, Precision, require_batch
from vae_lib.engine.door import Images
from vae_lib.engine.speed import affordable_draws, choose_threads, computing, keep_freed_memory
from vae_lib.gaussian import DiagonalGaussian
from vae_lib.models import GenerativeModel, count_weights
from vae_lib.objectives import elbo, importance_weighted_bound


@torch.no_grad()
@takes()
def log_likelihood(
    model: GenerativeModel,
    x: Images,
    k: int = 5000,
    chunk: int | None = None,
    generator: torch.Generator | None = None,
    precision: Precision = "float32",
    threads: int | None = None,
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
        threads: Of the CPU; by default by ``engine.speed.choose_threads``.
        progress: Show a bar with the time left.

    Returns:
        The estimate, shape (B,), in nats.

    Raises:
        ValueError: If a number is less than 1, ``x`` is no batch, or the model refuses it.

    Source: eq-importance-weighted-bound (Burda et al. 2016); its error is eq-bound-bias.
    """
    x = model.accept(x)
    require_batch(x)
    keep_freed_memory()
    chunk = affordable_draws(x) if chunk is None else chunk
    if k < 1 or chunk < 1:
        raise InputError(f"k is {k} and chunk is {chunk}: both must be at least 1.")
    samples, results = min(k, chunk, 100), []
    blocks = x.split(chunk // samples)  # a few images, each with ``samples`` draws at a time
    bfloat16 = torch.autocast(x.device.type, torch.bfloat16, precision == "bfloat16")
    threads = choose_threads(count_weights(model), chunk) if threads is None else threads
    with bfloat16, computing(threads):
        for images in tqdm(blocks, "log-likelihood", unit="block", disable=not progress):
            q = model.encode(images)
            total = x.new_full((len(images),), -torch.inf)
            for start in range(0, k, samples):
                size = min(samples, k - start)
                bound = importance_weighted_bound(model, images, size, q=q, generator=generator)
                total = torch.logaddexp(total, bound + math.log(size))
            results.append(total - math.log(k))
    return torch.cat(results)


@dataclass(frozen=True)
class Score:
    """An estimate of log p(x) with all that must be said beside it.

    Attributes:
        values: One estimate per test image, shape (N,), in nats, all of them finite.
        k: Importance samples per image; 1 for the ELBO.
        data: Which test images.
        binarisation: How grey values became pixels: "fixed", "dynamic" or "none".

    Raises:
        ValueError: If there is no value, or one is NaN or infinite, or k is less than 1.
    """

    values: Tensor
    k: int
    data: str
    binarisation: Binarisation

    def __post_init__(self) -> None:
        require_fields(self)
        count = self.values.shape[:1].numel()
        good = 0 if self.values.is_meta else int(torch.isfinite(self.values).sum())
        if not 0 < good == count or self.k < 1:
            raise InputError(
                f"log p(x) is finite for {good} of {count} images: give at least 1 image, and a "
                "model whose training did not diverge."
            )

    @property
    def mean(self) -> float:
        """Nats per image."""
        return self.values.mean().item()

    @property
    def standard_error(self) -> float:
        """Standard error of the mean over the choice of images, in nats; one image has none."""
        return _standard_error(self.values)

    def __str__(self) -> str:
        """Give the figure and its protocol in one line."""
        error, images = "", "1 image (a standard error needs 2)"
        if len(self.values) > 1:
            error, images = f" ± {self.standard_error:.2f}", f"{len(self.values)} images"
        return (
            f"log p(x) ≥ {self.mean:.2f}{error} nats per image (k = {self.k}, {images}: "
            f"{self.data}, binarisation: {self.binarisation})"
        )

    def minus(self, other: "Score") -> tuple[float, float]:
        """Compare two models on the same images: the mean difference and its standard error.

        Raises:
            ValueError: If the two scores were not made in the same way, or of one image only.
        """
        ours, theirs = [(s.k, len(s.values), s.data, s.binarisation) for s in (self, other)]
        if ours != theirs:
            raise InputError(
                f"(k, number of images, data, binarisation) are {ours} and {theirs}: give scores "
                "that were made in the same way."
            )
        difference = self.values - other.values
        return difference.mean().item(), _standard_error(difference)


def _standard_error(values: Tensor) -> float:
    if len(values) < 2:
        raise InputError(f"A standard error needs at least 2 images, and there is {len(values)}.")
    return values.std().item() / math.sqrt(len(values))


@takes()
def score_images(
    model: GenerativeModel,
    images: Images,
    k: int,
    data: str,
    *,
    seed: int = 0,
    precision: Precision = "float32",
    threads: int | None = None,
) -> Score:
    """Estimate log p(x) of images, with a progress bar; pixels for a Bernoulli are binarised once.

    Args:
        model: On the device that is to compute.
        images: Shape (N, D); values in [0, 1] where the likelihood is Bernoulli, else as they are.
        k: Importance samples per image.
        data: Which images they are, in words.
        seed: Of the samples; the binarisation is always the same.
        precision: As for ``log_likelihood``.
        threads: As for ``log_likelihood``.

    Source: eq-importance-weighted-bound.
    """
    mode: Binarisation = "fixed" if model.binary else "none"
    x = binarise(model.accept(images), mode)
    generator = torch.Generator(x.device).manual_seed(seed)
    values = log_likelihood(
        model, x, k, generator=generator, precision=precision, threads=threads, progress=True
    )
    return Score(values.cpu(), k, data, mode)


@takes(log_weight="K B")
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
        raise InputError(f"k is {k} with {total} weights: choose 1 to {total}.")
    blocks = log_weight[: total // k * k].reshape(total // k, k, count)
    return (torch.logsumexp(blocks, dim=1) - math.log(k)).mean(0)


@takes(log_weight="k B")
def effective_sample_size(log_weight: Tensor) -> Tensor:
    """Estimate how many of the k draws count: k / (1 + χ²), with χ² from the weights themselves.

    Args:
        log_weight: From ``log_weights``, shape (k, B), k at least 2.

    Returns:
        Shape (B,), from 1 (one weight is all) to k (all are equal). Weights of infinite variance
        need not show here: what was never drawn has no weight.

    Raises:
        ValueError: If there are fewer than 2 weights.

    Source: eq-effective-sample-size (Kong 1992), whose χ² is that of eq-bound-bias.
    """
    if len(log_weight) < 2:
        raise InputError(f"There are {len(log_weight)} weights: a variance needs at least 2.")
    return 1 / torch.softmax(log_weight, dim=0).square().sum(0)


@takes(start="B L")
def optimise_posterior(
    model: GenerativeModel,
    x: Images,
    start: DiagonalGaussian,
    steps: int = 300,
    learning_rate: float = 0.05,
    samples: int = 4,
    noise: Tensor | None = None,
    generator: torch.Generator | None = None,
) -> DiagonalGaussian:
    """Give every data point its own best diagonal q over (B, L), by gradient ascent on the ELBO.

    Adam's step size falls to zero along half a cosine, so that the noise of the draws averages out.

    Args:
        model: Supplies ``decode`` and ``prior``; its weights and their gradients are not touched.
        x: Data, shape (B, D).
        start: Where to begin, over (B, L): for a VAE, ``model.encode(x)``.
        steps: Gradient steps.
        learning_rate: Adam's first step size.
        samples: Draws of z per step.
        noise: ε in place of fresh draws, as in ``elbo``.
        generator: Source of the draws.

    Raises:
        ValueError: If a number is not positive, or the model refuses ``x``.

    Source: eq-gap-split (Cremer et al. 2018).
    """
    if min(steps, samples) < 1 or not 0 < learning_rate < math.inf:
        raise InputError(
            f"steps is {steps}, the number of samples is {samples} and learning_rate is "
            f"{learning_rate}: give positive numbers."
        )
    x, samples = model.accept(x), samples if noise is None else 1
    values = [part.detach().clone().requires_grad_() for part in (start.mean, start.log_var)]
    optimiser = torch.optim.Adam(values)
    for step in range(steps):
        optimiser.param_groups[0]["lr"] = learning_rate * math.cos(math.pi / 2 * step / steps) ** 2
        q = DiagonalGaussian(*values)
        bound = elbo(model, x, q=q, samples=samples, noise=noise, generator=generator)
        slopes = torch.autograd.grad(-bound.value.sum(), values)
        values[0].grad, values[1].grad = slopes
        optimiser.step()
    if not all(torch.isfinite(value).all() for value in values):
        raise InputError(f"learning_rate is {learning_rate}, and q diverged: choose a smaller one.")
    return DiagonalGaussian(*(value.detach() for value in values))


@dataclass(frozen=True)
class GapSplit:
    """The bound's gap in two parts, per data point and in nats: shape (B,) each.

    What the best q of the family leaves open, and what the encoder loses against that q.
    """

    approximation: Tensor
    amortisation: Tensor


@takes(log_evidence="B", best_bound="B", bound="B")
def split_gap(log_evidence: Tensor, best_bound: Tensor, bound: Tensor) -> GapSplit:
    """Split log p(x) - 𝓛 into approximation gap and amortisation gap.

    Args:
        log_evidence: log p(x), or the best estimate of it, shape (B,), in nats.
        best_bound: The ELBO with the best q of the family for each data point, shape (B,).
        bound: The ELBO with the encoder's q, shape (B,).

    Source: eq-gap-split (Cremer et al. 2018).
    """
    return GapSplit(log_evidence - best_bound, best_bound - bound)
