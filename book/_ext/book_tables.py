"""Tables that a directive fills: headings, an empty body, cells with text and code."""

import re
from collections.abc import Sequence

from docutils import nodes

CODE = re.compile(r"`([^`]*)`")


def frame(
    headings: Sequence[str], widths: Sequence[int], name: str
) -> tuple[nodes.table, nodes.tbody]:
    """Return an empty table of class ``name`` with its headings, and the body to fill."""
    body = nodes.tbody()
    group = nodes.tgroup("", cols=len(headings))
    group += [nodes.colspec(colwidth=width) for width in widths]
    heading = nodes.row()
    for word in headings:
        heading += nodes.entry("", nodes.paragraph("", word))
    group += [nodes.thead("", heading), body]
    return nodes.table("", group, classes=[name]), body


def row(*texts: str) -> nodes.row:
    """Return a row with one text in each cell."""
    return nodes.row("", *(nodes.entry("", paragraph(text)) for text in texts))


def paragraph(text: str) -> nodes.paragraph:
    """Return a paragraph in which what stands between backticks is code."""
    parts = CODE.split(text)
    kinds = (nodes.Text, lambda code: nodes.literal("", code))
    return nodes.paragraph("", "", *(kinds[i % 2](part) for i, part in enumerate(parts) if part))
