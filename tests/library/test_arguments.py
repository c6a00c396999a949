"""One argument corrupted at a time: an error of ours with one sentence, or a right value."""

import dataclasses
import inspect
import warnings

import pytest
import torch
from calls import CALLS, MODULES, corruptions
from torch.utils.data import TensorDataset

from vae_lib.engine.checks import Diverged, InputError

# Where NaN may go in and then comes out: what a network has made of itself is for the training
# loop to judge, and looking at each value would cost it time.
NAN_GIVES_NAN = (
    "DiagonalGaussian", "FullGaussian", "Bernoulli", "Gaussian", "GenerativeModel", "elbo",
    "log_weights", "importance_weighted_bound", "upper_bound", "DiscretisedLogistic",
    "log_var_above",
)  # fmt: skip
NO_ARGUMENTS_OF_ITS_OWN = {"GapSplit", "AggregateSplit", "Bench", "Mistake", "Loss", "ROC"}
HELD = ("with NaN", "with infinity", "with NaN inside")


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


def outcome(name, argument, word, value):
    """None if the call is answered as it should be, else what is wrong with the answer."""
    function, good = CALLS[name]
    given = good() | {argument: value}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            result = function(**given)
    except (InputError, Diverged) as error:
        return None if "\n" not in str(error) and ":" in str(error) else f"says {error}"
    except Exception as error:
        return f"ends in {type(error).__name__}: {str(error)[:90]}"
    if word in HELD and name.partition(".")[0] in NAN_GIVES_NAN:
        return None
    return "returns NaN" if any(one.isnan().any() for one in numbers(result)) else None


@pytest.mark.parametrize("name", CALLS)
def test_a_corrupted_argument_is_refused_by_one_sentence_or_has_a_right_value(name):
    function, good = CALLS[name]
    assert function(**good()) is not None
    wrong = {
        f"{argument} = {word}": found
        for argument, value in good().items()
        for word, corrupted in corruptions(value).items()
        if not (
            callable(corrupted) and (callable(value) or argument == "learning_rate")
        )  # what a reader's function does is hers
        and (found := outcome(name, argument, word, corrupted)) is not None
    }
    assert not wrong, "\n".join(f"{where} {found}" for where, found in wrong.items())


def test_every_public_function_of_the_mathematics_has_a_good_call():
    listed = {name.partition(",")[0] for name in CALLS}
    public = {
        name
        for module in MODULES
        for name, value in vars(module).items()
        if not name.startswith("_")
        and getattr(value, "__module__", None) == module.__name__
        and (inspect.isfunction(value) or inspect.isclass(value))
    }
    assert not public - listed - NO_ARGUMENTS_OF_ITS_OWN


@pytest.mark.parametrize("name", ["elbo", "fit", "log_likelihood", "score_images", "plain_fit"])
def test_the_door_gives_every_kind_of_the_same_data_the_same_answer(name):
    function, good = CALLS[name]
    argument = {"fit": "train", "score_images": "images", "plain_fit": "images"}.get(name, "x")
    images = good()[argument]
    expected = numbers(function(**good()))
    kinds = {
        "numpy": images.numpy(),
        "single precision": images.float(),
        "numpy, single": images.float().numpy(),
        "bytes": images.to(torch.uint8),
        "whole numbers": images.to(torch.int64).numpy(),
        "truth values": images.bool(),
        "half precision": images.half(),
        "the other byte order": images.numpy().astype(">f8"),
        "a list of arrays": list(images.numpy().reshape(-1, 2, 2)),
        "a list of lists": images.tolist(),
        "a dataset": TensorDataset(images.reshape(-1, 1, 2, 2), torch.zeros(len(images))),
    }
    for kind, given in kinds.items():
        answer = numbers(function(**good() | {argument: given}))
        assert all(map(torch.equal, answer, expected)), kind
