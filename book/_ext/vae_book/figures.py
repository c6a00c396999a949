"""Figures in the built pages: their alternative text and their size.

The code cells of the two languages are equal to the byte, so the text stands in the cells'
metadata, where MyST-NB reads it for images: ``"mystnb": {"image": {"alt": "..."}}``. The same
text becomes the label of an explorer. A figure without it is a warning. A figure has more pixels
than its size on the page, which is that of matplotlib's inches. Each picture states its size, so
that nothing moves when it comes, and comes when it is neared.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from docutils import nodes
from PIL import Image
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

from tools.build.outputs import WIDGET

LOGGER = logging.getLogger(__name__)
COLAB = "https://colab.research.google.com"
PROGRESS_BAR = re.compile(r"\d+%\|")
FIXED_SIZE = re.compile(r' style="width: [\d.]+px; height: [\d.]+px;"')
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


def cells(doctree: nodes.document) -> Iterator[tuple[nodes.Element, str]]:
    """Give each code cell of a page, and the text for who cannot see its figures."""
    for cell in doctree.findall(nodes.Element):
        if "cell_metadata" in cell:
            yield cell, cell["cell_metadata"].get("mystnb", {}).get("image", {}).get("alt", "")


def describe_figures(app: Sphinx, doctree: nodes.document) -> None:
    """Warn of a figure or an explorer without a text."""
    for cell, alt in cells(doctree):
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


def pack_figures(app: Sphinx, doctree: nodes.document) -> None:
    """Put WebP in the place of each figure's PNG: the same pixels in less than half the bytes.

    It keeps the figure's size on the page, which WebP does not state.
    """
    for output in doctree.findall(nodes.container):
        if output.get("mime_type") == "image/png":
            for image in output.findall(nodes.image):
                path = Path(app.srcdir, image["uri"].lstrip("/"))
                image["page_size"] = page_size(path)
                with Image.open(path) as picture:
                    picture.save(path.with_suffix(".webp"), lossless=True)
                image["uri"] = image["uri"].removesuffix(".png") + ".webp"


def visit_image(translator: HTML5Translator, node: nodes.image) -> None:
    """Write a picture with its size, which a narrow screen may shrink; fetched when neared."""
    path = Path(translator.builder.srcdir, node["uri"])
    width, height = node.get("page_size") or page_size(path)
    node["loading"] = "lazy"
    type(translator).visit_image(translator, node)
    tag = FIXED_SIZE.sub("", translator.body.pop())
    translator.body.append(tag.replace("<img ", f'<img width="{width}" height="{height}" ', 1))


def fetch_first_picture(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Let the first picture of a page be fetched with the page."""
    before, tag, behind = context.get("body", "").partition("<img")
    picture, end, behind = behind.partition(">")
    context["body"] = before + tag + picture.replace(' loading="lazy"', "") + end + behind


def page_size(path: Path) -> tuple[int, int]:
    """Return how wide and high a picture is on the page, from the dots per inch that it states."""
    if path.suffix == ".svg":
        box = ElementTree.parse(path).getroot().attrib["viewBox"].split()
        return round(float(box[2])), round(float(box[3]))
    with Image.open(path) as picture:
        dots_per_inch = picture.info.get("dpi", (PIXELS_PER_INCH,))[0]
        width, height = (round(size * PIXELS_PER_INCH / dots_per_inch) for size in picture.size)
        return width, height
