"""What has changed since the last build of a language that gave no warning.

A page that is as it was in such a build gives no warning now, provided that all else is as it was,
too: settings, extensions, library, versions, and whatever other pages may show of the changed ones
or lead to in them. So ``changed_pages`` names the pages to build again, or says that all must be.
"""

import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from tools.build.equations import EQUATION, markdown
from tools.build.notebooks import read_notebook
from tools.paths import BUILD, ROOT, digest, page_names, text_digest

# What any page may depend on, besides its own source; {language} is the language's folder.
SHARED = (
    "_config.yml",
    "requirements.txt",
    "constraints.txt",
    "package-lock.json",
    "vae_lib/**/*",
    "tools/*.py",
    "tools/build/*.py",
    "tools/release/*.py",
    "benchmarks/**/*.json",
    "book/*.*",
    "book/_*/**/*",
    "book/{language}/_*.yml",
    "_build/agreement.json",
)
# What other pages show of a page, or point to in it: its headings, targets, names and citations.
FACE = re.compile(
    r"^ {0,3}#+ .*$|^\(.*\)=$|^ *:(?:name|label|class):.*$|^ *\.\. .*$|^ *[:`~]{3,}\{.*$"
    r"|\{cite[^`]*`[^`]*`|\{#[^}]*\}|\[\^[^\]]*\]",
    re.M,
)
IDS = re.compile(r'\bid="([^"]*)"')


class Source(NamedTuple):
    """Digests of one page: of the whole, of what other pages know of it, and of its code."""

    whole: str
    face: str
    code: str


class Sources(NamedTuple):
    """Digests of all that a language is built from."""

    shared: str
    pages: dict[str, Source]


def sources(language: str) -> Sources:
    """Return the digests of a language's present sources."""
    shared = {
        path
        for pattern in SHARED
        for path in ROOT.glob(pattern.format(language=language))
        if path.is_file() and "__pycache__" not in path.parts
    }
    pages = {name: source(ROOT / "book" / language / name) for name in page_names(language)}
    return Sources(f"{digest(shared)} Python {sys.version}", pages)


def source(path: Path) -> Source:
    """Return the digests of one page, given by its path without a suffix."""
    text, code = markdown(path), ""
    whole, shown = text, face(text)
    if path.with_suffix(".ipynb").exists():
        cells = read_notebook(path.with_suffix(".ipynb"))["cells"]
        code = "\0".join(cell["source"] for cell in cells if cell["cell_type"] == "code")
        shown += "".join(str(cell["metadata"].get("mystnb", {}).get("figure")) for cell in cells)
        whole = path.with_suffix(".ipynb").read_text(encoding="utf-8")
    return Source(text_digest(whole), text_digest(shown), text_digest(code))


def face(text: str) -> str:
    """Return what other pages may know of a page: the lines and marks that ``FACE`` finds."""
    equations = (match[0] for match in EQUATION.finditer(text))
    return "\n".join([*(match[0] for match in FACE.finditer(text)), *equations])


def changed_pages(old: Sources | None, new: Sources) -> list[str] | None:
    """Return the pages to build again, or None if all have to be."""
    if old is None or old.shared != new.shared or list(old.pages) != list(new.pages):
        return None
    changed = [name for name in new.pages if old.pages[name] != new.pages[name]]
    same_face = all(old.pages[name].face == new.pages[name].face for name in changed)
    return changed if same_face else None


def anchors(html: Path, pages: Iterable[str]) -> dict[str, list[str]]:
    """Return the places inside each built page that a link may lead to."""
    return {
        name: IDS.findall((html / f"{name}.html").read_text(encoding="utf-8")) for name in pages
    }


def record(language: str) -> Path:
    """Return the file that keeps the sources of the last build without a warning."""
    return BUILD / language / "built.json"


def read_record(language: str) -> Sources | None:
    """Return the sources of the last build without a warning, if there is one."""
    if not record(language).exists():
        return None
    kept = json.loads(record(language).read_text(encoding="utf-8"))
    return Sources(kept["shared"], {name: Source(*one) for name, one in kept["pages"].items()})


def write_record(language: str, built: Sources) -> None:
    """Keep the sources of a build without a warning."""
    record(language).write_text(json.dumps(built._asdict(), indent=1) + "\n", encoding="utf-8")
