"""Where things lie, which pages there are in which order, whether a set of files has changed."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "_build"
HTML = BUILD / "html"
MADE = BUILD / "colab"  # the notebooks for who reads them as notebooks
FRAMES = "frames"  # the folder of the explorers' pictures, which both languages share
LANGUAGES = ("en", "zh-TW")
VERSIONS = (ROOT / "requirements.txt", ROOT / "constraints.txt")  # of all that is installed


def notebook_paths(language: str = "*") -> list[Path]:
    """Return the notebooks of one language, or of both; the chapters come first, in their order."""
    return sorted(ROOT.glob(f"book/{language}/*.ipynb"))


def page_names(language: str) -> list[str]:
    """Return a language's pages in the order of its table of contents, without a suffix."""
    toc = yaml.safe_load((ROOT / "book" / language / "_toc.yml").read_text(encoding="utf-8"))
    return [toc["root"], *(c["file"] for part in toc["parts"] for c in part["chapters"])]


def text_digest(text: str) -> str:
    """Return sixteen characters that change with the text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def digest(paths: Iterable[Path]) -> str:
    """Return sixteen characters that change with the name or the content of any of the files."""
    found = hashlib.sha256()
    for path in sorted(paths):
        found.update(path.relative_to(ROOT).as_posix().encode())
        found.update(path.read_bytes())
    return found.hexdigest()[:16]
