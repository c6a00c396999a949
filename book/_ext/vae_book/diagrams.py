"""Pictures of ideas: ``{diagram} NAME`` shows ``book/_diagrams/NAME.svg`` as a numbered figure.

The drawing stands in the page itself, so that its lines and words take the page's colours, light or
dark, from ``diagrams.css``. Its words are English in the file, and the catalogue has the Chinese;
what is of class ``symbol`` is the same in every language.
"""

import re
from pathlib import Path
from xml.etree import ElementTree

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from tools.paths import ROOT
from vae_book.words import _

FOLDER = ROOT / "book/_diagrams"
SVG = "http://www.w3.org/2000/svg"
LETTERS = re.compile(r"[^\W\d_]{2}")
# Every drawing can end a line of its own with it: marker-end="url(#arrow)".
ARROW = """<defs><marker id="arrow" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="11"
 markerHeight="11" markerUnits="userSpaceOnUse" orient="auto-start-reverse">
<path class="tip" d="M0 1 10 5 0 9z"/></marker></defs>"""


def words(drawing: ElementTree.Element) -> list[ElementTree.Element]:
    """Return the parts of a drawing that hold words: texts and spans that are no symbols."""
    marked = [one for one in drawing.iter() if one.get("class") == "symbol"]
    symbols = {inner for one in marked for inner in one.iter()}
    texts = [one for tag in ("text", "tspan") for one in drawing.iter(f"{{{SVG}}}{tag}")]
    return [one for one in texts if one not in symbols and LETTERS.search(one.text or "")]


def draw(path: Path, alt: str) -> str:
    """Return a drawing as the page holds it, its words in the page's language.

    Args:
        path: The drawing's file. Its name goes before the ids inside, which are the page's now.
        alt: What it says to those who cannot see it.
    """
    ElementTree.register_namespace("", SVG)
    drawing = ElementTree.parse(path).getroot()
    drawing.insert(0, ElementTree.fromstring(f'<g xmlns="{SVG}">{ARROW}</g>')[0])
    for one in words(drawing):
        one.text = _((one.text or "").strip())
    _x, _y, width, _height = drawing.get("viewBox", "").split()
    drawing.attrib |= {"class": "diagram", "role": "img", "aria-label": alt, "width": width}
    text = ElementTree.tostring(drawing, encoding="unicode")
    return re.sub(r'(\bid="|url\(#)', rf"\g<1>{path.stem}-", text)


class Diagram(SphinxDirective):
    """Show a drawing with its caption."""

    required_arguments = 1
    has_content = True
    option_spec = dict.fromkeys(("name", "alt"), directives.unchanged_required)

    def run(self) -> list[nodes.Node]:
        """Return the figure.

        Raises:
            DirectiveError: If there is no such drawing, or if name, alternative text or caption is
                missing.
        """
        path = FOLDER / f"{self.arguments[0]}.svg"
        if not path.exists():
            raise self.error(f"{path.relative_to(ROOT)} does not exist: draw it, or mend the name.")
        if not (self.options.keys() >= self.option_spec.keys() and self.content):
            raise self.error(f"The diagram {path.stem} needs :name:, :alt: and a caption below.")
        self.env.note_dependency(str(path))
        drawing = nodes.raw("", draw(path, self.options["alt"]), format="html")
        caption, _messages = self.state.inline_text(" ".join(self.content), self.lineno)
        figure = nodes.figure("", drawing, nodes.caption("", "", *caption), classes=["drawn"])
        self.add_name(figure)
        return [figure]
