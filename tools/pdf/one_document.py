"""Join the built pages of one language into one HTML document, for paper.

Every id gets its page's name in front, and every link between pages becomes a link inside the
document. A link to a page that is left out becomes plain text.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from bs4 import BeautifulSoup, Tag

from tools.build.plain_tex import text_of

POINTS_AT_IDS = ("for", "aria-labelledby", "aria-describedby", "aria-controls")


class Heading(NamedTuple):
    """A heading; those of level 1 and 2 stand in the table of contents."""

    level: int
    text: str
    anchor: str


def address(href: str, page: str, pages: Sequence[str]) -> str | None:
    """Return where a link leads in the document, or None if that page is left out.

    Args:
        href: The link, as it stands on the page.
        page: The page's name, without ``.html``.
        pages: The names of all pages in the document.
    """
    if re.match(r"[a-z]+:", href):
        return href
    file, _, anchor = href.partition("#")
    target = file.removesuffix(".html") or page
    if target not in pages:
        return None
    return f"#{target}--{anchor}" if anchor else f"#{target}"


def prepare(article: Tag, page: str, pages: Sequence[str]) -> list[Heading]:
    """Rename the ids of one page's article, mend its links, and return its headings."""
    for button in article.select(".headerlink, .copybtn, a.check"):
        button.decompose()
    for link in article.find_all("a", href=True):
        target = address(str(link["href"]), page, pages)
        if target is None:
            link.unwrap()
        else:
            link["href"] = target
    for image in article.find_all("img", loading=True):
        del image["loading"]  # all of paper is looked at
    for node in article.find_all(True):
        if node.has_attr("id"):
            node["id"] = f"{page}--{node['id']}"
        for name in POINTS_AT_IDS:
            if node.has_attr(name):
                node[name] = f"{page}--{node[name]}"
    article["id"] = page
    headings = []
    for heading in article.find_all(re.compile("^h[1-6]$")):
        section = heading.find_parent("section")
        anchor = page if section is None or heading.name == "h1" else str(section["id"])
        headings.append(Heading(int(heading.name[1]), text_of(heading), anchor))
    return headings


def contents(headings: Sequence[Heading], title: str, numbers: dict[str, int]) -> str:
    """Return the table of contents; ``numbers`` holds the page number of each known anchor."""
    lines, depth = [f'<nav class="book-contents"><h1>{title}</h1>'], 0
    for level, text, anchor in headings:
        if level > 2:
            continue
        lines.append("<ol>" * (level - depth) + "</ol>" * (depth - level))
        depth = level
        number = numbers.get(anchor, "")
        lines.append(f'<li><a href="#{anchor}"><span>{text}</span>')
        lines.append(f'<span class="page">{number}</span></a></li>')
    return "".join([*lines, "</ol>" * depth, "</nav>"])


def join(
    folder: Path, pages: Sequence[str], title_page: str, words: str, numbers: dict[str, int]
) -> tuple[str, list[Heading]]:
    """Return the document and its headings.

    Args:
        folder: The built pages of one language.
        pages: Their names, in order, without ``.html``; the first one lends its head.
        title_page: The HTML of the first page.
        words: The heading of the table of contents.
        numbers: The page number of each anchor, as far as known.
    """
    soups = [BeautifulSoup((folder / f"{name}.html").read_bytes(), "html.parser") for name in pages]
    headings: list[Heading] = []
    articles = []
    for name, soup in zip(pages, soups, strict=True):
        article = soup.select_one("article.bd-article")
        if article is None:
            raise ValueError(f"{name}.html has no article: build the book again.")
        headings += prepare(article, name, pages)
        articles.append(str(article))
    html = soups[0].find("html")
    language = html["lang"] if isinstance(html, Tag) else "en"
    styles = "".join(str(node) for node in soups[0].select('link[rel="stylesheet"]'))
    head = f'<meta charset="utf-8">{styles}<link rel="stylesheet" href="_static/pdf.css">'
    body = [title_page, contents(headings, words, numbers), *articles]
    start = f'<!DOCTYPE html><html lang="{language}" data-theme="light" data-mode="light">'
    return f"{start}<head>{head}</head><body>{''.join(body)}</body></html>", headings
