"""The built pages' names, and what each test of them needs to open one.

The browser has no network but the tests' own server. What a page asks of anyone else fails, and
`page.problems` keeps it.
"""

import os
from collections import Counter
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
from engines import ENGINES
from pages import Page, pages

from tools.paths import HTML, ROOT

REQUIRED = bool(os.environ.get("REQUIRE_BROWSER"))
WINDOW = {"width": 1280, "height": 900}


class Place(NamedTuple):
    """A page's path below ``_build/html``, and whether it is opened as a file."""

    name: str
    from_disk: bool = False

    def __str__(self) -> str:
        return f"file-{self.name}" if self.from_disk else self.name


def html_name(page: Page) -> str:
    """The built page's path below ``_build/html``."""
    return page.path.relative_to(ROOT / "book").with_suffix(".html").as_posix()


SOURCES = pages("en") + pages("zh-TW")
PAGES = [html_name(page) for page in SOURCES]
# One page of each kind is opened from the reader's disk, too; both languages are among them.
KINDS = ("en/intro", "zh-TW/03_gaussian_posterior", "en/api", "zh-TW/equations", "en/results")
FROM_DISK = [Place(f"{name}.html", from_disk=True) for name in KINDS]


def each(places):
    """A test's parameter ``place``; all tests of one page run in one process, after one visit."""
    return pytest.mark.parametrize("place", list(places), ids=str)


# A page's policy refuses in silence some of what it refuses.
TELL_REFUSALS = """addEventListener("securitypolicyviolation", (event) => console.error(
    `refused by the policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`))"""
each_page = each([*map(Place, PAGES), *FROM_DISK])
in_both_engines = pytest.mark.parametrize("browser", ENGINES, indirect=True)


def watch(page, address: str) -> None:
    """Keep what goes wrong in `page.problems`, what it asks for in `page.asked`, and the hosts."""
    page.problems, page.asked, page.hosts = [], set(), Counter()

    def keep_request(request):
        page.asked.add(request.url)
        if not request.url.startswith(("data:", "blob:")):
            page.hosts[urlsplit(request.url).hostname or "files"] += 1
            if not request.url.startswith((f"{address}/", f"{HTML.as_uri()}/")):
                page.problems.append(f"asked another host: {request.url}")

    page.add_init_script(TELL_REFUSALS)
    page.on("request", keep_request)
    # Firefox says so of MathML that it has read one half of.
    unread = "Incorrect number of children for <"

    def keep_error(error):
        if not str(error).startswith(unread):
            page.problems.append(f"script error: {error}")

    page.on("pageerror", keep_error)
    page.on(
        "console",
        lambda line: line.type == "error" and page.problems.append(f"{line.text} {line.location}"),
    )


def cannot_run(reason: str) -> None:
    if REQUIRED:
        pytest.fail(reason)
    pytest.skip(reason)


def open_page(page, root: str, name: str) -> None:
    """Open a page and wait until its equations are there."""
    page.goto(f"{root}/{name}")
    page.evaluate("document.fonts.ready")
