"""A reader's own pictures: a folder or an array becomes rows for a model, and rows pictures."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image, ImageOps
from torch import Tensor

from vae_lib.engine.arguments import takes
from vae_lib.engine.checks import InputError
from vae_lib.engine.door import Images, split_rows
from vae_lib.engine.memory import require_room

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp")
CHANNELS = (1, 3, 4)  # grey, colour, colour with opacity
WITH_OPACITY = ("RGBA", "LA", "PA", "La", "RGBa")
Pixels = npt.NDArray[Any]


@dataclass(frozen=True)
class ImageData:
    """Pictures split three ways, one row of D = C H W values in [0, 1] each: colour by colour.

    Attributes:
        train: Shape (N, D).
        validation: Shape (M, D), watched during training.
        test: Shape (K, D), for the final figure only.
        shape: (C, H, W).
        low: The reader's value that became 0.
        high: The reader's value that became 1.
        whole: Whether the reader's values are whole numbers.
        rows: For each part the place of its pictures in what was given.
        about: One sentence: what was read, and what was done with it.
    """

    train: Tensor
    validation: Tensor
    test: Tensor
    shape: tuple[int, int, int]
    low: float
    high: float
    whole: bool
    rows: tuple[Tensor, Tensor, Tensor]
    about: str

    def __str__(self) -> str:
        """Return ``about``."""
        return self.about

    @takes()
    def to_images(self, x: Tensor) -> Pixels:
        """Return pictures in the reader's units, shape (..., H, W, C), or (..., H, W) if grey.

        Args:
            x: Rows, shape (..., D); what lies outside [0, 1] is cut off.

        Raises:
            ValueError: If the last dimension is not D.
        """
        colours = as_pictures(x, self.shape)
        values = self.low + (self.high - self.low) * colours.astype(np.float64)
        if not self.whole:
            return values
        return np.rint(values).astype(np.uint8 if self.high <= 255 else np.uint16)


def as_pictures(x: Tensor, shape: Sequence[int]) -> Pixels:
    """Return rows (..., D) as pictures (..., H, W, C) in [0, 1], or (..., H, W) if C is 1.

    Raises:
        ValueError: If the last dimension is not C H W.
    """
    channels, height, width = shape
    if x.shape[-1:] != (channels * height * width,):
        raise InputError(
            f"The rows have the shape {tuple(x.shape)}, and a picture has {channels} x {height} x "
            f"{width} values: give rows of {channels * height * width}."
        )
    pixels = x.detach().cpu().clamp(0, 1).unflatten(-1, tuple(shape)).movedim(-3, -1)
    return (pixels.squeeze(-1) if channels == 1 else pixels).numpy()


@takes()
def load_images(source: str | Path | Images, size: int | None = None, seed: int = 0) -> ImageData:
    """Read a reader's own pictures.

    Args:
        source: A folder, with its subfolders; or an array, tensor, list or ``Dataset`` of pictures
            of shape (H, W), (H, W, C) or (C, H, W). Whole numbers up to 255 become [0, 1] by
            division by 255, up to 65535 by that; floats in [0, 1] stay, others are stretched.
        size: Cut the middle square out of each picture of a folder and bring it to this side.
        seed: Of the split into four fifths, a tenth and a tenth.

    Returns:
        Three parts, and a sentence about them. Grey pictures among coloured ones become coloured;
        what is transparent lies on white. A file that is no picture is left out, and named. What
        ``to_images`` cannot bring back, cut edges, another size and opacity, the sentence counts.

    Raises:
        ValueError: If there are fewer than 3 pictures, their sizes differ, or these are no numbers.
    """
    left_out: list[str] = []
    cut = laid = 0
    if isinstance(source, (str, Path)):
        pixels, cut, laid, left_out = _read_folder(Path(source), size)
        what = f"{len(pixels)} pictures from {source}"
    elif size is not None:
        raise InputError(f"size is {size}: it is for folders only; resize an array's pictures.")
    else:
        pixels = _as_pixels(source)
        what = f"{len(pixels)} pictures from an array"
    if pixels.shape[-1] == 4:
        pixels, laid = _on_white(pixels)
    low, high, whole = _limits(pixels)
    require_room(4 * pixels.size, torch.device("cpu"), "fewer or smaller pictures")
    scaled = (pixels.astype(np.float64) - low) / (high - low)
    rows = torch.as_tensor(scaled).movedim(-1, 1).flatten(1).to(torch.get_default_dtype())
    parts = split_rows(len(rows), seed)
    height, width, channels = pixels.shape[1:]
    kind = "grey" if channels == 1 else "colour"
    sizes = " / ".join(str(len(part)) for part in parts)
    brought = "" if size is None else f"brought to {height} x {width}"
    if cut:
        brought += f" (cut to the middle square: {cut})"
    about = (
        f"{what}, {brought or f'{height} x {width}'}, {kind}"
        f"{f', laid on white: {laid}' if laid else ''}, split {sizes} (train / "
        f"validation / test), values {low:g} to {high:g} scaled to 0 to 1"
    )
    if left_out:
        named = ", ".join(left_out[:3]) + (", …" if len(left_out) > 3 else "")
        about += f"; left out, because they cannot be read: {len(left_out)} ({named})"
    return ImageData(
        rows[parts[0]], rows[parts[1]], rows[parts[2]], (channels, height, width), low, high,
        whole, parts, about + ".",
    )  # fmt: skip


def _read_folder(folder: Path, size: int | None) -> tuple[Pixels, int, int, list[str]]:
    """The pictures of a folder in order of their names, (N, H, W, C).

    Also how many were cut to their middle and laid on white, and the names of unreadable ones.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder: give the name of one that holds pictures.")
    if size is not None and size < 1:
        raise InputError(f"size is {size}: give at least 1.")
    paths = [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
    ]
    pictures: list[Pixels] = []
    left_out: list[str] = []
    first = ""
    all_cut = all_laid = 0
    for path in paths:
        try:
            pixels, cut, laid = _read_picture(path, size)
        except Exception:  # Pillow has no common base for what a broken file can raise
            left_out.append(path.name)
            continue
        first = first or path.name
        all_cut, all_laid = all_cut + cut, all_laid + laid
        if pictures and pixels.shape[:2] != pictures[0].shape[:2]:
            (height, width), (here, there) = pictures[0].shape[:2], pixels.shape[:2]
            raise InputError(
                f"{first} has {height} x {width} pixels and {path.name} {here} x {there}: bring "
                "all pictures to one size, e.g. with size=32 (--size 32)."
            )
        pictures.append(pixels)
    if not pictures:
        ends = ", ".join(SUFFIXES)
        raise InputError(
            f"{folder} holds no picture that can be read ({len(paths)} files end in {ends}): give "
            "a folder with pictures."
        )
    if len({picture.shape[2] for picture in pictures}) > 1:
        pictures = [np.broadcast_to(one, (*one.shape[:2], 3)) for one in pictures]
    return np.stack(pictures), all_cut, all_laid, left_out


