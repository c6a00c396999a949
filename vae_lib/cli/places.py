"""Where files are to be written: looked at before any work is done for them."""

import os
import secrets
from pathlib import Path

from vae_lib.engine.checks import InputError


def require_writable(path: Path, *others: Path) -> None:
    """Refuse a place that ``write_whole`` could not write to; nothing is left there.

    Args:
        path: The file to be.
        others: Files that it must not take the place of.

    Raises:
        InputError: If a file cannot be written there, or one of ``others`` is there.
    """
    cure = "choose the name of a file in a folder that exists and can be written in"
    target = Path(os.path.realpath(path))
    if target in (Path(os.path.realpath(other)) for other in others):
        raise InputError(f"{path} is also the checkpoint: choose another name for one of them.")
    try:
        if not target.parent.is_dir():
            raise InputError(
                f"{path} cannot be written, because the folder {target.parent} does not exist: "
                "create it, or choose another name."
            )
        if target.exists() and not target.is_file():
            raise InputError(f"{path} is no ordinary file: {cure}.")
        trial = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")  # as write_whole
        trial.touch(exist_ok=False)
        trial.unlink()
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error.strerror}): {cure}.") from None
