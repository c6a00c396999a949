"""Print the built book, one PDF a language: ``python -m tools.pdf.make_pdf`` (``make pdf``).

``--solutions no`` (``make pdf SOLUTIONS=no``) prints what a teacher hands out. A copy lies beside
the pages, whose first one then links it; the next build of the pages takes both away.

The pages are those of ``make book``, so nothing runs again. They are joined into one document,
Chromium typesets it and prints it twice: the first time tells on which page each section begins.
The list of functions, the table of checks and the benchmarks stay on the web.
"""

import argparse
import logging
import mimetypes
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from gettext import translation
from pathlib import Path
from time import perf_counter
from typing import Any
from urllib.parse import unquote, urlsplit

from playwright.sync_api import Error, Page, Route
from pypdf import PdfReader

from tools.build.book import read_config
from tools.build.words import CATALOGUE, compile_words
from tools.paths import BUILD, HTML, LANGUAGES, ROOT, page_names
from tools.pdf.one_document import join
from tools.pdf.pdf_text import mend
from tools.site.browsing import chromium

PDF = BUILD / "pdf"
PLACE = re.compile(r'(?<=<div class="printed">).*?(?=</div>)', re.S)  # of the first page's links
LEFT_OUT = {"equations", "scaling", "performance", "api"}
PATIENCE = 600_000  # milliseconds
SITE = "http://book.invalid/"  # never resolved: `answer` serves each request from the built pages


def printed_pages(language: str) -> list[str]:
    """Return the pages that are printed, in the order of the table of contents."""
    return [name for name in page_names(language) if name not in LEFT_OUT]


def translator(language: str) -> Callable[[str], str]:
    """Return what translates the words of the interface."""
    folder = BUILD / "locale"
    compile_words(folder)
    return translation(CATALOGUE, folder, [language.replace("-", "_")], fallback=True).gettext


def heading_of_contents(language: str) -> str:
    """Return the heading of the table of contents."""
    _ = translator(language)
    return _("Contents")


def file_name(language: str, solutions: bool) -> str:
    """Return the name of a PDF."""
    return f"vae-book-{language}{'' if solutions else '-without-solutions'}.pdf"


def offer(language: str, printed: Path) -> None:
    """Copy a PDF beside the pages, and link from the first page all that lie there."""
    _ = translator(language)
    folder, first = HTML / language, HTML / language / "intro.html"
    shutil.copy2(printed, folder)
    words = {True: _("with solutions"), False: _("without solutions")}
    links = [
        f'<a href="{name}">{text}</a>'
        for solutions, text in words.items()
        if (folder / (name := file_name(language, solutions))).exists()
    ]
    line = _("The whole book as one PDF: {links}").format(links=" · ".join(links))
    page = PLACE.sub(f"<p>{line}</p>", first.read_text(encoding="utf-8"), count=1)
    first.write_text(page, encoding="utf-8")


def title_page(config: dict[str, Any]) -> str:
    """Return the first page as HTML."""
    mark, title = '<img src="_static/logo.svg" alt="">', f'<p class="title">{config["title"]}</p>'
    below = f"<p>{config['author']}</p><p>{config['copyright']}</p>"
    return f'<section class="title-page">{mark}{title}{below}</section>'


def answer(route: Route, document: str) -> None:
    """Serve the document, and the files of the built pages that it asks for."""
    path = unquote(urlsplit(route.request.url).path).lstrip("/")
    file = HTML / path
    if path.endswith("/book.html"):
        route.fulfill(body=document, content_type="text/html; charset=utf-8")
    elif file.is_file():
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        route.fulfill(body=file.read_bytes(), content_type=kind)
    else:
        route.abort()


def print_document(page: Page, language: str, document: str) -> bytes:
    """Show the document, wait until its pictures are there, and print it."""
    page.unroute_all()
    page.route("**/*", lambda route: answer(route, document))
    page.goto(f"{SITE}{language}/book.html")
    page.evaluate("Promise.all([...document.images].map(image => image.decode().catch(() => 0)))")
    page.evaluate("document.fonts.ready")
    return page.pdf(
        format="A4", prefer_css_page_size=True, print_background=True, outline=True, tagged=True
    )


def outline_pages(pdf: Path) -> list[int]:
    """Return the page number of each bookmark, in order."""
    reader = PdfReader(pdf)

    def walk(entries: list[Any]) -> Iterator[int]:
        for entry in entries:
            if isinstance(entry, list):
                yield from walk(entry)
            else:
                yield (reader.get_destination_page_number(entry) or 0) + 1

    return list(walk(reader.outline))


def make_pdf(page: Page, language: str, solutions: bool) -> Path:
    """Print one language, with or without its solutions, and return the path of its PDF."""
    config = read_config(language)
    head = f"<head><title>{config['title']}</title>"
    names, words = printed_pages(language), heading_of_contents(language)
    target = PDF / file_name(language, solutions)
    numbers: dict[str, int] = {}
    for _ in range(2):
        document, headings = join(HTML / language, names, title_page(config), words, numbers)
        document = document.replace("<head>", head, 1)
        if solutions:
            document = document.replace("<html", '<html class="with-solutions"', 1)
        target.write_bytes(print_document(page, language, document))
        found = outline_pages(target)[1:]  # the first one is the table of contents itself
        if len(found) != len(headings):
            raise SystemExit(
                f"The PDF's outline has {len(found)} headings and the pages have {len(headings)}: "
                "a Chromium of 2024 or later writes them all."
            )
        numbers = {heading.anchor: n for heading, n in zip(headings, found, strict=True)}
    mend(target, config["author"], [words, *(heading.text for heading in headings)])
    return target


def main() -> None:
    """Print both languages and say what came out."""
    parser = argparse.ArgumentParser(prog="python -m tools.pdf.make_pdf", description=__doc__)
    parser.add_argument("--solutions", choices=["yes", "no"], default="yes")
    solutions = parser.parse_args().solutions == "yes"
    for language in LANGUAGES:
        if not (HTML / language / "intro.html").is_file():
            raise SystemExit("There are no built pages to print: run `make book` first.")
    PDF.mkdir(exist_ok=True)
    logging.getLogger("pypdf").setLevel(logging.ERROR)  # it remarks on Chromium's trailer
    with ExitStack() as stack:
        try:
            browser = stack.enter_context(chromium())
        except Error as error:
            reason = error.message.splitlines()[0]
            raise SystemExit(
                f"Chromium prints the PDF, and it does not start ({reason}): install Debian's "
                "`chromium`, or run `.venv/bin/playwright install chromium`."
            ) from error
        for language in LANGUAGES:
            start, page = perf_counter(), browser.new_page()
            page.set_default_timeout(PATIENCE)
            path = make_pdf(page, language, solutions)
            offer(language, path)
            page.close()
            size, count = path.stat().st_size / 1e6, len(PdfReader(path).pages)
            seconds = perf_counter() - start
            print(f"{path.relative_to(ROOT)}: {count} pages, {size:.1f} MB, {seconds:.0f} s")


if __name__ == "__main__":
    main()
