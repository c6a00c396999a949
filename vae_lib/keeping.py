"""What a training run keeps: a checkpoint to go on from, and copies of the model on its way."""

import zlib
from collections.abc import Collection
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from vae_lib.checkpoints import (
    CheckpointError,
    Tensors,
    read_checkpoint,
    require_same_shapes,
    weights_of,
    write_checkpoint,
)
from vae_lib.models import GenerativeModel


def pack(model: nn.Module, optimiser: torch.optim.Optimizer, generator: torch.Generator) -> Tensors:
    """Collect all that a run is made of: weights, the optimiser's averages, the random numbers."""
    tensors = {f"model.{name}": value for name, value in model.state_dict().items()}
    for number, state in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{number}.{name}": value for name, value in state.items()}
    return tensors | {"generator": generator.get_state()}


def unpack(
    tensors: Tensors,
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    generator: torch.Generator,
) -> None:
    """Put back, in place, what ``pack`` collected.

    Raises:
        CheckpointError: If the model or the kind of device is another one, or the optimiser's
            averages are not those of its weights; nothing is changed then.
    """
    weights = weights_of(tensors)
    require_same_shapes(weights, model)
    state = _averages_of(tensors, model)
    random = tensors.get("generator", torch.empty(0))
    if (random.shape, random.dtype) != (generator.get_state().shape, torch.uint8):
        raise CheckpointError(
            "The checkpoint was made on another kind of device: continue it on that kind."
        )
    model.load_state_dict(weights)
    optimiser.load_state_dict(optimiser.state_dict() | {"state": state})
    generator.set_state(tensors["generator"])


def _averages_of(tensors: Tensors, model: nn.Module) -> dict[int, dict[str, Tensor]]:
    """Return what Adam keeps for each weight: of the weight's shape, because it trusts that."""
    state: dict[int, dict[str, Tensor]] = {}
    left = {name for name in tensors if name.startswith("optimiser.")}
    for number, weight in enumerate(model.parameters()):
        shapes = {"step": torch.Size(), "exp_avg": weight.shape, "exp_avg_sq": weight.shape}
        names = {key: f"optimiser.{number}.{key}" for key in shapes}
        if left.isdisjoint(names.values()):
            continue  # a weight that is not trained
        found = {key: tensors.get(name) for key, name in names.items()}
        averages = {key: value for key, value in found.items() if value is not None}
        if {key: value.shape for key, value in averages.items()} != shapes:
            raise CheckpointError(
                f"The checkpoint's averages for weight {number} do not have the shape "
                f"{tuple(weight.shape)} of that weight: use another checkpoint."
            )
        left -= set(names.values())
        state[number] = averages
    if left:
        raise CheckpointError(
            f"The checkpoint holds {min(left)}, which this model has no weight for: use another "
            "checkpoint."
        )
    return state


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

    def earlier_threads(self) -> int | None:
        """Return with how many threads the run to go on with began, or None if there is none."""
        if self.path is None or not (self.resume and Path(self.path).exists()):
            return None
        threads: int | None = read_checkpoint(self.path)[1].get("settings", {}).get("threads")
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
            CheckpointError: If the file is there and is not to be resumed, cannot be read, or was
                made with other settings, other rates or another model, or if its folder is
                missing. Nothing is changed then.
        """
        if self.path is None:
            return {}
        require_place(self.path, self.resume)
        if not Path(self.path).exists():
            return {}
        tensors, about = read_checkpoint(self.path)
        if "settings" not in about:
            raise CheckpointError(
                f"{self.path} holds a model without the run that made it: choose another name."
            )
        history: dict[str, list[float]] = about["history"]
        done = len(history["seconds"])
        theirs: dict[str, Any] = {"model": about["model"], **about["settings"]}
        theirs["learning_rate"] = history.get("learning_rate")
        ours = {"model": model.config, **settings, "learning_rate": rates[:done]}
        for name, value in ours.items():
            if theirs.get(name) != value:
                raise CheckpointError(
                    f"{self.path} was made with {name} = {theirs.get(name)!r} and not {value!r}: "
                    "go on with the same setting, or choose another name."
                )
        unpack(tensors, model, optimiser, generator)
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
        """Keep what is to be kept after an epoch."""
        if self.path is not None:
            about = {"settings": settings, "epochs": epochs, "model": model.config}
            tensors = pack(model, optimiser, generator)
            write_checkpoint(self.path, tensors, about | {"history": history})
        done = len(history["seconds"])
        if done in self.snapshots:
            self.models[done] = deepcopy(model)

    def say_how_to_go_on(self) -> None:
        """Print after an interruption what the checkpoint is good for, if there is one."""
        if self.path is not None and Path(self.path).exists():
            print(f"{self.path} holds a full epoch: go on with Keep(..., resume=True) or --resume.")


NOTHING = Keep()


def require_place(path: str | Path, resume: bool) -> None:
    """Refuse a checkpoint's path before any work is done for it.

    Raises:
        CheckpointError: If its folder is missing, or the file is there and not to be resumed.
    """
    if not Path(path).parent.is_dir():
        raise CheckpointError(
            f"{path} cannot be written, because the folder {Path(path).parent} does not exist: "
            "create it, or choose another name."
        )
    if Path(path).exists() and not resume:
        raise CheckpointError(
            f"{path} exists: go on from it with Keep(..., resume=True) or --resume, or choose "
            "another name."
        )


def checksum(images: Tensor | None) -> int | None:
    """Return a number that other images would hardly have, for the settings of a run."""
    return None if images is None else zlib.crc32(images.cpu().contiguous().numpy().data)
