"""Labs in the built pages: their first picture as HTML, which their script brings to life.

What ``vae_lib.lab.lab`` leaves in a notebook is one widget, of which a page needs the name and the
settings. Node draws the lab from its own source, so that it stands there before a script has come,
where none comes, and on paper. In a page that is no notebook, ``{lab} NAME`` shows one.
"""

import json
import subprocess
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from myst_nb.sphinx_ import NbMetadataCollector
from sphinx.util.docutils import SphinxDirective

from tools.build.lab import SOURCES
from tools.build.static_files import NODE
from vae_lib.lab import STARTS

STILL = Path(__file__).with_name("still.mjs")
SCRIPT = {"lab.js": ("lab.js", {"async": "async"})}
MODEL = "AnyModel"


def as_html(widget: dict[str, Any], language: str, identity: str) -> str:
    """Return a lab that stands there without a script.

    Args:
        widget: What the widget holds: ``name``, and the lab's settings as ``state``.
        language: The page's.
        identity: Begins the ids of its controls.
    """
    name, state = widget["name"], widget["state"]
    asked = {"name": name, "language": language, "start": state, "id": identity}
    drawn = subprocess.run(
        [NODE / "bin/node", STILL],
        input=json.dumps(asked),
        check=True,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ).stdout
    style = (SOURCES / "lab.css").read_text(encoding="utf-8")
    start = escape(json.dumps(state))
    root = f'<div class="lab" data-lab="{name}" data-start="{start}">{drawn}</div>'
    return f"<style>{style}</style>{root}"


class ShownLab(SphinxDirective):
    """Show a lab as it starts."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return its HTML, and let the page load the labs' script.

        Raises:
            DirectiveError: If there is no such lab.
        """
        name = self.arguments[0]
        if name not in STARTS:
            raise self.error(f"There is no lab {name!r}: choose one of {sorted(STARTS)}.")
        for key, (source, how) in SCRIPT.items():
            NbMetadataCollector.add_js_file(self.env, self.env.docname, key, source, how)
        widget = {"name": name, "state": STARTS[name]}
        identity = f"lab-{self.env.new_serialno('lab')}"
        return [nodes.raw("", as_html(widget, self.config.language, identity), format="html")]
