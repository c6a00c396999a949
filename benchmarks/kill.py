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
SETTINGS = ["--hidden", "64", "--latent-dim", "8", "--epochs", str(EPOCHS), "--device", "cpu"]


def start(path: Path, *more: str) -> subprocess.Popen[bytes]:
    """Start the training as its own process; ``more`` are further options."""
    command = [sys.executable, "-m", "vae_lib", "train", *SETTINGS, "--checkpoint", str(path)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [*command, *more], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def epochs_in(path: Path) -> int:
    """Count the epochs that a checkpoint holds: 0 if it is not there yet."""
    return len(read_checkpoint(path)[1]["history"]["seconds"]) if path.exists() else 0


def kill(path: Path, moment: float) -> dict[str, Any]:
    """Kill a run as if power failed, and finish it with ``--resume``.

    Args:
        path: Its checkpoint.
        moment: When: seconds after the first checkpoint of this start appeared.

    Returns:
        The moment, the epochs that the checkpoint held then, and whether a half-written file was
        left beside it.
    """
    process = start(path)
    while not path.exists():
        time.sleep(0.002)
    time.sleep(moment)
    process.kill()
    process.wait()
    kept = epochs_in(path)
    half = path.with_name(f".{path.name}.part").exists()
    if start(path, "--resume").wait() != 0:
        raise SystemExit(f"{path} could not be resumed.")
    return {"seconds_after_first_epoch": moment, "epochs_kept": kept, "half_written": half}


def same(one: Path, two: Path) -> bool:
    """Whether two checkpoints hold the same bits: weights, optimiser, random numbers, figures."""
    (first, about), (second, beside) = read_checkpoint(one), read_checkpoint(two)
    figures = [
        {name: values for name, values in each["history"].items() if name != "seconds"}
        for each in (about, beside)
    ]
    equal = (torch.equal(value, second[name]) for name, value in first.items())
    return first.keys() == second.keys() and all(equal) and figures[0] == figures[1]


def measure(times: int) -> dict[str, Any]:
    """Run once without interruption, then kill and resume ``times`` runs of the same settings."""
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder, "whole.safetensors")
        if start(whole).wait() != 0:
            raise SystemExit("The uninterrupted run failed.")
        seconds = read_checkpoint(whole)[1]["history"]["seconds"]
        random.seed(SEED)
        rows = []
        for number in range(times):
            path = Path(folder, f"{number}.safetensors")
            row = kill(path, round(random.uniform(0, 0.9 * (seconds[-1] - seconds[0])), 3))
            rows.append(row | {"identical": same(whole, path)})
            print(f"{number + 1} of {times}: {rows[-1]}", flush=True)
    return {
        "command": f"python -m vae_lib train {' '.join(SETTINGS)}",
        "epochs": EPOCHS, "training_seconds": seconds[-1], "seed": SEED,
        "killed": times, "identical": sum(row["identical"] for row in rows), "runs": rows,
        "torch": torch.__version__,
    }  # fmt: skip


if __name__ == "__main__":
    result = measure(TIMES)
    out = Path(__file__).with_suffix(".json")
    out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(f"{result['identical']} of {result['killed']} are bit-identical; see {out.name}")
