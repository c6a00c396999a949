"""No line begins with a formula's punctuation; an apostrophe in a Chinese page stays one."""

import pytest
from docutils import nodes
from docutils.utils import new_document
from docutils.utils.smartquotes import smartchars, smartyPants
from vae_book.punctuation import keep_with_formula, quote_english


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


def test_english_keeps_its_quotes_in_a_chinese_page(monkeypatch):
    monkeypatch.setitem(smartchars.quotes, "zh-tw", smartchars.quotes["zh-tw"])
    quote_english()
    said = smartyPants("Bayes' rule and Jensen's 不等式", language="zh-tw")
    assert said == "Bayes’ rule and Jensen’s 不等式"
