"""Outliers: what a density says of them in the model that is solved, and how a score is judged."""

from dataclasses import dataclass

import torch
from torch import Tensor

from vae_lib.engine.arguments import takes
from vae_lib.engine.checks import InputError
from vae_lib.engine.door import Images
from vae_lib.linear import LinearGaussian


@takes()
def squared_distance(model: LinearGaussian, x: Images) -> Tensor:
    """How far data lie from the mean: m² = (x - b)ᵀ C⁻¹ (x - b) with C = W Wᵀ + σ² I.

    log p(x) is its greatest value, at the mean, less m²/2; and m² of data from the model has the
    χ² distribution with D degrees of freedom. So the likeliest point, m² = 0, is one that hardly
    any draw comes near: D ± √(2D) is where they lie.

    Args:
        model: The linear model.
        x: Data, shape (N, D).

    Returns:
        Shape (N,), without unit.

    Raises:
        ValueError: If the model refuses ``x``.
    """
    # equation: eq-evidence-chi-square
    x = model.accept(x)
    z = model.encode(x).mean
    residual = x - model.decode(z).mean
    # At the posterior's mean both squares add up to it, and no large terms cancel.
    return (residual**2).sum(-1) * torch.exp(-model.log_var) + (z**2).sum(-1)


@takes()
def atypicality(model: LinearGaussian, x: Images) -> Tensor:
    """The exact two-sided p-value of log p(x): how rarely data from the model lie so far out.

    Args:
        model: The linear model.
        x: Data, shape (N, D).

    Returns:
        Shape (N,): uniform on [0, 1] for data from the model, near 0 for points both too far and
        too near; 0 at the mean.

    Raises:
        ValueError: If the model refuses ``x``.

    Source: Nalisnick et al. 2019 (typicality).
    """
    # equation: eq-typicality
    half = squared_distance(model, x) / 2
    shape = torch.full_like(half, len(model.bias) / 2)
    below, above = torch.special.gammainc(shape, half), torch.special.gammaincc(shape, half)
    return 2 * torch.minimum(below, above)


@dataclass(frozen=True)
class ROC:
    """How well a score tells outliers from the rest, at every threshold.

    Attributes:
        false_alarms: Share of the rest that score at least the threshold, ascending from 0 to 1.
        hits: Share of the outliers that do, of the same shape.
        area: Under the curve: how often an outlier scores higher than one of the rest, ties half.
        standard_error: Of the area, over the choice of both.
    """

    false_alarms: Tensor
    hits: Tensor
    area: float
    standard_error: float

    def __str__(self) -> str:
        """Give the area and its error."""
        return f"AUC {self.area:.3f} ± {self.standard_error:.3f}"


@takes(rest="N", outliers="M")
def roc(rest: Tensor, outliers: Tensor) -> ROC:
    """Judge a score by data of which it is known whether they are outliers.

    Args:
        rest: Scores of data that are none, shape (N,), N at least 2.
        outliers: Scores of outliers, shape (M,), M at least 2; higher is to mean more of one.

    Raises:
        ValueError: If there are fewer than 2 of either, or a score is not finite.

    Source: DeLong et al. 1988.
    """
    # equation: eq-auc, eq-auc-error
    if min(len(rest), len(outliers)) < 2:
        raise InputError(
            f"There are {len(rest)} scores of the rest and {len(outliers)} of outliers: an error "
            "needs at least 2 of both."
        )
    scores = torch.cat([rest, outliers]).unique().flip(0)  # thresholds, descending
    curves = [
        torch.cat([part.new_zeros(1), (part >= scores[:, None]).to(part.dtype).mean(1)])
        for part in (rest, outliers)
    ]
    wins = (outliers[:, None] > rest).to(rest.dtype) + 0.5 * (outliers[:, None] == rest)  # (M, N)
    variance = wins.mean(1).var() / len(outliers) + wins.mean(0).var() / len(rest)
    return ROC(curves[0], curves[1], wins.mean().item(), variance.sqrt().item())
