"""The built pages, parsed once in each process, without what KaTeX drew."""

import functools
import re

from bs4 import BeautifulSoup

from tools.paths import HTML

FORMULA = '<span class="katex">'
SPAN = re.compile(r"<(/?)span\b")


@functools.cache
def parsed(name: str) -> BeautifulSoup:
    """A page by its path below the built ones, in which each drawn formula has gone."""
    text = (HTML / name).read_text("utf-8")
    kept, end = [], 0
    while (start := text.find(FORMULA, end)) >= 0:
        kept.append(text[end:start])
        depth = 0
        for span in SPAN.finditer(text, start):
            depth += -1 if span[1] else 1
            if depth == 0:
                end = text.index(">", span.start()) + 1
                break
    return BeautifulSoup("".join([*kept, text[end:]]), "html.parser")
