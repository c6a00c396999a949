"""Keep a trained model's weights as the package's own: ``python -m tools.release.export_model``.

Takes the checkpoint and the JSON file of one ``python -m vae_lib reproduce`` and writes what
``vae_lib.checkpoints`` loads: the weights in half precision without the optimiser, and the JSON
with their SHA-256 and with what the rounding changes.
"""

import argparse
import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import torch

from tools.release.results import read_run
from vae_lib.checkpoints import PRETRAINED as FOLDER
from vae_lib.checkpoints import CheckpointError, load_model, read_checkpoint, write_checkpoint
from vae_lib.models import VAE
from vae_lib.objectives import elbo


def export(checkpoint: Path, result: Path, folder: Path) -> None:
    """Write ``mnist.safetensors`` and ``mnist.json`` into a folder.

    Args:
        checkpoint: What the run wrote after its last epoch.
        result: What the same run wrote with ``--json``.
        folder: Created if it does not exist.

    Raises:
        ValueError: If a file cannot be used, or the two are not of the same run.
    """
    tensors, about = read_checkpoint(checkpoint)
    run = read_run(result)
    bounds = about["history"]["train_bound"]
    if (len(bounds), bounds[-1:]) != (run.epochs, [run.final_train_bound]):
        raise CheckpointError(
            f"{checkpoint} and {result} are not of the same run (epochs: {len(bounds)} and "
            f"{run.epochs}, last bound: {bounds[-1:]} and {run.final_train_bound}): name the two "
            "files that one run wrote."
        )
    folder.mkdir(parents=True, exist_ok=True)
    weights = folder / "mnist.safetensors"
    rounded = {name: value.half() for name, value in tensors.items() if name.startswith("model.")}
    write_checkpoint(weights, rounded, {"model": about["model"]})
    added = {
        "sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
        "elbo_change_by_rounding": elbo_change(load_model(checkpoint), load_model(weights)),
    }
    text = json.dumps(asdict(run) | added, indent=2)
    (folder / "mnist.json").write_text(text + "\n", encoding="utf-8")


@torch.no_grad()
def elbo_change(before: VAE, after: VAE) -> float:
    """Return the mean change of the ELBO, in nats, on 1000 of the first model's own samples."""
    x = before.sample(1000, torch.Generator().manual_seed(0))
    first, second = [
        elbo(model, x, generator=torch.Generator().manual_seed(1)) for model in (before, after)
    ]
    return (second.value - first.value).mean().item()


def main() -> None:
    """Read the command line; a mistake in it gets one sentence."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.release.export_model", description=__doc__
    )
    parser.add_argument("checkpoint", type=Path, help="the run's checkpoint")
    parser.add_argument("result", type=Path, help="the run's JSON file")
    options = parser.parse_args()
    try:
        export(options.checkpoint, options.result, FOLDER)
    except (ValueError, OSError) as error:
        raise SystemExit(f"python -m tools.release.export_model: {error}") from None
    size = (FOLDER / "mnist.safetensors").stat().st_size
    print(f"{FOLDER} holds the model ({size / 1e6:.2f} MB) and its description.")


if __name__ == "__main__":
    main()
