"""Every numbered equation is claimed by a test and named by a function, and the other way round."""

import ast
import re
from collections import Counter

import pytest
from pages import labels, pages
from vae_book.equations import oracles

from tools.build.equations import LABEL, ORACLES, claims, coded, displayed, read_agreement
from tools.build.lab_functions import held, in_page
from tools.paths import ROOT

EQUATIONS = displayed("en")
SHOWN = {equation.label for equation in EQUATIONS}


def test_every_numbered_equation_is_claimed_by_a_test():
    tested = {claim.label for claim in claims()}
    missing = [f"{one.page} displays {one.label}" for one in EQUATIONS if one.label not in tested]
    assert not missing, f"{'; '.join(missing)}: no test claims it with @pytest.mark.equation"


def test_every_claim_is_an_equation_of_the_book():
    unknown = [f"{one.test} claims {one.label}" for one in claims() if one.label not in SHOWN]
    assert not unknown, f"{'; '.join(unknown)}: no page displays it"


def test_every_claim_says_its_kind_of_oracle():
    wrong = [
        f"{one.test} has oracle={one.oracle!r} for {one.label}"
        for one in claims()
        if one.oracle not in ORACLES
    ]
    assert not wrong, f"{'; '.join(wrong)}: choose one of {', '.join(ORACLES)}"


def test_every_kind_of_oracle_has_a_name():
    assert set(oracles()) == set(ORACLES), "book/_ext/vae_book/equations.py"


def test_every_numbered_equation_is_named_by_a_function():
    named = {one.label for one in coded()}
    missing = [f"{one.page} displays {one.label}" for one in EQUATIONS if one.label not in named]
    assert not missing, f"{'; '.join(missing)}: no public docstring in vae_lib names it"


def test_every_label_in_a_docstring_is_an_equation_of_the_book():
    unknown = [
        f"{path.relative_to(ROOT)} names {label}"
        for path in sorted((ROOT / "vae_lib").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module)
        for label in LABEL.findall(ast.get_docstring(node) or "")
        if label not in SHOWN
    ]
    assert not unknown, f"{'; '.join(unknown)}: no page displays it"


def test_every_label_that_the_laboratory_names_is_an_equation_of_the_book():
    engine = in_page()
    unknown = [one for one in engine if not SHOWN.issuperset(one.labels)]
    assert not unknown, f"{unknown}: no page displays it"
    assert sum(len(one.labels) for one in engine) > 20, "the JSDoc's @equation is no longer read"


def test_every_function_of_the_laboratory_is_held_against_the_library():
    exported = {one.full_name for one in in_page()}
    missing, unknown = exported - held(), held() - exported
    assert not missing, f"{sorted(missing)}: no test names it with @pytest.mark.page"
    assert not unknown, f"{sorted(unknown)}: the engine exports no such function"


def test_every_function_of_an_equation_stands_on_the_api_page():
    reference = (ROOT / "book/en/api.md").read_text(encoding="utf-8")
    missing = {one.module for one in coded()} - set(re.findall(r"automodule:: (\S+)", reference))
    assert not missing, f"book/*/api.md lacks {sorted(missing)}"


def test_every_claim_reached_an_agreement():
    """The figures of the last build, if the sources have not changed since."""
    report = read_agreement()
    if report is None:
        pytest.skip("no report on the present sources: `make book` runs the tests and writes it")
    for claim in claims():
        rows = [row for row in report.get(claim.label, []) if row["test"] == claim.test]
        assert rows, f"{claim.test} claims {claim.label} and did not run"
        for row in rows:
            assert row["passed"], f"{claim.test} refutes {claim.label}"
            assert row["agreement"] is not None, (
                f"{claim.test} records no figure for {claim.label} ({claim.oracle}): use "
                "agree, or agree_in_standard_errors for Monte Carlo, of tests/agreement.py"
            )


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
