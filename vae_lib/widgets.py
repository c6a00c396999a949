"""Sliders over precomputed frames: alive in a static page, without a kernel, and said aloud."""

import base64
import io
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

import ipywidgets
import matplotlib.pyplot as plt
from ipywidgets import HTML, SelectionSlider, VBox
from matplotlib.figure import Figure
from PIL import Image

from vae_lib.engine.checks import InputError

SHARPNESS = 1.5  # pixels of a frame for each pixel of the page
COLOURS = 64  # enough for smooth edges of letters and lines; a frame then weighs half as much
SPREAD = Image.Quantize.MAXCOVERAGE  # keeps colours that few pixels have, such as a dot's
Frames = dict[tuple[int, ...], str]


def explorer(
    draw: Callable[..., Figure | tuple[Figure, Mapping[str, float]]],
    **ranges: Sequence[float | str],
) -> VBox:
    """Put one slider per range above a picture that follows them.

    Every combination is drawn once, now. Where ipywidgets has ``Stack`` (version 8), the sliders
    pick the frame in the browser itself; with version 7 (Colab) a live kernel does.

    The alternative text of a frame gives the sliders' values and the figures that ``draw``
    returned: ``mean = 1, sigma = 0.5: gap = 0.3578``. In the book's pages the cell's metadata hold
    a sentence in the page's language, with these names in braces, and it takes their place::

        "explorer": {"sentence": "With mean {mean} and σ = {sigma} the gap is {gap} nats."}

    Args:
        draw: Called with one value of each range, by name; returns a matplotlib figure or, with
            it, the numbers by name that a reader who cannot see the figure needs.
        ranges: One or two ranges: the slider's label, underscores shown as spaces, and the
            values it stops at: numbers or words.

    Returns:
        The sliders and the picture, each slider starting in the middle of its range.

    Raises:
        ValueError: If there are no ranges or more than two, or a range has no value.
    """
    if not 1 <= len(ranges) <= 2:
        raise InputError(f"explorer was given {len(ranges)} ranges: give one or two.")
    if empty := [name for name, values in ranges.items() if len(values) == 0]:
        raise InputError(f"The range of {empty[0]!r} has no value: give at least one.")
    sliders = [_slider(name, values) for name, values in ranges.items()]
    frames = {}
    for chosen in itertools.product(*(enumerate(values) for values in ranges.values())):
        values = {name: value for name, (_, value) in zip(ranges, chosen, strict=True)}
        drawn = draw(**values)
        figure, figures = (drawn, {}) if isinstance(drawn, Figure) else drawn
        frames[tuple(index for index, _ in chosen)] = _frame(figure, values, figures)
    if hasattr(ipywidgets, "Stack"):
        return VBox([*sliders, _stack(sliders, frames)])
    return VBox([*sliders, _observed(sliders, frames)])


def _slider(name: str, values: Sequence[float | str]) -> SelectionSlider:
    return SelectionSlider(
        options=[(_shown(value), index) for index, value in enumerate(values)],
        index=len(values) // 2,
        description=name.replace("_", " "),
        style={"description_width": "initial"},
        layout={"width": "min(28rem, 95%)"},
    )


def _shown(value: float | str, digits: int = 6) -> str:
    """A word as it is; a number with the sign that is read out as minus (a hyphen is not)."""
    if isinstance(value, str):
        return value
    return f"{float(f'{value:.{digits}g}'):g}".replace("-", "\N{MINUS SIGN}")


def _frame(figure: Figure, values: Mapping[str, float | str], figures: Mapping[str, float]) -> str:
    """One figure as an ``<img>``, in few colours and without loss beyond that."""
    picture, packed = io.BytesIO(), io.BytesIO()
    figure.savefig(picture, format="png", dpi=SHARPNESS * figure.dpi)
    plt.close(figure)
    image = Image.open(picture).convert("RGB")
    few = image.quantize(COLOURS, SPREAD, dither=Image.Dither.NONE).convert("RGB")
    few.save(packed, format="webp", lossless=True, method=4)
    width, height = (round(size / SHARPNESS) for size in image.size)
    shown = {name: _shown(value) for name, value in values.items()}
    shown |= {name: _shown(number, digits=4) for name, number in figures.items()}
    parts = (", ".join(f"{name} = {shown[name]}" for name in names) for names in (values, figures))
    return (
        f'<img alt="{escape(": ".join(filter(None, parts)))}"'
        f' data-figures="{escape(json.dumps(shown, ensure_ascii=False))}"'
        f' width="{width}" height="{height}" style="max-width: 100%; height: auto"'
        f' src="data:image/webp;base64,{base64.b64encode(packed.getvalue()).decode()}">'
    )


def _stack(sliders: list[SelectionSlider], frames: Frames) -> Any:
    """Nested stacks, one level per slider, each linked to its slider in the browser."""

    def level(prefix: tuple[int, ...]) -> Any:
        depth = len(prefix)
        if depth == len(sliders):
            return HTML(frames[prefix])
        children = [level((*prefix, i)) for i in range(len(sliders[depth].options))]
        stack = ipywidgets.Stack(children, selected_index=sliders[depth].index)
        ipywidgets.jslink((sliders[depth], "index"), (stack, "selected_index"))
        return stack

    return level(())


def _observed(sliders: list[SelectionSlider], frames: Frames) -> HTML:
    """One picture that the kernel replaces when a slider moves."""
    picture = HTML()

    def show(_: object = None) -> None:
        picture.value = frames[tuple(slider.index for slider in sliders)]

    for slider in sliders:
        slider.observe(show, "index")
    show()
    return picture
