"""Where to compute, and how."""

import platform
from dataclasses import dataclass

import torch

from vae_lib.engine.arguments import require_fields
from vae_lib.engine.checks import InputError, Precision


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
        require_fields(self)


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
