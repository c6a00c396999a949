"""No line of a page begins with the punctuation that belongs to a formula."""

import pytest
from docutils import nodes
from docutils.utils import new_document
from vae_book.punctuation import keep_with_formula


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
