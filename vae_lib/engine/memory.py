"""How much memory there is, and what cannot fit into it."""

import os
import re
from contextlib import suppress
from pathlib import Path

import torch

from vae_lib.engine.checks import InputError

# What Linux gives a container of the machine's memory, by its two kinds of control groups.
CONTAINER_LIMITS = (
    "/sys/fs/cgroup/memory.max",
    "/sys/fs/cgroup/memory/memory.limit_in_bytes",
)
ANYWHERE = 2**27  # bytes; so much every machine has


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
