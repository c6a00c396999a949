"""Hostile checkpoints are refused in one sentence, and nothing is changed by them."""

import os
import subprocess
import sys

from platforms import posix

from tools.paths import ROOT


@posix
def test_no_hostile_checkpoint_does_any_harm(tmp_path):
    """In a process of its own, because what is tried for may be a fault in memory."""
    ended = subprocess.run(
        [sys.executable, str(ROOT / "tests/processes/hostile.py"), str(tmp_path)],
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    *tried, summary = ended.stdout.splitlines()
    assert ended.returncode == 0, f"{ended.stderr}\nat last: {summary}"
    assert len(tried) >= 300 and summary == f"{len(tried)} files, 0 not refused as they should be"
