"""Exercises that grade themselves: ``check("03-kl", my_function)``."""

from collections.abc import Callable
from typing import Any

from vae_lib.exercises import chapter_03, chapter_06
from vae_lib.exercises.grading import Exercise, grade

EXERCISES: dict[str, Exercise] = {**chapter_03.EXERCISES, **chapter_06.EXERCISES}


def check(name: str, answer: Callable[..., Any]) -> None:
    """Print whether the reader's function is right, or one sentence about what is wrong.

    Args:
        name: The exercise, e.g. ``"03-kl"``.
        answer: The reader's function.

    Raises:
        ValueError: If there is no exercise of that name.
    """
    if name not in EXERCISES:
        raise ValueError(f"There is no exercise {name!r}: choose one of {sorted(EXERCISES)}.")
    print(grade(EXERCISES[name], answer))
