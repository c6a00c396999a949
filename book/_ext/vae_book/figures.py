"""Figures in the built pages: their alternative text and their size.

The code cells of the two languages are equal to the byte, so the text stands in the cells'
metadata, where MyST-NB reads it for images: ``"mystnb": {"image": {"alt": "..."}}``. The same
text becomes the label of a widget. A figure without it is a warning. A figure has more pixels than
its size on the page, which is that of matplotlib's inches. An explorer's metadata may also hold
``"explorer": {"sentence": "..."}``, which ``explorers.js`` fills with a frame's figures.
"""

import re
from html import escape
from pathlib import Path

from docutils import nodes
from PIL import Image
from sphinx.application import Sphinx
from sphinx.util import logging

from tools.build.outputs import WIDGET

LOGGER = logging.getLogger(__name__)
COLAB = "https://colab.research.google.com"
PROGRESS_BAR = re.compile(r"\d+%\|")
PIXELS_PER_INCH = 100  # on the page, whatever the file has


def remove_what_pages_do_without(app: Sphinx, doctree: nodes.document) -> None:
    """Drop progress bars, which have nothing to tell any more, and each notebook's Colab badge.

    The badge would come from another host, and the page has a button of its own.
    """
    for paragraph in list(doctree.findall(nodes.paragraph)):
        link = paragraph.next_node(nodes.reference)
        if link and link.get("refuri", "").startswith(COLAB) and link.next_node(nodes.image):
            paragraph.parent.remove(paragraph)
    for output in list(doctree.findall(nodes.container)):
        if output.get("nb_element") == "mime_bundle" and PROGRESS_BAR.search(output.astext()):
            output.parent.remove(output)


def describe_figures(app: Sphinx, doctree: nodes.document) -> None:
    """Wrap each widget in a labelled group, and warn of a figure or widget without a text."""
    for cell in doctree.findall(lambda node: "cell_metadata" in getattr(node, "attributes", {})):
        alt = cell["cell_metadata"].get("mystnb", {}).get("image", {}).get("alt", "")
        for output in cell.findall(nodes.container):
            mime_type = output.get("mime_type", "")
            if mime_type != WIDGET and not mime_type.startswith("image/"):
                continue
            if not alt:
                LOGGER.warning(
                    "the figure of cell %d has no alternative text (metadata mystnb.image.alt)",
                    cell["cell_index"] + 1,
                    location=app.env.docname,
                )
            if mime_type == WIDGET:
                sentence = cell["cell_metadata"].get("explorer", {}).get("sentence", "")
                opening = (
                    f'<div class="explorer" role="group" aria-label="{escape(alt)}"'
                    f' data-sentence="{escape(sentence)}">'
                )
                output.insert(0, nodes.raw("", opening, format="html"))
                output.append(nodes.raw("", "</div>", format="html"))


def size_figures(app: Sphinx, doctree: nodes.document) -> None:
    """Give each figure of a code cell its width on the page."""
    for output in doctree.findall(nodes.container):
        if output.get("mime_type") == "image/png":
            for image in output.findall(nodes.image):
                image["width"] = f"{page_width(Path(app.srcdir, image['uri']))}px"


def page_width(path: Path) -> int:
    """Return how wide a PNG is on the page, from the dots per inch that it states."""
    with Image.open(path) as picture:
        dots_per_inch = picture.info.get("dpi", (PIXELS_PER_INCH,))[0]
        return round(picture.width * PIXELS_PER_INCH / dots_per_inch)
