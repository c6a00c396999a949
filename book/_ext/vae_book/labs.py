"""Labs in the built pages: their first picture as HTML, which their script brings to life.

What ``vae_lib.lab.lab`` leaves in a notebook is one widget, of which a page needs the name and the
settings. Node draws the lab from its own source, so that it stands there before a script has come,
where none comes, and on paper.
"""

import json
import subprocess
from html import escape
from pathlib import Path
from typing import Any

from tools.build.lab import SOURCES
from tools.build.static_files import NODE

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
