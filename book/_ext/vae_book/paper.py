"""What may break between two pages of paper: code that is so long that it would leave a hole.

Code and figures stay whole there. Code of more than ``LONGEST`` lines, a third of a page as
``print.css`` sets it, is marked as ``long``, and the style sheet lets it break.
"""

from docutils import nodes
from sphinx.application import Sphinx

LONGEST = 20


def mark_long_code(app: Sphinx, doctree: nodes.document) -> None:
    """Mark code that may break."""
    for code in doctree.findall(nodes.literal_block):
        if code.astext().count("\n") >= LONGEST:
            code["classes"].append("long")
