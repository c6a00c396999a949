"""What each part of the fast loop is worth: one after the other is added to a plain loop.

Run it as ``python -m benchmarks.ladder --folder FOLDER``, the folder with the four MNIST files.
"""

from functools import partial

import torch
from torch import Tensor

from benchmarks import report
from benchmarks.contestants import (
    BATCH,
    RATE,
    Begin,
    Contestant,
    dataloader_loop,
    in_memory_loop,
    parameters,
    vae_lib_fit,
)
from benchmarks.images import binary_images
from benchmarks.turns import rounds_of
from vae_lib.models import mlp_vae
from vae_lib.training import plain_fit


def plain_fit_by_epochs(images: Tensor, epochs: int, begin: Begin) -> None:
    """``vae_lib.training.plain_fit``, chapter 5's loop, called anew for each epoch."""
    model = mlp_vae()
    for _ in range(epochs):
        begin(parameters(model))
        plain_fit(model, images, 1, BATCH, RATE)


RUNGS: dict[str, Contestant] = {
    "DataLoader loop": dataloader_loop,
    "in-memory loop": in_memory_loop,
    "+ fused Adam": partial(in_memory_loop, fused=True),
    "+ oneDNN": partial(in_memory_loop, fused=True, fast_products=True),
    "+ one thread": partial(in_memory_loop, fused=True, fast_products=True, one_thread=True),
    "plain_fit, which binarises anew": plain_fit_by_epochs,
    "fit, which binarises anew": partial(vae_lib_fit, "float32", None, binarisation="dynamic"),
}


def main() -> None:
    """Run the command."""
    options = report.options("ladder", __doc__, rounds=15)
    options.add_argument("--images", type=int, default=60_000, help="training images")
    given = options.parse_args()
    torch.set_num_threads(report.THREADS)
    train, _, kind = binary_images(given.folder, train=given.images)
    _, *timed = rounds_of(RUNGS, train, given.rounds + 1)
    results = {
        "images": len(train), "kind": kind, "batch_size": BATCH, "rounds": given.rounds,
        "contestants": {
            name: {
                "seconds": report.spread([one[name] for one in timed]),
                "times_faster": report.ratio(timed, "DataLoader loop", name),
            }
            for name in RUNGS
        },
        "fit_to_plain_fit": report.ratio(timed, *list(RUNGS)[:-3:-1]),
    }  # fmt: skip
    report.write("ladder", results, given.output)


if __name__ == "__main__":
    main()
