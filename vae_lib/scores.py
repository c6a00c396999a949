"""A figure together with its protocol, so that unlike figures are never compared."""

import math
from dataclasses import dataclass

from torch import Tensor


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
