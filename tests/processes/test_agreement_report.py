"""The report of the equations' tests, as a run of pytest leaves it for the index."""

import json
import subprocess
import sys

from tools.build.equations import sources_key
from tools.paths import ROOT


def test_report_comes_from_every_worker_and_spares_the_next_run(tmp_path):
    """Two workers, and a test of each kind of difference; then one case more of another test."""
    report = tmp_path / "agreement.json"
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider"]
    command += ["--agreement", str(report), "-k", "relative_variance"]
    command += ["tests/library/test_evidence.py"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout
    written = json.loads(report.read_text())
    assert written["sources"] == sources_key()
    exact, spread = written["equations"]["eq-relative-variance"]
    name = "test_relative_variance_is_scipys_integral"
    assert exact["test"] == f"tests/library/test_evidence.py::{name}"
    assert exact["oracle"] == "quadrature" and exact["passed"]
    assert exact["agreement"] < 1e-10 and exact["standard_error"] is None
    assert spread["oracle"] == "Monte Carlo" and 0 < spread["agreement"] < 4
    command[command.index("relative_variance")] = "relative_variance or refused"
    command.remove("-n"), command.remove("2")
    again = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "1 passed" in again.stdout
    assert "4 tests of equations were not run again" in again.stdout
    assert json.loads(report.read_text()) == written
    report.write_text(json.dumps(written | {"sources": "others"}))
    again = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "5 passed" in again.stdout and "not run again" not in again.stdout
    assert json.loads(report.read_text()) == written
