"""Files that appear under their name whole or not at all."""

import errno
import glob
import os
import secrets
import stat
from pathlib import Path
from typing import BinaryIO


def write_whole(path: str | Path, content: bytes) -> None:
    """Write a file that takes its name only once it is complete and on the disk.

    Until then an older one of that name stays. Each writer has a temporary file of its own beside
    the target, ``.NAME.XXXXXXXX.part``, which only a killed process leaves behind. A link stays a
    link: what it points to is written. A new file has the mode that the user's umask gives, an
    older one keeps its own.

    Args:
        path: Where to; the folder must exist.
        content: All of it.

    Raises:
        OSError: If the file cannot be written; an older one is untouched then.
    """
    target, file = _begin(path)
    partial = Path(file.name)
    try:
        with file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            partial.chmod(stat.S_IMODE(target.stat().st_mode))
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def try_place(path: str | Path) -> None:
    """Find out before there is anything to write whether ``write_whole`` could.

    Raises:
        OSError: If it could not.
    """
    _, file = _begin(path)
    file.close()
    Path(file.name).unlink()


def remove_leftovers(path: str | Path) -> None:
    """Remove the temporary files that killed writers of a file left beside it."""
    target = Path(os.path.realpath(path))
    for partial in target.parent.glob(f".{glob.escape(target.name)}.{'[0-9a-f]' * 8}.part"):
        partial.unlink(missing_ok=True)


def _begin(path: str | Path) -> tuple[Path, BinaryIO]:
    """Return the file that a path leads to, and a new temporary one beside it, open."""
    target = Path(os.path.realpath(path))
    if target.is_symlink():  # it leads back to itself
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    if target.exists():
        if not target.is_file():
            raise OSError(errno.EINVAL, "This is no ordinary file", str(path))
        if not os.access(target, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    return target, partial.open("xb")  # never through a link that somebody left there
