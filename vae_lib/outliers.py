"""Which data points are strange: the density that misleads, typicality, a second model, the ROC."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from vae_lib.engine.arguments import require_fields, takes
from vae_lib.engine.checks import InputError, require_finite_values, require_fitting
from vae_lib.linear import LinearGaussian


@takes()
def own_log_density(model: LinearGaussian) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of log p(x) over the linear model's own data.

    log p(x) is then that of the mean b, the highest there is, less ½ of a χ² with D degrees of
    freedom: D/2 lower on average.

    Args:
        model: The linear model.

    Returns:
        Shape () each, in nats.

    Source: eq-log-density-chi-square.
    """
    data_dim = model.bias.shape[0]
    highest = model.log_evidence(model.bias.unsqueeze(0))[0]
    return highest - data_dim / 2, torch.full_like(highest, math.sqrt(data_dim / 2))


@takes(log_p="N", own="M")
def typicality(log_p: Tensor, own: Tensor) -> Tensor:
    """How far log p(x) lies from what is usual, on either side, in standard deviations.

    Args:
        log_p: log p of the data points in question, shape (N,).
        own: log p of data that the model should know but was not trained on, shape (M,).

    Returns:
        Shape (N,), without unit; large where a point is strange.

    Raises:
        ValueError: If ``own`` has fewer than two values, or all are the same.

    Source: eq-typicality (Nalisnick et al. 2019).
    """
    if len(own) < 2 or own.std() == 0:
        raise InputError(
            f"own holds {len(own)} values with the standard deviation "
            f"{own.std(correction=0):g}: give at least 2 that differ."
        )
    return (log_p - own.mean()).abs() / own.std()


@takes(shift="D")
def best_auc(model: LinearGaussian, shift: Tensor) -> Tensor:
    """The area that no score can exceed, where outliers are the model's data, moved by ``shift``.

    The likelihood ratio reaches it: Φ(δ/√2), with δ² = shiftᵀ C⁻¹ shift, C the data's covariance.

    Args:
        model: The linear model of the usual data.
        shift: What is added to an outlier, shape (D,).

    Returns:
        Shape (), from ½ to 1.

    Source: eq-likelihood-ratio (Neyman & Pearson 1933).
    """
    require_fitting("shift", shift, model.bias.shape, "the mean")
    covariance = model.weight @ model.weight.T
    covariance = covariance + model.log_var.exp() * torch.eye(len(shift)).to(shift)
    distance = shift @ torch.linalg.solve(covariance, shift)
    return torch.special.ndtr((distance / 2).sqrt())


@dataclass(frozen=True)
class Area:
    """The area under a ROC curve: the chance that an outlier scores above a usual point.

    Attributes:
        outliers: For each outlier, the share of usual points that it exceeds, shape (m,).
        usual: For each usual point, the share of outliers that exceed it, shape (n,).

    Source: eq-auc, eq-auc-error (DeLong et al. 1988).
    """

    outliers: Tensor
    usual: Tensor

    def __post_init__(self) -> None:
        """Refuse what is no tensor of finite values."""
        require_fields(self)
        for name in ("outliers", "usual"):
            require_finite_values(name, getattr(self, name))

    @property
    def value(self) -> Tensor:
        """The area, shape (), from 0 to 1. Source: eq-auc."""
        return self.outliers.mean()

    @property
    def error(self) -> Tensor:
        """Its standard error, shape (). Source: eq-auc-error."""
        return _error(self.outliers, self.usual)

    @takes()
    def minus(self, other: "Area") -> tuple[Tensor, Tensor]:
        """The difference of two scores' areas on the same points, and its standard error.

        Raises:
            ValueError: If the other area belongs to other numbers of points.

        Source: eq-auc-error.
        """
        for one, two in ((self.outliers, other.outliers), (self.usual, other.usual)):
            if one.shape != two.shape:
                raise InputError(
                    f"One area is of {len(one)} points, the other of {len(two)}: compare scores "
                    "of the same points."
                )
        outliers, usual = self.outliers - other.outliers, self.usual - other.usual
        return outliers.mean(), _error(outliers, usual)


def _error(outliers: Tensor, usual: Tensor) -> Tensor:
    return (outliers.var() / len(outliers) + usual.var() / len(usual)).sqrt()


@takes(outliers="M", usual="N")
def area_under_roc(outliers: Tensor, usual: Tensor) -> Area:
    """The area under the ROC curve of a score, with its standard error.

    Args:
        outliers: The scores of outliers, higher is stranger, shape (m,), at least two.
        usual: The scores of usual points, shape (n,), at least two.

    Raises:
        ValueError: If there are fewer than two of a kind.

    Source: eq-auc.
    """
    for name, scores in (("outliers", outliers), ("usual", usual)):
        if len(scores) < 2:
            raise InputError(f"{name} holds {len(scores)} score: give at least 2.")
    return Area(_share_below(outliers, usual), 1 - _share_below(usual, outliers))


def _share_below(scores: Tensor, others: Tensor) -> Tensor:
    """The share of ``others`` below each score; an equal one counts as half."""
    ordered = others.sort().values
    below = torch.searchsorted(ordered, scores) + torch.searchsorted(ordered, scores, right=True)
    return below.to(scores) / (2 * len(others))


@takes(outliers="M", usual="N")
def roc_curve(outliers: Tensor, usual: Tensor) -> tuple[Tensor, Tensor]:
    """False alarms and hits at every threshold, from none to all.

    Args:
        outliers: The scores of outliers, higher is stranger, shape (m,).
        usual: The scores of usual points, shape (n,).

    Returns:
        The share of usual points, and that of outliers, at or above each threshold: one more value
        than there are different scores, from 0 to 1.

    Source: eq-auc.
    """
    thresholds = torch.cat([outliers, usual]).unique()  # ascending
    shares = []
    for scores in (usual, outliers):
        below = torch.searchsorted(scores.sort().values, thresholds).to(scores)
        shares.append(torch.cat([scores.new_zeros(1), (1 - below / len(scores)).flip(0)]))
    return shares[0], shares[1]
