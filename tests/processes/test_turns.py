"""The benchmarks' contestants take turns, each in a process of its own."""

import pytest
import torch

from benchmarks.contestants import Net, in_memory_loop
from benchmarks.images import synthetic
from benchmarks.turns import Turn, rounds_of

pytestmark = pytest.mark.usefixtures("single_precision")


def test_contestants_take_turns_in_processes_of_their_own():
    turn = Turn(in_memory_loop, synthetic(256, 0), 2)
    assert turn.epoch() > 0
    before = turn.weights()
    assert turn.epoch() > 0
    after = turn.weights()
    turn.end()
    assert [weight.shape for weight in after] == [weight.shape for weight in Net().parameters()]
    assert not any(torch.equal(one, other) for one, other in zip(before, after, strict=True))


def test_each_round_holds_the_seconds_of_each():
    rounds = list(rounds_of({"one": in_memory_loop, "two": in_memory_loop}, synthetic(256, 0), 2))
    assert [set(seconds) for seconds in rounds] == [{"one", "two"}] * 2
    assert min(seconds[name] for seconds in rounds for name in seconds) > 0


def fail(images, epochs, begin):
    raise ValueError("no such library")


def test_a_contestant_that_fails_is_not_waited_for():
    with pytest.raises(EOFError):
        Turn(fail, synthetic(256, 0), 2)
