"""Where to compute."""

import platform

import torch


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
    if name.split(":")[0] not in available:
        raise ValueError(f"device is {name!r}: this machine offers {', '.join(available)}.")
    return torch.device(name)


def describe_device(place: torch.device) -> str:
    """Name the device, e.g. ``"NVIDIA H100"`` or ``"2 CPU threads (x86_64)"``."""
    if place.type == "cuda":
        return torch.cuda.get_device_name(place)
    if place.type == "mps":
        return "Apple GPU"
    return f"{torch.get_num_threads()} CPU threads ({platform.machine()})"
