"""Time each chapter as a reader on a slow line meets it: ``python -m benchmarks.pages``.

Run after ``make book``; the result goes to ``benchmarks/pages.json``. Each chapter is opened in a
Chromium with an empty cache, over a line of 1.6 Mbit/s with 150 ms of latency, on a processor made
four times slower, from a server that compresses. Measured are the milliseconds from the request to
the first text and to the last font of the formulas; for a reader who goes to the first explorer at
once, to its picture and to the answer of its slider, a new picture; and what came over the line
until nothing more was asked for.
"""

import gzip
from importlib.metadata import version
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser

from benchmarks import report
from tools.paths import LANGUAGES, notebook_paths
from tools.site.browsing import SilentHandler, chromium, serve

ROUNDS = 3
LINE = {"latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 200_000}  # ms, bytes/s
SLOWER = 4
COMPRESSED = (".html", ".js", ".css", ".svg")
TIMES = """async () => {
    const done = async (what) => {
        while (!what()) await new Promise(requestAnimationFrame);
        return performance.now();
    };
    const found = (selector) => document.querySelector(selector);
    const shown = () => found(".explorer img").complete && found(".explorer img").naturalWidth;
    const times = {};
    await done(() => performance.getEntriesByName("first-contentful-paint").length);
    await done(() => found(".explorer input") || document.readyState === "complete");
    if (found(".explorer input")) {
        found(".explorer img").scrollIntoView();
        times.picture = await done(shown);
        const [slider, before] = [found(".explorer input"), found(".explorer img").src];
        slider.value = slider.value > 0 ? 0 : 1;
        times.answer = await done(() => {  // a hand that keeps at it until something happens
            slider.dispatchEvent(new Event("input", { bubbles: true }));
            return found(".explorer img").src !== before && shown();
        });
    }
    await done(() => document.readyState === "complete");
    await document.fonts.ready;
    const ends = performance.getEntriesByType("resource")
        .filter((one) => /KaTeX_|book.css/.test(one.name)).map((one) => one.responseEnd);
    const text = performance.getEntriesByName("first-contentful-paint")[0].startTime;
    return { text, formulas: Math.max(...ends), ...times };
}"""


class Compressing(SilentHandler):
    """Sends text compressed, as servers do."""

    def do_GET(self) -> None:
        """Answer with the whole file."""
        path = Path(self.translate_path(self.path))
        if path.suffix not in COMPRESSED or not path.is_file():
            super().do_GET()
            return
        body = gzip.compress(path.read_bytes())
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def visit(browser: Browser, address: str, name: str) -> dict[str, float]:
    """Open a page once; return its times in milliseconds, and the bytes that it took.

    Args:
        browser: Chromium.
        address: Of the server, without a final slash.
        name: The page's path below the served folder.
    """
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        page = context.new_page()
        line = context.new_cdp_session(page)
        taken = []
        line.on("Network.loadingFinished", lambda event: taken.append(event["encodedDataLength"]))
        line.send("Network.enable")
        line.send("Network.emulateNetworkConditions", {"offline": False, **LINE})
        line.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        page.goto(f"{address}/{name}", wait_until="commit", timeout=120_000)
        times = page.evaluate(TIMES)
        page.wait_for_load_state("networkidle")
        return {**times, "bytes": sum(taken)}


def measure(browser: Browser, address: str, name: str) -> dict[str, Any]:
    """Open a page ``ROUNDS`` times; return the spread of each of its times."""
    visits = [visit(browser, address, name) for _ in range(ROUNDS)]
    size = max(one.pop("bytes") for one in visits)
    times = {kind: report.spread([one[kind] for one in visits]) for kind in visits[0]}
    return {"page": name, "bytes": size, "milliseconds_to": times}


def main() -> None:
    """Measure every chapter of both languages, print a table and write the file."""
    names = [f"{one}/{path.stem}.html" for one in LANGUAGES for path in notebook_paths(one)]
    results = []
    print(f"{'seconds to the first':38} text formulas      kB  picture  answer")
    with serve(handler=Compressing) as address, chromium() as browser:
        for name in names:
            results.append(result := measure(browser, address, name))
            medians = [one["median"] / 1000 for one in result["milliseconds_to"].values()]
            text, slider = (
                "".join(f"{one:8.1f}" for one in part) for part in (medians[:2], medians[2:])
            )
            print(f"{name:38}{text}{result['bytes'] / 1000:8.0f}{slider}", flush=True)
        used = f"Chromium {browser.version}, playwright {version('playwright')}"
    line = {"line": "1.6 Mbit/s, 150 ms", "processor": f"{SLOWER} times slower"}
    report.write("pages", {"rounds": ROUNDS, "browser": used, **line, "pages": results})


if __name__ == "__main__":
    main()
