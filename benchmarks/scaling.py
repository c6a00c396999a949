"""How the time and memory of vae_lib's training grow, and when two processes beat one.

Run it as ``python -m benchmarks.scaling``. The images are synthetic: their values do not matter.
"""

import multiprocessing
import os
import socket
import statistics
from typing import Any

import torch

from benchmarks import report
from benchmarks.images import synthetic
from benchmarks.processes import measured
from vae_lib.engine.devices import Machine
from vae_lib.engine.processes import joined
from vae_lib.models import mlp_vae
from vae_lib.training import fit

BASE = {"batch_size": 128, "latent_dim": 20, "images": 10_000, "k": 1}
SWEEPS = {
    "batch_size": [32, 128, 512, 2048],
    "latent_dim": [2, 20, 200],
    "images": [10_000, 20_000, 40_000],
    "k": [1, 5, 50],
}
HIDDEN = [400, 2000, 4000]
SHARED_BATCH = 256  # images of a step, over all processes


def train(settings: dict[str, int], steps: int, hidden: int = 400) -> dict[str, Any]:
    """Return the seconds of a step of ``fit``: two timed epochs after one to warm up.

    Args:
        settings: Like ``BASE``.
        steps: At most so many an epoch.
        hidden: Hidden units.
    """
    torch.manual_seed(0)
    images = synthetic(settings["images"], 0)
    size = settings["batch_size"]
    steps = min(steps, len(images) // size)
    used = images if steps * size > len(images) - size else images[: steps * size]
    model = mlp_vae(latent_dim=settings["latent_dim"], hidden=(hidden,))
    history = fit(model, used, epochs=3, batch_size=size, k=settings["k"], machine=Machine("cpu"))
    steps = -(-len(used) // size)
    return {"seconds_per_step": (history.seconds[2] - history.seconds[0]) / (2 * steps)}


def member(rank: int, count: int, port: int, hidden: int, steps: int, queue: Any) -> None:
    """Be one process of a shared run; the first one reports."""
    environment = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": count, "MASTER_PORT": port}
    os.environ.update({name: str(value) for name, value in environment.items()})
    os.environ["MASTER_ADDR"] = "127.0.0.1"
    torch.set_num_threads(report.THREADS // count)
    size = SHARED_BATCH // count
    settings = BASE | {"batch_size": size, "images": SHARED_BATCH * steps}
    with joined():
        # fit shares each batch of size * count images, so an epoch has ``steps`` steps
        found = train(settings, steps * count, hidden)["seconds_per_step"] * count
    if rank == 0:
        queue.put(found)


def shared(count: int, hidden: int, steps: int) -> float:
    """Return the seconds of a step of 256 images by ``count`` processes on the same cores."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    context = multiprocessing.get_context("spawn")
    queue = context.SimpleQueue()
    members = [
        context.Process(target=member, args=(rank, count, port, hidden, steps, queue))
        for rank in range(count)
    ]
    for one in members:
        one.start()
    for one in members:
        one.join()
    if any(one.exitcode for one in members):
        raise SystemExit("A process of a shared run failed: its message stands above.")
    seconds: float = queue.get()
    return seconds


def main() -> None:
    """Run the command."""
    options = report.options("scaling", __doc__, rounds=3, images=False)
    options.add_argument("--steps", type=int, default=400, help="steps of a timed epoch, at most")
    given = options.parse_args()
    torch.set_num_threads(report.THREADS)
    sweeps: dict[str, list[dict[str, Any]]] = {}
    for name, values in SWEEPS.items():
        sweeps[name] = []
        for value in values:
            settings = BASE | {name: value}
            steps = given.steps if name == "images" else max(50, given.steps // settings["k"] // 4)
            runs = [measured(train, settings, steps) for _ in range(given.rounds)]
            row = {
                "value": value,
                "seconds_per_step": report.spread([run["seconds_per_step"] for run in runs]),
                "peak_mib": statistics.median(run["peak_mib"] for run in runs),
            }
            print(f"{name} {row}", flush=True)
            sweeps[name].append(row)
    sharing = []
    for hidden in HIDDEN:
        steps = max(3, given.steps * HIDDEN[0] // hidden // 8)
        times: dict[int, list[float]] = {1: [], 2: []}
        for _ in range(given.rounds):
            for count, measured_times in times.items():
                measured_times.append(shared(count, hidden, steps))
        one, two = (report.spread(times[count]) for count in (1, 2))
        faster = one["median"] / two["median"]
        sharing.append({"hidden": hidden, "one": one, "two": two, "times_faster": faster})
        print(sharing[-1], flush=True)
    results = {
        "rounds": given.rounds, "base": BASE, "hidden": 400, "sweeps": sweeps,
        "shared_batch": SHARED_BATCH, "sharing": sharing,
    }  # fmt: skip
    report.write("scaling", results, given.output)


if __name__ == "__main__":
    main()
