"""Checkpoints: one safetensors file, written whole or not at all, read without running any code."""

import hashlib
import json
import os
import zlib
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from vae_lib.models import VAE, GenerativeModel, mlp_vae

FORMAT = "vae_lib checkpoint 2"
Tensors = dict[str, Tensor]


class CheckpointError(ValueError):
    """A checkpoint cannot be read, or does not belong to what is being done."""


def write_checkpoint(path: str | Path, tensors: Tensors, about: dict[str, Any]) -> None:
    """Write tensors and what is to be known about them into one file.

    The file appears under its name only once it is complete and on the disk; until then an older
    one of that name stays. A process that is killed while it writes leaves ``.NAME.part`` behind,
    which the next one writes over.

    Args:
        path: Where to; the folder must exist. Only one process at a time may write it.
        tensors: Tensors of any shape, by name.
        about: Anything that JSON can hold; floats come back to the last bit.

    Raises:
        OSError: If the file cannot be written.
    """
    path = Path(path)
    on_cpu = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    text = json.dumps(about)
    header = {"format": FORMAT, "about": text, "sha256": _digest(on_cpu, text)}
    partial = path.with_name(f".{path.name}.part")
    try:
        with partial.open("wb") as file:
            file.write(save(on_cpu, metadata=header))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def read_checkpoint(path: str | Path) -> tuple[Tensors, dict[str, Any]]:
    """Read what ``write_checkpoint`` wrote.

    Raises:
        CheckpointError: If there is no such file, or it is damaged, or something else wrote it.
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(f"There is no checkpoint {path}: check its name and folder.")
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            # Copies, because the file is only mapped, and the run writes it anew.
            tensors = {n: file.get_tensor(n).clone() for n in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise CheckpointError(
            f"{path} is damaged or no safetensors file ({error}): use another checkpoint."
        ) from None
    if header.get("format") != FORMAT:
        raise CheckpointError(
            f"{path} was not written by this version of vae_lib (its format is "
            f"{header.get('format')!r}, wanted is {FORMAT!r}): use another checkpoint."
        )
    text = header.get("about", "")
    if header.get("sha256") != _digest(tensors, text):
        raise CheckpointError(f"{path} is damaged (its checksum is wrong): use another checkpoint.")
    return tensors, json.loads(text)


def pack(model: nn.Module, optimiser: torch.optim.Optimizer, generator: torch.Generator) -> Tensors:
    """Collect all that a run is made of: weights, the optimiser's averages, the random numbers."""
    tensors = {f"model.{name}": value for name, value in model.state_dict().items()}
    for number, state in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{number}.{name}": value for name, value in state.items()}
    return tensors | {"generator": generator.get_state()}


def unpack(
    tensors: Tensors,
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    generator: torch.Generator,
) -> None:
    """Put back, in place, what ``pack`` collected.

    Raises:
        CheckpointError: If the model or the kind of device is another one; nothing is changed then.
    """
    weights = _weights(tensors)
    _require_same_shapes(weights, model)
    if tensors["generator"].shape != generator.get_state().shape:
        raise CheckpointError(
            "The checkpoint was made on another kind of device: continue it on that kind."
        )
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        if name.startswith("optimiser."):
            _, number, key = name.split(".")
            state.setdefault(int(number), {})[key] = value
    model.load_state_dict(weights)
    optimiser.load_state_dict(optimiser.state_dict() | {"state": state})
    generator.set_state(tensors["generator"])


def restore(
    path: str | Path | None,
    resume: bool,
    settings: dict[str, Any],
    model: GenerativeModel,
    optimiser: torch.optim.Optimizer,
    generator: torch.Generator,
) -> dict[str, list[float]]:
    """Go back to where the run's checkpoint was written, or to the start if there is none.

    Returns:
        The history so far.

    Raises:
        CheckpointError: If the file is there and is not to be resumed, cannot be read, or was
            made with other settings or another model, or if its folder is missing. Nothing is
            changed then.
    """
    if path is None:
        return {}
    require_place(path, resume)
    if not Path(path).exists():
        return {}
    tensors, about = read_checkpoint(path)
    if "settings" not in about:
        raise CheckpointError(
            f"{path} holds a model without the run that made it: choose another name."
        )
    theirs, ours = [
        {"model": config} | values
        for config, values in ((about["model"], about["settings"]), (model.config, settings))
    ]
    for name, value in ours.items():
        if theirs.get(name) != value:
            raise CheckpointError(
                f"{path} was made with {name} = {theirs.get(name)!r} and not {value!r}: "
                "go on with the same setting, or choose another name."
            )
    unpack(tensors, model, optimiser, generator)
    return dict(about["history"])


def require_place(path: str | Path, resume: bool) -> None:
    """Refuse a checkpoint's path before any work is done for it.

    Raises:
        CheckpointError: If its folder is missing, or the file is there and not to be resumed.
    """
    if not Path(path).parent.is_dir():
        raise CheckpointError(
            f"{path} cannot be written, because the folder {Path(path).parent} does not exist: "
            "create it, or choose another name."
        )
    if Path(path).exists() and not resume:
        raise CheckpointError(
            f"{path} exists: go on from it with resume=True (--resume), or choose another name."
        )


def checksum(images: Tensor | None) -> int | None:
    """Return a number that other images would hardly have, for the settings of a run."""
    return None if images is None else zlib.crc32(images.cpu().contiguous().numpy().data)


def load_model(path: str | Path) -> VAE:
    """Build the VAE that a checkpoint of ``fit`` holds, with its weights, on the CPU.

    Raises:
        CheckpointError: If the file cannot be read, or its model was not made by ``mlp_vae``.
    """
    tensors, about = read_checkpoint(path)
    if about.get("model") is None:
        raise CheckpointError(
            f"{path} does not say how to build its model, because mlp_vae did not make it: build "
            "the model yourself and continue the run with fit(..., resume=True)."
        )
    model = mlp_vae(**about["model"])
    weights = _weights(tensors)
    _require_same_shapes(weights, model)
    model.load_state_dict(weights)
    return model


def _weights(tensors: Tensors) -> Tensors:
    prefix = "model."
    return {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}


def _require_same_shapes(weights: Tensors, model: nn.Module) -> None:
    theirs = {name: tuple(value.shape) for name, value in weights.items()}
    ours = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    for name in sorted(theirs.keys() | ours.keys()):
        if theirs.get(name) != ours.get(name):
            raise CheckpointError(
                f"The checkpoint is of another model: {name} has the shape {theirs.get(name)} "
                f"there and {ours.get(name)} here; build the model as it was."
            )


def _digest(tensors: Tensors, about: str) -> str:
    digest = hashlib.sha256(about.encode())
    for name in sorted(tensors):
        flat = tensors[name].flatten()
        digest.update(f"{name} {flat.dtype} {tuple(tensors[name].shape)}".encode())
        digest.update(flat.view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
