"""What the laboratory's engine computes: its functions, the equations they name, who tests them.

Read from the JSDoc of ``vae_lib/lab/engine`` (``@equation eq-…``) and from the marks on the tests
(``@pytest.mark.page("module.function")``).
"""

import ast
import re
from typing import NamedTuple

from tools.build.equations import LABEL
from tools.paths import ROOT

ENGINE = ROOT / "vae_lib/lab/engine"
EXPORTED = re.compile(r"export (?:function\*?|(?P<of>class)) (?P<name>\w+)")
METHOD = re.compile(r"  (?P<name>[a-z]\w*)\(.*\{")


class InPage(NamedTuple):
    """An exported function, class or method of the engine; the labels are those that it names."""

    module: str
    name: str
    line: int
    labels: tuple[str, ...]

    @property
    def full_name(self) -> str:
        """``gaussian.klTo``."""
        return f"{self.module}.{self.name}"


def in_page() -> list[InPage]:
    """Return what the engine exports, in the order of its sources."""
    found = []
    for path in sorted(ENGINE.glob("*.js")):
        owner, labels = "", []
        for line, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if "@equation" in text:
                labels += LABEL.findall(text)
            elif match := EXPORTED.match(text):
                found.append(InPage(path.stem, match["name"], line, tuple(labels)))
                owner = match["name"] if match["of"] else ""
            elif owner and (match := METHOD.match(text)) and match["name"] != "constructor":
                found.append(InPage(path.stem, f"{owner}.{match['name']}", line, tuple(labels)))
            if text.endswith("{"):  # a comment belongs to what begins after it
                labels = []
    return found


def held() -> set[str]:
    """Return the functions that the tests' marks name, by their full names."""
    found: set[str] = set()
    for path in sorted((ROOT / "tests/library").glob("test_lab_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for mark in node.decorator_list if isinstance(node, ast.FunctionDef) else ():
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.page":
                    found.update(ast.literal_eval(one) for one in mark.args)
    return found
