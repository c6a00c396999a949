"""Try every lab in JupyterLab with Colab's versions: ``python -m tools.colab.labs_in_jupyterlab``.

A notebook makes each lab, sets one of its settings and says what it reads. Chromium runs the cells
by the keyboard, and moves that setting by the mouse. What goes wrong ends the command.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Locator, Page, expect

from tools.paths import ROOT
from tools.site.browsing import chromium
from vae_lib.lab import STARTS

PYTHON = ROOT / ".venv-colab/bin/python"
PORT = 8971
PATIENCE = 120  # seconds: the server, the kernel, and PyTorch in it
OPTIONS = ["--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={PORT}"]
OPTIONS += ["--ServerApp.port_retries=0", "--IdentityProvider.token=", "--LabApp.news_url=None"]
SAYING = "import json\nprint(json.dumps(one.state))"


def aim(name: str) -> tuple[str, float | bool]:
    """Return a lab's first setting, and another value of it than the one where it starts."""
    setting, start = next(iter(STARTS[name].items()))
    return setting, not start if isinstance(start, bool) else 0.8 * start or 0.5


def notebook(names: list[str]) -> nbformat.NotebookNode:
    """Return a notebook with three cells a lab: one makes it, one sets something, one reads."""
    codes = []
    for name in names:
        setting, value = aim(name)
        codes += [f"from vae_lib.lab import lab\none = lab({name!r})\none"]
        codes += [f"one.{setting} = {value!r}", SAYING]
    kernel = {"name": "python3", "display_name": "Python 3"}  # or the page asks for one
    cells = [new_code_cell(code) for code in codes]
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


@contextmanager
def jupyterlab(folder: Path) -> Iterator[str]:
    """Start JupyterLab in a folder, with no settings but its own; gives its address.

    Raises:
        OSError: If it does not answer.
    """
    kinds = ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR")
    own = {f"JUPYTER_{kind}": str(folder / kind) for kind in kinds} | {"PYTHONPATH": str(ROOT)}
    command = [str(PYTHON), "-m", "jupyterlab", *OPTIONS, f"--ServerApp.root_dir={folder}"]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, env=os.environ | own, stdout=quiet, stderr=quiet) as server:
        address, end = f"http://127.0.0.1:{PORT}", time.monotonic() + PATIENCE
        try:
            while True:
                try:
                    urllib.request.urlopen(f"{address}/api").close()
                    break
                except OSError:
                    if server.poll() is not None or time.monotonic() > end:
                        raise
                    time.sleep(0.5)
            yield address
        finally:
            server.terminate()


def run(page: Page, cell: Locator) -> None:
    """Run a cell, and wait until it has ended."""
    prompt = cell.locator(".jp-InputPrompt")
    cell.locator(".cm-content").click()
    while prompt.inner_text().startswith("[ ]"):  # a kernel that is about to start hears nothing
        page.keyboard.press("Control+Enter")
        page.wait_for_timeout(1000)
    expect(prompt).to_have_text(re.compile(r"\[\d+\]"), timeout=1000 * PATIENCE)


def try_lab(page: Page, name: str, cells: list[Locator]) -> None:
    """Let Python set something, and then the mouse.

    Raises:
        AssertionError: If one side does not hear of it.
    """
    setting, value = aim(name)
    run(page, cells[0])
    control = cells[0].locator(f".lab input[name={setting}]")
    before = control.evaluate("input => input.value + input.checked")
    run(page, cells[1])
    lab = cells[0].locator(".lab")
    said = json.dumps({setting: value})[1:-1].replace(": ", ":").removesuffix(".0")
    expect(lab).to_have_attribute("data-state", re.compile(re.escape(said)))
    assert control.evaluate("input => input.value + input.checked") != before
    width = (control.bounding_box() or {"width": 0})["width"]
    control.click(position={"x": 0.3 * width, "y": 10})
    page.wait_for_timeout(1000)  # what stays for a while is told
    run(page, cells[2])
    read = json.loads(cells[2].locator(".jp-OutputArea-output").inner_text())
    assert read[setting] != value and read == json.loads(lab.get_attribute("data-state") or "")


def main() -> None:
    """Try all labs, or those that are named."""
    names = sys.argv[1:] or list(STARTS)
    expect.set_options(timeout=10_000)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, chromium() as browser:
        nbformat.write(notebook(names), Path(folder) / "labs.ipynb")
        page = browser.new_page(viewport={"width": 1200, "height": 1000})
        page.set_default_timeout(1000 * PATIENCE)
        with jupyterlab(Path(folder)) as address:
            page.goto(f"{address}/lab/tree/labs.ipynb?reset")
            page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for()
            for i, name in enumerate(names):
                cells = [page.locator(".jp-CodeCell").nth(3 * i + j) for j in range(3)]
                try_lab(page, name, cells)
                print(f"{name}: drawn, set and read", flush=True)


if __name__ == "__main__":
    main()
