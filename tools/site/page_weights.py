"""State what each built page weighs, and its explorers: ``python -m tools.site.page_weights``.

A page's weight is what a browser with an empty cache has to fetch: the page, and the scripts, style
sheets, fonts and pictures that it names, text compressed by gzip as servers do. Not counted is what
scripts and style sheets ask for later, such as the fonts of formulas.
"""

import functools
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup, Tag

from tools.build.plain_tex import text_of
from tools.paths import HTML

LIMIT = 1_000_000  # bytes, compressed
PACKED = {".woff", ".woff2", ".webp", ".png", ".jpg", ".gif"}  # gzip gains nothing
NAMED = 'script[src], img[src], link[rel~="stylesheet"], link[rel~="preload"], link[rel~="icon"]'


class Explorer(NamedTuple):
    """The question above a picture with sliders, and the size of the picture's frames."""

    question: str
    frames: int
    size: int  # bytes


class Page(NamedTuple):
    """One built page, weighed."""

    name: str  # below the folder of the built pages
    own: int  # bytes, compressed: the page itself
    total: int  # and all that it names
    explorers: list[Explorer]


@functools.cache
def compressed_size(path: Path) -> int:
    """Return how many bytes of a file travel to the reader."""
    content = path.read_bytes()
    return len(content) if path.suffix in PACKED else len(gzip.compress(content, 6))


def weigh(path: Path, html: Path = HTML) -> Page:
    """Weigh one built page.

    Args:
        path: The page's file.
        html: The folder of the built pages, which the page's name is told from.
    """
    soup = BeautifulSoup(path.read_bytes(), "html.parser")
    named = {path}
    for node in soup.select(NAMED):
        address = urlsplit(str(node.get("src") or node.get("href")))
        file = (path.parent / unquote(address.path)).resolve()
        if not address.scheme and file.is_file():
            named.add(file)
    return Page(
        path.relative_to(html).as_posix(),
        compressed_size(path),
        sum(compressed_size(file) for file in named),
        list(_explorers(soup, path.parent)),
    )


def _explorers(soup: BeautifulSoup, folder: Path) -> Iterator[Explorer]:
    for explorer in soup.select("div.explorer"):
        script, picture = explorer.find("script"), explorer.find("img")
        assert isinstance(script, Tag) and isinstance(picture, Tag)
        names = {name for name, _ in json.loads(script.get_text())["frames"]}
        place = (folder / str(picture["src"])).parent
        sizes = [(place / name).stat().st_size for name in names]
        yield Explorer(_question_above(explorer), len(sizes), sum(sizes))


def _question_above(explorer: Tag) -> str:
    for node in explorer.find_all_previous(["strong", "h2", "h3", "h4"]):
        text = text_of(node).rstrip("# ")
        if text.endswith(("?", "？")):
            return text
    return ""


def report(html: Path = HTML) -> None:
    """Print the weight of each page and the explorers of the English ones.

    Args:
        html: The folder of the built pages.

    Raises:
        SystemExit: If a page is heavier than the limit.
    """
    pages = [weigh(path, html) for path in sorted(html.glob("*/*.html"))]
    print("\nWeight of each page, compressed: alone / with the scripts and styles that it names")
    for page in pages:
        print(f"{page.own / 1e6:6.2f} / {page.total / 1e6:4.2f} MB  {page.name}")
        for explorer in page.explorers if page.name.startswith("en/") else []:
            size = f"{explorer.frames:3} frames {explorer.size / 1e3:5.0f} kB"
            print(f"{'':18}{size}  {explorer.question[:70]}")
    if heavy := [page.name for page in pages if page.total > LIMIT]:
        raise SystemExit(
            f"Heavier than {LIMIT / 1e6:.0f} MB compressed: {', '.join(heavy)}; "
            "give the explorers there fewer or smaller frames."
        )


if __name__ == "__main__":
    report()
