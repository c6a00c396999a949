"""The mutation check as a command, on one mutant."""

import subprocess
import sys

from tools.paths import ROOT


def test_a_wrong_sign_in_the_divergence_is_killed_by_its_equation():
    """The real tool, on one mutant and on the tests of one module."""
    broken = "0.5 * (self.mean ** 2 - _excess(self.log_var)).sum(-1)"
    command = [sys.executable, "-m", "tools.mutants.mutants", "--match", f"-> return {broken}"]
    command += ["--tests", "tests/library/test_gaussian.py"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "[1/1] vae_lib/gaussian.py" in done.stdout and "Score 100.0 %" in done.stdout
    assert "killed by tests/library/test_gaussian.py::test_kl" in done.stdout
