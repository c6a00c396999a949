"""Run every notebook as Colab would: ``make colab``.

The notebooks are those that ``make book`` made for Colab. Each runs in an empty folder, with
Colab's versions and a stand-in for ``google.colab``. Its first cell finds no ``vae_lib`` and really
installs it: git answers the repository's address with a clone, which holds the commit that the cell
names. After its last cell the kernel moves each slider. The code cells of both languages are equal,
so the English notebooks stand for both.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from tools.paths import MADE, ROOT

COLAB = Path(__file__).parent
ADDRESS = re.compile(r"git\+(https://github\.com/[\w./-]+)")
EXPLORER = re.compile(r"^explorer\(", re.M)
QUIET = "--Application.log_level=40"  # no warning that the connection to the kernel is plain TCP
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def clone(source: Path, target: Path) -> str:
    """Clone the last commit of a repository, and return its short name.

    Raises:
        subprocess.CalledProcessError: If ``source`` is no git repository.
    """
    subprocess.run(["git", "clone", "--quiet", source.as_uri(), str(target)], check=True)
    command = ["git", "-C", str(target), "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def kernel_environment(address: str, repository: Path) -> dict[str, str]:
    """Return an environment where git finds ``address`` at ``repository`` and Python the stand-in.

    Args:
        address: What the first cell installs from, without ``git+``.
        repository: The clone that answers instead.
    """
    return os.environ | {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{repository.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": address,
        "PYTHONPATH": str(COLAB),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }


def pinned() -> dict[str, str]:
    """Return Colab's version of each package, by name."""
    lines = (COLAB / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if "==" in line)


def rehearse(path: Path, repository: Path) -> str:
    """Run one notebook and say what it did.

    Args:
        path: The notebook.
        repository: What its first cell gets instead of the repository on the network.

    Returns:
        How many sliders answered.

    Raises:
        CellExecutionError: If a cell fails, the probe of the sliders included.
        RuntimeError: If the notebook has other explorers than the probe found, or a package is no
            longer the one that Colab has.
    """
    notebook = nbformat.read(path, 4)
    sources = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    match = ADDRESS.search(sources[0])
    if not match:
        raise RuntimeError(f"{path.name} installs nothing: its first code cell has no git+https.")
    probe = nbformat.v4.new_code_cell((COLAB / "probe.py").read_text(encoding="utf-8"))
    notebook.cells.append(probe)
    uninstall = [sys.executable, "-m", "pip", "uninstall", "--quiet", "--yes", "vae_lib"]
    subprocess.run(uninstall, check=True, stderr=subprocess.DEVNULL)
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            notebook,
            timeout=600,
            kernel_name="python3",
            resources={"metadata": {"path": folder}},
            extra_arguments=["--IPKernelApp.exec_lines=import google.colab", QUIET],
        )
        client.execute(env=kernel_environment(match[1], repository))
    explorers, sliders = map(int, probe.outputs[-1].text.split())
    written = sum(len(EXPLORER.findall(source)) for source in sources)
    if explorers != written:
        raise RuntimeError(
            f"{path.name} has {written} explorers, and the kernel shows {explorers}."
        )
    changed = [f"{name} {version(name)}" for name, own in pinned().items() if version(name) != own]
    if changed:
        raise RuntimeError(f"Colab has other versions than are here now: {', '.join(changed)}.")
    return f"sliders that answer: {sliders}"


def main() -> None:
    """Rehearse all notebooks, a line each, and fail if one does.

    Raises:
        SystemExit: If a notebook fails, or none is made.
    """
    paths = sorted((MADE / "en").glob("*.ipynb"))
    if not paths:
        raise SystemExit("There are no notebooks for Colab to rehearse: run `make book` first.")
    failed, began = 0, time.perf_counter()
    versions = ", ".join(f"{name} {version(name)}" for name in pinned())
    print(f"Python {sys.version.split()[0]}, {versions}")
    with tempfile.TemporaryDirectory() as folder:
        repository = Path(folder) / "repository"
        print(f"The library is that of the commit {clone(ROOT, repository)}.")
        for path in paths:
            start = time.perf_counter()
            try:
                said = rehearse(path, repository)
            except (CellExecutionError, RuntimeError) as error:
                failed += 1
                said = "FAILED: " + COLOUR.sub("", str(error)).strip().splitlines()[-1]
            print(f"{path.stem:25} {time.perf_counter() - start:4.0f} s  {said}", flush=True)
    total = f"{len(paths) - failed} of {len(paths)} notebooks ran"
    print(f"{total} in {(time.perf_counter() - began) / 60:.1f} minutes.")
    if failed:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
