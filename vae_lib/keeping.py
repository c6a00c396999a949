"""What a training run keeps: a checkpoint to go on from, and copies of the model on its way."""

import math
import reprlib
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from dataclasses import dataclass, field, fields
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

import torch
from torch import Tensor, nn

from vae_lib.checkpoints import (
    CheckpointError,
    read_about,
    read_checkpoint,
    shown,
    write_checkpoint,
)
from vae_lib.engine.locks import Taken, sole_writer
from vae_lib.engine.processes import rank_and_count
from vae_lib.engine.writing import remove_leftovers, try_place
from vae_lib.history import History
from vae_lib.models import GenerativeModel
from vae_lib.packing import pack, require_fit, unpack

P = ParamSpec("P")
R = TypeVar("R")
# One number an epoch, of the validation's perhaps none.
FIGURES = tuple(one.name for one in fields(History))
MOST_THREADS = 1024
SHORT = reprlib.Repr()  # what a file says may be long or deep
SHORT.maxdict, SHORT.maxlist, SHORT.maxstring, SHORT.maxother = 10, 8, 80, 80


def read_run(path: str | Path) -> dict[str, Any]:
    """Read what a checkpoint says about its run: settings, history, epochs, model.

    Raises:
        CheckpointError: If the file cannot be read, or holds no run.
    """
    about = read_about(path)
    _require_run(path, about)
    return about


def _require_run(path: str | Path, about: dict[str, Any]) -> None:
    if "settings" not in about:
        raise CheckpointError(
            f"{path} holds a model without the run that made it: choose another name."
        )
    require_fit(path, _is_run(about), "a history or settings")


def _is_run(about: dict[str, Any]) -> bool:
    history, settings, epochs = about.get("history"), about["settings"], about.get("epochs")
    if not (type(history) is type(settings) is dict and history.keys() == set(FIGURES)):
        return False
    if not all(type(values) is list for values in history.values()):
        return False
    done, threads = len(history["seconds"]), settings.get("threads")
    watched = done if history["validation_kl"] else 0
    numbers = [number for values in history.values() for number in values]
    return (
        all(len(history[n]) == (watched if "validation" in n else done) for n in FIGURES)
        and all(type(number) is float and math.isfinite(number) for number in numbers)
        and history["seconds"] == sorted(history["seconds"])
        and type(epochs) is int
        and 1 <= done <= epochs
        and type(threads) is int
        and 1 <= threads <= MOST_THREADS
    )


