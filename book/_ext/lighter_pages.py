"""Drop the theme's icon script, 1.5 MB on every page: fonts that the pages load hold its icons.

The icons stay ``<i>`` elements then; they are hidden from screen readers, as the script did.
"""

import re

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
