"""What the library says when it is given something it cannot use."""

import math
from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn


class InputError(ValueError):
    """What was given cannot be used; the message says why, and what to do."""


class Diverged(RuntimeError):
    """A training run has left the finite numbers; the message says when, and what to do."""


Precision = Literal["float32", "bfloat16"]
Binarisation = Literal["dynamic", "fixed", "none"]


def describe(x: Tensor) -> str:
    """Return ``"shape (2, 3), values from 0 to 1"``, for error messages."""
    shape = f"shape {tuple(x.shape)}"
    if x.numel() == 0:
        return shape
    return f"{shape}, values from {x.min().item():g} to {x.max().item():g}"


def require_data(x: Tensor, data_dim: int) -> None:
    """Check that ``x`` is a batch of data points.

    Args:
        x: Data, shape (..., D).
        data_dim: D, the number of values in one data point.

    Raises:
        ValueError: If the last dimension is not D, if the batch is empty, or if a value is NaN or
            infinite.
    """
    if x.dim() == 0 or x.shape[-1] != data_dim:
        raise InputError(
            f"The data has shape {tuple(x.shape)}, but the model expects (..., {data_dim}): "
            f"flatten each data point to {data_dim} values, e.g. images.reshape(-1, {data_dim})."
        )
    _require_some(x)
    require_finite_values("The data", x)


def _require_some(x: Tensor) -> None:
    if x.numel() == 0:
        raise InputError(
            f"The data is empty (shape {tuple(x.shape)}): give at least one data point."
        )


def require_finite_values(name: str, tensor: Tensor) -> None:
    """Check that no value is NaN or infinite, where there are values: "meta" has none.

    Raises:
        ValueError: If one is.
    """
    if tensor.is_meta:
        return
    # A sum shows NaN and infinity at a fortieth of the cost of looking at each value.
    if not math.isfinite(tensor.detach().sum().item()) and not torch.isfinite(tensor).all():
        bad = int((~torch.isfinite(tensor)).sum())
        raise InputError(
            f"{name} holds {bad} NaN or infinite values out of {tensor.numel()}: "
            "remove or replace them first."
        )


def require_batch(x: Tensor) -> None:
    """Check that ``x`` has the shape (B, D) and is not empty.

    Raises:
        ValueError: If not.
    """
    if x.dim() != 2:
        raise InputError(
            f"The data has shape {tuple(x.shape)}: give a batch, shape (B, D), e.g. by "
            "images.reshape(len(images), -1)."
        )
    _require_some(x)


def require_fitting(name: str, tensor: Tensor, shape: Sequence[int], other: str) -> None:
    """Check that a tensor has the last dimension of ``shape``, and that the others broadcast.

    Raises:
        ValueError: If not.
    """
    pairs = zip(reversed(tensor.shape), reversed(shape), strict=False)
    if tensor.shape[-1:] != shape[-1:] or not all(a == b or 1 in (a, b) for a, b in pairs):
        raise InputError(
            f"{name} has the shape {tuple(tensor.shape)} and {other} {tuple(shape)}: the last "
            "dimensions must be equal, the others equal or 1."
        )


def require_unit_interval(x: Tensor) -> None:
    """Check that every value of ``x`` (any shape) lies in [0, 1].

    Raises:
        ValueError: If a value is NaN or outside [0, 1].
    """
    if x.numel() == 0:
        return
    least, greatest = torch.aminmax(x)  # NaN if any value is
    if not (least >= 0 and greatest <= 1):
        if torch.isnan(x).any():
            raise InputError(
                f"The pixels hold {int(torch.isnan(x).sum())} NaN values out of {x.numel()}: "
                "remove or replace them first."
            )
        bytes_like = least >= 0 and greatest <= 255
        cure = (
            "divide 8-bit images by 255"
            if bytes_like
            else "scale them, or use a Gaussian likelihood"
        )
        raise InputError(f"The pixels have {describe(x)}, but they must lie in [0, 1]: {cure}.")


