"""Widgets in the built pages: labs, and explorers, a native slider for each range above a picture.

What ``vae_lib.widgets.explorer`` leaves in a notebook is a tree of widgets with a frame at each
leaf, and MyST-NB hands their state on as a script of the page. Here the tree becomes HTML and its
frames become files named by their content, in ``FRAMES`` beside the folders of both languages:
``tools.build.book`` publishes them there. ``explorers.js`` lets the sliders choose among them.
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

from bs4 import BeautifulSoup
from docutils import nodes
from myst_nb.sphinx_ import NbMetadataCollector
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from tools.build.outputs import WIDGET
from tools.paths import FRAMES
from vae_book import labs
from vae_book.figures import cells
from vae_book.words import _

VIEW = re.compile(r'"model_id": "(\w+)"')
NAME = re.compile(r"\{(\w+)\}")
SCRIPT = {"explorers.js": ("explorers.js", {"async": "async"})}
Widgets = dict[str, dict[str, Any]]


class Slider(NamedTuple):
    """A range of an explorer: its label, those of its stops, and the stop that it starts at."""

    label: str
    stops: list[str]
    start: int


class Frame(NamedTuple):
    """A picture of an explorer, its size on the page, and what it shows in words."""

    content: bytes  # WebP
    width: str
    height: str
    alt: str

    @property
    def name(self) -> str:
        """The frame's file."""
        return f"{hashlib.sha256(self.content).hexdigest()[:16]}.webp"


def set_explorers(app: Sphinx, doctree: nodes.document) -> None:
    """Set the page's widgets as HTML, write explorers' frames, and let no widget script be loaded.

    Raises:
        ExtensionError: If a widget is neither a lab nor an explorer.
    """
    scripts = NbMetadataCollector.get_js_files(app.env, app.env.docname)
    if "ipywidgets_state" not in scripts:
        return
    widgets = json.loads(scripts["ipywidgets_state"][1]["body"])["state"]
    for name in scripts.keys() - labs.SCRIPT.keys():
        del scripts[name]
    for cell, alt in cells(doctree):
        for output in cell.findall(nodes.container):
            if output.get("mime_type") != WIDGET:
                continue
            [identity] = VIEW.findall(output.astext())
            name, model = f"slider-{cell['cell_index']}", widgets[identity]
            if model["model_name"] == labs.MODEL:
                set_html(output, labs.as_html(model["state"], app.config.language, name))
                output["mime_type"] = "text/html"  # which describes itself
                scripts.update(labs.SCRIPT)
                continue
            try:
                sliders = list(read_sliders(widgets, identity))
                sentence = cell["cell_metadata"].get("explorer", {}).get("sentence", "")
                frames = [read_frame(html, sentence) for html in leaves(widgets, identity)]
            except (KeyError, TypeError) as error:
                raise ExtensionError(
                    f"Cell {cell['cell_index'] + 1} of {app.env.docname} shows a widget that is no "
                    "explorer and no lab: show it by `explorer` of vae_lib.widgets, by `lab` of "
                    "vae_lib.lab, or as a figure."
                ) from error
            write_frames(frames, Path(app.outdir, FRAMES))
            set_html(output, as_html(name, alt, sliders, frames))
            scripts.update(SCRIPT)


def set_html(output: nodes.container, html: str) -> None:
    """Put HTML in the place of a cell's output."""
    output.clear()
    output += nodes.raw("", html, format="html")


def read_sliders(widgets: Widgets, identity: str) -> Iterator[Slider]:
    """Read the sliders of the box that an explorer is, in the language of the page.

    The pictures stand below them.
    """
    for name in widgets[identity]["state"]["children"][:-1]:
        state = widgets[name.removeprefix("IPY_MODEL_")]["state"]
        stops = [_(stop) for stop in state["_options_labels"]]
        yield Slider(_(state["description"]), stops, state["index"])


def leaves(widgets: Widgets, identity: str) -> Iterator[str]:
    """Give the HTML of each frame below a widget, the stops of the last slider one by one."""
    model = widgets[identity]
    if model["model_name"] == "HTMLModel":
        yield model["state"]["value"]
    for child in model["state"].get("children", ()):
        yield from leaves(widgets, child.removeprefix("IPY_MODEL_"))


def read_frame(html: str, sentence: str) -> Frame:
    """Read a frame; the page's sentence with the frame's figures is its alternative text.

    Args:
        html: The ``<img>`` that ``vae_lib.widgets`` wrote.
        sentence: With the figures' names in braces; if it is empty the frame says itself.
    """
    image: Any = BeautifulSoup(html, "html.parser").img
    figures = {name: _(shown) for name, shown in json.loads(image["data-figures"]).items()}
    alt = NAME.sub(lambda name: figures.get(name[1], name[0]), sentence) or image["alt"]
    content = base64.b64decode(image["src"].partition(",")[2])
    return Frame(content, image["width"], image["height"], alt)


def write_frames(frames: list[Frame], folder: Path) -> None:
    """Write the files of the frames that are not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    for frame in frames:
        if not (folder / frame.name).exists():
            (folder / frame.name).write_bytes(frame.content)


def as_html(name: str, alt: str, sliders: list[Slider], frames: list[Frame]) -> str:
    """Return an explorer that stands there without a script, save for its sliders.

    Args:
        name: Begins the ids of its sliders.
        alt: What it shows and what its sliders do.
        sliders: Its ranges.
        frames: One for each choice of stops, those of the last slider one by one.
    """
    start, rows = 0, []
    for number, (label, stops, stop) in enumerate(sliders):
        start = start * len(stops) + stop
        identity, value = f"{name}-{number}", escape(stops[stop])
        rows.append(
            f'<div class="slider"><label for="{identity}">{escape(label)}</label>'
            f'<output aria-live="off">{value}</output>'
            f'<input type="range" class="pst-js-only" id="{identity}" max="{len(stops) - 1}"'
            f' value="{stop}" aria-valuetext="{value}" autocomplete="off"></div>'
        )
    shown = frames[start]
    choices = {
        "stops": [slider.stops for slider in sliders],
        "frames": [[frame.name, frame.alt] for frame in frames],
    }
    data = json.dumps(choices, ensure_ascii=False, separators=(",", ":")).replace("<", r"\u003c")
    return (
        f'<div class="explorer" role="group" aria-label="{escape(alt)}">{"".join(rows)}'
        f'<img src="../{FRAMES}/{shown.name}" alt="{escape(shown.alt)}" width="{shown.width}"'
        f' height="{shown.height}" loading="lazy" decoding="sync">'
        '<p class="visually-hidden" role="status"></p>'
        f'<script type="application/json">{data}</script></div>'
    )
