"""One writer for a file: a lock that the system drops when its holder dies."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import ENOLCK, ENOSYS, ENOTSUP
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def _take(file: int) -> None:
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _take(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


class Taken(OSError):
    """Another process or thread holds the lock."""


@contextmanager
def sole_writer(path: str | Path) -> Iterator[None]:
    """Within it nobody else has the lock for this file: no other process, no other thread.

    The lock lies beside the file that a link leads to, as ``.NAME.lock``, and is removed at the
    end. What a killed process leaves of it is locked no longer. Where the file system knows no
    locks, there is none.

    Args:
        path: The file to write, which need not exist; its folder must.

    Raises:
        Taken: If somebody else has it.
        OSError: If the folder cannot be written.
    """
    target = Path(os.path.realpath(path))
    lock = target.with_name(f".{target.name}.lock")
    file = _locked(lock)
    try:
        yield
    finally:
        if sys.platform == "win32":  # nobody can remove what somebody has open
            os.close(file)
        with suppress(OSError):
            lock.unlink()
        if sys.platform != "win32":
            os.close(file)


def _locked(lock: Path) -> int:
    """Open and lock a file that still lies there then: its last holder may have removed it."""
    while True:
        file = os.open(lock, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
        try:
            _take(file)
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(file), lock.stat()):
                    return file
        except OSError as error:
            if error.errno in (ENOSYS, ENOTSUP, ENOLCK):
                return file
            os.close(file)
            raise Taken(error.errno, error.strerror, str(lock)) from None
        os.close(file)
