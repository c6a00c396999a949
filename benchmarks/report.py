"""What every benchmark's JSON file holds beside its results, and how it is written."""

import json
import platform
import shlex
import statistics
import sys
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

FOLDER = Path(__file__).parent
THREADS = 2


def machine() -> dict[str, Any]:
    """Describe what was measured on: nothing that names a person or a place."""
    return {
        "cpu": cpu_model(),
        "architecture": platform.machine(),
        "system": platform.system(),
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }


def cpu_model() -> str:
    """Return the processor's name where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def command(arguments: Sequence[str]) -> str:
    """Return the command that was given, without places on this machine."""
    shown = list(arguments)
    if "--output" in shown:
        place = shown.index("--output")
        del shown[place : place + 2]
    if "--folder" in shown:
        shown[shown.index("--folder") + 1] = "MNIST"
    return shlex.join(["python", "-m", f"benchmarks.{Path(sys.argv[0]).stem}", *shown])


def options(name: str, description: str | None, rounds: int, images: bool = True) -> ArgumentParser:
    """Describe the options that the benchmarks share.

    Args:
        name: Of the benchmark.
        description: What it says of itself.
        rounds: How many by default.
        images: Whether MNIST may take the place of synthetic images.
    """
    parser = ArgumentParser(prog=f"python -m benchmarks.{name}", description=description)
    parser.add_argument("--rounds", type=int, default=rounds, help="timings of each (%(default)s)")
    if images:
        parser.add_argument("--folder", type=Path, help="the four MNIST files; default: synthetic")
    parser.add_argument("--output", type=Path, help=f"file to write; default: {name}.json here")
    return parser


def spread(values: Sequence[float]) -> dict[str, float]:
    """Return the median, least and greatest of the rounds' values."""
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def ratio(
    rounds: Sequence[Mapping[str, float]], numerator: str, denominator: str
) -> dict[str, float]:
    """Return how many times as long the one took, paired within rounds: the machine changes."""
    return spread([one[numerator] / one[denominator] for one in rounds])


def significant(value: Any) -> Any:
    """Round each number in a tree of results to five significant digits."""
    if isinstance(value, dict):
        return {key: significant(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [significant(one) for one in value]
    return float(f"{value:.5g}") if isinstance(value, float) else value


def write(name: str, results: dict[str, Any], path: Path | None = None) -> None:
    """Write ``benchmarks/<name>.json``, or ``path``: the machine, the command, the results."""
    path = path or FOLDER / f"{name}.json"
    whole = {"machine": machine(), "command": command(sys.argv[1:]), **significant(results)}
    path.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
    print(f"Written: {path.name}")
