"""A run that is killed and resumed ends with the bits of one that was not.

``python -m benchmarks.kill`` does this ninety times; here it is once for each signal, and one pair
of runs that want the same checkpoint.
"""

import json

import pytest
from platforms import posix

from benchmarks import kill
from tools.paths import ROOT


@pytest.fixture(scope="module")
def measured():
    return kill.measure(times=3, pairs=1, epochs=20)


@posix
def test_killed_and_resumed_run_is_bit_identical(measured):
    assert measured["killed"] == measured["identical"] == 3
    assert all(1 <= run["epochs_kept"] < 20 for run in measured["runs"])
    assert measured["left_over"] == 0


@posix
def test_of_two_runs_on_one_checkpoint_the_second_is_refused(measured):
    (both,) = measured["pairs"]
    assert sorted(both["statuses"]) == [0, 2] and both["kept"]
    assert "is being written by another run: wait until that has ended" in both["refused"]
    assert both["reads"] > 0 and both["corrupt_reads"] == 0


def test_kept_result_says_that_nothing_was_lost():
    result = json.loads((ROOT / "benchmarks" / "kill.json").read_text(encoding="utf-8"))
    assert result["killed"] == result["identical"] == len(result["runs"]) == kill.TIMES
    assert {name: result[name] for name in ("models_lost", "corrupt_reads", "left_over")} == {
        "models_lost": 0, "corrupt_reads": 0, "left_over": 0,
    }  # fmt: skip
    assert result["tracebacks"] == 0 and len(result["pairs"]) == kill.PAIRS
