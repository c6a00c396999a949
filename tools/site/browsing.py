"""Open the built pages in Chromium, from a local server and with no other network."""

import functools
import http.server
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from playwright.sync_api import Browser, BrowserType, Error, Page, sync_playwright

from tools.paths import HTML

PAUSE = 50  # milliseconds between two looks at a page
CHROMIUM = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
]


class SilentHandler(http.server.SimpleHTTPRequestHandler):
    """Answers without a line in the terminal for each request."""

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@contextmanager
def serve(
    folder: Path = HTML, port: int = 0, handler: type[SilentHandler] = SilentHandler
) -> Iterator[str]:
    """Serve a folder to this machine alone; gives the address, without a final slash.

    Args:
        folder: What is served.
        port: 0 for a free one.
        handler: How it answers.
    """
    answering = functools.partial(handler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", port), answering) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the machine's Chromium or Chrome, or else playwright's own; it reaches 127.0.0.1 only.

    Raises:
        playwright.sync_api.Error: If there is none.
    """
    with sync_playwright() as playwright, launched(playwright.chromium) as browser:
        yield browser


@contextmanager
def launched(kind: BrowserType, *more: str) -> Iterator[Browser]:
    """Start it where playwright runs already, with more options."""
    executable = next((path for path in CHROMIUM if Path(path).exists()), None)
    browser = kind.launch(executable_path=executable, args=[*CHROMIUM_OPTIONS, *more])
    yield browser
    browser.close()


def files_behind(addresses: Iterable[str], root: str) -> set[str]:
    """Return the paths below ``root`` of those addresses that lie there.

    Args:
        addresses: What pages asked for.
        root: The address of the served folder, or the folder's own, without a final slash.
    """
    start = f"{root}/"
    below = (address.removeprefix(start) for address in addresses if address.startswith(start))
    return {unquote(urlsplit(rest).path) for rest in below}


def wait_for(page: Page, expression: str, argument: object = None, seconds: float = 30) -> None:
    """Wait until an expression or a function of the argument holds in a page.

    ``Page.wait_for_function`` evaluates it inside the page, whose policy forbids that.

    Raises:
        TimeoutError: If it does not.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if page.evaluate(expression, argument):
                return
        except Error as error:  # the page is just going to another
            if "context was destroyed" not in error.message:
                raise
        page.wait_for_timeout(PAUSE)
    raise TimeoutError(f"{page.url} did not reach {expression!r} in {seconds} s.")
