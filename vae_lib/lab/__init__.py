"""Live models in a notebook: the labs of the book's pages, from the same source.

What a lab shows can be read, and what its reader sets can be set::

    climb = lab("climb", mean=0.5)
    climb  # in a cell of its own, whose output it becomes
    climb.gap  # what it shows
    climb.mean = 1.3  # which moves it
"""

import json
from pathlib import Path
from typing import Any

import traitlets
from anywidget import AnyWidget

from vae_lib.engine.checks import InputError

FOLDER = Path(__file__).parent
# What a reader sets in each lab, and where it starts.
STARTS: dict[str, dict[str, float | bool]] = {
    "climb": {"mean": 0.0, "width": 1.0, "slope": 1.0},
    "draw": {"z1": 2.05, "z2": -0.5},
    "linear": {"rate": 0.02},
    "miss": {"x": 1.0, "noise": 0.3},
    "mistakes": {
        "sign": False,
        "kl_sign": False,
        "pixels": False,
        "draw": False,
        "kl_scale": False,
        "squared": False,
        "no_noise": False,
    },
    "noise": {"sigma": 0.5, "baseline": False},
    "train": {"z1": 0.0, "z2": 0.0},
    "walk": {"t": 0.5, "rank": 1, "value": 2.0},
    "weights": {"k": 10, "mean": 1.0, "width": 0.6},
}
# Networks and digits, of those that need some.
NEEDS = {
    "draw": ("plane", "digits"),
    "mistakes": ("digits",),
    "train": ("digits",),
    "walk": ("traverse", "samples"),
}
SETTINGS = {name for settings in STARTS.values() for name in settings}


class Lab(AnyWidget):
    """A lab; what it shows is in ``state``, and each number of it an attribute.

    Attributes:
        name: The lab's.
        state: The settings and, once the lab is drawn, all numbers that it shows.
        packed: The networks and digits that it needs.
    """

    _esm = (FOLDER / "bundle.js").read_text(encoding="utf-8")
    _css = (FOLDER / "lab.css").read_text(encoding="utf-8")
    name = traitlets.Unicode().tag(sync=True)
    state = traitlets.Dict().tag(sync=True)
    packed = traitlets.Dict().tag(sync=True)

    def __getattr__(self, name: str) -> Any:
        """Return a number of ``state``.

        Raises:
            AttributeError: If there is none of that name, or not yet.
        """
        if name.startswith("_"):  # asked for before there is a state
            raise AttributeError(name)
        if name not in self.state:
            raise AttributeError(
                f"The lab {self.name!r} shows no {name!r}: it shows {sorted(self.state)}, and more "
                "once a browser has drawn it."
            )
        return self.state[name]

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute, or one of the lab's settings."""
        if name in SETTINGS and name in STARTS[self.name]:
            self.state = self.state | {name: value}
        else:
            super().__setattr__(name, value)


def lab(name: str, **settings: float | bool) -> Lab:
    """Return a lab, to be shown by the last line of a cell.

    Args:
        name: ``"climb"``, ...: one of ``STARTS``.
        settings: Where it starts, if not where the book's starts.

    Returns:
        The lab. Drawing it takes a browser, but neither Python nor a network.

    Raises:
        ValueError: If there is no such lab, or no such setting in it.
    """
    if name not in STARTS:
        raise InputError(f"There is no lab {name!r}: choose one of {sorted(STARTS)}.")
    if unknown := sorted(settings.keys() - STARTS[name].keys()):
        raise InputError(
            f"The lab {name!r} has no setting {unknown[0]!r}: it has {sorted(STARTS[name])}."
        )
    packed = {one: _packed(one) for one in NEEDS.get(name, ())}
    return Lab(name=name, state=STARTS[name] | settings, packed=packed)


def _packed(name: str) -> dict[str, Any]:
    """Read what a page would load as a script."""
    text = (FOLDER / f"packed/{name}.js").read_text(encoding="utf-8")
    packed: dict[str, Any] = json.loads(text[text.index(" = ") + 3 : text.rindex(";")])
    return packed
