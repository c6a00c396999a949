"""Compare what the book computes with its oracle, and keep how closely the two agree.

The figures end in the book's equation index. ``conftest.py`` takes them from ``recorded`` after
each test, and writes them down when pytest runs with ``--agreement``.
"""

from typing import NamedTuple

import numpy as np
import torch

from tools.build.equations import MONTE_CARLO


class Comparison(NamedTuple):
    """One comparison: what is reached and allowed is absolute, or counts standard errors."""

    of: str | None
    difference: float
    error: float | None
    allowed: float


recorded: list[Comparison] = []


def agree(ours, oracle, *, atol=0.0, rtol=0.0, of=None):
    """Assert that ``ours`` is the oracle's value, and record the largest absolute difference.

    Args:
        ours: What the book's code says: a number, an array or a tensor.
        oracle: What it should be; the same shape.
        atol: Absolute tolerance.
        rtol: Tolerance as a part of the oracle's value; the wider of the two holds.
        of: The equation compared, if the test claims several and this one only is meant.
    """
    __tracebackhide__ = True
    got, want = _arrays(ours, oracle)
    difference = np.abs(got - want)
    allowed = np.maximum(atol, rtol * np.abs(want))
    _record(of, difference, None, allowed)
    _require(difference <= allowed, difference, allowed, got, want)


def agree_in_standard_errors(ours, oracle, error, *, most=4.0, of=None):
    """Assert that a Monte Carlo mean lies within ``most`` standard errors, and record how many.

    Args:
        ours: The mean of the draws: a number, an array or a tensor.
        oracle: Its expectation; the same shape.
        error: The standard error of each mean; a number or the same shape.
        most: How many standard errors are allowed.
        of: The equation compared, if the test claims several and this one only is meant.
    """
    __tracebackhide__ = True
    got, want = _arrays(ours, oracle)
    error = np.broadcast_to(_array(error), got.shape)
    assert (error > 0).all(), f"a standard error is not positive: {error}"
    difference = np.abs(got - want)
    _record(of, difference / error, error, np.full(got.shape, most))
    _require(difference < most * error, difference, most * error, got, want)


def reached(label: str, oracle: str | None) -> Comparison | None:
    """The widest of the present test's comparisons that concern an equation and its oracle."""
    statistical = oracle == MONTE_CARLO
    fitting = [
        one
        for one in recorded
        if one.of in (None, label) and (one.error is not None) == statistical
    ]
    return max(fitting, key=lambda one: one.difference, default=None)


def _array(value):
    return np.asarray(value.detach().cpu() if torch.is_tensor(value) else value, dtype=float)


def _arrays(ours, oracle):
    if torch.is_tensor(ours) and torch.is_tensor(oracle):
        assert ours.dtype == oracle.dtype, f"{ours.dtype} is compared with {oracle.dtype}"
    got, want = _array(ours), _array(oracle)
    assert got.shape == want.shape, f"the shape is {got.shape}, and the oracle's is {want.shape}"
    assert got.size, "nothing is compared"
    return got, want


def _record(of, difference, error, allowed):
    worst = np.unravel_index(np.argmax(difference), difference.shape)
    standard_error = None if error is None else float(error[worst])
    recorded.append(Comparison(of, float(difference[worst]), standard_error, float(allowed[worst])))


def _require(kept, difference, allowed, got, want):
    __tracebackhide__ = True
    if not kept.all():
        worst = np.unravel_index(np.argmax(np.where(kept, -np.inf, difference)), kept.shape)
        raise AssertionError(
            f"{got[worst]!s} differs from the oracle's {want[worst]!s} by {difference[worst]:.1e}, "
            f"allowed {allowed[worst]:.1e} (at {tuple(map(int, worst))}; "
            f"{int((~kept).sum())} of {kept.size} are too far off)"
        )
