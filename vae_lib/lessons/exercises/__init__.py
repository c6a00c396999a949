"""Exercises that grade themselves: ``check("03-kl", my_function)``."""

import pkgutil
from collections.abc import Callable
from importlib import import_module
from typing import Any

from vae_lib.engine.checks import InputError
from vae_lib.lessons.exercises.grading import Exercise, grade

# The modules chapter_01, chapter_02, … each hold their own EXERCISES.
EXERCISES: dict[str, Exercise] = {
    name: exercise
    for module in sorted(found.name for found in pkgutil.iter_modules(__path__))
    if module.startswith("chapter_")
    for name, exercise in import_module(f"{__name__}.{module}").EXERCISES.items()
}


def check(name: str, answer: Callable[..., Any]) -> None:
    """Print whether the reader's function is right, or one sentence about what is wrong.

    The notebook's language is spoken, see ``vae_lib.lessons.language``.

    Args:
        name: The exercise, e.g. ``"03-kl"``.
        answer: The reader's function.

    Raises:
        ValueError: If there is no exercise of that name.
    """
    if name not in EXERCISES:
        raise InputError(f"There is no exercise {name!r}: choose one of {sorted(EXERCISES)}.")
    print(grade(EXERCISES[name], answer))
