"""All that a training run is made of, as the tensors of a checkpoint, and back."""

import math
from pathlib import Path

import torch
from torch import Tensor

from vae_lib.checkpoints import (
    CheckpointError,
    Tensors,
    require_same_shapes,
    require_usable,
    shown,
    weights_of,
)
from vae_lib.models import GenerativeModel


def pack(
    model: GenerativeModel, optimiser: torch.optim.Optimizer, generator: torch.Generator
) -> Tensors:
    """Collect all that a run is made of: weights, the optimiser's averages, the random numbers."""
    tensors = {f"model.{name}": value for name, value in model.state_dict().items()}
    for number, state in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{number}.{name}": value for name, value in state.items()}
    return tensors | {"generator": generator.get_state()}


def unpack(
    path: str | Path,
    tensors: Tensors,
    model: GenerativeModel,
    optimiser: torch.optim.Optimizer,
    generator: torch.Generator,
) -> None:
    """Put back, in place, what ``pack`` collected.

    Raises:
        CheckpointError: If the model or the kind of device is another one, if something is not
            finite, or if the optimiser's averages are not those of its weights; nothing is
            changed then.
    """
    weights = weights_of(tensors)
    require_same_shapes(weights, model)
    require_usable(path, weights, None)
    ours = {name: value.dtype for name, value in model.state_dict().items()}
    require_fit(path, {name: value.dtype for name, value in weights.items()} == ours, "weights")
    state = _averages_of(path, tensors, model)
    _require_random_numbers(path, tensors.get("generator", torch.empty(0)), generator)
    model.load_state_dict(weights)
    optimiser.load_state_dict(optimiser.state_dict() | {"state": state})
    generator.set_state(tensors["generator"])


def _averages_of(path: str | Path, tensors: Tensors, model: GenerativeModel) -> dict[int, Tensors]:
    """Return what Adam keeps for each weight: of the weight's shape, because it trusts that."""
    state: dict[int, Tensors] = {}
    left = {name for name in tensors if not name.startswith("model.")} - {"generator"}
    for number, weight in enumerate(model.parameters()):
        kinds = {key: (weight.shape, weight.dtype) for key in ("exp_avg", "exp_avg_sq")}
        kinds["step"] = (torch.Size(), torch.float32)
        names = {key: f"optimiser.{number}.{key}" for key in kinds}
        trained = weight.requires_grad and model.config is not None  # else perhaps it is not
        if left.isdisjoint(names.values()) and not trained:
            continue
        found = {key: tensors[name] for key, name in names.items() if name in tensors}
        fits = {key: (value.shape, value.dtype) for key, value in found.items()} == kinds
        fits = fits and bool(found["exp_avg"].isfinite().all() and (found["exp_avg_sq"] >= 0).all())
        fits = fits and 0 <= found["step"].item() < math.inf
        require_fit(path, fits, "averages of the optimiser")
        left -= set(names.values())
        state[number] = found
    if left:
        raise CheckpointError(
            f"{path} holds {shown(min(left))}, which this model has no weight for: use "
            "another checkpoint."
        )
    return state


def _require_random_numbers(path: str | Path, state: Tensor, generator: torch.Generator) -> None:
    if (state.shape, state.dtype) != (generator.get_state().shape, torch.uint8):
        raise CheckpointError(
            f"{path} was made on another kind of device: continue it on that kind."
        )
    try:
        torch.Generator(generator.device).set_state(state)
        fits = True
    except RuntimeError:  # PyTorch's only word for it
        fits = False
    if generator.device.type == "cpu":  # PyTorch trusts that these go together, see its mt19937
        unused, place = state[8:12].view(torch.int32).item(), state[16:24].view(torch.int64).item()
        fits = fits and (unused + place == 625 or (unused, place) == (1, 0))
    require_fit(path, fits, "random numbers")


def require_fit(path: str | Path, fits: bool, what: str) -> None:
    """Check that a part of a checkpoint is as a run writes it.

    Raises:
        CheckpointError: If ``fits`` is false.
    """
    if not fits:
        raise CheckpointError(f"{path} holds {what} that no such run has: use another checkpoint.")
