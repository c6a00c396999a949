"""List what the English prose claims: ``python -m tools.prose.claims [--accept WORD]``.

A sentence is listed if it allows no exception ("always", "never", "only" and the like), or if it
names a decimal number that is neither in the page's code nor in its kept outputs. A test fails on
one that is not in ``REVIEWED``, where it has a word for what bears it; ``--accept`` rewrites that.
"""

import argparse
import re
from pathlib import Path
from typing import NamedTuple

import nbformat

from tools.build.book import outputs_folder
from tools.build.equations import EQUATION, markdown
from tools.build.outputs import Outputs
from tools.paths import ROOT, page_names

REVIEWED = ROOT / "tests/book/reviewed_claims.tsv"
STRONG = re.compile(r"\b(always|never|only|every|cannot|impossible|the larger part)\b", re.I)
NUMBER = re.compile(r"(?<![\w.])\d+\.\d+(?![\w.]*\d)")
NO_PROSE = re.compile(r"^(```|~~~).*?^\1$|^(?::::|:[a-z-]+:|\(sec-|#).*?$", re.M | re.S)
ADDRESS = re.compile(r"(?<=\])\([^)]*\)")
END = re.compile(r"(?:^|\n)\s*(?:[-*|]|\d+\.)\s|\n\s*\n|(?<=[.?!])[*”)]*\s+(?=[“(*$`\[A-Z])")


class Claim(NamedTuple):
    """A sentence of a page, and what in it asks for a reader: a "word" or a "number"."""

    page: str
    kind: str
    sentence: str


def claims(page: str, outputs: Outputs | None = None) -> list[Claim]:
    """Return the claims of one English page.

    Args:
        page: Its name, without a suffix.
        outputs: The kept outputs; without the page's own, its numbers are not looked at.
    """
    path = ROOT / "book/en" / page
    prose = ADDRESS.sub("", NO_PROSE.sub("\n\n", EQUATION.sub("", markdown(path))))
    sentences = [" ".join(part.split()) for part in END.split(prose)]
    strong = [Claim(page, "word", one) for one in sentences if STRONG.search(one)]
    known = computed(path.with_suffix(".ipynb"), outputs) if outputs else None
    if known is None:
        return strong
    unknown = [one for one in sentences if not known.issuperset(NUMBER.findall(one))]
    return strong + [Claim(page, "number", one) for one in unknown]


def computed(notebook: Path, outputs: Outputs) -> set[str] | None:
    """Return the decimals in a notebook's code and outputs, or None if none are kept."""
    try:
        _, kept = outputs.merge_match_into_notebook(nbformat.read(notebook, 4))
    except (KeyError, FileNotFoundError):  # not run yet, or a page without code
        return None
    cells = [cell for cell in kept.cells if cell.cell_type == "code"]
    return set(NUMBER.findall("\n".join(f"{cell.source}\n{cell.outputs}" for cell in cells)))


def all_claims(outputs: Outputs | None = None) -> list[Claim]:
    """Return the claims of all English pages, each once."""
    return list(dict.fromkeys(one for page in page_names("en") for one in claims(page, outputs)))


def reviewed() -> dict[Claim, str]:
    """Return the claims that somebody has read, each with its word."""
    rows = [line.split("\t") for line in REVIEWED.read_text("utf-8").splitlines()]
    return {Claim(page, kind, sentence): word for word, page, kind, sentence in rows}


def main() -> None:
    """Print the claims that nobody has read yet, and enter them if told to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accept", metavar="WORD", help="enter the new claims with this word")
    word = parser.parse_args().accept
    known, now = reviewed(), all_claims(Outputs(str(outputs_folder())))
    new = [claim for claim in now if claim not in known]
    print("\n".join("\t".join(claim) for claim in new))
    print(f"{len(now)} claims, {len(new)} of them new")
    if word:
        lines = ["\t".join([known.get(claim, word), *claim]) for claim in now]
        REVIEWED.write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main()
