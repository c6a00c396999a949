"""How an answer is graded: against a reference, and against the usual mistakes."""

import inspect
import linecache
import traceback
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from vae_lib.lessons.language import say

TOLERANCE = 1e-5  # relative; single precision keeps about seven digits, a sum loses one or two

Function = Callable[..., Any]


def call(answer: Function, *arguments: Any) -> Any:
    """Return what ``answer`` returns: what is graded unless an exercise observes more."""
    return answer(*arguments)


@dataclass(frozen=True)
class Exercise:
    """One task: what the reader's function must return, and the usual ways to miss it.

    Attributes:
        arguments: What the reader's function is called with; a fresh copy at every call, its
            tensors in the default precision of the page.
        reference: Computes the right result from the same arguments: a tensor, a number, or a
            tuple of them.
        mistakes: Hint (one sentence) by function that makes the mistake.
        tolerance: Largest relative difference from ``reference`` that counts as right.
        observe: Called with a function and the arguments; returns what is compared, for an
            exercise that grades more than the returned value, such as its gradient.
    """

    arguments: tuple[Any, ...]
    reference: Function
    mistakes: Mapping[str, Function] = field(default_factory=dict)
    tolerance: float = TOLERANCE
    observe: Function = call


def grade(exercise: Exercise, answer: Function) -> str:
    """Return ``"Right."`` or one sentence about what is wrong, in the notebook's language.

    Args:
        exercise: What is asked.
        answer: The reader's function; it is called with the exercise's arguments.
    """
    if not callable(answer):
        return say("Hand over the function itself: its name without parentheses and arguments.")
    try:
        returned = answer(*_fresh(exercise.arguments))
        if returned is None or returned is ...:
            return say(
                "Not yet: your function returns nothing. Replace the dots, run the cell again."
            )
        observed = exercise.observe(answer, *_fresh(exercise.arguments))
    except Exception as error:  # whatever the reader's code raises is the reader's to read
        return say(
            "Your function stops with {error}{place}: {message}.",
            error=type(error).__name__,
            place=_failed_line(error, answer),
            message=(str(error).splitlines() or [""])[0].rstrip("."),
        )
    try:
        given = _parts(observed)
    except (TypeError, ValueError, RuntimeError):
        return say(
            "Your function returns a {kind}: a tensor or number is wanted.",
            kind=type(returned).__name__,
        )
    expected = _results(exercise, exercise.reference)
    if _close(given, expected, exercise.tolerance):
        return say("Right.")
    for hint, mistake in exercise.mistakes.items():
        if _close(given, _results(exercise, mistake), exercise.tolerance):
            return say(hint)
    return _difference(given, expected, exercise.tolerance)


def _failed_line(error: Exception, answer: Function) -> str:
    """Where in the cell or file of ``answer`` it stopped: its number and text, or nothing."""
    function = inspect.unwrap(answer)
    if not hasattr(function, "__code__"):  # an object that can be called
        function = type(function).__call__
    file = function.__code__.co_filename if hasattr(function, "__code__") else None
    places = traceback.walk_tb(error.__traceback__)
    numbers = [number for frame, number in places if frame.f_code.co_filename == file]
    if file is None or not numbers:
        return ""
    text = linecache.getline(file, numbers[-1]).strip()
    if text:
        return say(" in line {number}, `{text}`", number=numbers[-1], text=text)
    return say(" in line {number}", number=numbers[-1])


def _difference(given: list[Tensor], expected: list[Tensor], tolerance: float) -> str:
    """One sentence on a wrong answer that is none of the foreseen mistakes."""
    if len(given) != len(expected):
        return say(
            "Your function returns {given} results, wanted: {wanted}.",
            given=len(given),
            wanted=len(expected),
        )
    for ours, right in zip(given, expected, strict=True):
        if ours.shape != right.shape:
            return say(
                "Your result has shape {given}, wanted is {wanted}: "
                "look at the dimensions over which you sum or average.",
                given=tuple(ours.shape),
                wanted=tuple(right.shape),
            )
        if not torch.isfinite(ours).all():
            return say("Your result holds NaN or infinite values.")
    if _close([-ours for ours in given], expected, tolerance):
        return say("The sign is wrong: your result is the negative of the right one.")
    ours, right = (torch.cat([part.flatten() for part in parts]) for parts in (given, expected))
    factor = (ours @ right) / (right @ right)
    if len(right) > 1 and _close([ours], [factor * right], tolerance) and factor != 0:
        return say(
            "A factor is wrong: your result is {factor:.4g} times the right one.", factor=factor
        )
    if len(right) > 1 and _close([ours - ours.mean()], [right - right.mean()], tolerance):
        return say(
            "A constant is wrong: yours exceeds the right one by {excess:.4g}.",
            excess=(ours - right)[0],
        )
    return say("Not right yet, and not one of the usual mistakes: go through the derivation again.")


def _results(exercise: Exercise, function: Function) -> list[Tensor]:
    return _parts(exercise.observe(function, *_fresh(exercise.arguments)))


def _fresh(arguments: Sequence[Any]) -> list[Any]:
    """Copies, so that nothing that an answer does to its arguments outlasts the call."""
    return [_copy(argument) for argument in arguments]


def _copy(argument: Any) -> Any:
    dtype = torch.get_default_dtype()
    if isinstance(argument, Tensor):
        copy = argument.detach().clone()
        return copy.to(dtype) if copy.is_floating_point() else copy
    if isinstance(argument, nn.Module):
        return deepcopy(argument).to(dtype)
    if isinstance(argument, torch.Generator):
        generator = torch.Generator(argument.device)
        generator.set_state(argument.get_state())
        return generator
    return argument


def _parts(value: Any) -> list[Tensor]:
    if isinstance(value, tuple):
        return [_tensor(part) for part in value]
    return [_tensor(value)]


def _tensor(value: Any) -> Tensor:
    return torch.as_tensor(value).detach().cpu().to(torch.float64)


def _close(given: list[Tensor], expected: list[Tensor], tolerance: float) -> bool:
    """Whether both hold the same, NaN in the same places, and some finite value to tell it by."""
    if [part.shape for part in given] != [part.shape for part in expected]:
        return False
    if not any(torch.isfinite(part).any() for part in expected):
        return False
    return all(
        torch.allclose(ours, right, rtol=tolerance, atol=tolerance, equal_nan=True)
        for ours, right in zip(given, expected, strict=True)
    )
