"""Tables that a directive fills: one way to make headings, rows and cells."""

import re
from collections.abc import Iterable

from docutils import nodes

CODE = re.compile(r"`([^`]*)`")


def table(style: str, headings: list[str], rows: Iterable[nodes.row]) -> nodes.table:
    """Return a table whose class in the style sheet is ``style``."""
    group = nodes.tgroup("", cols=len(headings))
    group += [nodes.colspec(colwidth=1) for _ in headings]
    group += [nodes.thead("", row(*headings)), nodes.tbody("", *rows)]
    return nodes.table("", group, classes=[style])


def row(*texts: str) -> nodes.row:
    """Return a row with one text in each cell."""
    return nodes.row("", *(nodes.entry("", paragraph(text)) for text in texts))


def paragraph(text: str) -> nodes.paragraph:
    """Return a paragraph in which what stands between backticks is code."""
    parts = CODE.split(text)
    kinds = (nodes.Text, lambda code: nodes.literal("", code))
    return nodes.paragraph("", "", *(kinds[i % 2](part) for i, part in enumerate(parts) if part))
