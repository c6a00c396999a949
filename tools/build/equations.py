"""What the book knows about its equations: where each is displayed, coded and tested.

Nothing here is kept by hand. The places are read from the pages' labels, the docstrings of
``vae_lib`` and the marks on the tests; the figures from the report that the tests leave behind.
"""

import ast
import functools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tools.build.notebooks import read_notebook
from tools.paths import BUILD, ROOT, VERSIONS, digest, page_names

LABEL = re.compile(r"eq-[a-z0-9]+(?:-[a-z0-9]+)*")
EQUATION = re.compile(r"^\$\$\n(?P<tex>.*?)\n\$\$(?: \((?P<label>[^)]*)\))?$", re.M | re.S)
REPORT = BUILD / "agreement.json"
# What an equation may be checked against; ``oracle=`` of the mark is one of these.
MONTE_CARLO = "Monte Carlo"
ORACLES = (
    "SymPy",
    "quadrature",
    "torch.distributions",
    "SciPy",
    "NumPy",
    "finite differences",
    "autograd",
    "exact model",
    MONTE_CARLO,
)


class Equation(NamedTuple):
    """A displayed equation, with its TeX and its page (``02_variational_inference``)."""

    label: str
    tex: str
    page: str


class Claim(NamedTuple):
    """A test that claims an equation; ``oracle`` is None where the mark does not say."""

    label: str
    test: str
    oracle: str | None


class Coded(NamedTuple):
    """A public function, class, method or property whose docstring names an equation.

    ``anchor`` is its place on the page of its source, where a property is found by its class.
    """

    label: str
    module: str
    name: str
    anchor: str


def displayed(language: str) -> list[Equation]:
    """Return the labelled equations of one language, in reading order."""
    return [
        Equation(match["label"], match["tex"], name)
        for name in page_names(language)
        for match in EQUATION.finditer(markdown(ROOT / "book" / language / name))
        if match["label"]
    ]


def markdown(path: Path) -> str:
    """Return the words of a page, given by its path without a suffix."""
    if path.with_suffix(".md").exists():
        return path.with_suffix(".md").read_text(encoding="utf-8")
    cells = read_notebook(path.with_suffix(".ipynb"))["cells"]
    return "\n\n".join(cell["source"] for cell in cells if cell["cell_type"] == "markdown")


def coded() -> list[Coded]:
    """Return who names which equation in its docstring, in the order of the sources."""
    found = []
    for path in sorted((ROOT / "vae_lib").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for name, anchor, docstring in _docstrings(tree):
            for label in dict.fromkeys(LABEL.findall(docstring)):
                found.append(
                    Coded(
                        label, ".".join(path.relative_to(ROOT).with_suffix("").parts), name, anchor
                    )
                )
    return found


def coded_by_label() -> dict[str, list[Coded]]:
    """Return the same, sorted by the equation."""
    found: dict[str, list[Coded]] = {}
    for one in coded():
        found.setdefault(one.label, []).append(one)
    return found


def _docstrings(parent: ast.AST, owner: str = "") -> Iterator[tuple[str, str, str]]:
    for node in ast.iter_child_nodes(parent):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            name = f"{owner}.{node.name}".lstrip(".")
            is_property = "property" in map(ast.unparse, node.decorator_list)
            yield name, owner if is_property else name, ast.get_docstring(node) or ""
            if isinstance(node, ast.ClassDef):
                yield from _docstrings(node, name)


def claims() -> list[Claim]:
    """Return every ``@pytest.mark.equation(label, oracle=...)`` on a test."""
    return [one for path in sorted((ROOT / "tests").glob("*/test_*.py")) for one in claims_in(path)]


@functools.cache
def claims_in(path: Path) -> tuple[Claim, ...]:
    """Return the marks in one file, in their order."""
    text = path.read_text(encoding="utf-8")
    found = []
    for node in ast.walk(ast.parse(text)) if "mark.equation" in text else ():
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            test = f"{path.relative_to(ROOT).as_posix()}::{node.name}"
            found += [Claim(label, test, oracle) for label, oracle in _marks(node)]
    return tuple(found)


def _marks(test: ast.FunctionDef) -> Iterator[tuple[str, str | None]]:
    for mark in test.decorator_list:
        if isinstance(mark, ast.Call) and ast.unparse(mark.func).endswith("mark.equation"):
            named = {word.arg: ast.literal_eval(word.value) for word in mark.keywords}
            yield ast.literal_eval(mark.args[0]), named.get("oracle")


def sources_key() -> str:
    """Return a digest of what the equations' tests depend on: tests, library and versions."""
    tests = [
        path for room in ("library", "processes") for path in (ROOT / "tests" / room).rglob("*.py")
    ]
    own = [path for path in tests if not path.name.startswith("test_") or claims_in(path)]
    own += [ROOT / "tests" / name for name in ("agreement.py", "conftest.py")]
    return digest([*VERSIONS, *(ROOT / "vae_lib").rglob("*.py"), *own])


def read_report(path: Path = REPORT) -> dict[str, list[dict[str, Any]]]:
    """Return what tests reached on the present sources, be it all of them or a part.

    Args:
        path: The file that a run of pytest wrote with ``--agreement``.

    Returns:
        For each label one dictionary a test: ``test``, ``oracle``, ``passed``, ``agreement`` (the
        largest difference; in standard errors for Monte Carlo) and ``standard_error``.
    """
    if not path.exists():
        return {}
    report = json.loads(path.read_text(encoding="utf-8"))
    return report["equations"] if report["sources"] == sources_key() else {}


def read_agreement() -> dict[str, list[dict[str, Any]]] | None:
    """Return the report, or None if a test has not run on the present sources."""
    report = read_report()
    reported = {(label, row["test"]) for label, rows in report.items() for row in rows}
    whole = all((claim.label, claim.test) in reported for claim in claims())
    return report if whole else None
