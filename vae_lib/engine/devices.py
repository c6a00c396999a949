"""Where to compute, how, and with how much memory."""

import os
import platform
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import torch

from vae_lib.engine.checks import InputError, Precision, require_choice


@dataclass(frozen=True)
class Machine:
    """Where a run computes, and how.

    Attributes:
        device: ``"cuda"``, ``"mps"`` or ``"cpu"``; by default the best there is.
        precision: ``"float32"``, or ``"bfloat16"`` for the layers' matrix products only.
        threads: Of the CPU; by default by ``speed.choose_threads``. Another number gives other
            last digits.

    Raises:
        ValueError: If ``precision`` is neither of the two.
    """

    device: str | None = None
    precision: Precision = "float32"
    threads: int | None = None

    def __post_init__(self) -> None:
        require_choice("precision", self.precision, get_args(Precision))


# What Linux gives a container of the machine's memory, by its two kinds of control groups.
CONTAINER_LIMITS = (
    "/sys/fs/cgroup/memory.max",
    "/sys/fs/cgroup/memory/memory.limit_in_bytes",
)
ANYWHERE = 2**27  # bytes; so much every machine has
ANY = Machine()  # the best device there is, in float32


def pick_device(name: str | None = None) -> torch.device:
    """Return the device called ``name``, or the best one there is: cuda, then mps, then cpu.

    Raises:
        ValueError: If PyTorch knows no such device or this machine has none.
    """
    available = ["cpu"]
    if torch.backends.mps.is_available():
        available.insert(0, "mps")
    if torch.cuda.is_available():
        available.insert(0, "cuda")
    if name is None:
        return torch.device(available[0])
    try:
        device = torch.device(name)
    except RuntimeError:  # no name of a device
        device = None
    if device is None or device.type not in available or (device.index or 0) >= _count(device):
        raise InputError(f"device is {name!r}: this machine offers {', '.join(available)}.")
    return device


def _count(device: torch.device) -> int:
    return max(1, torch.cuda.device_count()) if device.type == "cuda" else 1


def memory_of(device: torch.device) -> int | None:
    """Return the bytes that a GPU or the machine has in all, or None where the system tells not."""
    if device.type == "cuda":
        return torch.cuda.get_device_properties(device).total_memory
    sizes = []
    with suppress(AttributeError, ValueError, OSError):  # Windows has no sysconf
        sizes.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    for limit in CONTAINER_LIMITS:
        with suppress(ValueError, OSError):  # it says "max", or is not there
            sizes.append(int(Path(limit).read_text("utf-8")))
    return min(sizes, default=None)


def require_room(wanted: int, device: torch.device, cure: str) -> None:
    """Refuse what cannot fit, before anything is allocated.

    Args:
        wanted: Bytes that are needed at least.
        device: Where.
        cure: What to choose instead.

    Raises:
        InputError: If the device has less memory than that.
    """
    if wanted < ANYWHERE:
        return
    room = memory_of(device)
    if room is not None and wanted > room:
        sizes = f"{wanted / 2**30:,.0f} GiB, and the memory of {device} has {room / 2**30:,.0f}"
        raise InputError(f"This needs at least {sizes}: choose {cure}.")


def is_out_of_memory(error: BaseException) -> bool:
    """Say whether an allocation failed: of Python, of NumPy or, by its words, of PyTorch."""
    words = "DefaultCPUAllocator|out of memory|bad_alloc"
    return isinstance(error, MemoryError) or re.search(words, str(error)) is not None


def describe_device(device: torch.device, threads: int) -> dict[str, str | int | None]:
    """Name the device, e.g. ``"NVIDIA H100"`` or ``"2 CPU threads (x86_64)"``.

    Args:
        device: Where a run computed.
        threads: How many it took of a CPU.

    Returns:
        The name as ``device``, and for a CPU its ``threads`` and its ``architecture``.
    """
    if device.type == "cpu":
        architecture = platform.machine()
        name = f"{threads} CPU threads ({architecture})"
        return {"device": name, "threads": threads, "architecture": architecture}
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "Apple GPU"
    return {"device": name, "threads": None, "architecture": None}
