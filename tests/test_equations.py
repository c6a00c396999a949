"""Every numbered equation is claimed by a test and named by a function, and the other way round."""

import ast
import re
from collections import Counter

import pytest
from pages import LABEL, docstring_labels, labels, pages

from tools.notebooks import ROOT


def claims() -> dict[str, str]:
    """Each label in ``@pytest.mark.equation(...)`` on a test, with the place of the test."""
    found = {}
    for path in sorted((ROOT / "tests").glob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for mark in node.decorator_list:
                    if isinstance(mark, ast.Call) and ast.unparse(mark.func).endswith(
                        "mark.equation"
                    ):
                        label = ast.literal_eval(mark.args[0])
                        found[label] = f"tests/{path.name}::{node.name}"
    return found


def test_every_numbered_equation_is_claimed_by_a_test():
    tested = claims()
    missing = [
        f"{page} displays {label}" for label, page in labels("en").items() if label not in tested
    ]
    assert not missing, f"{'; '.join(missing)}: no test claims it with @pytest.mark.equation"


def test_every_claim_is_an_equation_of_the_book():
    shown = labels("en")
    unknown = [f"{place} claims {label}" for label, place in claims().items() if label not in shown]
    assert not unknown, f"{'; '.join(unknown)}: no page displays it"


def test_every_numbered_equation_is_named_by_a_function():
    named = docstring_labels()
    missing = [
        f"{page} displays {label}" for label, page in labels("en").items() if label not in named
    ]
    assert not missing, f"{'; '.join(missing)}: no docstring in vae_lib names it"


def test_every_label_in_a_docstring_is_an_equation_of_the_book():
    shown = labels("en")
    unknown = [
        f"{place} names {label}"
        for label, place in docstring_labels().items()
        if label not in shown
    ]
    assert not unknown, f"{'; '.join(unknown)}: no page displays it"


@pytest.mark.parametrize("language", ["en", "zh-TW"])
def test_displayed_equations_have_well_formed_labels_used_once(language):
    counted = Counter()
    for page in pages(language):
        marks = len(re.findall(r"^\$\$", page.text, re.M))
        assert marks == 2 * len(page.equations), f"{page.name}: a $$ line is not half of a pair"
        for tex, label in page.equations:
            assert label, f"{page.name}: a displayed equation has no label: {tex[:60]}"
            assert LABEL.fullmatch(label), f"{page.name}: the label {label!r} is not eq-…"
            counted[label] += 1
    twice = [label for label, times in counted.items() if times > 1]
    assert not twice, f"book/{language}: {twice} stand at more than one equation"


@pytest.mark.parametrize("language", ["en", "zh-TW"])
def test_every_reference_points_to_an_equation(language):
    shown = labels(language)
    for page in pages(language):
        for label in re.findall(r"\{eq\}`([^`]*)`", page.text):
            assert label in shown, f"{page.name} refers to {label}, which no page displays"
