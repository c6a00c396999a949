"""A server, the browsers, a page, and the visits that the tests of the built pages share.

The hosts that the pages asked, with the number of requests, stand below the tests' summary.
"""

import functools
from collections import Counter
from contextlib import ExitStack

import pytest
from browser import WINDOW, cannot_run, watch
from engines import driver, started
from playwright.sync_api import Error
from visits import visit

from tools.paths import HTML
from tools.site.axe import AXE
from tools.site.browsing import serve


@pytest.fixture(scope="session")
def address():
    if not (HTML / "zh-TW/intro.html").exists():
        cannot_run("there are no built pages: run `make book` first")
    with serve() as address:
        yield address


@pytest.fixture(scope="session")
def start():
    """A function that starts an engine, by its name, when a test first asks for it."""
    with driver() as playwright, ExitStack() as running:

        @functools.cache
        def start(engine):
            try:
                return running.enter_context(started(playwright, engine))
            except Error as error:
                reason = error.message.splitlines()[0]
                cannot_run(f"no {engine.title()} to open the pages with: {reason}")

        yield start


@pytest.fixture
def browser(request, start):
    """Chromium, or the engine that `in_both_engines` asks for."""
    return start(getattr(request, "param", "chromium"))


@pytest.fixture(scope="module", params=["http", "file"])
def root(request, address) -> str:
    """Where the pages are: on a server, then on the reader's disk, both without a network."""
    return address if request.param == "http" else HTML.as_uri()


@pytest.fixture
def page(browser, address, record_property):
    with browser.new_context(viewport=WINDOW) as context:
        page = context.new_page()
        watch(page, address)
        yield page
        record_property("hosts", dict(page.hosts))


@pytest.fixture(scope="session")
def visits() -> dict:
    """What has been seen so far."""
    return {}


@pytest.fixture(scope="session")
def legible() -> set[str]:
    """The looks of text that axe-core has found legible so far."""
    return set()


@pytest.fixture
def visited(place, visits, legible, address, browser, record_property):
    """What the one visit to ``place`` found; the first test that asks for it makes it."""
    if not AXE.exists():
        cannot_run("axe-core is not there: run `make book` first")
    if place not in visits:
        visits[place] = visit(browser, address, place, legible)
        record_property("hosts", dict(visits[place].hosts))
    return visits[place]


def pytest_terminal_summary(terminalreporter):
    """Say whom the pages of all tests asked for anything, and how far links ended from a place."""
    hosts, missed = Counter(), []
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, value in getattr(report, "user_properties", ()):
                if name == "hosts" and report.when == "teardown":
                    hosts.update(value)
                elif name == "missed" and report.when == "teardown":
                    missed.append(value)
    if missed:
        terminalreporter.write_line(f"{len(missed)} links ended {max(missed)} px from their places")
    if hosts:
        listed = ", ".join(f"{host} ({number:,} requests)" for host, number in hosts.items())
        terminalreporter.write_line(f"hosts that the pages asked: {listed}")
