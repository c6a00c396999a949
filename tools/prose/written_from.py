"""Which English each Chinese text was written from: ``python -m tools.prose.written_from``.

``WRITTEN_FROM`` holds a line for each cell, and each section of a Markdown page and of the README:
its digests in both languages when they were last found to say the same. A test fails on a line that
is no longer so. This command writes the lines anew of what has changed in Chinese, which is taken
for the answer to the English. Of what has changed in English alone it names the places, and accepts
those that ``--reviewed`` names: the Chinese still says the same.
"""

import argparse
import re
from itertools import zip_longest
from typing import NamedTuple

from tools.build.notebooks import Cell, read_notebook
from tools.paths import ROOT, page_names, text_digest

WRITTEN_FROM = ROOT / "tests/book/written_from.tsv"
READMES = ("README.md", "README.zh-TW.md")
SECTION = re.compile(r"^\((sec-[a-z0-9-]+)\)=$", re.M)


class Passage(NamedTuple):
    """A cell or a section in both languages.

    ``place`` is ``page:cell``, ``page:label`` or, as it has no labels, ``README:number``.
    """

    place: str
    english: str
    chinese: str


class Digests(NamedTuple):
    """Of a passage's English and of its Chinese."""

    english: str
    chinese: str


def words(cell: Cell) -> str:
    """Return the prose of a cell; that of a code cell is what its metadata say of its pictures."""
    if cell["cell_type"] == "markdown":
        return str(cell["source"])
    pictures, explorer = (cell["metadata"].get(name, {}) for name in ("mystnb", "explorer"))
    return "\n".join(map(str, (*pictures.get("image", {}).values(), *explorer.values())))


def passages_of(language: str, page: str) -> dict[str, str]:
    """Return the passages of a page in one language, by their place."""
    path = ROOT / "book" / language / page
    if path.with_suffix(".ipynb").exists():
        cells = read_notebook(path.with_suffix(".ipynb"))["cells"]
        found = {f"{page}:{cell['id']}": words(cell) for cell in cells}
        return {place: text for place, text in found.items() if text}
    top, *rest = SECTION.split(path.with_suffix(".md").read_text(encoding="utf-8"))
    sections = {f"{page}:{name}": text for name, text in zip(rest[::2], rest[1::2], strict=True)}
    return ({f"{page}:top": top} if top.strip() else {}) | sections


def passages() -> list[Passage]:
    """Return all passages of the book and the README; what one language lacks is empty."""
    found = []
    for page in page_names("en"):
        english, chinese = (passages_of(language, page) for language in ("en", "zh-TW"))
        places = [*english, *(place for place in chinese if place not in english)]
        found += [Passage(one, english.get(one, ""), chinese.get(one, "")) for one in places]
    readmes = [(ROOT / name).read_text(encoding="utf-8").split("\n## ") for name in READMES]
    sections = enumerate(zip_longest(*readmes, fillvalue=""))
    return found + [Passage(f"README:{number}", *pair) for number, pair in sections]


def digests(passage: Passage) -> Digests:
    """Return the digests that a passage has now."""
    return Digests(text_digest(passage.english), text_digest(passage.chinese))


def recorded() -> dict[str, Digests]:
    """Return the digests in ``WRITTEN_FROM``, by place."""
    if not WRITTEN_FROM.exists():
        return {}
    lines = WRITTEN_FROM.read_text(encoding="utf-8").splitlines()
    return {place: Digests(*pair) for place, *pair in (line.split("\t") for line in lines)}


def changed(known: dict[str, Digests], now: dict[str, Digests]) -> tuple[list[str], list[str]]:
    """Return the places that changed in English alone, and all others that are not as recorded."""
    different = [place for place in known | now if known.get(place) != now.get(place)]
    alone = [
        place
        for place in different
        if place in known and place in now and known[place].chinese == now[place].chinese
    ]
    return alone, [place for place in different if place not in alone]


def main() -> None:
    """Write the lines of what has changed in Chinese or was reviewed, and name the rest.

    Raises:
        SystemExit: If passages have changed in English alone, or one is named that has not.
    """
    parser = argparse.ArgumentParser(
        prog="python -m tools.prose.written_from",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--reviewed", nargs="+", default=[], metavar="PAGE:CELL")
    reviewed = parser.parse_args().reviewed
    known, now = recorded(), {one.place: digests(one) for one in passages()}
    alone, answered = changed(known, now)
    if wrong := [place for place in reviewed if place not in alone]:
        raise SystemExit(f"{wrong[0]} has not changed in English alone: name one of {alone}.")
    taken = {*answered, *reviewed}
    lines = {place: now[place] if place in taken else known[place] for place in now}
    text = "".join("\t".join((place, *pair)) + "\n" for place, pair in lines.items())
    WRITTEN_FROM.write_text(text, encoding="utf-8")
    print(f"{len(taken)} of {len(now)} passages recorded anew.")
    if left := [place for place in alone if place not in reviewed]:
        raise SystemExit(
            "Changed in English alone; write the Chinese of these, or read it and name them after "
            f"--reviewed: {' '.join(left)}"
        )


if __name__ == "__main__":
    main()
