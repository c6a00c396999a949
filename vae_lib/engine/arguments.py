"""What public functions say of their arguments before they compute: types, shapes, finiteness."""

import collections.abc
import functools
import inspect
import numbers
import reprlib
import types
import typing
from collections.abc import Callable
from typing import Any, Literal, ParamSpec, TypeVar, get_args, get_origin

import numpy as np
import torch
from torch import Tensor, nn

from vae_lib.engine.checks import InputError, listed, require_finite_values

P = ParamSpec("P")
R = TypeVar("R")
MOST = 10**9  # of anything that is counted


def takes(**shapes: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a function refuse, in one sentence, what its annotations and ``shapes`` do not allow.

    Args:
        shapes: For tensors and Gaussians, by argument: a letter for each dimension, the same for
            the same length, after ``...`` where more may come before. ``weight="D L"``. Where a
            shape is named, the values must be finite, too.

    Raises:
        ValueError: By the function, if an argument has another type or shape, if tensors differ in
            dtype or device, or are not of floats, or if a value is NaN or infinite.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        defaults = {n: one.default for n, one in inspect.signature(function).parameters.items()}
        is_init = function.__name__ == "__init__"
        hints: dict[str, Any] = {}
        doors: set[str] = set()

        @functools.wraps(function)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            if not hints:
                hints.update(typing.get_type_hints(function, include_extras=True))
                doors.update(name for name, hint in hints.items() if _has_a_door(hint))
            sizes: dict[str, tuple[int, str]] = {}
            first: tuple[str, Tensor] | None = None
            given: dict[str, Any] = dict(zip(defaults, args, strict=False)) | kwargs
            if len(given) < len(args) + len(kwargs):  # more than it takes, or one of them twice
                return function(*args, **kwargs)
            for name, value in given.items():
                if value is defaults.get(name) or (name == "self" and is_init):
                    continue
                if isinstance(value, np.generic):
                    given[name] = value = value.item()
                if name in hints:
                    _require_type(name, value, hints[name])
                tensor = None if name in doors else _tensor_of(value)
                if tensor is None:
                    continue
                first = first or (name, tensor)
                _require_same_kind(*first, name, tensor)
                if name in shapes and tensor.is_meta and not is_init:
                    raise InputError(f"{name} is on the device meta: give a tensor with values.")
                if name in shapes:
                    _require_shape(name, tensor, shapes[name], sizes)
                    require_finite_values(name, tensor)
            return typing.cast(Any, function)(**given)

        return checked

    return decorate


def require_fields(record: Any) -> None:
    """Check what a dataclass holds against its annotations.

    Raises:
        ValueError: If a field has another type.
    """
    for name, hint in typing.get_type_hints(type(record), include_extras=True).items():
        _require_type(name, getattr(record, name), hint)


def _require_type(name: str, value: Any, hint: Any) -> None:
    if isinstance(value, int) and abs(value) > MOST and name != "seed":
        raise InputError(f"{name} is {value}: give at most {MOST:,}.")
    if not _fits(value, hint):
        raise InputError(f"{name} is {_shown(value)}: give {_words(hint)}.")


def _has_a_door(hint: Any) -> bool:
    """Whether it stands for a reader's data, which ``engine.door`` looks at."""
    return get_origin(hint) is typing.Annotated or any(map(_has_a_door, get_args(hint)))


def _tensor_of(value: Any) -> Tensor | None:
    """Return the tensor itself, the mean of a Gaussian, or a weight of a network."""
    if isinstance(value, nn.Module):
        return next(value.parameters(), None)
    found = value if isinstance(value, Tensor) else getattr(value, "mean", None)
    return found if isinstance(found, Tensor) else None


def _require_same_kind(first: str, one: Tensor, name: str, other: Tensor) -> None:
    for kind in ("dtype", "device"):
        here, there = getattr(one, kind), getattr(other, kind)
        if here != there:
            raise InputError(
                f"{name} has the {kind} {there}, and {first} has {here}: give both the same."
            )


def _require_shape(
    name: str, tensor: Tensor, shape: str, sizes: dict[str, tuple[int, str]]
) -> None:
    """Compare with a shape such as ``... L``; ``sizes`` knows which argument fixed a letter."""
    letters = shape.split()
    more = letters[:1] == ["..."]
    letters = letters[more:]
    got = tuple(tensor.shape)
    known = ", ".join(["..."] * more + letters)
    if len(got) < len(letters) or (len(got) > len(letters) and not more):
        raise InputError(f"{name} has the shape {got}: give it the shape ({known}).")
    for letter, size in zip(letters, got[len(got) - len(letters) :], strict=True):
        expected, source = sizes.setdefault(letter, (size, name))
        if size != expected:
            raise InputError(
                f"{name} has the shape {got}: give it the shape ({known}) with {letter} = "
                f"{expected}, as in {source}."
            )
    if tensor.numel() == 0:
        raise InputError(f"{name} has the shape {got} and so is empty: give at least one value.")


def _fits(value: Any, hint: Any) -> bool:
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return any(_fits(value, one) for one in inner)
    if origin is typing.Annotated or hint is Any:  # looked at elsewhere
        return True
    if origin is Literal:
        return isinstance(value, str) and value in inner
    if origin in (collections.abc.Sequence, tuple):
        return isinstance(value, (list, tuple)) and all(_fits(one, inner[0]) for one in value)
    if origin is collections.abc.Callable:
        return callable(value)
    if hint is Tensor:
        return (
            isinstance(value, Tensor)
            and value.is_floating_point()
            and value.layout == torch.strided
        )
    if hint in (int, float):
        kind = numbers.Integral if hint is int else numbers.Real
        return isinstance(value, kind) and not isinstance(value, bool)
    if hint is None or hint is type(None):
        return value is None
    return isinstance(value, origin or hint) if isinstance(origin or hint, type) else True


def _shown(value: Any) -> str:
    if isinstance(value, Tensor):
        return f"a tensor of {value.dtype} with layout {value.layout} on {value.device}"
    if isinstance(value, (str, bool, numbers.Number, type(None))):
        return reprlib.repr(value)
    return f"a {type(value).__name__}"


def _words(hint: Any) -> str:
    """Say in words what an annotation allows."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_words(one) for one in inner)
    if origin is Literal:
        return listed([repr(one) for one in inner])
    if origin in (collections.abc.Sequence, tuple):
        return f"a list or tuple, each entry {_words(inner[0])}"
    if origin is collections.abc.Callable:
        return "a function"
    names: dict[Any, str] = {
        Tensor: "a dense tensor of floats", int: "a whole number", float: "a number",
        bool: "True or False", type(None): "None", str: "a string",
    }  # fmt: skip
    return names.get(hint, f"a {getattr(hint, '__name__', hint)}")
