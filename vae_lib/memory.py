"""How much fits into memory."""

import os

import torch
from torch import Tensor

CPU_BUDGET = 2**26  # bytes; what is larger leaves a processor's caches and gets slower
GPU_BUDGET = 2**30  # bytes: more makes nothing faster
COPIES = 6  # images' worth of values that one decoded draw occupies at its peak


def free_bytes(device: torch.device) -> int:
    """Return what is free on the GPU, or in the machine's memory where the system tells it."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return 4 * CPU_BUDGET


def affordable_draws(x: Tensor) -> int:
    """Return how many draws of the size of one row of ``x`` (B, D) may be decoded at once."""
    one = COPIES * x.shape[-1] * x.element_size()
    budget = CPU_BUDGET if x.device.type == "cpu" else GPU_BUDGET
    return max(1, min(budget, free_bytes(x.device) // 4) // one)
