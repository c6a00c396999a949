"""Where files are to be written: looked at before any work is done for them."""

import os
from pathlib import Path

from vae_lib.engine.checks import InputError
from vae_lib.engine.writing import try_place


def require_writable(path: Path, *others: Path) -> None:
    """Refuse a place that ``write_whole`` could not write to; nothing is left there.

    Args:
        path: The file to be.
        others: Files that it must not take the place of.

    Raises:
        InputError: If a file cannot be written there, or one of ``others`` is there.
    """
    target = Path(os.path.realpath(path))
    if target in (Path(os.path.realpath(other)) for other in others):
        raise InputError(f"{path} is also the checkpoint: choose another name for one of them.")
    try:
        if not target.parent.is_dir():
            folder = target.parent if path.is_symlink() else path.parent
            raise InputError(
                f"{path} cannot be written, because the folder {folder} does not exist: create it, "
                "or choose another name."
            )
        try_place(path)
    except OSError as error:
        raise InputError(
            f"{path} cannot be written ({error.strerror}): choose the name of a file in a folder "
            "that can be written in."
        ) from None
