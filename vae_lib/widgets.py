"""Sliders over precomputed frames: alive in a static page, without a kernel."""

import base64
import io
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets
import matplotlib.pyplot as plt
from ipywidgets import HTML, SelectionSlider, VBox
from matplotlib.figure import Figure
from PIL import Image


def explorer(draw: Callable[..., Figure], **ranges: Sequence[float]) -> VBox:
    """Put one slider per range above a picture that follows them.

    Every combination is drawn once, now. Where ipywidgets has ``Stack`` (version 8), the sliders
    pick the frame in the browser itself; with version 7 (Colab) a live kernel does.

    Args:
        draw: Called with one value of each range, by name; returns a matplotlib figure.
        ranges: One or two ranges: the slider's label and the values it stops at.

    Returns:
        The sliders and the picture, each slider starting in the middle of its range.

    Raises:
        ValueError: If there are no ranges or more than two, or a range has no value.
    """
    if not 1 <= len(ranges) <= 2:
        raise ValueError(f"explorer was given {len(ranges)} ranges: give one or two.")
    if empty := [name for name, values in ranges.items() if len(values) == 0]:
        raise ValueError(f"The range of {empty[0]!r} has no value: give at least one.")
    sliders = [_slider(name, values) for name, values in ranges.items()]
    frames = {}
    for chosen in itertools.product(*(enumerate(values) for values in ranges.values())):
        values = {name: value for name, (_, value) in zip(ranges, chosen, strict=True)}
        frames[tuple(index for index, _ in chosen)] = _frame(draw(**values), values)
    if hasattr(ipywidgets, "Stack"):
        return VBox([*sliders, _stack(sliders, frames)])
    return VBox([*sliders, _observed(sliders, frames)])


def _slider(name: str, values: Sequence[float]) -> SelectionSlider:
    return SelectionSlider(
        options=[(f"{value:g}", index) for index, value in enumerate(values)],
        index=len(values) // 2,
        description=name,
        style={"description_width": "initial"},
        layout={"width": "min(28rem, 95%)"},
    )


def _frame(figure: Figure, values: dict[str, float]) -> str:
    """One figure as an ``<img>``; its alt text is the values of the sliders."""
    picture, packed = io.BytesIO(), io.BytesIO()
    figure.savefig(picture, format="png")
    plt.close(figure)
    Image.open(picture).convert("RGB").save(packed, format="webp", lossless=True, method=4)
    code = base64.b64encode(packed.getvalue()).decode()
    alt = ", ".join(f"{name} = {value:g}" for name, value in values.items())
    return f'<img alt="{alt}" src="data:image/webp;base64,{code}" style="max-width: 100%">'


def _stack(sliders: list[SelectionSlider], frames: dict[tuple[int, ...], str]) -> Any:
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


def _observed(sliders: list[SelectionSlider], frames: dict[tuple[int, ...], str]) -> HTML:
    """One picture that the kernel replaces when a slider moves."""
    picture = HTML()

    def show(_: object = None) -> None:
        picture.value = frames[tuple(slider.index for slider in sliders)]

    for slider in sliders:
        slider.observe(show, "index")
    show()
    return picture
