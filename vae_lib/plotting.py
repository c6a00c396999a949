"""Figures that more than one page needs; each function returns the matplotlib figure it made."""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure
from torch import Tensor

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


def image_grid(images: Tensor, columns: int, row_labels: list[str] | None = None) -> Figure:
    """Show square images side by side.

    Args:
        images: Shape (N, D), D a square number, values in [0, 1]; filled row by row.
        columns: Images in a row.
        row_labels: A label at the left of each row.

    Raises:
        ValueError: If D is not a square number.
    """
    count, pixels = images.shape
    side = round(pixels**0.5)
    if side * side != pixels:
        raise ValueError(f"Each image has {pixels} values, which is not the square of an integer.")
    rows = -(-count // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(0.65 * columns, 0.65 * rows), squeeze=False)
    for index, ax in enumerate(axes.flat):
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
        if index < count:
            ax.imshow(images[index].reshape(side, side).numpy(force=True), vmin=0, vmax=1)
    for ax, label in zip(axes[:, 0], row_labels or [], strict=False):
        ax.set_ylabel(label, rotation=0, ha="right", va="center")
    return figure


def training_curves(history: History) -> Figure:
    """Plot the ELBO and its two terms per epoch, on training and validation images."""
    epochs = range(1, len(history.seconds) + 1)
    figure, axes = plt.subplots(1, 3, figsize=(9, 3))
    panels = [
        ("ELBO", history.train_bound, history.validation_elbo),
        ("log-likelihood", history.train_log_likelihood, history.validation_log_likelihood),
        ("KL", history.train_kl, history.validation_kl),
    ]
    for ax, (title, train, validation) in zip(axes, panels, strict=True):
        ax.plot(epochs, train, label="training")
        ax.plot(epochs, validation, "--", label="validation")
        ax.set(title=title, xlabel="epoch", ylabel="nats per image")
    axes[0].legend()
    return figure


@torch.no_grad()
def latent_means(model: VAE, images: Tensor, labels: Tensor) -> Figure:
    """Scatter the posterior means of a two-dimensional latent space, coloured by digit.

    Args:
        model: A VAE with L = 2.
        images: What the encoder accepts, shape (N, D).
        labels: Digits 0-9, shape (N,).

    Raises:
        ValueError: If L is not 2.
    """
    _require_plane(model)
    means = model.encode(images).mean.cpu()
    figure, ax = plt.subplots(figsize=(5, 4.2))
    points = ax.scatter(
        means[:, 0], means[:, 1], c=labels.cpu(), s=8, cmap="tab10", vmin=-0.5, vmax=9.5
    )
    figure.colorbar(points, ticks=range(10), label="digit")
    ax.set(xlabel="$\\mu_1(x)$", ylabel="$\\mu_2(x)$", aspect="equal")
    return figure


@torch.no_grad()
def latent_plane(model: VAE, cells: int = 15) -> Figure:
    """Decode a grid that covers a two-dimensional latent space, even in prior probability.

    Args:
        model: A VAE with L = 2.
        cells: Images along each side.

    Raises:
        ValueError: If L is not 2.
    """
    _require_plane(model)
    like = model.prior.mean
    levels = (torch.arange(cells, dtype=like.dtype, device=like.device) + 0.5) / cells
    z = torch.special.ndtri(levels)
    grid = torch.stack(torch.meshgrid(z, -z, indexing="xy"), -1)  # (rows, columns, 2)
    images = model.decode(grid).mean
    side = round(images.shape[-1] ** 0.5)
    tiles = images.reshape(cells, cells, side, side).permute(0, 2, 1, 3)
    figure, ax = plt.subplots(figsize=(5.5, 5.5))
    ax.imshow(tiles.reshape(cells * side, cells * side).numpy(force=True), vmin=0, vmax=1)
    ax.grid(False)
    ticks = [(i + 0.5) * side for i in range(0, cells, 2)]
    ax.set_xticks(ticks, [f"{v:.1f}" for v in z[::2]])
    ax.set_yticks(ticks, [f"{-v:.1f}" for v in z[::2]])
    ax.set(xlabel="$z_1$", ylabel="$z_2$")
    return figure


def _require_plane(model: VAE) -> None:
    if model.latent_dim != 2:
        raise ValueError(f"The latent space has {model.latent_dim} dimensions: this plot needs 2.")
