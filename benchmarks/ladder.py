"""What each part of the fast loop is worth: one after the other is added to a plain loop.

Run it as ``python -m benchmarks.ladder --folder FOLDER``, the folder with the four MNIST files.
"""

import argparse
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from unittest import mock

import torch
from torch import Tensor

from benchmarks import report
from benchmarks.contestants import (
    BATCH,
    Begin,
    Contestant,
    dataloader_loop,
    in_memory_loop,
    vae_lib_fit,
)
from benchmarks.images import binary_images
from benchmarks.turns import rounds_of


def fit_that_checks_each_batch(images: Tensor, epochs: int, begin: Begin) -> None:
    """``fit`` in float32, with its checks on at each step."""
    with mock.patch("vae_lib.training.already_checked", nullcontext):
        vae_lib_fit("float32", False, images, epochs, begin)


RUNGS: dict[str, Contestant] = {
    "DataLoader loop": dataloader_loop,
    "in-memory loop": in_memory_loop,
    "+ fused Adam": partial(in_memory_loop, fused=True),
    "+ oneDNN": partial(in_memory_loop, fused=True, fast_products=True),
    "+ memory kept": partial(in_memory_loop, fused=True, fast_products=True, memory_kept=True),
    "fit, each batch checked": fit_that_checks_each_batch,
    "fit": partial(vae_lib_fit, "float32", False),
}


def main() -> None:
    """Run the command."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.ladder", description=__doc__)
    options.add_argument("--folder", type=Path, help="the four MNIST files; default: synthetic")
    options.add_argument("--rounds", type=int, default=15, help="timed epochs of each rung")
    options.add_argument("--images", type=int, default=60_000, help="training images")
    options.add_argument("--output", type=Path, help="file to write; default: ladder.json here")
    given = options.parse_args()
    torch.set_num_threads(report.THREADS)
    train, _, kind = binary_images(given.folder, train=given.images)
    _, *timed = rounds_of(RUNGS, train, given.rounds + 1)
    spreads = {name: report.spread([one[name] for one in timed]) for name in RUNGS}
    first = spreads["DataLoader loop"]["median"]
    results = {
        "images": len(train), "kind": kind, "batch_size": BATCH, "rounds": given.rounds,
        "contestants": {
            name: {"seconds": spread, "times_faster": first / spread["median"]}
            for name, spread in spreads.items()
        },
    }  # fmt: skip
    report.write("ladder", results, given.output)


if __name__ == "__main__":
    main()
