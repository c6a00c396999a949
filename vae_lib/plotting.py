"""Figures that more than one page needs; each function returns the matplotlib figure it made."""

import sys
from pathlib import Path
from typing import cast

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from vae_lib.engine.checks import InputError
from vae_lib.history import History
from vae_lib.models import VAE


def use_style() -> None:
    """Switch matplotlib to the book's style (``vae_lib/book.mplstyle``).

    In a notebook, figures get twice as many pixels at the same size, for screens that show them.
    """
    plt.style.use(Path(__file__).with_name("book.mplstyle"))
    if "ipykernel" in sys.modules:
        from matplotlib_inline.backend_inline import set_matplotlib_formats

        set_matplotlib_formats("retina")  # type: ignore[no-untyped-call]


def image_grid(
    images: Tensor, columns: int, row_labels: list[str] | None = None, ax: Axes | None = None
) -> Figure:
    """Show square images side by side.

    Args:
        images: Shape (N, D), D a square number, values in [0, 1]; filled row by row.
        columns: Images in a row.
        row_labels: A label at the left of each row.
        ax: Where to draw; by default a figure of its own.

    Raises:
        ValueError: If there is no image, D is not a square number, or ``columns`` is less than 1.
    """
    if images.dim() != 2:
        raise InputError(f"The images have shape {tuple(images.shape)}: give one row per image.")
    count, pixels = images.shape
    side = _side(pixels)
    if count < 1 or columns < 1:
        raise InputError(f"There are {count} images in {columns} columns: each at least 1.")
    rows, gap = -(-count // columns), max(1, side // 14)
    tiles = images.new_ones(rows * columns, side + gap, side + gap)  # white where nothing is
    tiles[:count, :side, :side] = images.reshape(count, side, side)
    mosaic = tiles.unflatten(0, (rows, columns)).transpose(1, 2).flatten(2).flatten(0, 1)
    if ax is None:
        _, ax = plt.subplots(figsize=(0.65 * columns, 0.65 * rows))
    ax.imshow(mosaic[:-gap, :-gap].numpy(force=True), vmin=0, vmax=1)
    ax.spines[:].set_visible(False)
    ax.grid(False)
    ax.tick_params(length=0)
    middles = [(side - 1) / 2 + row * (side + gap) for row in range(rows)]
    ax.set(xticks=[], yticks=[])
    if row_labels is not None:
        ax.set_yticks(middles, row_labels)
    return cast(Figure, ax.figure)


def training_curves(history: History) -> Figure:
    """Plot the ELBO and its two terms per epoch, on training and, if there are, validation images.

    Raises:
        ValueError: If no epoch is over.
    """
    if not history.seconds:
        raise InputError("The history holds no epoch: train for at least 1.")
    epochs = range(1, len(history.seconds) + 1)
    figure, axes = plt.subplots(1, 3, figsize=(6.4, 2.6))
    panels = [
        ("ELBO", history.train_bound, history.validation_elbo),
        ("log-likelihood", history.train_log_likelihood, history.validation_log_likelihood),
        ("KL", history.train_kl, history.validation_kl),
    ]
    for ax, (title, train, validation) in zip(axes, panels, strict=True):
        ax.plot(epochs, train, label="training")
        if validation:
            ax.plot(epochs, validation, "--", label="validation")
        ax.set(title=title, xlabel="epoch", ylabel="nats per image")
    axes[0].legend()
    return figure


@torch.no_grad()
def latent_means(model: VAE, images: Tensor, labels: Tensor) -> Figure:
    """Scatter the posterior means of a two-dimensional latent space, each drawn as its digit.

    The signs tell the digits apart, so that nothing depends on the ten colours.

    Args:
        model: A VAE with L = 2.
        images: What the encoder accepts, shape (N, D).
        labels: Digits 0-9, shape (N,).

    Raises:
        ValueError: If L is not 2, or there is not one label for each image.
    """
    _require_plane(model)
    if labels.shape != images.shape[:1]:
        shapes = f"{tuple(labels.shape)} for images {tuple(images.shape)}"
        raise InputError(f"The labels have shape {shapes}: give one digit for each image.")
    means = model.encode(images).mean.cpu()
    figure, ax = plt.subplots(figsize=(5, 4.2))
    for digit in range(10):
        x, y = means[labels.cpu() == digit].T
        ax.scatter(x, y, s=34, marker=f"${digit}$", linewidths=0)
    ax.set(xlabel="$\\mu_1(x)$", ylabel="$\\mu_2(x)$", aspect="equal")
    return figure


@torch.no_grad()
def latent_plane(model: VAE, cells: int = 15) -> Figure:
    """Decode a grid that covers a two-dimensional latent space, even in prior probability.

    Args:
        model: A VAE with L = 2.
        cells: Images along each side.

    Raises:
        ValueError: If L is not 2, D is not a square number, or ``cells`` is less than 1.
    """
    _require_plane(model)
    if cells < 1:
        raise InputError(f"cells is {cells}: decode at least 1 image.")
    levels = (torch.arange(cells, dtype=torch.float64, device="cpu") + 0.5) / cells
    z = torch.special.ndtri(levels)  # on the CPU, because Apple's GPUs have neither of the two
    grid = torch.stack(torch.meshgrid(z, -z, indexing="xy"), -1)  # (rows, columns, 2)
    like = model.prior.mean
    images = model.decode(grid.to(like.dtype).to(like.device)).mean
    side = _side(images.shape[-1])
    tiles = images.reshape(cells, cells, side, side).permute(0, 2, 1, 3)
    figure, ax = plt.subplots(figsize=(5.5, 5.5))
    ax.imshow(tiles.reshape(cells * side, cells * side).numpy(force=True), vmin=0, vmax=1)
    ax.grid(False)
    ticks = [(i + 0.5) * side for i in range(0, cells, 2)]
    ax.set_xticks(ticks, [f"{v:.1f}" for v in z[::2]])
    ax.set_yticks(ticks, [f"{-v:.1f}" for v in z[::2]])
    ax.set(xlabel="$z_1$", ylabel="$z_2$")
    return figure


def _side(pixels: int) -> int:
    side = round(pixels**0.5)
    if side < 1 or side * side != pixels:
        raise InputError(f"Each image has {pixels} values, which is not the square of an integer.")
    return side


def _require_plane(model: VAE) -> None:
    if model.latent_dim != 2:
        raise InputError(f"The latent space has {model.latent_dim} dimensions: this plot needs 2.")
