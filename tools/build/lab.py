"""Bundle the labs: a script for the pages, beside it what it loads, and a module for notebooks.

``python -m tools.build.lab`` writes the module into ``vae_lib``, where it is committed: who
installs the library has no Node.
"""

import shutil
import subprocess
from pathlib import Path

from tools.build.static_files import NODE, NPM_FOLDER, STATIC, fetch_static_files
from tools.paths import ROOT

SOURCES = ROOT / "vae_lib/lab"
MODULE = SOURCES / "bundle.js"
SCRIPT = STATIC / "lab.js"
PACKED = SOURCES / "packed"  # networks and digits, each a script
ESBUILD = NPM_FOLDER / "node_modules/esbuild/bin/esbuild"
OPTIONS = ("--bundle", "--minify", "--charset=utf8", "--target=es2022", "--log-level=warning")


def bundle(entry: str, form: str) -> str:
    """Return one of the labs' entries with all that it imports, as one text.

    Args:
        entry: ``page.js`` or ``widget.js``.
        form: What it becomes: ``iife``, a classic script, or ``esm``, a module.

    Raises:
        subprocess.CalledProcessError: If a source is wrong; esbuild has said where.
    """
    command: list[str | Path] = [NODE / "bin/node", ESBUILD, SOURCES / entry, *OPTIONS]
    command.append(f"--format={form}")
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout


def write_script() -> None:
    """Write the pages' script among the static files, and beside it what it loads.

    What is there as it should be keeps its date.
    """
    script = bundle("page.js", "iife")
    if not SCRIPT.exists() or SCRIPT.read_text(encoding="utf-8") != script:
        SCRIPT.write_text(script, encoding="utf-8")
    for path in PACKED.glob("*.js"):
        copy = STATIC / "packed" / path.name
        if not copy.exists() or copy.read_bytes() != path.read_bytes():
            copy.parent.mkdir(exist_ok=True)
            shutil.copyfile(path, copy)


def main() -> None:
    """Write the module for notebooks."""
    fetch_static_files()
    MODULE.write_text(bundle("widget.js", "esm"), encoding="utf-8")


if __name__ == "__main__":
    main()
