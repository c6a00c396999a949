"""The notation page is complete: every row is filled in, every symbol of an equation has a row."""

import re

import pytest
from pages import EQUATION, labels, pages

from tools.paths import ROOT

COMMAND = re.compile(r"\\[a-zA-Z]+")
WORDS = re.compile(r"\\(?:operatorname|mathbb|mathcal|mathrm|text|tag)\s*\{[^}]*\}")
GREEK = re.compile(
    r"\\(?:alpha|beta|gamma|delta|(?:var)?epsilon|zeta|eta|theta|kappa|lambda|mu|nu|xi|pi|rho|sigma"
    r"|tau|(?:var)?phi|chi|psi|omega|Gamma|Delta|Theta|Lambda|Xi|Pi|Sigma|Phi|Psi|Omega|ell)"
    r"(?![a-zA-Z])"
)
MATH = re.compile(r"\$([^$]+)\$")


def rows(language):
    """The cells of each row of the table."""
    text = (ROOT / "book" / language / "notation.md").read_text("utf-8")
    lines = [line for line in text.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def letters(tex):
    """Each letter of a formula, Latin or Greek, and each word set in a font of its own."""
    found = {word.replace(" ", "") for word in WORDS.findall(tex)} - {r"\mathrm{d}"}
    found = {word for word in found if not word.startswith(r"\text")}
    bare = WORDS.sub(" ", tex)
    found |= set(GREEK.findall(bare))
    return found | set(re.findall("[A-Za-z]", COMMAND.sub(" ", bare)))


@pytest.mark.parametrize("language", ["en", "zh-TW"])
def test_every_symbol_has_meaning_code_name_and_first_use(language):
    shown = labels(language)
    files = {page.path.stem for page in pages(language)}
    for row in rows(language):
        assert len(row) == 5, f"{language}: {row[0]} has {len(row)} columns"
        symbol, meaning, _, code, first = row
        assert MATH.search(symbol) and meaning, (
            f"{language}: a row without symbol or meaning: {row}"
        )
        assert code == "—" or "`" in code, f"{language}: {symbol} has no code name and no dash"
        place = re.fullmatch(r"\{eq\}`(.*)`|\[.+\]\((.*)\)", first)
        assert place, f"{language}: {symbol} does not say where it is used first"
        label, file = place.groups()
        assert label in shown or file in files, (
            f"{language}: {symbol} is first used nowhere: {first}"
        )


def test_both_languages_list_the_same_symbols():
    columns = [[(row[0], row[4].split("]")[-1]) for row in rows(lang)] for lang in ("en", "zh-TW")]
    assert columns[0] == columns[1]


@pytest.mark.parametrize("language", ["en", "zh-TW"])
def test_the_place_of_first_use_shows_the_symbol(language):
    """In the equation named, or in a formula of the page named; letters, not whole formulas."""
    equations = {label: tex for page in pages(language) for tex, label in page.equations}
    texts = {
        page.path.stem: " ".join(MATH.findall(EQUATION.sub("", page.text)))
        + " ".join(["", *(tex for tex, _ in page.equations)])
        for page in pages(language)
    }
    for row in rows(language):
        label, file = re.fullmatch(r"\{eq\}`(.*)`|\[.+\]\((.*)\)", row[4]).groups()
        there = letters(equations[label] if label else texts[file])
        for tex in MATH.findall(row[0]):
            assert letters(tex) <= there, f"{row[0]}: {row[4]} lacks {letters(tex) - there}"


def test_every_letter_of_a_chapters_equations_has_a_row():
    known = set().union(*(letters(tex) for row in rows("en") for tex in MATH.findall(row[0])))
    for page in pages("en"):
        if page.path.suffix == ".ipynb":
            for tex, label in page.equations:
                missing = letters(tex) - known
                assert not missing, f"{page.name}: {label} uses {missing}, not on the notation page"
