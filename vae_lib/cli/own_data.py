"""What the commands do with a reader's own pictures and tables."""

import argparse
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from vae_lib.architectures import columns_of
from vae_lib.cli.places import require_writable
from vae_lib.convolutional import conv_vae
from vae_lib.engine.checks import InputError
from vae_lib.engine.writing import write_whole
from vae_lib.images import ImageData, as_pictures, load_images
from vae_lib.models import VAE
from vae_lib.table_models import table_vae
from vae_lib.tables import TableData, load_table, to_rows, write_table

OWN_PICTURES = ("png", "jpg", "jpeg", "webp", "tif", "tiff")
TRAINED_ON = {
    "mlp_vae": "MNIST: leave out --images and --table",
    "conv_vae": "pictures: give --images FOLDER",
    "table_vae": "a table: give --table FILE",
}


def builder_of(model: VAE) -> str:
    """Return the name of the function that built a checkpoint's model."""
    return str((model.config or {}).get("builder", "mlp_vae"))


def require_kind(model: VAE, options: argparse.Namespace) -> None:
    """Refuse data of another kind than a model was trained on.

    Raises:
        InputError: If they are of another kind.
    """
    given = "conv_vae" if options.images else "table_vae" if options.table else "mlp_vae"
    if builder_of(model) != given:
        raise InputError(f"{options.checkpoint} was trained on {TRAINED_ON[builder_of(model)]}.")


def require_suffix(path: Path, suffixes: Sequence[str]) -> None:
    """Refuse a name that does not say what is to be written.

    Raises:
        InputError: If it ends in none of the suffixes.
    """
    if path.suffix[1:].lower() not in suffixes:
        kind = "table" if list(suffixes) == ["csv"] else "picture"
        raise InputError(f"{path} is no {kind}: end its name in .{', .'.join(suffixes)}.")


def own_data(options: argparse.Namespace, model: VAE | None = None) -> ImageData | TableData | None:
    """Load a reader's own data and say so; None if none is named.

    Args:
        options: Of the command line.
        model: Whose columns or pictures they must be.

    Raises:
        InputError: If they cannot be used, or are not of the model's shape.
    """
    if options.size is not None and options.images is None:
        raise InputError(f"--size {options.size} is for pictures: give --images FOLDER, too.")
    config = (model and model.config) or {}
    if options.images is not None:
        images = load_images(options.images, options.size)
        print(images)
        if config and list(images.shape) != config["shape"]:
            raise InputError(
                f"The pictures are {_shape(images.shape)} (colours x height x width), and the "
                f"model's were {_shape(config['shape'])}: give such, e.g. by --size."
            )
        return images
    if options.table is not None:
        table = load_table(options.table, columns=columns_of(config["columns"]) if config else None)
        print(table)
        return table
    return None


def _shape(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape))


def model_for(
    data: ImageData | TableData, latent_dim: int, hidden: Sequence[int] | None, shared_scale: bool
) -> VAE:
    """Build the model for a reader's own data, of sizes that suit it if none are named."""
    if isinstance(data, TableData):
        return table_vae(data.columns, latent_dim, (64,) if hidden is None else hidden)
    channels = (32, 64) if hidden is None else hidden
    return conv_vae(data.shape, latent_dim, channels, shared_scale=shared_scale)


@torch.no_grad()
def sample_own(model: VAE, count: int, out: Path | None, checkpoint: Path, seed: int) -> str:
    """Write means of pictures, or rows, for z from the prior; return what to say.

    Raises:
        InputError: If the file cannot be written, or its name is of another kind.
    """
    generator = torch.Generator().manual_seed(seed)
    if builder_of(model) == "table_vae":
        out = _place(out, "samples.csv", ("csv",), checkpoint)
        _write_rows(model, model.sample(count, generator), out)
        return f"{count} rows, z from the prior, are in {out}."
    out = _place(out, "samples.png", OWN_PICTURES, checkpoint)
    means = model.decode(model.prior.rsample((count,), generator)).mean
    _write_pictures(model, means, max(1, round(count**0.5)), out)
    return f"{count} decoder means, z from the prior, are in {out}."


@torch.no_grad()
def reconstruct_own(
    model: VAE, data: ImageData | TableData, count: int, out: Path | None, checkpoint: Path
) -> str:
    """Write what the decoder makes of the posteriors' means; return what to say.

    Raises:
        InputError: If the file cannot be written, or its name is of another kind.
    """
    if isinstance(data, TableData):
        out = _place(out, "reconstructions.csv", ("csv",), checkpoint)
        given = torch.cat([data.train, data.validation, data.test])
        given = given[torch.cat(data.rows).argsort()]  # as they were given
        _write_rows(model, model.decode(model.encode(given).mean).mean, out)
        return f"{len(given)} reconstructed rows are in {out}."
    out = _place(out, "reconstructions.png", OWN_PICTURES, checkpoint)
    given = data.test[:count]
    columns = max(1, round(len(given) ** 0.5))
    decoded = model.decode(model.encode(given).mean).mean
    lines: list[Tensor] = []
    for above, below in zip(given.split(columns), decoded.split(columns), strict=True):
        white = above.new_ones(columns - len(above), above.shape[1])
        lines += [above, white, below, white]
    _write_pictures(model, torch.cat(lines), columns, out)
    return f"{len(given)} test pictures, each above its reconstruction, are in {out}."


def _place(out: Path | None, default: str, suffixes: Sequence[str], checkpoint: Path) -> Path:
    out = out or Path(default)
    require_suffix(out, suffixes)
    require_writable(out, checkpoint)
    return out


def _write_rows(model: VAE, x: Tensor, out: Path) -> None:
    columns = columns_of((model.config or {})["columns"])
    write_whole(out, write_table(to_rows(x, columns), columns))


def _write_pictures(model: VAE, x: Tensor, columns: int, out: Path) -> None:
    """Write pictures side by side, one white pixel between them, in bytes."""
    pictures = np.rint(255 * as_pictures(x, (model.config or {})["shape"])).astype(np.uint8)
    height, width = pictures.shape[1:3]
    rows = -(-len(pictures) // columns)
    size = (rows * (height + 1) - 1, columns * (width + 1) - 1, *pictures.shape[3:])
    mosaic = np.full(size, 255, np.uint8)
    for number, picture in enumerate(pictures):
        top, left = number // columns * (height + 1), number % columns * (width + 1)
        mosaic[top : top + height, left : left + width] = picture
    content = io.BytesIO()
    image = Image.fromarray(mosaic)
    image.save(content, format=Image.registered_extensions()[out.suffix.lower()])
    write_whole(out, content.getvalue())
