"""A figure together with its protocol, so that unlike figures are never compared."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from vae_lib.data import binarise
from vae_lib.models import GenerativeModel
from vae_lib.objectives import log_likelihood


@dataclass(frozen=True)
class Score:
    """An estimate of log p(x) with all that must be said beside it.

    Attributes:
        values: One estimate per test image, shape (N,), in nats.
        k: Importance samples per image; 1 for the ELBO.
        data: Which test images.
        binarisation: How grey values became pixels: "fixed", "dynamic" or "none".
    """

    values: Tensor
    k: int
    data: str
    binarisation: str

    @property
    def mean(self) -> float:
        """Nats per image."""
        return self.values.mean().item()

    @property
    def standard_error(self) -> float:
        """Standard error of the mean over the choice of images, in nats."""
        return self.values.std().item() / math.sqrt(len(self.values))

    def __str__(self) -> str:
        """Give the figure and its protocol in one line."""
        return (
            f"log p(x) ≥ {self.mean:.2f} ± {self.standard_error:.2f} nats per image "
            f"(k = {self.k}, {len(self.values)} images: {self.data}, "
            f"binarisation: {self.binarisation})"
        )

    def minus(self, other: "Score") -> tuple[float, float]:
        """Compare two models on the same images: the mean difference and its standard error.

        Raises:
            ValueError: If the two scores were not made in the same way.
        """
        protocols = [(s.k, len(s.values), s.data, s.binarisation) for s in (self, other)]
        if protocols[0] != protocols[1]:
            raise ValueError(
                f"The scores cannot be compared: {protocols[0]} against {protocols[1]} "
                "(k, number of images, data, binarisation)."
            )
        difference = self.values - other.values
        return difference.mean().item(), difference.std().item() / math.sqrt(len(difference))


def score_images(
    model: GenerativeModel,
    images: Tensor,
    k: int,
    data: str,
    *,
    seed: int = 0,
    precision: str = "float32",
) -> Score:
    """Estimate log p(x) of images that are binarised once, with a progress bar.

    Args:
        model: On the device that is to compute.
        images: Shape (N, D), values in [0, 1].
        k: Importance samples per image.
        data: Which images they are, in words.
        seed: Of the samples; the binarisation is always the same.
        precision: As for ``log_likelihood``.

    Source: eq-importance-weighted-bound.
    """
    x = binarise(images, "fixed").to(model.zeros.device)
    generator = torch.Generator(x.device).manual_seed(seed)
    values = log_likelihood(model, x, k, generator=generator, precision=precision, progress=True)
    return Score(values.cpu(), k, data, "fixed")
