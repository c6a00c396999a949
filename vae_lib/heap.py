"""Freed memory that stays with the process, for a loop that asks for it again at every step."""

import ctypes
import platform
from functools import cache

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # as malloc.h numbers them
LARGEST_BLOCK = 2**25  # bytes; glibc refuses more
LARGEST_INT = 2**31 - 1


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
