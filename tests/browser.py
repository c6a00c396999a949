"""A local server, a browser and a page: what every test of the built pages starts from."""

import functools
import http.server
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pages import Page, pages

ROOT = Path(__file__).resolve().parents[1]
HTML = ROOT / "_build/html"
REQUIRED = bool(os.environ.get("REQUIRE_BROWSER"))
CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def html_name(page: Page) -> str:
    """The built page's path below ``_build/html``."""
    return page.path.relative_to(ROOT / "book").with_suffix(".html").as_posix()


SOURCES = pages("en") + pages("zh-TW")
PAGES = [html_name(page) for page in SOURCES]


class SilentHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    if not (HTML / "zh-TW/intro.html").exists():
        cannot_run("there are no built pages: run `make book` first")
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
            cannot_run(f"no Chromium to open the pages with: {error.message.splitlines()[0]}")
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


def cannot_run(reason: str) -> None:
    if REQUIRED:
        pytest.fail(reason)
    pytest.skip(reason)


def open_page(page, address: str, name: str) -> None:
    """Open a page and wait until its equations and its widgets are there."""
    page.goto(f"{address}/{name}")
    page.wait_for_function("window.MathJax === undefined || !!MathJax.startup")
    page.evaluate("window.MathJax && MathJax.startup.promise")
    if page.locator(".explorer").count():
        page.wait_for_selector(".explorer [role=slider]", timeout=20_000)
    page.evaluate("document.fonts.ready")