@dataclass(frozen=True)
class Keep:
    """What a training run keeps.

    Attributes:
        path: A checkpoint, written anew after every epoch; by default none.
        resume: Go on from ``path`` if it exists; without it an existing file is refused.
        snapshots: Epochs, counted from 1, after which the model is copied into ``models``.
        models: The copies, by epoch; filled by ``training.fit``.
    """

    path: str | Path | None = None
    resume: bool = False
    snapshots: Collection[int] = ()
    models: dict[int, nn.Module] = field(default_factory=dict)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Within it no other run can write the checkpoint, and its place is known to be good.

        Raises:
            CheckpointError: As ``require_place``.
        """
        with ExitStack() as lock:
            if self.path is not None:
                require_place(self.path, self.resume, lock)
            yield

    def earlier_threads(self) -> int | None:
        """Return with how many threads the run to go on with began, or None if there is none."""
        if self.path is None or not (self.resume and Path(self.path).exists()):
            return None
        threads: int = read_run(self.path)["settings"]["threads"]
        return threads

    def restore(
        self,
        settings: dict[str, Any],
        rates: list[float],
        model: GenerativeModel,
        optimiser: torch.optim.Optimizer,
        generator: torch.Generator,
    ) -> dict[str, list[float]]:
        """Go back to where the checkpoint was written, or to the start if there is none.

        Returns:
            The history so far.

        Raises:
            CheckpointError: If the file is there and cannot be read, or was made with other
                settings, other rates or another model. Nothing is changed then.
        """
        if self.path is None or not (self.resume and Path(self.path).exists()):
            return {}
        tensors, about = read_checkpoint(self.path)
        _require_run(self.path, about)
        history: dict[str, list[float]] = about["history"]
        done = len(history["seconds"])
        if done > len(rates):
            raise CheckpointError(
                f"{self.path} holds {done} epochs, and {len(rates)} are asked for: ask for at "
                f"least {done}, or choose another name."
            )
        theirs: dict[str, Any] = {**about["settings"], "model": about.get("model")}
        ours = {"model": model.config, **settings}
        pairs = [(name, theirs.get(name), ours.get(name)) for name in ours | theirs]
        pairs += [
            ("learning_rate", *pair)
            for pair in zip(history["learning_rate"], rates[:done], strict=True)
        ]
        for name, value, wanted in pairs:
            if value != wanted:
                raise CheckpointError(
                    f"{self.path} was made with {shown(name)} = {SHORT.repr(value)} and not "
                    f"{SHORT.repr(wanted)}: go on with the same setting, or choose another name."
                )
        watched = settings["checksums of the images"][1] is not None
        require_fit(self.path, watched == bool(history["validation_kl"]), "a history")
        unpack(self.path, tensors, model, optimiser, generator)
        return history

    def save(
        self,
        settings: dict[str, Any],
        epochs: int,
        model: GenerativeModel,
        optimiser: torch.optim.Optimizer,
        generator: torch.Generator,
        history: dict[str, list[float]],
    ) -> None:
        """Keep what is to be kept after an epoch.

        Raises:
            CheckpointError: If the file is there, but was not when the run began.
            OSError: If it cannot be written.
        """
        done = len(history["seconds"])
        if self.path is not None:
            if done == 1 and Path(self.path).exists():
                raise CheckpointError(
                    f"{self.path} appeared while the run was in its first epoch, and is left as "
                    "it is: choose another name."
                )
            about = {"settings": settings, "epochs": epochs, "model": model.config}
            tensors = pack(model, optimiser, generator)
            write_checkpoint(self.path, tensors, about | {"history": history})
        if done in self.snapshots:
            self.models[done] = deepcopy(model)

    def say_how_to_go_on(self) -> None:
        """Print after an interruption what the checkpoint is good for, if there is one."""
        if self.path is not None and Path(self.path).exists():
            print(f"{self.path} holds a full epoch: go on with Keep(..., resume=True) or --resume.")


NOTHING = Keep()


def alone_with_checkpoint(run: Callable[P, R]) -> Callable[P, R]:
    """Let a function that has an argument ``keep`` run alone with its checkpoint."""

    @wraps(run)
    def alone(*args: P.args, **kwargs: P.kwargs) -> R:
        with cast(Keep, kwargs.get("keep", NOTHING)).alone():
            return run(*args, **kwargs)

    return alone


def require_place(path: str | Path, resume: bool, lock: ExitStack | None = None) -> None:
    """Refuse a checkpoint's path before any work is done for it.

    Args:
        path: Where to.
        resume: Whether an existing file is to be gone on from.
        lock: Keeps others from writing the file until it is closed; by default nothing does. Of
            the processes of a shared run only the first one writes.

    Raises:
        CheckpointError: If its folder is missing or cannot be written, if another run writes it
            now, or if the file is there and not to be resumed.
    """
    name = str(path)
    if "\0" in name or name.encode(errors="replace").decode() != name:
        raise CheckpointError(
            f"{name!a} is no name in UTF-8: choose another name for the checkpoint."
        )
    try:
        if not Path(path).parent.is_dir():
            raise CheckpointError(
                f"{path} cannot be written, because the folder {Path(path).parent} does not exist: "
                "create it, or choose another name."
            )
        if rank_and_count()[0] == 0:
            try_place(path)
            with ExitStack() as probe:
                (lock or probe).enter_context(sole_writer(path))
                remove_leftovers(path)
        exists = Path(path).exists()
    except Taken:
        raise CheckpointError(
            f"{path} is being written by another run: wait until that has ended, or choose "
            "another name."
        ) from None
    except OSError as error:
        raise CheckpointError(
            f"{path} cannot be written ({error.strerror}): choose another name or folder."
        ) from None
    if exists and not resume:
        raise CheckpointError(
            f"{path} exists: go on from it with Keep(..., resume=True) or --resume, or choose "
            "another name."
        )


def checksum(images: Tensor | None) -> int | None:
    """Return a number that other images would hardly have, for the settings of a run."""
    return None if images is None else zlib.crc32(images.cpu().contiguous().numpy().data)
