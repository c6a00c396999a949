"""The trail behind each equation's tick: what checks it, how closely, and how to check it oneself.

It opens over the page without a script (``popover``), and is closed on paper.
"""

import functools
import json
import re
from html import escape
from typing import Any, NamedTuple

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from tools.build.equations import MONTE_CARLO, Coded, coded_by_label, read_agreement
from tools.paths import ROOT
from vae_book.equations import oracles, row_id, scientific
from vae_book.words import _

INDEX = "equations"  # the page of the equation index
NUMBER = re.compile(r'id="equation-(eq-[a-z0-9-]+)">\s*<span class="eqno">\(([^)]*)\)')
MUTANTS = ROOT / "benchmarks/mutants.json"


class Known(NamedTuple):
    """By an equation's label: the functions that code it, its tests, and its red mutant."""

    functions: dict[str, list[Coded]]
    tests: dict[str, list[dict[str, Any]]]
    mutants: dict[str, dict[str, str]]


@functools.cache
def known() -> Known:
    """Return what there is to say."""
    mutants = json.loads(MUTANTS.read_text(encoding="utf-8")) if MUTANTS.exists() else {}
    return Known(coded_by_label(), read_agreement() or {}, mutants.get("equations", {}))


def code(text: str, tag: str = "code") -> str:
    """Return code as HTML."""
    return f"<{tag}>{escape(text)}</{tag}>"


def checked(test: dict[str, Any]) -> str:
    """Say what a test compares with, how closely it agrees, and how to run it."""
    kind, reached, allowed = test["oracle"], test["agreement"], test["allowed"]
    if kind == MONTE_CARLO:
        words = _("{oracle}: {reached} standard errors away, {allowed} are allowed")
        reached, allowed = f"{reached:.1f}", f"{allowed:.0f}"
    else:
        words = _("{oracle}: {reached} away, {allowed} is allowed")
        reached, allowed = scientific(reached), scientific(allowed)
    said = words.format(oracle=oracles()[kind], reached=reached, allowed=allowed)
    command = code(f"pytest {test['test']}", "pre")
    return f"<li>{said}{command}</li>"


def broken(mutant: dict[str, str]) -> str:
    """Say how the formula was broken on purpose, and which test turned red."""
    lines = code(f"- {mutant['before']}\n+ {mutant['after']}", "pre")
    test = code(mutant["test"].rpartition("::")[2].partition("[")[0])
    said = _("Broken on purpose, in this line, it turns a test red: {test}").format(test=test)
    return f"<p>{said}</p>{lines}"


def trail(label: str, number: str, index: str) -> str:
    """Return the trail of an equation as HTML.

    Args:
        label: Of the equation.
        number: As the page shows it.
        index: The address of the equation index.
    """
    title = _("How equation {number} is checked").format(number=number)
    coded = known().functions.get(label, ())
    functions = ", ".join(code(f"{one.module}.{one.name}") for one in coded)
    tests = "".join(map(checked, known().tests.get(label, ())))
    mutant = known().mutants.get(label)
    parts = [
        f"<p><strong>{title}</strong></p>",
        f"<p>{_('Coded by {functions}.').format(functions=functions)}</p>",
        f"<p>{_('Compared with, and run alone by:')}</p><ul>{tests}</ul>",
        broken(mutant) if mutant else "",
        f'<p><a href="{index}#{row_id(label)}">{_("In the equation index")}</a></p>',
    ]
    return f'<div popover id="trail-{label}" class="trail">{"".join(parts)}</div>\n'


def link_equations(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Put a tick behind the number of each equation of a page, and its trail behind the text.

    Raises:
        ExtensionError: If Sphinx writes an equation's number in another way than it did.
    """
    if doctree is None or INDEX not in app.env.found_docs:
        return
    index, trails = app.builder.get_relative_uri(page, INDEX), []

    def mark(number: re.Match[str]) -> str:
        label, shown = number[1], number[2]
        title = _("How equation {number} is checked").format(number=shown)
        trails.append(trail(label, shown, index))
        opens = f'class="check" popovertarget="trail-{label}" title="{title}"'
        return f'{number[0]}<button type="button" {opens}>✓</button>'

    labels = [one.get("label") or "" for one in doctree.findall(nodes.math_block)]
    numbered = [label for label in labels if label.startswith("eq-")]
    body, found = NUMBER.subn(mark, context["body"])
    if found != len(numbered):
        raise ExtensionError(
            f"{page} has {len(numbered)} numbered equations, and {NUMBER.pattern!r} found {found} "
            "in what Sphinx wrote: mend it in book/_ext/vae_book/trail.py."
        )
    context["body"] = body + "".join(trails)
