"""The equation index: ``{equation-index}`` writes the table.

The rows come from the labels, docstrings, marks and figures that ``tools.build.equations`` reads,
and for what the laboratory computes in the page from ``tools.build.lab_functions``; links to the
equations and to the library's reference are ordinary cross-references, so that one that leads
nowhere is a warning.
"""

import re
from html import escape
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from tools.build.equations import (
    MONTE_CARLO,
    Coded,
    Equation,
    claims,
    coded_by_label,
    displayed,
    read_agreement,
)
from tools.build.lab_functions import InPage, in_page
from vae_book import lab_sources
from vae_book.languages import own_tag
from vae_book.tables import table
from vae_book.words import _

LOGGER = logging.getLogger(__name__)


def oracles() -> dict[str, str]:
    """Return the name of each kind of oracle."""
    return {
        "SymPy": _("SymPy"),
        "quadrature": _("quadrature"),
        "torch.distributions": "torch.distributions",
        "SciPy": "SciPy",
        "NumPy": "NumPy",
        "finite differences": _("finite differences"),
        "autograd": _("autograd"),
        "exact model": _("exact model"),
        "Monte Carlo": _("Monte Carlo"),
    }


def row_id(label: str) -> str:
    """Return the anchor of an equation's row: ``check-kl`` for ``eq-kl``."""
    return label.replace("eq-", "check-", 1)


def scientific(value: float) -> str:
    """Return one digit and the power of ten: ``3e-14``; 0 where both agree to the last bit."""
    return re.sub(r"e([-+])0?", r"e\1", f"{value:.0e}").replace("e+0", "") if value else "0"


def breakable(name: str) -> nodes.raw:
    """Return a name as code that may break behind a folder, the file and each underscore."""
    file, separator, rest = name.rpartition("::")
    place = escape(file).replace("/", "/<wbr>") + separator
    html = place + "<wbr>" + escape(rest).replace("_", "_<wbr>")
    return nodes.raw("", f'<code class="literal">{html}</code>', format="html")


class EquationIndex(SphinxDirective):
    """Write the sentence that counts, and the table."""

    def run(self) -> list[nodes.Node]:
        """Return a paragraph and a table."""
        equations = displayed(own_tag(self.env.app))
        report = read_agreement()
        if report is None:
            LOGGER.warning(
                "there is no report of the equations' tests on the present sources: "
                "build with `python -m tools.build.book`, which runs them",
                location=self.env.docname,
            )
            report = {}
        functions, engine = coded_by_label(), in_page()
        rows = []
        for equation in equations:
            label = equation.label
            pages = [one for one in engine if label in one.labels]
            rows += self.rows(equation, functions.get(label, []), pages, report.get(label, []))
        headings = [_("Function"), _("In the page"), _("Test"), _("Oracle"), _("Agreement")]
        index = table("equation-index", headings, rows)
        return [self.summary(equations, functions, report), index]

    def summary(
        self,
        equations: list[Equation],
        functions: dict[str, list[Coded]],
        report: dict[str, list[dict[str, Any]]],
    ) -> nodes.paragraph:
        """Count the equations that have everything."""
        reached = {
            label
            for label, rows in report.items()
            if rows and all(row["passed"] and row["agreement"] is not None for row in rows)
        }
        labels = {equation.label for equation in equations}
        own = [claim for claim in claims() if claim.label in labels]
        text = _(
            "{whole} of {all} numbered equations have a function, a test, an oracle and an "
            "agreement reached in this build; {tests} tests and {claims} claims stand behind them."
        ).format(
            whole=len(labels & reached & set(functions)),
            all=len(labels),
            tests=len({claim.test for claim in own}),
            claims=len(own),
        )
        return nodes.paragraph("", text)

    def rows(
        self,
        equation: Equation,
        functions: list[Coded],
        engine: list[InPage],
        tests: list[dict[str, Any]],
    ) -> list[nodes.row]:
        """Return the equation's own row and one for each of its tests."""
        formula = nodes.math_block(
            equation.tex, equation.tex, nowrap=False, number=None, label=None
        )
        head = nodes.entry("", self.number(equation), formula, morecols=4)
        rows = [nodes.row("", head, ids=[row_id(equation.label)], classes=["equation"])]
        for index, test in enumerate(tests or [{}]):
            row = nodes.row()
            if index == 0:
                below = max(len(tests), 1) - 1
                row += nodes.entry("", *map(self.function, functions), morerows=below)
                row += nodes.entry("", *map(self.in_page, engine), morerows=below)
            row += self.outcome(test)
            rows.append(row)
        return rows

    def outcome(self, test: dict[str, Any]) -> list[nodes.entry]:
        """Return the test's name, its oracle and what it reached; dashes where there is none."""
        if not test:
            return [nodes.entry("", nodes.paragraph("", "—")) for column in range(3)]
        name = nodes.paragraph("", "", breakable(test["test"]))
        oracle = oracles().get(test["oracle"], "—")
        cells = [name, nodes.paragraph("", oracle), nodes.paragraph("", self.reached(test))]
        return [nodes.entry("", cell) for cell in cells]

    def reached(self, test: dict[str, Any]) -> str:
        """Return the agreement in words."""
        value, error = test["agreement"], test["standard_error"]
        if value is None or not test["passed"]:
            return "—"
        if test["oracle"] != MONTE_CARLO:
            return scientific(value)
        words = _("{times} standard errors of {error}")
        return words.format(times=f"{value:.1f}", error=scientific(error))

    def number(self, equation: Equation) -> nodes.paragraph:
        """Return the equation's number, linked to its place."""
        link = self.reference("math", "eq", equation.label)
        link += nodes.literal("", equation.label, classes=["xref", "eq"])
        return nodes.paragraph("", "", link)

    def function(self, one: Coded) -> nodes.paragraph:
        """Return the function's name, linked to its reference, and a link to its source."""
        link = self.reference("py", "obj", f"{one.module}.{one.name}")
        link += breakable(one.name)
        page = f"_modules/{one.module.replace('.', '/')}"
        source = self.source(page, one.anchor, nodes.Text(_("[source]")))
        source["classes"] = ["source"]
        return nodes.paragraph("", "", link, nodes.Text(" "), source)

    def in_page(self, one: InPage) -> nodes.paragraph:
        """Return the name of the laboratory's function, linked to its source."""
        name = breakable(f"{one.module}.js::{one.name}")
        return nodes.paragraph("", "", self.source(*lab_sources.place(one), name))

    def source(self, page: str, anchor: str, text: nodes.Node) -> nodes.reference:
        """Return a link to a place in source code."""
        address = self.env.app.builder.get_relative_uri(self.env.docname, page)
        return nodes.reference("", "", text, refuri=f"{address}#{anchor}")

    def reference(self, domain: str, kind: str, target: str) -> addnodes.pending_xref:
        """Return a cross-reference that warns when it leads nowhere."""
        return addnodes.pending_xref(
            "",
            refdomain=domain,
            reftype=kind,
            reftarget=target,
            refdoc=self.env.docname,
            refwarn=True,
        )
