"""Formulas are set when the book is built: KaTeX's HTML and MathML stand in the pages.

No script has to run before a formula can be read. KaTeX runs in one Node process for a whole build.
sphinxcontrib-katex does this too, but shows a formula that it cannot set in red and says nothing,
and hands KaTeX no options.
"""

import json
import subprocess
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

from tools.build.static_files import KATEX, NODE
from vae_book.words import _

LOGGER = logging.getLogger(__name__)
SCRIPT = Path(__file__).with_name("katex.js")
CLASSES = "math notranslate nohighlight"


class Setter:
    """A running KaTeX."""

    process: "subprocess.Popen[str] | None" = None

    def set(self, tex: str, display: bool) -> dict[str, str]:
        """Return KaTeX's HTML under ``html``, or its complaint under ``error``."""
        if self.process is None:
            command = [NODE / "bin/node", SCRIPT, KATEX]
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
            )
        assert self.process.stdin and self.process.stdout
        print(json.dumps({"tex": tex, "display": display}), file=self.process.stdin, flush=True)
        answer: dict[str, str] = json.loads(self.process.stdout.readline())
        return answer

    def stop(self, *_: Any) -> None:
        """End the process, if it was needed at all."""
        if self.process:
            self.process.communicate()
            self.process = None


SETTER = Setter()


def write(translator: HTML5Translator, node: nodes.math | nodes.math_block, display: bool) -> None:
    """Write the formula of a node, or warn that KaTeX cannot set it."""
    answer = SETTER.set(node.astext(), display)
    if "error" in answer:
        LOGGER.warning("the formula %s: %s", node.astext(), answer["error"], location=node)
    translator.body.append(answer.get("html", ""))


def visit_inline(translator: HTML5Translator, node: nodes.math) -> None:
    """Write a formula in a line of text."""
    translator.body.append(translator.starttag(node, "span", "", CLASS=CLASSES))
    write(translator, node, display=False)
    translator.body.append("</span>")
    raise nodes.SkipNode


def visit_display(translator: HTML5Translator, node: nodes.math_block) -> None:
    """Write a displayed formula, with its number in front of it."""
    translator.body.append(translator.starttag(node, "div", CLASS=CLASSES))
    name = _("Formula")
    if node["number"]:
        number = get_node_equation_number(translator, node)
        name = _("Equation {number}").format(number=number)
        translator.body.append(f'<span class="eqno">({number})')
        translator.add_permalink_ref(node, _("Link to this equation"))
        translator.body.append("</span>")
    translator.body.append(f'<div class="formula" role="group" aria-label="{name}">')
    write(translator, node, display=True)
    translator.body.append("</div></div>\n")
    raise nodes.SkipNode


def set_formulas(app: Sphinx) -> None:
    """Let the pages' writer set formulas in this way."""
    app.add_html_math_renderer("katex", (visit_inline, None), (visit_display, None))
    app.connect("build-finished", SETTER.stop)
