"""The trail behind an equation's tick: its code, tests, tolerance and agreement, its red mutant."""

import pytest
from bs4 import BeautifulSoup
from docutils import nodes
from docutils.utils import new_document
from sphinx.errors import ExtensionError
from vae_book import trail
from vae_book.trail import Known

from tools.build.equations import Coded

TESTS = [
    {"test": "tests/library/test_a.py::test_b", "oracle": "quadrature", "agreement": 3e-14}
    | {"standard_error": None, "allowed": 1e-10},
    {"test": "tests/library/test_a.py::test_c", "oracle": "Monte Carlo", "agreement": 1.234}
    | {"standard_error": 0.1, "allowed": 4.0},
]
MUTANT = {"before": "return a < b", "after": "return a + b", "test": "x.py::test_b[1-True]"}


@pytest.fixture(autouse=True)
def _known(monkeypatch):
    known = Known(
        {"eq-kl": [Coded("eq-kl", "vae_lib.a", "kl", "")]}, {"eq-kl": TESTS}, {"eq-kl": MUTANT}
    )
    monkeypatch.setattr(trail, "known", lambda: known)


def test_it_says_how_an_equation_is_checked_and_how_to_check_it():
    said = BeautifulSoup(trail.trail("eq-kl", "2.1", "equations.html"), "html.parser")
    words = " ".join(said.text.split())
    assert "How equation 2.1 is checked" in words and "vae_lib.a.kl" in words
    assert "quadrature: 3e-14 away, 1e-10 is allowed" in words
    assert "Monte Carlo: 1.2 standard errors away, 4 are allowed" in words
    shown = [one.text for one in said.select("pre")]
    assert shown == [*(f"pytest {one['test']}" for one in TESTS), "- return a < b\n+ return a + b"]
    assert "turns a test red: test_b- return" in words
    assert said.a["href"] == "equations.html#check-kl"


def test_equations_number_that_sphinx_writes_otherwise_is_an_error():
    class App:
        class env:
            found_docs = ("equations",)

        class builder:
            @staticmethod
            def get_relative_uri(page, target):
                return f"{target}.html"

    document = new_document("page")
    document += nodes.math_block("x", "x", label="eq-kl")
    context = {"body": '<div id="equation-eq-kl">\n<span class="eqno">(2.1)</span>'}
    trail.link_equations(App, "page", "", context, document)
    [button, *_] = BeautifulSoup(context["body"], "html.parser").select(".eqno > button")
    assert button["title"] == "How equation 2.1 is checked"
    assert f'id="{button["popovertarget"]}"' in context["body"]
    with pytest.raises(ExtensionError, match=r"page has 1 numbered equations, and .* found 0"):
        trail.link_equations(App, "page", "", {"body": "<p>(2.1)</p>"}, document)
