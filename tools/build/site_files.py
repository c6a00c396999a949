"""What stands above the two languages in the built site: front page, 404 page and site map."""

import re
from pathlib import Path
from string import Template
from urllib.parse import urlsplit
from xml.sax.saxutils import quoteattr

from tools.build.policy import with_policy
from tools.paths import ROOT
from tools.release.set_repository import site_address

TEMPLATES = ROOT / "book"
HEAD = re.compile(r"<head>.*?</head>", re.S)
LINK = re.compile(r'<link rel="(canonical|alternate)"(?: hreflang="([^"]*)")? href="([^"]*)"')

# Instead of Jupyter Book's own, which has no head.
FIRST_PAGE = Template("""<!DOCTYPE html>
<html lang="$language">
<head>
<meta charset="utf-8">
<meta http-equiv="refresh" content="0; url=intro.html">
<title>$title</title>
</head>
<body><a href="intro.html">$title</a></body>
</html>
""")


def first_page(language: str, title: str) -> str:
    """Return what answers for the folder of a language: it leads to the book's first page."""
    return FIRST_PAGE.substitute(language=language, title=title)


def write_site_files(html: Path) -> None:
    """Write the files into the folder that holds the built languages."""
    address = site_address()
    style = (TEMPLATES / "front.css").read_text(encoding="utf-8")
    for name in ("index.html", "404.html"):
        page = Template((TEMPLATES / name).read_text(encoding="utf-8"))
        text = page.substitute(address=address, folder=urlsplit(address).path, style=style)
        (html / name).write_text(with_policy(text), encoding="utf-8")
    (html / "sitemap.xml").write_text(site_map(html), encoding="utf-8")


def site_map(html: Path) -> str:
    """Return the list of all pages that name alternates, each with its alternates.

    Raises:
        ValueError: If no page does: their heads are then written in another way.
    """
    entries = []
    for path in [html / "index.html", *sorted(html.glob("*/**/*.html"))]:
        head = HEAD.search(path.read_text(encoding="utf-8"))
        links = LINK.findall(head[0]) if head else []
        alternates = [
            f'    <xhtml:link rel="alternate" hreflang={quoteattr(tag)} href={quoteattr(href)}/>'
            for kind, tag, href in links
            if kind == "alternate"
        ]
        if alternates:
            [own] = [href for kind, _, href in links if kind == "canonical"]
            entries += ["  <url>", f"    <loc>{own}</loc>", *alternates, "  </url>"]
    if not entries:
        raise ValueError(f"No page below {html} names its alternates by {LINK.pattern!r}.")
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"',
            '        xmlns:xhtml="http://www.w3.org/1999/xhtml">',
            *entries,
            "</urlset>\n",
        ]
    )
