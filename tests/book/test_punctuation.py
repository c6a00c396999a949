"""No line begins with a formula's punctuation; an apostrophe in a Chinese page stays one."""

import pytest
from docutils import nodes
from docutils.utils import new_document
from docutils.utils.smartquotes import smartyPants
from vae_book.punctuation import keep_with_formula

from tools.build.book import read_config


@pytest.mark.parametrize(
    ("after", "kept", "rest"),
    [
        (". Then", ".", " Then"),
        ("，再", "，", "再"),
        ("). Then", ").", " Then"),
        (" and", "", " and"),
    ],
)
def test_punctuation_stays_with_its_formula(after, kept, rest):
    paragraph = nodes.paragraph("", "", nodes.math("x", "x"), nodes.Text(after))
    document = new_document("page")
    document += paragraph
    keep_with_formula(None, document)
    unbroken = [
        node
        for node in paragraph.children
        if "unbroken" in getattr(node, "attributes", {}).get("classes", [])
    ]
    assert "".join(node.astext() for node in unbroken) == ("x" + kept if kept else "")
    assert paragraph.children[-1].astext() == rest


def test_english_keeps_its_quotes_in_a_chinese_page():
    """As long as docutils takes an apostrophe for the end of a Chinese quotation."""
    assert smartyPants("Bayes' rule", language="zh-tw") == "Bayes』 rule"
    assert read_config("zh-TW")["sphinx"]["config"]["smartquotes"] is False
    assert "smartquotes" not in read_config("en")["sphinx"]["config"]
