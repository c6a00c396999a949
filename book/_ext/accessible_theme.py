"""What the theme's templates withhold from a screen reader, mended in the written pages.

Names of buttons that say something else than the words on them, and a page title that stands in no
landmark; entries of a list that are none. ``tests/test_accessibility.py`` finds what is left.
"""

import re
from pathlib import Path

from sphinx.application import Sphinx

MENDS = [
    # The search button is called what is written on it, with its keys.
    (re.compile(r'(<button class="btn search-button-field[^>]*?) aria-label="[^"]*"'), r"\1"),
    # The three pictures of the theme switch are no words; the button has a name.
    (re.compile(r'(<i class="theme-switch [^>]*?)\s+title="[^"]*"'), r'\1 aria-hidden="true"'),
    # The book's title above the list of chapters is the page's banner; the theme's header is empty.
    (re.compile('<header id="pst-header"'), '<header role="none" id="pst-header"'),
    (
        re.compile(r'(<div class="sidebar-primary-items__start[^>]*>\s*<div)'),
        r'\1 role="banner"',
    ),
    # The entries of the bibliography stand in a list; docutils gives them a role of their own.
    (re.compile(r'(<div class="citation"[^>]*) role="doc-biblioentry"'), r'\1 role="listitem"'),
]


def mend_pages(app: Sphinx, exception: Exception | None) -> None:
    """Apply each mend to every page that the theme has written."""
    if exception or app.builder.format != "html":
        return
    for page in Path(app.outdir).rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        for pattern, mended in MENDS:
            text = pattern.sub(mended, text)
        page.write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension."""
    app.connect("build-finished", mend_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
