"""Weigh each built page in a browser, and time its equations.

Run with ``python -m benchmarks.pages`` after ``make book``; the result goes to
``benchmarks/pages.json``. Each page is opened in a Chromium with an empty cache, from a server on
the same machine. Counted is whatever the page asks for, fonts that MathJax wants included, and
explorers before their sliders are touched. The time runs from the request for the page to the
moment at which MathJax has set all its equations; on a real line the transfer of the bytes comes on
top.
"""

from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser

from benchmarks import report
from tools.paths import HTML
from tools.site.browsing import chromium, files_behind, serve, wait_for
from tools.site.page_weights import compressed_size

ROUNDS = 3
HEAVIEST = 5
# MathJax settles its promise when all equations are set; a page without MathJax has none to set.
WATCH = """(() => {
    const look = () => window.MathJax?.startup?.promise
        ? MathJax.startup.promise.then(() => { window.equationsAt = performance.now(); })
        : setTimeout(look, 2);
    look();
})()"""


def visit(browser: Browser, address: str, name: str) -> tuple[set[str], float | None]:
    """Open a page with an empty cache.

    Args:
        browser: Chromium.
        address: Of the server, without a final slash.
        name: The page's path below the served folder.

    Returns:
        The paths of the files that the page asked for, and the milliseconds until its equations
        stood there, or None if it has no equations.
    """
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(request.url))
    page.add_init_script(WATCH)
    page.goto(f"{address}/{name}", wait_until="networkidle")
    milliseconds: float | None = None
    if page.locator("mjx-container, .math").count():
        wait_for(page, "window.equationsAt")
        milliseconds = page.evaluate("equationsAt")
    context.close()
    return files_behind(asked, address), milliseconds


def weigh(files: Iterable[str], folder: Path = HTML) -> dict[str, int]:
    """Return the number of files, their bytes, and the bytes that travel when text is gzipped."""
    paths = [folder / name for name in files if (folder / name).is_file()]
    return {
        "requests": len(paths),
        "bytes": sum(path.stat().st_size for path in paths),
        "compressed_bytes": sum(map(compressed_size, paths)),
    }


def measure(browser: Browser, address: str, name: str) -> dict[str, Any]:
    """Weigh one page and time its equations, ``ROUNDS`` times."""
    visits = [visit(browser, address, name) for _ in range(ROUNDS)]
    times = [milliseconds for _, milliseconds in visits if milliseconds is not None]
    files = set[str]().union(*(files for files, _ in visits))
    timed = {"milliseconds_to_equations": report.spread(times)} if times else {}
    return {"page": name, **weigh(files), **timed}


def row(result: dict[str, Any]) -> str:
    """Set one page's result as a line of the printed table."""
    time = result.get("milliseconds_to_equations", {}).get("median")
    shown = "" if time is None else f"{time:8.0f} ms"
    sizes = f"{result['bytes'] / 1e6:6.2f} MB {result['compressed_bytes'] / 1e6:6.2f} MB"
    return f"{result['page']:38} {result['requests']:4} {sizes} {shown}"


def main() -> None:
    """Measure every page of both languages and write the file."""
    with serve() as address, chromium() as browser:
        names = sorted(path.relative_to(HTML).as_posix() for path in HTML.glob("*/*.html"))
        pages = [measure(browser, address, name) for name in names]
        browser_version = browser.version
    print(f"{'the heaviest pages':38} files       raw compressed  equations after")
    for one in sorted(pages, key=lambda one: -one["compressed_bytes"])[:HEAVIEST]:
        print(row(one))
    browser_used = f"Chromium {browser_version}, playwright {version('playwright')}"
    report.write("pages", {"rounds": ROUNDS, "browser": browser_used, "pages": pages})


if __name__ == "__main__":
    main()
