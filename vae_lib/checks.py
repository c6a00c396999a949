"""What the library says when it is given something it cannot use."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

_trusting = False


@contextmanager
def already_checked() -> Iterator[None]:
    """Skip the checks below within a loop whose data were all checked before it."""
    global _trusting
    before, _trusting = _trusting, True
    try:
        yield
    finally:
        _trusting = before


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
    if _trusting:
        return
    if x.dim() == 0 or x.shape[-1] != data_dim:
        raise ValueError(
            f"The data has shape {tuple(x.shape)}, but the model expects (..., {data_dim}): "
            f"flatten each data point to {data_dim} values, e.g. images.reshape(-1, {data_dim})."
        )
    if x.numel() == 0:
        raise ValueError(
            f"The data is empty (shape {tuple(x.shape)}): give at least one data point."
        )
    if not torch.isfinite(x).all():
        bad = int((~torch.isfinite(x)).sum())
        raise ValueError(
            f"The data holds {bad} NaN or infinite values out of {x.numel()}: "
            "remove or replace them before they reach the model."
        )


def require_unit_interval(x: Tensor) -> None:
    """Check that every value of ``x`` (any shape) lies in [0, 1].

    Raises:
        ValueError: If a value is NaN or outside [0, 1].
    """
    if _trusting:
        return
    if not ((x >= 0) & (x <= 1)).all():
        if torch.isnan(x).any():
            raise ValueError(
                f"The pixels hold {int(torch.isnan(x).sum())} NaN values out of {x.numel()}: "
                "remove or replace them first."
            )
        raise ValueError(
            f"The pixels have {describe(x)}, but they must lie in [0, 1]: "
            "divide 8-bit images by 255."
        )


def require_binary(x: Tensor) -> None:
    """Check that every value of ``x`` (any shape) is 0 or 1.

    Raises:
        ValueError: If a value is NaN, outside [0, 1] or grey (strictly between 0 and 1).
    """
    if _trusting:
        return
    if not ((x == 0) | (x == 1)).all():
        require_unit_interval(x)
        grey = int(((x != 0) & (x != 1)).sum())
        raise ValueError(
            f"A Bernoulli likelihood needs pixels that are 0 or 1, but {grey} of {x.numel()} are "
            "grey: binarise them with vae_lib.data.binarise, or pass allow_grey=True."
        )


def require_settings(
    sizes: tuple[int, int], epochs: int, batch: int, rate: float, k: int, precision: str
) -> None:
    """Check the settings of a training run.

    Args:
        sizes: Numbers of training and validation images.
        epochs: Passes over the training images.
        batch: Images per step, of all processes together.
        rate: The smallest learning rate.
        k: Draws of z per image.
        precision: Of the matrix products.

    Raises:
        ValueError: If one of them cannot be used.
    """
    if 0 in sizes:
        raise ValueError(
            f"There are {sizes[0]} training and {sizes[1]} validation images: give some of each."
        )
    if epochs < 1:
        raise ValueError(f"epochs is {epochs}: train for at least 1.")
    if not 1 <= batch <= sizes[0]:
        raise ValueError(
            f"batch_size is {batch} with {sizes[0]} training images: choose 1 to {sizes[0]}."
        )
    if not rate > 0:
        raise ValueError(f"learning_rate is {rate}: choose a positive number.")
    if k < 1:
        raise ValueError(f"k is {k}: draw z at least once per image.")
    require_precision(precision)


def require_precision(precision: str) -> None:
    """Check that ``precision`` is one that the matrix products can have.

    Raises:
        ValueError: If it is not.
    """
    if precision not in ("float32", "bfloat16"):
        raise ValueError(f"precision is {precision!r}: choose 'float32' or 'bfloat16'.")
