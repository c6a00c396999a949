"""Measure the package's model on images that decided nothing: ``python -m tools.release.held_out``.

The sizes, the k and the peak rate of the book's recipe were chosen by their figures on the first
1,500 test images of MNIST. This command measures the others, with the weights as they are shipped,
and writes the figure with its protocol into ``vae_lib/pretrained/mnist.json``.
"""

import argparse
import json
import shlex
import sys
import time
from pathlib import Path

import torch

from vae_lib.checkpoints import PRETRAINED, load_pretrained
from vae_lib.cli.reproduce import K_TEST
from vae_lib.data import Dataset, load_mnist
from vae_lib.engine.devices import describe_device, pick_device
from vae_lib.engine.mnist_files import DataUnavailable
from vae_lib.engine.speed import choose_threads
from vae_lib.evaluation import score_images
from vae_lib.models import count_weights

DECIDED = 1500  # test images, from the first on, by which the recipe was chosen


def measure(data: Dataset, command: str, folder: Path = PRETRAINED) -> None:
    """Write the figure as ``held_out`` into the model's description.

    Args:
        data: The full set.
        command: What was typed.
        folder: Holds the model.

    Raises:
        CheckpointError: If there is no model, or it is not the one described.
    """
    model, about = load_pretrained(folder)
    device = pick_device()
    images = data.test[DECIDED:].to(device)
    start = time.perf_counter()
    which = f"MNIST test, all but the first {DECIDED:,}"
    score = score_images(model.to(device), images, K_TEST, which)
    about["held_out"] = {
        "log_likelihood": score.mean, "standard_error": score.standard_error, "data": which,
        "images": len(images), "k_test": score.k, "test_binarisation": score.binarisation,
        "seed": 0, "evaluation_seconds": time.perf_counter() - start, "command": command,
        "torch": torch.__version__,
        **describe_device(device, choose_threads(count_weights(model), K_TEST)),
    }  # fmt: skip
    text = json.dumps(about, indent=2, ensure_ascii=False)
    (folder / "mnist.json").write_text(text + "\n", encoding="utf-8")


def main() -> None:
    """Read the command line; a mistake in it gets one sentence."""
    parser = argparse.ArgumentParser(prog="python -m tools.release.held_out", description=__doc__)
    parser.add_argument("--folder", type=Path, help="where MNIST's four files are")
    options = parser.parse_args()
    command = shlex.join(["python", "-m", "tools.release.held_out", *sys.argv[1:]])
    try:
        measure(load_mnist("full", options.folder), command)
    except (ValueError, OSError, DataUnavailable) as error:
        raise SystemExit(f"python -m tools.release.held_out: {error}") from None


if __name__ == "__main__":
    main()
