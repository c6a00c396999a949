"""The sources of the laboratory's engine as pages of the book, each function with an anchor."""

from collections.abc import Iterator
from typing import Any

from sphinx.application import Sphinx

from tools.build.lab_functions import ENGINE, InPage, in_page

FOLDER = "_modules/vae_lib/lab/engine"


def place(one: InPage) -> tuple[str, str]:
    """Return the page on which a function stands, without a suffix, and its anchor there."""
    return f"{FOLDER}/{one.module}", one.name


def collect_pages(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Give Sphinx a page for each module."""
    highlighter = app.builder.highlighter  # type: ignore[attr-defined]
    for path in sorted(ENGINE.glob("*.js")):
        code = path.read_text(encoding="utf-8")
        lines = highlighter.highlight_block(code, "javascript").splitlines()
        for one in in_page():
            if one.module == path.stem:
                lines[one.line - 1] = f'<span id="{one.name}"></span>{lines[one.line - 1]}'
        title = f"vae_lib/lab/engine/{path.name}"
        context = {"title": title, "body": f"<h1>{title}</h1>" + "\n".join(lines)}
        yield f"{FOLDER}/{path.stem}", context, "page.html"
