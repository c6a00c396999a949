"""What makes a CPU fast: threads, oneDNN's products, freed memory that is kept, blocks that fit."""

import ctypes
import os
import platform
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import torch
from torch import Tensor

from vae_lib.engine.checks import InputError

ROUNDING = 1e-5  # of sums of 784 products in float32, relative to the largest; bfloat16 misses 1e-3
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # as malloc.h numbers them
LARGEST_BLOCK = 2**25  # bytes; glibc refuses more
LARGEST_INT = 2**31 - 1
CPU_BUDGET = 2**26  # bytes; what is larger leaves a processor's caches and gets slower
GPU_BUDGET = 2**30  # bytes: more makes nothing faster
SHARED_FROM = 2e8  # weights times rows; benchmarks/threads.json
COPIES = 6  # images' worth of values that one decoded draw occupies at its peak


def choose_threads(weights: int, rows: int) -> int:
    """Return with how many threads a step is to run: one, or all that PyTorch has been given.

    Two threads wait for each other at every operation. Where another program keeps a core busy,
    that makes a small step several times as long, and it gains little where the cores are free.
    So all threads work only where free cores make a step at least 1.5 times as fast
    (``benchmarks/threads.json``).

    Args:
        weights: Of the model.
        rows: Data points, or draws of z, that go through it at once.
    """
    return torch.get_num_threads() if weights * rows >= SHARED_FROM else 1


class _Shared(threading.local):
    """What is set for the whole process while some threads of it compute.

    The first one in notes how it was, the last one out puts it back.
    """

    lock = threading.Lock()
    users = 0  # of all threads
    threads = 0  # how many there were before the first one came in
    precision = ""  # so was it then
    depth = 0  # of this thread: the only attribute that is set on the object


_shared = _Shared()


def _enter() -> int:
    """Let oneDNN do the float32 products if it may; return the threads to go back to."""
    settings = torch.backends.mkldnn.matmul  # type: ignore[attr-defined]
    with _Shared.lock:
        if _Shared.users == 0:
            _Shared.threads = torch.get_num_threads()
            _Shared.precision = settings.fp32_precision
            if permission_is_unused():
                settings.fp32_precision = "bf16"
        _Shared.users += 1
        _shared.depth += 1
        # A thread that PyTorch has not met yet would take over what another one has just set.
        return torch.get_num_threads() if _shared.depth > 1 else _Shared.threads


def _leave() -> None:
    with _Shared.lock:
        _Shared.users -= 1
        _shared.depth -= 1
        if _Shared.users == 0:
            settings = torch.backends.mkldnn.matmul  # type: ignore[attr-defined]
            settings.fp32_precision = _Shared.precision


@contextmanager
def computing(threads: int) -> Iterator[None]:
    """Within it: so many threads, and the fast float32 products; afterwards all is as it was.

    Several of Python's threads may be within it at once, each with a number of its own.

    Raises:
        ValueError: If ``threads`` is less than 1.
    """
    if threads < 1:
        raise InputError(f"threads is {threads}: take at least 1.")
    before = _enter()
    try:
        torch.set_num_threads(threads)
        yield
    finally:
        torch.set_num_threads(before)
        _leave()


@contextmanager
def fast_float32() -> Iterator[None]:
    """Within it oneDNN does the float32 products, if it does them in float32.

    PyTorch hands them to oneDNN only with the permission to use bfloat16 inside. Without matrix
    units for bfloat16 (AMX) oneDNN makes no use of it, and on some processors it is twice as fast
    as MKL. So it is asked once for a product that is known; unless the answer is good to float32,
    nothing is changed. On a GPU this has no effect.
    """
    _enter()
    try:
        yield
    finally:
        _leave()


@cache
def permission_is_unused() -> bool:
    """Say whether oneDNN, though it may use bfloat16, is exact to ``ROUNDING`` here."""
    settings = torch.backends.mkldnn.matmul  # type: ignore[attr-defined]
    before = settings.fp32_precision
    generator = torch.Generator().manual_seed(0)
    # On the CPU, whatever the default device of the program is.
    left = torch.randn(128, 784, generator=generator, dtype=torch.float64, device="cpu")
    right = torch.randn(784, 400, generator=generator, dtype=torch.float64, device="cpu")
    exact = left @ right
    settings.fp32_precision = "bf16"
    try:
        with torch.autocast("cpu", enabled=False):  # the question is about float32, wherever asked
            error = (left.float() @ right.float() - exact).abs().max() / exact.abs().max()
    finally:
        settings.fp32_precision = before
    return error.item() < ROUNDING


@cache
def keep_freed_memory() -> bool:
    """Ask the C library, once a process, to keep freed memory instead of handing it back.

    Each step frees tensors of megabytes, and the next one asks for the same again. By default
    glibc may hand such blocks back to the system, and every page that comes anew costs an
    interruption, a page fault. Blocks of at most 32 MiB, the most that glibc allows, are kept by
    this. The process then holds the most it ever needed, as PyTorch does on a GPU.

    Returns:
        Whether it was done; where the C library is not glibc, nothing is changed.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    library = ctypes.CDLL(None)
    kept = library.mallopt(M_TRIM_THRESHOLD, LARGEST_INT)
    return bool(kept and library.mallopt(M_MMAP_THRESHOLD, LARGEST_BLOCK))


def free_bytes(device: torch.device) -> int:
    """Return what is free on the GPU, or in the machine's memory where the system tells it."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # Windows has no sysconf
        return 4 * CPU_BUDGET


def affordable_draws(x: Tensor) -> int:
    """Return how many draws of the size of one row of ``x`` (B, D) may be decoded at once."""
    one = COPIES * max(1, x.shape[-1]) * x.element_size()
    budget = CPU_BUDGET if x.device.type == "cpu" else GPU_BUDGET
    return max(1, min(budget, free_bytes(x.device) // 4) // one)
