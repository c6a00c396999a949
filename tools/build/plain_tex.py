"""Formulas as people write them in a line of text: Greek letters, no commands, no braces."""

import re
from copy import copy

from bs4 import Tag

GREEK = "αβγδεζηθικλμνξπρστυφχψω"
NAMES = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau "
    "upsilon phi chi psi omega"
)
LETTERS = dict(zip(GREEK, NAMES.split(), strict=True))
COMMAND = re.compile(r"\\([A-Za-z]+) ?")
FRACTION = re.compile(r"\\frac\s*(\{[^{}]*\}|\w)\s*(\{[^{}]*\}|\w)")
LAYOUT = re.compile(r"[{}]|\\[,;!]")
SIGNS = {
    "mid": "| ", "sim": "~ ", "log": "log ", "varepsilon": "ε", "Lambda": "Λ", "Delta": "Δ",
    "ell": "\u2113", "le": "≤ ", "ge": "≥ ", "ne": "≠ ", "approx": "≈ ", "in": "∈ ", "to": "→ ",
    "times": "× ", "cdot": "· ", "odot": "⊙ ", "pm": "±", "gg": "≫ ", "sum": "∑", "int": "∫",
    "partial": "∂", "nabla": "∇", "sqrt": "√", "infty": "∞", "dots": "…", "top": "ᵀ",
    "lVert": "‖", "rVert": "‖", "Vert": "‖", "lvert": "|", "rvert": "|",
}  # fmt: skip
SILENT = (
    "mathcal", "mathbb", "mathrm", "operatorname", "text", "left", "right", "hat", "bar",
    "overline",
)  # fmt: skip
PLAIN = {name: letter for letter, name in LETTERS.items()} | SIGNS | dict.fromkeys(SILENT, "")


def plain(formula: str) -> str:
    """Return a short formula in Unicode."""
    text = FRACTION.sub(r"\1/\2", formula).replace(r"\|", "‖")
    text = COMMAND.sub(lambda match: PLAIN.get(match[1], match[1] + " "), text)
    return LAYOUT.sub("", text).strip()


def text_of(node: Tag) -> str:
    """Return the text of a part of a built page in one line, each of its formulas by ``plain``."""
    whole = copy(node)
    for formula in whole.select(".katex"):
        formula.replace_with(plain(formula.select("annotation")[0].get_text()))
    return " ".join(whole.get_text().split())