def require_binary(x: Tensor) -> None:
    """Check that every value of ``x`` (any shape) is 0 or 1.

    Raises:
        ValueError: If a value is NaN, outside [0, 1] or grey (strictly between 0 and 1).
    """
    distance = (x * x - x).flatten()  # NaN where x is or is infinite, else 0 for 0 and 1 alone
    if torch.dot(distance, distance) != 0:
        require_unit_interval(x)
        grey = int(((x != 0) & (x != 1)).sum())
        raise InputError(
            f"A Bernoulli likelihood needs pixels that are 0 or 1, but {grey} of {x.numel()} are "
            "grey: binarise them with vae_lib.data.binarise, or pass allow_grey=True."
        )


def require_settings(
    model: nn.Module,
    data: Sequence[Tensor],
    epochs: int,
    batch: int,
    rates: Sequence[float],
    k: int,
    weight_decay: float,
    epsilon: float,
) -> None:
    """Check the settings of a training run.

    Args:
        model: What is to be trained.
        data: The training images and, if there are any, the validation images.
        epochs: Passes over the training images.
        batch: Images per step, of all processes together.
        rates: The learning rate of each epoch.
        k: Draws of z per image.
        weight_decay: AdamW's decay.
        epsilon: Added to Adam's denominator.

    Raises:
        ValueError: If one of them cannot be used.
    """
    for images in data:
        require_batch(images)
    if not any(weight.requires_grad for weight in model.parameters()):
        raise InputError(
            "The model has no weights to learn: let it have some, e.g. by model.requires_grad_()."
        )
    count = len(data[0])
    if epochs < 1:
        raise InputError(f"epochs is {epochs}: train for at least 1.")
    if not 1 <= batch <= count:
        raise InputError(
            f"batch_size is {batch} with {count} training images: choose 1 to {count}."
        )
    for epoch, rate in enumerate(rates):
        if not 0 < rate < math.inf:
            when = "" if len(set(rates)) == 1 else f" in epoch {epoch}, counted from 0"
            raise InputError(f"learning_rate is {rate}{when}: choose a positive number.")
    if k < 1:
        raise InputError(f"k is {k}: draw z at least once per image.")
    if not 0 <= weight_decay < math.inf:
        raise InputError(f"weight_decay is {weight_decay}: choose 0 or a small positive number.")
    if not 0 < epsilon < math.inf:
        raise InputError(f"epsilon is {epsilon}: choose a small positive number.")


def require_mask(seen: Tensor) -> None:
    """Check that a mask holds 0 and 1 alone.

    Raises:
        ValueError: If not.
    """
    other = int(((seen != 0) & (seen != 1)).sum())
    if other > 0:
        raise InputError(f"seen holds {other} values that are neither 0 nor 1: give a mask.")


def require_covariance(name: str, matrix: Tensor) -> None:
    """Check that ``matrix`` (n, n) is symmetric and positive definite.

    Raises:
        ValueError: If it is not, up to rounding.
    """
    rounding = 1e3 * torch.finfo(matrix.dtype).eps * matrix.abs().max()
    if (matrix - matrix.mT).abs().max() > rounding or torch.linalg.cholesky_ex(matrix).info != 0:
        raise InputError(
            f"{name} is no covariance: give a symmetric matrix whose eigenvalues are positive."
        )


def listed(words: Sequence[str]) -> str:
    """Return ``"a, b or c"``."""
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def require_finite(values: Sequence[float], epoch: int) -> None:
    """Check that a training run is still among the finite numbers.

    Args:
        values: The epoch's means, and a sum for each tensor of weights.
        epoch: Counted from 0.

    Raises:
        Diverged: If one is NaN or infinite.
    """
    if not all(map(math.isfinite, values)):
        raise Diverged(
            f"The training diverged in epoch {epoch + 1}: its bound or weights are not finite. "
            + ("A checkpoint still holds the epoch before. " if epoch > 0 else "")
            + "Begin anew with a smaller learning rate."
        )
