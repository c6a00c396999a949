"""A local server, a browser and a page: what every test of the built pages starts from.

The browser has no network but this server. What a page asks of anyone else fails, and
`page.problems` keeps it. The hosts that were asked, with the number of requests, stand below the
tests' summary.
"""

import os
from collections import Counter
from urllib.parse import urlsplit

import pytest
from pages import Page, pages
from playwright.sync_api import Error

from tools.paths import HTML, ROOT
from tools.site.browsing import chromium, serve, wait_until_ready

REQUIRED = bool(os.environ.get("REQUIRE_BROWSER"))


def html_name(page: Page) -> str:
    """The built page's path below ``_build/html``."""
    return page.path.relative_to(ROOT / "book").with_suffix(".html").as_posix()


SOURCES = pages("en") + pages("zh-TW")
PAGES = [html_name(page) for page in SOURCES]


@pytest.fixture(scope="module")
def address():
    if not (HTML / "zh-TW/intro.html").exists():
        cannot_run("there are no built pages: run `make book` first")
    with serve() as address:
        yield address


@pytest.fixture(scope="module")
def browser():
    try:
        with chromium() as browser:
            yield browser
    except Error as error:
        cannot_run(f"no Chromium to open the pages with: {error.message.splitlines()[0]}")


@pytest.fixture(scope="module", params=["http", "file"])
def root(request, address) -> str:
    """Where the pages are: on a server, then on the reader's disk, both without a network."""
    return address if request.param == "http" else HTML.as_uri()


@pytest.fixture
def page(browser, address, record_property):
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        page = context.new_page()
        watch(page, address)
        yield page
        record_property("hosts", dict(page.hosts))


def watch(page, address: str) -> None:
    """Keep what goes wrong in `page.problems`, what it asks for in `page.asked`, and the hosts."""
    page.problems, page.asked, page.hosts = [], set(), Counter()

    def keep_request(request):
        page.asked.add(request.url)
        if not request.url.startswith(("data:", "blob:")):
            page.hosts[urlsplit(request.url).hostname or "files"] += 1
            if not request.url.startswith((f"{address}/", f"{HTML.as_uri()}/")):
                page.problems.append(f"asked another host: {request.url}")

    page.on("request", keep_request)
    page.on("pageerror", lambda error: page.problems.append(f"script error: {error}"))
    page.on(
        "console",
        lambda line: line.type == "error" and page.problems.append(f"{line.text} {line.location}"),
    )


def cannot_run(reason: str) -> None:
    if REQUIRED:
        pytest.fail(reason)
    pytest.skip(reason)


def open_page(page, root: str, name: str) -> None:
    """Open a page and wait until its equations and its widgets are there."""
    page.goto(f"{root}/{name}")
    wait_until_ready(page)


def pytest_terminal_summary(terminalreporter):
    """Say whom the pages of all tests asked for anything."""
    hosts = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, value in getattr(report, "user_properties", ()):
                if name == "hosts" and report.when == "teardown":
                    hosts.update(value)
    if hosts:
        listed = ", ".join(f"{host} ({number:,} requests)" for host, number in hosts.items())
        terminalreporter.write_line(f"hosts that the pages asked: {listed}")
