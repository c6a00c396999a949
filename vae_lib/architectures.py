"""The models that a checkpoint can describe, and how they are built again from what it says."""

import math
from typing import Any

from vae_lib.convolutional import conv_vae
from vae_lib.engine.checks import InputError
from vae_lib.models import VAE, mlp_vae
from vae_lib.table_models import table_vae
from vae_lib.tables import Column

# By builder: its arguments, as JSON holds them.
ARCHITECTURES: dict[str, dict[str, type]] = {
    "mlp_vae": {
        "data_dim": int, "latent_dim": int, "hidden": list, "likelihood": str,
        "allow_grey": bool, "activation": str,
    },
    "conv_vae": {
        "shape": list, "latent_dim": int, "channels": list, "levels": int, "shared_scale": bool,
    },
    "table_vae": {"columns": list, "latent_dim": int, "hidden": list, "components": int},
}  # fmt: skip
# Of these arguments each size is that of a weight.
SIZES = ("data_dim", "latent_dim", "hidden", "channels")
COLUMN = {"name": str, "centre": float, "scale": float, "step": float, "categories": list}


def split_config(config: Any) -> tuple[str, dict[str, Any]]:
    """Return the name of the builder and its arguments.

    Raises:
        InputError: If this is not what a builder leaves in ``config``.
    """
    if type(config) is dict:
        arguments = dict(config)
        builder = arguments.pop("builder", "mlp_vae")
        if builder == "conv_vae":
            arguments.setdefault("shared_scale", False)  # not named by earlier versions
        kinds = {name: type(value) for name, value in arguments.items()}
        known = type(builder) is str and ARCHITECTURES.get(builder) == kinds
        lists = [arguments.get(name, []) for name in ("hidden", "channels", "shape")]
        if known and all(type(size) is int for one in lists for size in one):
            return builder, arguments
    raise InputError("The checkpoint describes no model: use another one.")


def sizes_of(config: Any) -> list[int]:
    """Return all sizes of layers, each of which is a side of a weight.

    Raises:
        InputError: As ``split_config``.
    """
    _, arguments = split_config(config)
    found: list[int] = []
    for name in SIZES:
        value = arguments.get(name, [])
        found += value if isinstance(value, list) else [value]
    return found


def build(config: Any) -> VAE:
    """Build the model, with weights of its own.

    Raises:
        InputError: As ``split_config``, or if the builder refuses the arguments.
    """
    builder, arguments = split_config(config)
    if builder == "mlp_vae":
        return mlp_vae(**arguments)
    if builder == "conv_vae":
        return conv_vae(**arguments)
    return table_vae(**arguments | {"columns": columns_of(arguments["columns"])})


def columns_of(described: list[Any]) -> tuple[Column, ...]:
    """Return a table's columns from their description in a model's ``config``.

    Raises:
        InputError: If it is not one.
    """
    columns = []
    for one in described:
        kinds = {name: type(value) for name, value in one.items()} if type(one) is dict else {}
        if kinds != COLUMN or not all(type(word) is str for word in one["categories"]):
            raise InputError("The checkpoint describes no columns: use another one.")
        numbers = (one["centre"], one["scale"], one["step"])
        if not (all(map(math.isfinite, numbers)) and one["scale"] > 0 and one["step"] >= 0):
            raise InputError("The checkpoint scales a column by no number: use another one.")
        columns.append(Column(**one | {"categories": tuple(one["categories"])}))
    return tuple(columns)
