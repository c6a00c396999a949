"""A run that is killed and resumed ends with the bits of one that was not.

``python -m benchmarks.kill`` does this ten times; here it is once.
"""

import json

from benchmarks import kill
from tools.paths import ROOT


def test_killed_and_resumed_run_is_bit_identical():
    result = kill.measure(times=1, epochs=30)
    assert result["killed"] == result["identical"] == 1
    assert 1 <= result["runs"][0]["epochs_kept"] < 30


def test_kept_result_says_ten_of_ten():
    result = json.loads((ROOT / "benchmarks" / "kill.json").read_text(encoding="utf-8"))
    assert result["killed"] == result["identical"] == len(result["runs"]) == kill.TIMES
