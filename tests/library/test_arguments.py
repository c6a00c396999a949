"""One argument corrupted at a time: an error of ours with one sentence, or a right value."""

import dataclasses
import inspect
import math
import warnings

import numpy as np
import pytest
import torch
from calls import CALLS, MODULES, corruptions

from vae_lib.engine.checks import InputError

# A sentence for the reader names what was given; a checked argument or the data.
NAMES = ("data", "pixels", "latents")


def numbers(result):
    """All tensors and numbers in a result, however deep."""
    if isinstance(result, torch.Tensor):
        return [] if result.is_meta else [result.detach()]
    if isinstance(result, float | int):
        return [torch.tensor(float(result))]
    if isinstance(result, torch.nn.Module):
        return [value.detach() for value in result.state_dict().values()]
    if dataclasses.is_dataclass(result):
        return numbers([getattr(result, field.name) for field in dataclasses.fields(result)])
    if isinstance(result, list | tuple):
        return [one for part in result for one in numbers(part)]
    return numbers(list(vars(result).values())) if hasattr(result, "__dict__") else []


def outcome(name, argument, value):
    """None if the call is answered as it should be, else what is wrong with the answer."""
    function, good = CALLS[name]
    given = good() | {argument: value}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            result = function(**given)
    except InputError as error:
        return None if "\n" not in str(error) and ":" in str(error) else f"says {error}"
    except Exception as error:
        return f"ends in {type(error).__name__}: {str(error)[:90]}"
    if any(torch.isnan(one).any() for one in numbers(result)):
        return "returns NaN"
    return None


@pytest.mark.parametrize("name", CALLS)
def test_a_corrupted_argument_is_refused_by_one_sentence_or_has_a_right_value(name):
    function, good = CALLS[name]
    assert function(**good()) is not None
    wrong = {
        f"{argument} = {word}": found
        for argument, value in good().items()
        for word, corrupted in corruptions(value).items()
        if (found := outcome(name, argument, corrupted)) is not None
    }
    assert not wrong, "\n".join(f"{where} {found}" for where, found in wrong.items())
