"""Kill a training run at ten random moments, resume it, and compare the end bit by bit.

Run with ``python -m benchmarks.kill``; the result goes to ``benchmarks/kill.json``.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from vae_lib.checkpoints import read_checkpoint

ROOT = Path(__file__).parents[1]
TIMES, SEED, EPOCHS = 10, 0, 60
SETTINGS = ["--hidden", "64", "--latent-dim", "8", "--device", "cpu", "--epochs"]


def start(path: Path, epochs: int, *more: str) -> subprocess.Popen[bytes]:
    """Start the training as its own process; ``more`` are further options."""
    command = [sys.executable, "-m", "vae_lib", "train", *SETTINGS, str(epochs)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [*command, "--checkpoint", str(path), *more],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def finish(path: Path, epochs: int, *more: str) -> None:
    """Run the training to its end."""
    if start(path, epochs, *more).wait() != 0:
        raise SystemExit(f"python -m vae_lib train {' '.join(more)} failed.")


def kill(path: Path, epochs: int, after: int, pause: float) -> dict[str, Any]:
    """Kill a run with SIGKILL, and finish it with ``--resume``.

    Args:
        path: Its checkpoint, which does not exist yet.
        epochs: How long the run is.
        after: How often the checkpoint is written before.
        pause: How many seconds pass between the last writing and the kill.

    Returns:
        The moment, the epochs that the checkpoint held then, those that were left to do, and
        whether a half-written file lay beside it.
    """
    process = start(path, epochs)
    seen: set[int] = set()
    while len(seen) < after and process.poll() is None:
        if path.exists():
            seen.add(path.stat().st_mtime_ns)
        time.sleep(0.001)
    time.sleep(pause)
    process.kill()
    process.wait()
    kept = len(read_checkpoint(path)[1]["history"]["seconds"])
    half = path.with_name(f".{path.name}.part").exists()
    finish(path, epochs, "--resume")
    return {
        "epochs_written": after, "seconds_later": round(pause, 3), "epochs_kept": kept,
        "epochs_left": epochs - kept, "half_written": half,
    }  # fmt: skip


def same(one: Path, two: Path) -> bool:
    """Whether two checkpoints hold the same bits: weights, optimiser, random numbers, figures."""
    (first, about), (second, beside) = read_checkpoint(one), read_checkpoint(two)
    figures = [
        {name: values for name, values in each["history"].items() if name != "seconds"}
        for each in (about, beside)
    ]
    equal = (torch.equal(value, second[name]) for name, value in first.items())
    return first.keys() == second.keys() and all(equal) and figures[0] == figures[1]


def measure(times: int, epochs: int) -> dict[str, Any]:
    """Run once without interruption, then kill and resume ``times`` runs of the same settings."""
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder, "whole.safetensors")
        finish(whole, epochs)
        seconds = read_checkpoint(whole)[1]["history"]["seconds"]
        draw, epoch = random.Random(SEED), (seconds[-1] - seconds[0]) / (epochs - 1)
        rows = []
        for number in range(times):
            path = Path(folder, f"{number}.safetensors")
            after, pause = draw.randint(1, epochs - 5), draw.uniform(0, 2 * epoch)
            rows.append(kill(path, epochs, after, pause))
            rows[-1]["identical"] = same(whole, path)
            print(f"{number + 1} of {times}: {rows[-1]}", flush=True)
    return {
        "command": f"python -m vae_lib train {' '.join(SETTINGS)} {epochs}",
        "training_seconds": seconds[-1], "seed": SEED,
        "killed": sum(row["epochs_left"] > 0 for row in rows),
        "identical": sum(row["identical"] for row in rows),
        "runs": rows, "torch": torch.__version__,
    }  # fmt: skip


if __name__ == "__main__":
    result = measure(TIMES, EPOCHS)
    out = Path(__file__).with_suffix(".json")
    out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(f"{result['killed']} killed, {result['identical']} bit-identical; see {out.name}")
