"""How fast an epoch is: vae_lib beside its peers, interleaved, and the matrix products alone.

Run it as ``python -m benchmarks.speed --folder FOLDER``, the folder with the four MNIST files.
"""

import math
import statistics
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from benchmarks import report
from benchmarks.contestants import BATCH, OURS, dataloader_loop, parameters
from benchmarks.floor import floor_seconds
from benchmarks.images import binary_images
from benchmarks.peers import PEERS
from benchmarks.profiles import profile_of_a_step
from benchmarks.turns import Turn, rounds_of
from vae_lib.engine.checks import Precision
from vae_lib.engine.speed import fast_float32
from vae_lib.models import mlp_vae
from vae_lib.objectives import elbo

CONTESTANTS = {"DataLoader loop": dataloader_loop} | PEERS | OURS  # as the table shows them
JUDGED_AFTER = 3  # epochs
RATIOS = ("times_faster", "times_the_floor")
FLOORS: dict[Precision, torch.dtype] = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def held_out_elbo(weights: list[Tensor], test: Tensor) -> float:
    """Return the ELBO of the test images under these weights, ten draws of z each, in nats."""
    model = mlp_vae()
    with torch.no_grad():
        for parameter, weight in zip(parameters(model), weights, strict=True):
            parameter.copy_(weight)
        bound = elbo(model, test, samples=10, generator=torch.Generator().manual_seed(0))
    return bound.value.mean().item()


def judged(train: Tensor, test: Tensor, seeds: Iterable[int]) -> dict[str, Any]:
    """Return what three epochs of each contestant reach on the test images, from each seed."""
    found = {}
    for name, contestant in CONTESTANTS.items():
        each = []
        for seed in seeds:
            turn = Turn(contestant, train, JUDGED_AFTER, seed)
            for _ in range(JUDGED_AFTER):
                turn.epoch()
            each.append(held_out_elbo(turn.weights(), test))
            turn.end()
            print(f"seed {seed}: {name} {each[-1]:.2f} nats", flush=True)
        error = statistics.stdev(each) / math.sqrt(len(each))
        found[name] = {"mean": statistics.mean(each), "standard_error": error, "each": each}
    return found


def race(train: Tensor, rounds: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Let each contestant train one epoch to warm up and then one in each round.

    Args:
        train: Shape (N, 784), 0 or 1.
        rounds: How often each is timed.

    Returns:
        The times of each contestant, and the floor in each precision.
    """
    steps = math.ceil(len(train) / BATCH)
    times = []
    for seconds in rounds_of(CONTESTANTS, train, rounds + 1):
        with fast_float32():  # as fit multiplies
            floors = {name: floor_seconds(BATCH, steps, dtype) for name, dtype in FLOORS.items()}
        times.append(seconds | floors)
    warm_up, *timed = times
    spreads = {name: report.spread([one[name] for one in timed]) for name in warm_up}
    contestants = {}
    for name in CONTESTANTS:
        floor = "bfloat16" if "bfloat16" in name else "float32"
        contestants[name] = {
            "seconds": spreads[name],
            "times_faster": report.ratio(timed, "DataLoader loop", name),
            "times_the_floor": report.ratio(timed, name, floor),
            "first_epoch_seconds": warm_up[name],
        }
    return contestants, {name: {"seconds": spreads[name]} for name in FLOORS}


def show(contestants: dict[str, Any], floors: dict[str, Any]) -> None:
    """Print the table."""
    print(f"{'':28}{'median':>8}{'min':>8}{'max':>8}{'faster':>8}{'floor':>8}{'ELBO':>16}")
    for name, one in contestants.items():
        times = "".join(f"{one['seconds'][key]:8.2f}" for key in ("median", "min", "max"))
        ratios = "".join(f"{one[key]['median']:7.2f}×" for key in RATIOS)
        elbo = f"{one['elbo']['mean']:.2f} ± {one['elbo']['standard_error']:.2f}"
        print(f"{name:28}{times}{ratios}{elbo:>16}")
    for name, one in floors.items():
        times = "".join(f"{one['seconds'][key]:8.2f}" for key in ("median", "min", "max"))
        print(f"{'products alone, ' + name:28}{times}")


def main() -> None:
    """Run the command."""
    options = report.options("speed", __doc__, rounds=15)
    options.add_argument("--seeds", type=int, default=5, help="trainings that the ELBO is from")
    options.add_argument("--images", type=int, default=60_000, help="images of a timed epoch")
    given = options.parse_args()
    if given.seeds < 2:
        options.error(f"--seeds is {given.seeds}: a standard error needs at least 2.")
    torch.set_num_threads(report.THREADS)
    train, test, kind = binary_images(given.folder)
    contestants, floors = race(train[: given.images], given.rounds)
    for name, elbos in judged(train, test, range(given.seeds)).items():
        contestants[name]["elbo"] = elbos
    show(contestants, floors)
    results = {
        "images": given.images, "judged_images": len(train), "kind": kind,
        "test_images": len(test), "batch_size": BATCH,
        "rounds": given.rounds, "elbo_after_epochs": JUDGED_AFTER, "seeds": given.seeds,
        "contestants": contestants, "floor": floors,
        "profile": {name: profile_of_a_step(train, name) for name in FLOORS},
    }  # fmt: skip
    report.write("speed", results, given.output)


if __name__ == "__main__":
    main()
