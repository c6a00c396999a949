"""The ways in which a line of JavaScript can be wrong: one token of it is another one."""

import re
from dataclasses import dataclass

TOKEN = re.compile(
    r"""(?P<skip>//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\])*"|`(?:\\.|[^`\\])*`|\s+)
    |(?P<number>0x[0-9a-f]+|\d+(?:\.\d+)?(?:e-?\d+)?)
    |(?P<word>[#\w$]+)
    |(?P<sign>\.\.\.|=>|>>>|===|!==|\*\*|\+\+|--|[-+*/%&|^<>]=|&&|\|\||\?\?|\?\.|<<|>>|.)""",
    re.S | re.X,
)
OTHERS = {
    "+": "-", "-": "+", "*": "/", "/": "*", "%": "*", "**": "*", "+=": "-=", "-=": "+=",
    "/=": "*=", "<": ">=", "<=": ">", ">": "<=", ">=": "<", "===": "!==", "!==": "===",
    "&&": "||", "||": "&&", "^": "|", "^=": "|=", "&": "|", "|": "&", "<<": ">>>", ">>>": "<<",
    "++": "--", "!": "", "exp": "expm1", "expm1": "exp", "log": "log1p", "log1p": "log",
    "sqrt": "abs", "sin": "cos", "cos": "sin", "max": "min", "floor": "ceil", "tanh": "atan",
    "mean": "logVar", "logVar": "mean", "weight": "bias", "true": "false", "false": "true",
    "inputs": "outputs", "outputs": "inputs", "inMean": "inLogVar", "inLogVar": "inMean",
    "first": "second", "second": "first", "columns": "rows",
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """One broken version of a module: its line before and after, and the whole text."""

    module: str
    line: int
    kind: str
    before: str
    after: str
    source: str

    @property
    def name(self) -> str:
        """The module and its broken line."""
        return f"{self.module}: {self.after}"


def broken(module: str, source: str, start: int, end: int, new: str, kind: str) -> Mutant:
    """Return the text with what stands between two places replaced."""
    text = source[:start] + new + source[end:]
    line = source.count("\n", 0, start)
    before, after = (one.splitlines()[line].strip() for one in (source, text))
    return Mutant(module, line + 1, kind, before, after, text)


def mutants_of(module: str, source: str) -> list[Mutant]:
    """Return every mutant of a module's text; comments, strings and imports stay as they are."""
    found = []
    for match in TOKEN.finditer(source):
        token, kind = match[0], match.lastgroup or ""
        begin = source.rfind("\n", 0, match.start()) + 1
        line = source[begin : source.index("\n", begin)]
        if kind == "skip" or line.startswith("import "):
            continue
        if line.lstrip().startswith("for (") and token == "++":
            continue  # a loop that never ends
        new = _number(token) if kind == "number" else OTHERS.get(token)
        if new is not None:
            found.append(broken(module, source, *match.span(), new, kind))
    return found


def _number(token: str) -> str:
    """Return a number that is another one."""
    if token.startswith("0x"):
        return f"0x{int(token, 16) ^ 1:x}"
    return f"{2 * float(token) or 1:.17g}"
