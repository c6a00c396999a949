"""The built pages in a real browser: both languages, with no kernel and no network."""

import functools
import http.server
import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from pages import Page, labels, pages, simplified_only

ROOT = Path(__file__).resolve().parents[1]
HTML = ROOT / "_build/html"
REQUIRED = bool(os.environ.get("REQUIRE_BROWSER"))


def html_name(page: Page) -> str:
    """The built page's path below ``_build/html``."""
    return page.path.relative_to(ROOT / "book").with_suffix(".html").as_posix()


SOURCES = pages("en") + pages("zh-TW")
PAGES = [html_name(page) for page in SOURCES]
WITH_SLIDERS = [
    html_name(page)
    for page in SOURCES
    if any(re.search(r"^explorer\(", cell["source"], re.M) for cell in page.cells)
]
CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Every character that a reader can meet: the text, and the attributes that are shown or read out.
READ_TEXT = """() => {
    const words = [document.title, document.body.innerText];
    for (const name of ["title", "aria-label", "placeholder", "alt", "data-tooltip"])
        for (const node of document.querySelectorAll(`[${name}]`))
            words.push(node.getAttribute(name));
    return words.join("\\n");
}"""
# What scrolls inside its own box may be wide; these boxes may not, nor may the page.
TOO_WIDE = """() => {
    const boxes = [...document.querySelectorAll("div.math, span.math, .cell, .explorer, img")]
        .filter(node => node.getBoundingClientRect().right > innerWidth + 1)
        .filter(node => !node.closest(".pst-scrollable-table-container"))
        .map(node => node.outerHTML.slice(0, 80));
    const extra = document.documentElement.scrollWidth - innerWidth;
    return extra > 0 ? [...boxes, `the page, by ${extra} px`] : boxes;
}"""
# The part of the picture that is on the screen: the frames that a Stack hides have no size.
SHOWN_PICTURE = """node => [...node.querySelectorAll("img")]
    .filter(img => img.getClientRects().length).map(img => img.src).join()"""


class SilentHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    if not (HTML / "zh-TW/intro.html").exists():
        _cannot_run("there are no built pages: run `make book` first")
    handler = functools.partial(SilentHandler, directory=str(HTML))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import Error, sync_playwright

    executable = next(
        (path for path in ("/usr/bin/chromium", "/usr/bin/google-chrome") if os.path.exists(path)),
        None,
    )
    with sync_playwright() as playwright:
        try:
            chromium = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_OPTIONS)
        except Error as error:
            _cannot_run(f"no Chromium to open the pages with: {error.message.splitlines()[0]}")
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser, address):
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        page = context.new_page()
        page.problems = []
        page.on("pageerror", lambda error: page.problems.append(f"script error: {error}"))
        page.on(
            "console",
            lambda line: (
                line.type == "error" and page.problems.append(f"{line.text} {line.location}")
            ),
        )
        page.on(
            "request",
            lambda request: (
                request.url.startswith((address, "data:", "blob:"))
                or page.problems.append(f"asked another host: {request.url}")
            ),
        )
        yield page


def _cannot_run(reason: str) -> None:
    if REQUIRED:
        pytest.fail(reason)
    pytest.skip(reason)


def _open(page, address: str, name: str) -> None:
    """Open a page and wait until its equations and its widgets are there."""
    page.goto(f"{address}/{name}")
    page.wait_for_function("window.MathJax === undefined || !!MathJax.startup")
    page.evaluate("window.MathJax && MathJax.startup.promise")
    if page.locator(".explorer").count():
        page.wait_for_selector(".explorer [role=slider]", timeout=20_000)
    page.evaluate("document.fonts.ready")


@pytest.mark.parametrize("name", PAGES)
def test_page_is_whole(page, address, name):
    _open(page, address, name)
    equations = page.locator("div.math, span.math").count()
    assert page.locator("mjx-container").count() >= equations, f"{name}: math is not rendered"
    assert page.locator("mjx-merror").count() == 0, f"{name}: an equation has a TeX error"
    for image in page.locator("img").all():
        assert image.get_attribute("alt"), f"{name}: {image.get_attribute('src')} has no alt text"
    language = name.split("/")[0]
    assert page.locator("html").get_attribute("lang") == language, f"{name}: wrong lang attribute"
    if language == "zh-TW":
        found = simplified_only() & set(page.evaluate(READ_TEXT))
        assert not found, f"{name} shows Simplified Chinese: {''.join(sorted(found))}"
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        too_wide = page.evaluate(TOO_WIDE)
        assert not too_wide, f"{name} at {width} px, too wide: {too_wide}"
    assert not page.problems, f"{name}: {page.problems}"


@pytest.mark.parametrize("name", WITH_SLIDERS)
def test_sliders_move_the_picture(page, address, name):
    _open(page, address, name)
    assert page.locator(".explorer").count(), f"{name}: its sliders are not on the page"
    for number, explorer in enumerate(page.locator(".explorer").all(), start=1):
        for slider in explorer.locator("[role=slider]").all():
            before = explorer.evaluate(SHOWN_PICTURE)
            assert before, f"{name}: explorer {number} shows no picture"
            slider.focus()
            at_end = slider.get_attribute("aria-valuenow") == slider.get_attribute("aria-valuemax")
            slider.press("ArrowLeft" if at_end else "ArrowRight")
            after = explorer.evaluate(SHOWN_PICTURE)
            assert after and after != before, f"{name}: a slider of explorer {number} is dead"
    assert not page.problems, f"{name}: {page.problems}"


@pytest.mark.parametrize("language", ["en", "zh-TW"])
def test_equations_and_their_rows_in_the_index_lead_to_each_other(address, language):
    """From each equation's mark to its row and back, and from there to reference and source."""

    @functools.cache
    def parsed(name):
        return BeautifulSoup((HTML / language / name).read_text("utf-8"), "html.parser")

    index = parsed("equations.html")
    rows = index.select("table.equation-index tr.equation")
    shown = labels(language)
    assert [row["id"] for row in rows] == [label.replace("eq-", "check-", 1) for label in shown]
    for link in index.select("table.equation-index a"):
        file, _, anchor = link["href"].partition("#")
        assert parsed(file).find(id=anchor), (
            f"{language}/equations.html: {link['href']} leads nowhere"
        )
    for label, page in shown.items():
        html = parsed(Path(page).with_suffix(".html").name)
        mark = html.find(id=f"equation-{label}").select_one("a.check")
        assert mark["href"] == "equations.html#" + label.replace("eq-", "check-", 1), label


@pytest.mark.parametrize(
    ("locale", "language"),
    [("en-US", "en"), ("zh-TW", "zh-TW"), ("zh-CN", "zh-TW"), ("fr-FR", "en")],
)
def test_front_page_sends_the_reader_to_their_language(browser, address, locale, language):
    with browser.new_context(locale=locale) as context:
        page = context.new_page()
        page.goto(f"{address}/index.html")
        page.wait_for_url(f"**/{language}/intro.html")
