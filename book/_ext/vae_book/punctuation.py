"""Punctuation stays with the formula before it: no line begins with a full stop.

A browser may break a line after a formula, whatever follows. So the formula and the punctuation
behind it go into one ``<span class="unbroken">``, which the style sheet keeps on one line.
"""

import re

from docutils import nodes
from sphinx.application import Sphinx

CLOSING = re.compile(r"[,.;:!?)\]，。；：、！？）」』]+")


def keep_with_formula(app: Sphinx, doctree: nodes.document) -> None:
    """Wrap each inline formula that closing punctuation follows, together with it."""
    for formula in list(doctree.findall(nodes.math)):
        following = formula.next_node(descend=False, siblings=True)
        closing = CLOSING.match(following) if isinstance(following, nodes.Text) else None
        if closing:
            parent = formula.parent
            place = parent.index(formula)
            rest = following[closing.end() :]
            unbroken = nodes.inline("", "", formula, nodes.Text(closing[0]), classes=["unbroken"])
            parent[place : place + 2] = [unbroken, nodes.Text(rest)] if rest else [unbroken]
