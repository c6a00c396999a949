"""What the tests of the book read: the pages of both languages, as cells and equations."""

import functools
import re
from dataclasses import dataclass
from pathlib import Path

import opencc

from tools.build.equations import EQUATION
from tools.build.notebooks import Cell, read_notebook
from tools.paths import ROOT, page_names

SECTION = re.compile(r"^\((sec-[a-z0-9-]+)\)=$", re.M)
FENCE = re.compile(r"^(```|~~~).*?^\1$", re.M | re.S)


@dataclass(frozen=True, repr=False)
class Page:
    """One source file of the book, as cells; a Markdown file is a single cell."""

    path: Path
    cells: list[Cell]

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @property
    def text(self) -> str:
        """The Markdown of all cells."""
        return "\n\n".join(c["source"] for c in self.cells if c["cell_type"] == "markdown")

    @property
    def prose(self) -> str:
        """The Markdown without fenced code and displayed equations."""
        return EQUATION.sub("", FENCE.sub("", self.text))

    @property
    def equations(self) -> list[tuple[str, str | None]]:
        return [(m["tex"], m["label"]) for m in EQUATION.finditer(self.text)]


def pages(language: str) -> list[Page]:
    found = []
    for path in sorted((ROOT / "book" / language).glob("*")):
        if path.suffix == ".ipynb":
            found.append(Page(path, read_notebook(path)["cells"]))
        elif path.suffix == ".md":
            source = path.read_text(encoding="utf-8")
            found.append(Page(path, [{"cell_type": "markdown", "source": source, "metadata": {}}]))
    return found


def labels(language: str) -> dict[str, str]:
    """Each equation's label, in the order of the contents, with the page that displays it."""
    order = page_names(language)
    listed = sorted(pages(language), key=lambda page: order.index(page.path.stem))
    return {label: page.name for page in listed for _, label in page.equations if label}


@functools.cache
def simplified_only() -> set[str]:
    """Characters that OpenCC always replaces on the way to Traditional, save Taiwan's own forms."""
    tables = Path(opencc.__file__).parent / "dictionary"

    def rows(name: str) -> list[list[str]]:
        return [line.split() for line in (tables / name).read_text("utf-8").splitlines()]

    replaced = {key for key, *values in rows("STCharacters.txt") if key not in values}
    return replaced - {value for _, *values in rows("TWVariants.txt") for value in values}
