"""The door for a reader's data: arrays, lists and datasets become tensors that a model can use."""

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from vae_lib.engine.checks import InputError, require_batch, require_data

# What a reader's images may be: a tensor or array of numbers of any kind, a list of such images,
# or a dataset of them, alone or each in front of its label.
Images = Annotated[Tensor | npt.NDArray[Any] | Sequence[Any] | Dataset[Any], "see as_tensor"]
SAFE = "bool, integers or floats"


def as_tensor(images: Images, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Turn what a reader has into a tensor of a model's dtype, where that is safe.

    Args:
        images: See ``Images``. The images of a list or dataset are flattened, an array keeps its
            shape.
        dtype: Of the model.
        device: Of the model.

    Raises:
        ValueError: If these are no numbers that stand for data: complex or sparse ones, texts,
            bytes above 1 (which are to be divided by 255), or images of several sizes.
    """
    tensor = images if isinstance(images, Tensor) else _as_plain_tensor(images)
    if tensor.is_complex() or tensor.is_quantized or tensor.layout != torch.strided:
        raise InputError(
            f"The data is a tensor of {tensor.dtype} with layout {tensor.layout}: give a dense one "
            f"of {SAFE}."
        )
    if tensor.is_meta and device.type != "meta":
        raise InputError("The data is on the device meta, where tensors have no values: load it.")
    if tensor.dtype == torch.uint8 and tensor.numel() > 0 and tensor.max() > 1:
        raise InputError(
            f"The data holds bytes (uint8) up to {tensor.max().item()}: divide 8-bit images by "
            "255, e.g. images / 255."
        )
    return tensor.to(dtype).to(device)  # an Apple GPU knows no double precision


def as_floats(images: Images) -> Tensor:
    """Let data in where no model says of what kind: floats stay, others get the default dtype."""
    like = torch.empty(0)
    if isinstance(images, Tensor) and images.is_floating_point() and not images.is_meta:
        like = images
    return as_tensor(images, like.dtype, like.device)


def as_rows(images: Images) -> Tensor:
    """Let data of shape (N, D) in, as ``as_floats`` does, at least in single precision.

    Raises:
        ValueError: If they have another shape, are empty, hold NaN or infinite values, or some too
            large to be squared.
    """
    rows = as_floats(images)
    require_batch(rows)
    require_data(rows, rows.shape[-1])
    if not torch.isfinite((rows**2).sum()):
        raise InputError(
            f"The data go up to {rows.abs().max():g}, and {rows.dtype} cannot hold the sum of "
            "their squares: scale them down."
        )
    return rows.to(torch.promote_types(rows.dtype, torch.float32))


def split_rows(count: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Shuffle the numbers 0 … count - 1 and share them out: four fifths, one tenth, one tenth.

    Args:
        count: How many data points there are.
        seed: Of the shuffling.

    Returns:
        Those of the training, validation and test part; the last two hold at least one.

    Raises:
        InputError: If there are fewer than 3.
    """
    if count < 3:
        raise InputError(
            f"The data holds {count} data point{'s' * (count != 1)}: give at least 3, one to train "
            "on, one to watch and one to test."
        )
    order = torch.randperm(count, generator=torch.Generator().manual_seed(seed))
    held = max(1, count // 10)
    train, validation, test = order.split([count - 2 * held, held, held])
    return train, validation, test


def _as_plain_tensor(images: Any) -> Tensor:
    if isinstance(images, DataLoader):
        raise InputError("The data is a DataLoader: give what it loads, its dataset.")
    if isinstance(images, Dataset) or (
        isinstance(images, Sequence) and not isinstance(images, (str, bytes))
    ):
        return _stacked(images)
    if isinstance(images, (str, bytes)) or not hasattr(images, "__array__"):
        raise InputError(
            f"The data is a {type(images).__name__}: give a tensor, a NumPy array, a list of "
            "images or a Dataset of them."
        )
    array = np.asarray(images)
    if array.dtype.kind not in "biuf":
        raise InputError(f"The data is an array of {array.dtype}: give one of {SAFE}.")
    # Torch knows neither numbers in the other byte order nor more than 64 bits.
    kind = np.float64 if array.dtype.kind == "f" and array.itemsize > 8 else array.dtype
    return torch.as_tensor(np.array(array, np.dtype(kind).newbyteorder("=")))


def _stacked(images: Any) -> Tensor:
    """The images of a list or of a dataset, one row for each."""
    if not hasattr(images, "__len__"):
        raise InputError(
            "The data is a Dataset without a length: collect its images into a list first."
        )
    rows = []
    for number in range(len(images)):
        item = images[number]
        image = item[0] if isinstance(item, tuple) and isinstance(images, Dataset) else item
        row = image if isinstance(image, Tensor) else _row(image, number)
        rows.append(row.reshape(-1))
        if rows[-1].shape != rows[0].shape:
            raise InputError(
                f"Image 0 has {len(rows[0])} values and image {number} has {len(rows[-1])}: bring "
                "all images to one size first."
            )
    if not rows:
        raise InputError("The data is empty: give at least one image.")
    return torch.stack(rows)


def _row(image: Any, number: int) -> Tensor:
    try:
        return _as_plain_tensor(np.asarray(image))
    except ValueError:  # a ragged list, or no numbers
        raise InputError(
            f"Image {number} of the data is no array of numbers but a {type(image).__name__}: give "
            f"tensors or arrays of {SAFE}."
        ) from None
