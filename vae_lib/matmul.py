"""Float32 matrix products on a CPU: oneDNN's in place of MKL's where they are as exact."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import torch

ROUNDING = 1e-5  # of sums of 784 products in float32, relative to the largest; bfloat16 misses 1e-3


@contextmanager
def fast_float32() -> Iterator[None]:
    """Within it oneDNN does the float32 products, if it does them in float32.

    PyTorch hands them to oneDNN only with the permission to use bfloat16 inside. Without matrix
    units for bfloat16 (AMX) oneDNN makes no use of it, and on some processors it is twice as fast
    as MKL. So it is asked once for a product that is known; unless the answer is good to float32,
    nothing is changed. On a GPU this has no effect.
    """
    settings = torch.backends.mkldnn.matmul  # type: ignore[attr-defined]
    before = settings.fp32_precision
    settings.fp32_precision = "bf16" if permission_is_unused() else before
    try:
        yield
    finally:
        settings.fp32_precision = before


@cache
def permission_is_unused() -> bool:
    """Say whether oneDNN, though it may use bfloat16, is exact to ``ROUNDING`` here."""
    settings = torch.backends.mkldnn.matmul  # type: ignore[attr-defined]
    before = settings.fp32_precision
    generator = torch.Generator().manual_seed(0)
    left = torch.randn(128, 784, generator=generator, dtype=torch.float64)
    right = torch.randn(784, 400, generator=generator, dtype=torch.float64)
    exact = left @ right
    settings.fp32_precision = "bf16"
    try:
        error = (left.float() @ right.float() - exact).abs().max() / exact.abs().max()
    finally:
        settings.fp32_precision = before
    return error.item() < ROUNDING
