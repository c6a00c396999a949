"""What the theme's templates withhold from a screen reader, mended in the written pages.

Names of buttons that say something else than the words on them, and a page title that stands in no
landmark; entries of a list that are none. ``tests/test_accessibility.py`` finds what is left.
"""

import re

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
    # A notebook is to be kept: opened in the browser it is a page of JSON.
    (re.compile(r'(<a href="[^"]*_sources/[^"]*\.ipynb") target="_blank"'), r"\1 download"),
    # The entries of the bibliography stand in a list; docutils gives them a role of their own.
    (re.compile(r'(<div class="citation"[^>]*) role="doc-biblioentry"'), r'\1 role="listitem"'),
]


def accessible(html: str) -> str:
    """Return a page of the theme with each mend applied."""
    for pattern, mended in MENDS:
        html = pattern.sub(mended, html)
    return html