def _read_picture(path: Path, size: int | None) -> tuple[Pixels, bool, bool]:
    """One picture as bytes, (H, W, 1) or (H, W, 3); whether it was cut, and laid on white."""
    laid = False
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a picture that is too large is a warning, too
        with Image.open(path) as file:
            image: Image.Image = ImageOps.exif_transpose(file)
            if image.mode.startswith("I"):  # 16 bits, which Pillow's own conversion would cut off
                image = Image.fromarray((np.asarray(image) // 257).astype(np.uint8))
            if image.mode in WITH_OPACITY or "transparency" in image.info:
                grey = image.mode in ("LA", "La", "L")
                image = image.convert("RGBA")
                laid = np.asarray(image)[..., 3].min() < 255
                image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
                image = image.convert("L" if grey else "RGB")
            elif image.mode not in ("L", "RGB"):
                image = image.convert("L" if image.mode in ("1", "F") else "RGB")
            cut = size is not None and image.width != image.height
            if size is not None:
                image = ImageOps.fit(image, (size, size))
            pixels = np.asarray(image)
    return (pixels[..., None] if pixels.ndim == 2 else pixels), cut, bool(laid)


def _as_pixels(source: Any) -> Pixels:
    """A reader's array, list or dataset as an array (N, H, W, C)."""
    colours_first = isinstance(source, (Tensor, torch.utils.data.Dataset))
    if isinstance(source, (torch.utils.data.Dataset, Sequence)):
        source = _stacked(source)
    if isinstance(source, Tensor):
        if source.layout != torch.strided or source.is_meta or source.is_quantized:
            raise InputError("The pictures are no dense tensor with values: give one.")
        source = source.detach().cpu()
        source = (source.float() if source.dtype == torch.bfloat16 else source).numpy()
    if not hasattr(source, "__array__"):
        raise InputError(
            f"The pictures are a {type(source).__name__}: give a folder, an array, a tensor, a "
            "list of pictures or a Dataset of them."
        )
    pixels = np.asarray(source)
    if pixels.dtype.kind not in "biuf":
        raise InputError(f"The pictures are an array of {pixels.dtype}: give numbers.")
    if pixels.ndim == 3:
        pixels = pixels[..., None]
    elif pixels.ndim == 4:
        first, last = pixels.shape[1] in CHANNELS, pixels.shape[3] in CHANNELS
        if first and (colours_first or not last):
            pixels = np.moveaxis(pixels, 1, -1)
        elif not last:
            pixels = pixels[:0]
    if pixels.ndim != 4 or pixels.size == 0:
        raise InputError(
            f"The pictures have the shape {np.shape(source)}: give (N, H, W), (N, H, W, C) or "
            "(N, C, H, W) with 1, 3 or 4 colours C, and at least one picture."
        )
    if not np.isfinite(pixels).all():
        bad = int((~np.isfinite(pixels)).sum())
        raise InputError(f"The pictures hold {bad} NaN or infinite values: replace them first.")
    return pixels


def _stacked(source: Any) -> Pixels:
    """The pictures of a list or dataset, alone or each in front of its label."""
    if not hasattr(source, "__len__") or isinstance(source, (str, bytes)):
        raise InputError(
            f"The pictures are a {type(source).__name__} without a length: collect them in a list."
        )
    pictures = []
    for number in range(len(source)):
        one = source[number]
        is_pair = isinstance(one, tuple) and isinstance(source, torch.utils.data.Dataset)
        one = one[0] if is_pair else one
        try:
            pictures.append(np.asarray(one.detach().cpu() if isinstance(one, Tensor) else one))
        except ValueError:
            raise InputError(f"Picture {number} is no array of numbers: give arrays.") from None
        if pictures[-1].shape != pictures[0].shape:
            raise InputError(
                f"Picture 0 has the shape {pictures[0].shape} and picture {number} "
                f"{pictures[-1].shape}: bring all pictures to one size and to the same colours."
            )
    if not pictures:
        raise InputError("There are no pictures: give at least 3.")
    return np.stack(pictures)


def _on_white(pixels: Pixels) -> tuple[Pixels, int]:
    """Lay pictures with opacity, (N, H, W, 4), on white; also how many are not opaque."""
    _, high, whole = _limits(pixels)
    opacity = pixels[..., 3:].astype(np.float64) / high
    laid = pixels[..., :3] * opacity + high * (1 - opacity)
    count = int((opacity < 1).any((1, 2, 3)).sum())
    return (np.rint(laid).astype(pixels.dtype) if whole else laid), count


def _limits(pixels: Pixels) -> tuple[float, float, bool]:
    """What becomes 0 and 1, and whether the values are whole numbers."""
    low, high = float(pixels.min()), float(pixels.max())
    if low >= 0 and high <= 1:
        return 0.0, 1.0, pixels.dtype.kind != "f"
    if pixels.dtype.kind in "iu" and low >= 0 and high <= 65535:
        return 0.0, 255.0 if high <= 255 else 65535.0, True
    if low == high:
        raise InputError(f"All pixels of all pictures are {low:g}: there is nothing to learn.")
    return low, high, False
