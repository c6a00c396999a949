"""How an answer is graded: against a reference, and against the usual mistakes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

TOLERANCE = 1e-6  # relative: single precision is enough to tell right from wrong


@dataclass(frozen=True)
class Exercise:
    """One task: what the reader's function must return, and the usual ways to miss it.

    Attributes:
        arguments: What the reader's function is called with; the same at every call.
        reference: Computes the right result from the same arguments.
        mistakes: Hint (one sentence) by function that makes the mistake.
        tolerance: Largest relative difference from ``reference`` that counts as right.
    """

    arguments: tuple[Any, ...]
    reference: Callable[..., Any]
    mistakes: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    tolerance: float = TOLERANCE


def grade(exercise: Exercise, answer: Callable[..., Any]) -> str:
    """Return ``"Right."`` or one sentence about what is wrong with ``answer``.

    Args:
        exercise: What is asked.
        answer: The reader's function; it is called with the exercise's arguments.
    """
    expected = _tensor(exercise.reference(*exercise.arguments))
    try:
        returned = answer(*exercise.arguments)
    except Exception as error:  # whatever the reader's code raises is the reader's to read
        return f"Your function stops with {type(error).__name__}: {error}."
    if returned is None or returned is ...:
        return "Not yet: your function returns nothing. Replace the dots and run the cell again."
    try:
        given = _tensor(returned)
    except (TypeError, ValueError, RuntimeError):
        return f"Your function returns a {type(returned).__name__}: a tensor or number is wanted."
    if _close(given, expected, exercise.tolerance):
        return "Right."
    for hint, mistake in exercise.mistakes.items():
        if _close(given, _tensor(mistake(*exercise.arguments)), exercise.tolerance):
            return hint
    if given.shape != expected.shape:
        return f"Your result has shape {tuple(given.shape)}, wanted is {tuple(expected.shape)}."
    if _close(-given, expected, exercise.tolerance):
        return "The sign is wrong: your result is the negative of the right one."
    return "Not right yet, and not one of the usual mistakes: go through the derivation again."


def _tensor(value: Any) -> Tensor:
    return torch.as_tensor(value, dtype=torch.float64).detach()


def _close(given: Tensor, expected: Tensor, tolerance: float) -> bool:
    if given.shape != expected.shape:
        return False
    return torch.allclose(given, expected, rtol=tolerance, atol=tolerance)
