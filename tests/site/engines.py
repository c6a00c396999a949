"""The browsers that the tests drive, both by playwright.

Firefox is a distribution's own, driven over WebDriver BiDi. By that playwright can do all that it
can with Chromium, but for media (colours, paper), permissions and the names of files from a disk.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which

import pytest
from playwright.sync_api import Browser, Error, Playwright, sync_playwright

from tools.site.browsing import launched

ENGINES = ("chromium", "firefox")
# Every host but this machine is behind a proxy that is not there, for pages and for the browser.
PREFERENCES = {
    "dom.ipc.processCount": 1,
    "fission.autostart": False,
    "network.proxy.type": 1,
    "network.proxy.socks": "127.0.0.1",
    "network.proxy.socks_port": 9,
    "network.proxy.socks_remote_dns": True,
    "network.proxy.failover_direct": False,
    "security.fileuri.strict_origin_policy": True,  # as readers have it
    "ui.prefersReducedMotion": 1,
}


@contextmanager
def driver() -> Iterator[Playwright]:
    """Start playwright's own process, which can start both engines."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NODE_OPTIONS", f'--require "{Path(__file__).with_name("firefox.cjs")}"')
        playwright = sync_playwright().start()
    yield playwright
    playwright.stop()


@contextmanager
def firefox(playwright: Playwright) -> Iterator[Browser]:
    """Start the machine's Firefox.

    Raises:
        playwright.sync_api.Error: If there is none.
    """
    executable = which("firefox-esr") or which("firefox")
    if not executable:
        raise Error("install one, on Debian by `apt install firefox-esr`.")
    browser = playwright.firefox.launch(
        channel="moz-firefox", executable_path=executable, firefox_user_prefs=PREFERENCES
    )
    yield browser
    browser.close()


@contextmanager
def started(playwright: Playwright, engine: str) -> Iterator[Browser]:
    """Start one of ``ENGINES``."""
    with firefox(playwright) if engine == "firefox" else launched(playwright.chromium) as browser:
        yield browser
