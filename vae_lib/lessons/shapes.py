"""Pictures in colour that need no download: drawn by known factors, or cut out of photographs."""

import colorsys
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from vae_lib.engine.arguments import takes
from vae_lib.engine.checks import InputError

SHAPES = ("disc", "square", "triangle")
SIDE = 32  # pixels
SMOOTH = 4  # each pixel is the mean of 4 x 4 points
Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Factors:
    """What a picture was drawn from: arrays of shape (N,).

    Attributes:
        kind: Place in ``SHAPES``.
        column: Of the middle, in pixels from the left edge.
        row: Of the middle, in pixels from the upper edge.
        size: Half the side, or the radius, in pixels.
        hue: From 0 (red) by green and blue to 1 (red again).
    """

    kind: Array
    column: Array
    row: Array
    size: Array
    hue: Array


@takes()
def draw_shapes(count: int, seed: int = 0) -> tuple[Array, Factors]:
    """Draw one coloured shape on dark grey in each picture.

    Args:
        count: N.
        seed: Of the factors, which are independent and uniform.

    Returns:
        Bytes of shape (N, 32, 32, 3), and the factors.

    Raises:
        ValueError: If ``count`` is less than 1.
    """
    if count < 1:
        raise InputError(f"count is {count}: draw at least 1 picture.")
    rng = np.random.default_rng(seed)
    kind = rng.integers(len(SHAPES), size=count)
    column, row = rng.uniform(10, SIDE - 10, (2, count))
    factors = Factors(kind, column, row, rng.uniform(4, 9, count), rng.uniform(0, 1, count))
    points = (np.arange(SIDE * SMOOTH) + 0.5) / SMOOTH
    down, right = points[:, None], points
    pictures = np.empty((count, SIDE, SIDE, 3), np.uint8)
    for number in range(count):
        x, y = right - factors.column[number], down - factors.row[number]
        size = factors.size[number]
        inside = (
            x**2 + y**2 <= size**2,
            np.maximum(abs(x), abs(y)) <= size,
            (abs(y) <= size) & (2 * abs(x) <= y + size),
        )[factors.kind[number]]
        share = inside.reshape(SIDE, SMOOTH, SIDE, SMOOTH).mean((1, 3))[..., None]
        colour = np.array(colorsys.hsv_to_rgb(factors.hue[number], 0.8, 0.95))
        pictures[number] = np.rint(255 * (share * colour + (1 - share) * 0.15))
    return pictures, factors


@takes()
def photo_patches(count: int, side: int = 8, seed: int = 0) -> Array:
    """Cut squares out of the two photographs that come with scikit-learn; no two overlap.

    So patches kept back for a test hold no pixel that was trained on.

    Args:
        count: N.
        side: Of the squares, in pixels.
        seed: Of the choice among the squares of a grid.

    Returns:
        Bytes of shape (N, side, side, 3).

    Raises:
        ValueError: If ``count`` is less than 1, or the photographs hold fewer such squares.
    """
    from sklearn.datasets import load_sample_images

    photos = np.stack(load_sample_images().images)
    down, right = (length // max(1, side) for length in photos.shape[1:3])
    if count < 1 or side < 1 or count > len(photos) * down * right:
        raise InputError(
            f"count is {count} and side {side}: give at least 1, and no more squares than the "
            f"photographs hold, {len(photos)} x {down} x {right}."
        )
    grid = photos[:, : down * side, : right * side].reshape(-1, down, side, right, side, 3)
    squares = grid.swapaxes(2, 3).reshape(-1, side, side, 3)
    return squares[np.random.default_rng(seed).permutation(len(squares))[:count]]
