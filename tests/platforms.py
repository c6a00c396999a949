"""What some tests need of the machine; without it they are skipped, and say why."""

import os
import shutil

import pytest

posix = pytest.mark.skipif(
    os.name != "posix", reason="needs POSIX: another system has no such signals between processes"
)


def programs(*names):
    """Mark a test that runs these programs, which POSIX systems have."""
    missing = [name for name in names if shutil.which(name) is None]
    return pytest.mark.skipif(bool(missing), reason=f"needs {' and '.join(missing)}, as on POSIX")
