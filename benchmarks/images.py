"""The images that every benchmark uses, binarised once."""

from pathlib import Path

import torch
from torch import Tensor

from vae_lib.data import binarise, load_mnist


def binary_images(
    folder: Path | None, train: int = 60_000, test: int = 10_000
) -> tuple[Tensor, Tensor, str]:
    """Return training images (N, 784), test images (M, 784), all 0 or 1, and what they are.

    Args:
        folder: Where the four MNIST files are; without it the images are synthetic.
        train: How many training images, at most 60,000.
        test: How many test images, at most 10,000.
    """
    if folder is None:
        return synthetic(train, 0), synthetic(test, 1), "synthetic"
    data = load_mnist("full", folder)
    images = torch.cat([data.train, data.validation])
    return binarise(images, "fixed")[:train], binarise(data.test, "fixed")[:test], "MNIST"


def synthetic(count: int, seed: int) -> Tensor:
    """Draw images (count, 784) of 0 and 1 that have something to learn: blurred blobs."""
    generator = torch.Generator().manual_seed(seed)
    axis = torch.linspace(0, 1, 28)
    images = torch.empty(count, 784)
    for part in images.split(1000):  # so that drawing them takes no memory worth measuring
        place = torch.rand(len(part), 2, 1, generator=generator) * 0.6 + 0.2
        width = torch.rand(len(part), 2, 1, generator=generator) * 0.15 + 0.05
        across, down = torch.exp(-(((axis - place) / width) ** 2) / 2).unbind(1)
        probability = (down.unsqueeze(2) * across.unsqueeze(1)).reshape(len(part), 784)
        part.copy_(torch.rand(len(part), 784, generator=generator) < probability)
    return images
