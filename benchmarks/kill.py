"""Kill training runs at random moments, resume them, and compare the end bit by bit.

Thirty runs each are ended by SIGKILL, SIGTERM and Ctrl-C, every second time pressed twice; then
six pairs of runs want the same checkpoint, while it is read all the time.

Run with ``python -m benchmarks.kill``; the result goes to ``benchmarks/kill.json``.
"""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import torch

from vae_lib.checkpoints import CheckpointError, read_checkpoint

ROOT = Path(__file__).parents[1]
TIMES, PAIRS, SEED, EPOCHS = 90, 6, 0, 20
TOGETHER = 4  # runs at the same time
SETTINGS = ["--hidden", "64", "--latent-dim", "8", "--device", "cpu", "--epochs"]
ENDS: tuple[tuple[signal.Signals, ...], ...] = (
    (signal.SIGKILL,), (signal.SIGTERM,), (signal.SIGINT,),
    (signal.SIGKILL,), (signal.SIGTERM,), (signal.SIGINT, signal.SIGINT),
)  # fmt: skip


def start(path: Path, epochs: int, *more: str) -> subprocess.Popen[str]:
    """Start the training as its own process; ``more`` are further options."""
    command = [sys.executable, "-m", "vae_lib", "train", *SETTINGS, str(epochs)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [*command, "--checkpoint", str(path), *more],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def end(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Wait for a run; return its exit status and what it complained about, without its bar."""
    said = process.communicate()[1]
    return process.returncode, said.rpartition("\r")[2].strip()


def finish(path: Path, epochs: int, *more: str) -> None:
    """Run the training to its end."""
    status, said = end(start(path, epochs, *more))
    if status != 0:
        raise SystemExit(f"python -m vae_lib train {' '.join(more)} failed: {said}")


def beside(path: Path) -> list[str]:
    """The files that a run made for itself and left beside its checkpoint."""
    return sorted(other.name for other in path.parent.glob(f".{path.name}.*"))


def kill(path: Path, epochs: int, after: int, pause: float, *signals: int) -> dict[str, Any]:
    """End a run by signals, and finish it with ``--resume``.

    Args:
        path: Its checkpoint, which does not exist yet.
        epochs: How long the run is.
        after: How often the checkpoint is written before; 0 while Python still loads.
        pause: How many seconds pass between the last writing and the signal.
        signals: What is sent, a twentieth of a second apart.

    Returns:
        The signals, the moment, the exit status, whether a traceback was shown, the epochs that
        the checkpoint held then, those that were left to do, and the files that lay beside it
        before and after.
    """
    process = start(path, epochs)
    seen: set[int] = set()
    while len(seen) < after and process.poll() is None:
        if path.exists():
            seen.add(path.stat().st_mtime_ns)
        time.sleep(0.001)
    time.sleep(pause)
    for number in signals:
        process.send_signal(number)
        time.sleep(0.05)
    status, said = end(process)
    kept = len(read_checkpoint(path)[1]["history"]["seconds"]) if path.exists() else 0
    left = beside(path)
    finish(path, epochs, "--resume")
    return {
        "signals": [signal.Signals(number).name for number in signals],
        "epochs_written": after, "seconds_later": round(pause, 3), "status": status,
        "traceback": "Traceback" in said, "epochs_kept": kept, "epochs_left": epochs - kept,
        "half_written": any(name.endswith(".part") for name in left), "left_over": beside(path),
    }  # fmt: skip


def same(one: Path, two: Path) -> bool:
    """Whether two checkpoints hold the same bits: weights, optimiser, random numbers, figures."""
    (first, about), (second, other) = read_checkpoint(one), read_checkpoint(two)
    figures = [
        {name: values for name, values in each["history"].items() if name != "seconds"}
        for each in (about, other)
    ]
    equal = (torch.equal(value, second[name]) for name, value in first.items())
    return first.keys() == second.keys() and all(equal) and figures[0] == figures[1]


def pair(path: Path, epochs: int, *more: str) -> dict[str, Any]:
    """Start two runs on one checkpoint together, with seeds 0 and 1, and read it all the time.

    Args:
        path: The checkpoint.
        epochs: How long the runs are.
        more: Further options of both.

    Returns:
        The exit statuses, what the other run said, how often the file was read and how often
        that failed, and whether the file is the whole run of the one that ended well.
    """
    reads, faults, over = [0], [0], threading.Event()

    def read() -> None:
        while not over.is_set():
            if path.exists():
                reads[0] += 1
                try:
                    read_checkpoint(path)
                except CheckpointError:
                    faults[0] += 1

    reader = threading.Thread(target=read)
    reader.start()
    runs = [start(path, epochs, "--seed", str(seed), *more) for seed in (0, 1)]
    ends = [end(process) for process in runs]
    over.set()
    reader.join()
    about = read_checkpoint(path)[1]
    seed = about["settings"]["seed"]
    refused = ends[1 - seed][1].replace(f"{path.parent}{os.sep}", "")
    return {
        "statuses": [status for status, _ in ends], "refused": refused,
        "reads": reads[0], "corrupt_reads": faults[0],
        "kept": ends[seed][0] == 0 and len(about["history"]["seconds"]) == epochs,
        "left_over": beside(path),
    }  # fmt: skip


def measure(times: int, pairs: int, epochs: int) -> dict[str, Any]:
    """Run once without interruption, then ``times`` runs that are killed, and the pairs."""
    signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # in a shell's background it is ignored
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(TOGETHER) as together:
        whole = Path(folder, "whole.safetensors")
        finish(whole, epochs)
        seconds = read_checkpoint(whole)[1]["history"]["seconds"]
        draw, epoch = random.Random(SEED), (seconds[-1] - seconds[0]) / (epochs - 1)
        moments = [(draw.randint(1, epochs - 5), draw.uniform(0, 2 * epoch)) for _ in range(times)]

        def one(number: int) -> dict[str, Any]:
            path = Path(folder, f"{number}.safetensors")
            row = kill(path, epochs, *moments[number], *ENDS[number % len(ENDS)])
            row["identical"] = same(whole, path)
            print(f"{number + 1} of {times}: {row}", flush=True)
            return row

        rows = list(together.map(one, range(times)))
        both = [pair(Path(folder, f"pair{number}"), epochs) for number in range(pairs)]
    return {
        "command": f"python -m vae_lib train {' '.join(SETTINGS)} {epochs}",
        "training_seconds": seconds[-1], "seed": SEED,
        "killed": sum(row["epochs_left"] > 0 for row in rows),
        "identical": sum(row["identical"] for row in rows),
        "tracebacks": sum(row["traceback"] for row in rows),
        "left_over": sum(len(row["left_over"]) for row in [*rows, *both]),
        "models_lost": sum(not row["kept"] for row in both),
        "reads": sum(row["reads"] for row in both),
        "corrupt_reads": sum(row["corrupt_reads"] for row in both),
        "runs": rows, "pairs": both, "torch": torch.__version__,
    }  # fmt: skip


if __name__ == "__main__":
    result = measure(TIMES, PAIRS, EPOCHS)
    out = Path(__file__).with_suffix(".json")
    out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(
        f"{result['killed']} killed, {result['identical']} bit-identical, "
        f"{result['models_lost']} of {PAIRS} models lost; see {out.name}"
    )
