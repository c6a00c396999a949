"""Drop the theme's icon script, 1.5 MB on every page: fonts that the pages load hold its icons.

The icons stay ``<i>`` elements then; they are hidden from screen readers, as the script did.
"""

import re
from pathlib import Path

from sphinx.application import Sphinx

ICON_SCRIPT = re.compile(
    r"<!-- So that users can add custom icons -->\s*"
    r'<script defer src="[^"]*_static/scripts/fontawesome\.js[^"]*"></script>\s*'
)
ICON = re.compile(r'<i class="(?=[^"]*\bfa-)(?![^>]*aria-hidden)')


def without_icon_script(html: str) -> str:
    """Return a page that draws its icons by fonts alone.

    Raises:
        ValueError: If it does not load the script, so that a change of the theme is seen.
    """
    lighter, found = ICON_SCRIPT.subn("", html)
    if not found:
        raise ValueError("The theme no longer loads fontawesome.js: remove lighter_pages.")
    return ICON.sub('<i aria-hidden="true" class="', lighter)


def lighten_pages(app: Sphinx, exception: Exception | None) -> None:
    """Rewrite every page of the theme, and remove the script's files."""
    if exception or app.builder.format != "html":
        return
    for page in Path(app.outdir).rglob("*.html"):
        html = page.read_text(encoding="utf-8")
        if "pydata-sphinx-theme.js" in html:
            page.write_text(without_icon_script(html), encoding="utf-8")
    for file in Path(app.outdir, "_static/scripts").glob("fontawesome.js*"):
        file.unlink()


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension."""
    app.connect("build-finished", lighten_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
