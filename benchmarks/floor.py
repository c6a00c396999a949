"""The matrix products of one training step alone, layer by layer, by the library fit uses."""

import time

import torch

LAYERS = ((784, 400), (400, 20), (400, 20), (20, 400), (400, 784))  # inputs and outputs of each


def floor_seconds(batch: int, steps: int, dtype: torch.dtype) -> float:
    """Time the 14 matrix products of a step: 5 forward, 5 for the weights, 4 for the inputs.

    Args:
        batch: B.
        steps: How many steps to time.
        dtype: Of every operand.
    """
    products = []
    for index, (size_in, size_out) in enumerate(LAYERS):
        x, slope = torch.randn(batch, size_in), torch.randn(batch, size_out)
        weight = torch.randn(size_out, size_in)
        x, slope, weight = x.to(dtype), slope.to(dtype), weight.to(dtype)
        products += [(x, weight.T), (slope.T, x)]
        if index:  # the images need no gradient
            products.append((slope, weight))
    into = [left @ right for left, right in products]
    start = time.perf_counter()
    for _ in range(steps):
        for (left, right), result in zip(products, into, strict=True):
            torch.mm(left, right, out=result)
    return time.perf_counter() - start
