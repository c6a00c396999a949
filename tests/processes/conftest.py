"""A command of the library, run in the test's own process."""

import sys

import pytest

from vae_lib.cli import commands


@pytest.fixture
def call(monkeypatch, capsys, tmp_path):
    """Run a command in a folder of its own: its exit status, output and errors."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["vae_lib", *arguments])
        try:
            commands.main()
        except SystemExit as end:
            status = end.code
        else:
            status = 0
        shown = capsys.readouterr()
        return status, shown.out, shown.err

    return run
