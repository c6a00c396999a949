"""The terms of ``book/terminology.md``, and the table of the glossary: ``{term-table}``.

A term stands first in the language of the page, and leads to the section that introduces it.
English is sorted by the alphabet, Chinese by the strokes of its characters.
"""

import re
from typing import NamedTuple

from docutils import nodes
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

from tools.paths import ROOT
from vae_book.languages import own_tag
from vae_book.tables import table
from vae_book.words import _

ROW = re.compile(r"^\| (?!English)(.+?) \| (.+?) \|(.*)\|(.*)\|$", re.M)


class Term(NamedTuple):
    """What a thing is called here in both languages, and what it is not called."""

    english: str
    chinese: str
    refused: str
    label: str  # of the section that introduces it, or ""


def terms() -> list[Term]:
    """Return the rows of the terminology's table."""
    text = (ROOT / "book/terminology.md").read_text(encoding="utf-8")
    return [Term(*(cell.strip() for cell in row)) for row in ROW.findall(text)]


def alphabet(term: Term) -> str:
    """Return what sorts terms by their English."""
    return term.english.lower()


def strokes(term: Term) -> bytes:
    """Return what sorts terms by strokes: Big5 has the frequent characters in that order.

    熵 is not among them, and stands where 熟 would, which has as many strokes.
    """
    return term.chinese.replace("熵", "熟").encode("big5")


class TermTable(SphinxDirective):
    """Write the table."""

    def run(self) -> list[nodes.Node]:
        """Return the table of all terms, those of the page's own language first."""
        in_chinese = own_tag(self.env.app) == "zh-TW"
        columns = [_("English"), _("Chinese")]
        headings = [*(reversed(columns) if in_chinese else columns), _("Not said in this book")]
        rows = []
        for term in sorted(terms(), key=strokes if in_chinese else alphabet):
            english, chinese = said(term.english, "en"), said(term.chinese, "zh-TW")
            own, other = (chinese, english) if in_chinese else (english, chinese)
            cells = self.linked(own, term.label), other, said(term.refused, "zh-TW")
            rows.append(
                nodes.row("", *(nodes.entry("", nodes.paragraph("", "", one)) for one in cells))
            )
        return [table("terms", headings, rows)]

    def linked(self, word: nodes.inline, label: str) -> nodes.Element:
        """Return a word that leads to a section, if it has one; a label of none is a warning."""
        if not label:
            return word
        return addnodes.pending_xref(
            "", word, refdomain="std", reftype="ref", reftarget=label,
            refexplicit=True, refdoc=self.env.docname, refwarn=True,
        )  # fmt: skip


def said(word: str, language: str) -> nodes.inline:
    """Return a word that says in which language it is to be read aloud."""
    return nodes.inline("", word, classes=[f"language-{language}"])
