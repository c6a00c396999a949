"""The terms are one row each, lead to sections that exist, and are sorted as a reader looks."""

from types import SimpleNamespace

import pytest
from docutils import nodes
from pages import SECTION, pages
from vae_book import terminology
from vae_book.terminology import TermTable, alphabet, strokes, terms

from tools.paths import ROOT

LAST_OF_THE_FREQUENT = b"\xc6\x7e"  # in Big5, whose second part is sorted by strokes anew


def test_each_row_of_the_file_is_a_term():
    """One table, two lines of head: a row with a missing column would be a term nowhere."""
    text = (ROOT / "book/terminology.md").read_text(encoding="utf-8")
    assert len([line for line in text.splitlines() if line.startswith("|")]) == len(terms()) + 2


def test_no_term_stands_twice_and_the_rows_are_sorted():
    english = [alphabet(term) for term in terms()]
    assert len(set(english)) == len(english)
    assert len({term.chinese for term in terms()}) == len(english)
    plain = [one.replace("-", " ") for one in english]
    assert plain == sorted(plain)


def test_each_label_is_that_of_a_section():
    labels = {label for page in pages("en") for label in SECTION.findall(page.text)}
    assert not {term.label for term in terms()} - labels - {""}


def test_big5_sorts_each_term_by_strokes():
    """Its frequent characters alone; 一 has one stroke, 下 three, 分 four, 變 twenty-three."""
    for term in terms():
        assert strokes(term)[:2] <= LAST_OF_THE_FREQUENT, f"sort {term.chinese} by hand"
    some = [terminology.Term("", word, "", "") for word in "變分下一"]
    assert "".join(one.chinese for one in sorted(some, key=strokes)) == "一下分變"


@pytest.mark.parametrize(
    ("language", "first", "headings"),
    [("en", "activation function", "EnglishChinese"), ("zh_TW", "Jensen 不等式", "ChineseEnglish")],
)
def test_the_language_of_the_page_stands_first(language, first, headings):
    app = SimpleNamespace(config=SimpleNamespace(language=language))
    directive = TermTable.__new__(TermTable)
    directive.state = SimpleNamespace(
        document=SimpleNamespace(
            settings=SimpleNamespace(env=SimpleNamespace(app=app, docname="glossary"))
        )
    )
    [made] = directive.run()
    head, *rows = made.findall(nodes.row)
    assert head.astext().replace("\n", "").startswith(headings) and len(rows) == len(terms())
    own, other, _ = rows[0].findall(nodes.paragraph)
    assert own.astext() == first
    spoken = {"en": ["language-en", "language-zh-TW"], "zh_TW": ["language-zh-TW", "language-en"]}
    assert [one.next_node(nodes.inline)["classes"][0] for one in (own, other)] == spoken[language]
