"""What no setting, catalogue or template reaches: pieces of others' pages and scripts, replaced.

A patch whose pattern has disappeared is an error that ends the build: its text is then written
somewhere else, or nowhere, and the patch is to be mended or removed.
"""

import json
import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from vae_book.languages import own_tag
from vae_book.words import _

SIGN_OF_THE_THEME = "pydata-sphinx-theme.js"


class Patch(NamedTuple):
    """A pattern, what stands in its place, and who writes it: in some files, or in each."""

    pattern: re.Pattern[str]
    replacement: str
    origin: str
    in_each: bool = False


PAGES = (
    # 1.5 MB on every page: icons.css draws the icons.
    Patch(
        re.compile(
            r"<!-- So that users can add custom icons -->\s*"
            r'<script defer src="[^"]*_static/scripts/fontawesome\.js[^"]*"></script>\s*'
        ),
        "",
        "static/webpack-macros.html of pydata_sphinx_theme",
        in_each=True,
    ),
    # No script is awaited before the text, but for the options that scripts in the pages set.
    Patch(
        re.compile(
            r'<script(?=[^>]* src="(?![^"]*documentation_options))(?![^>]*\b(?:defer|async)\b)'
        ),
        "<script defer",
        "basic/layout.html of Sphinx",
    ),
    # Nor does one take the line from the style sheet that the text awaits.
    Patch(
        re.compile(r'\s*<link rel="preload" as="script" [^>]*/>'),
        "",
        "static/webpack-macros.html of pydata_sphinx_theme",
    ),
    # What comes late moves nothing.
    Patch(
        re.compile(r'(<img src="[^"]*_static/logo[^"]*")'),
        r'\1 width="72" height="72"',
        "components/navbar-logo.html of sphinx_book_theme",
    ),
    # The icons stay <i> elements then; the script hid them from screen readers.
    Patch(
        re.compile(r'<i class="(?=[^"]*\bfa-)(?![^>]*aria-hidden)'),
        '<i aria-hidden="true" class="',
        "macros/buttons.html of sphinx_book_theme",
    ),
    # A notebook is to be kept: opened in the browser it is a page of JSON.
    Patch(
        re.compile(r'(<a href="[^"]*_sources/[^"]*\.ipynb") target="_blank"'),
        r"\1 download",
        "macros/buttons.html of sphinx_book_theme",
    ),
    # The entries of the bibliography stand in a list; docutils gives them a role of their own.
    Patch(
        re.compile(r'(<div class="citation"[^>]*) role="doc-biblioentry"'),
        r'\1 role="listitem"',
        "docutils' HTML writer",
    ),
    # The pages' policy lets no attribute run; print.js listens.
    Patch(
        re.compile(r'(<button) onclick="window\.print\(\)"'),
        r"\1",
        "macros/buttons.html of sphinx_book_theme",
    ),
    # Firefox fetches the next page before it is wanted, which the pages' policy refuses aloud.
    Patch(re.compile(r'\s*<link rel="next" [^>]*/>'), "", "basic/layout.html of Sphinx"),
    # A folded cell is named by the words that stand there, in the page's language.
    Patch(re.compile('<summary aria-label="Toggle hidden content">'), "<summary>", "myst_nb"),
    # What a link opens beside the page gets no hold on it.
    Patch(
        re.compile(r'target="_blank"(?![^>]*\brel=)'),
        'target="_blank" rel="noopener"',
        "macros/buttons.html of sphinx_book_theme",
    ),
    # No page has tabs.
    Patch(
        re.compile(r'\s*<script [^>]*src="[^"]*_static/design-tabs\.js[^"]*"></script>'),
        "",
        "sphinx_design",
    ),
)
# A word of the reader's may be "constructor", which each object of JavaScript has.
SCRIPTS = {
    "doctools.js": (
        Patch(re.compile("TRANSLATIONS: {},"), "TRANSLATIONS: Object.create(null),", "Sphinx"),
        # The pages' policy lets no text become a function. Chinese has one form for all numbers.
        Patch(
            re.compile(r"Documentation\.PLURAL_EXPR = new Function\([^;]*\);"),
            "Documentation.PLURAL_EXPR = () => 0;",
            "Sphinx",
        ),
    ),
    # A mark inside a formula or in the data of an explorer would break it.
    "sphinx_highlight.js": (
        Patch(
            re.compile(r'(node\.matches\("button, select, textarea)"'),
            r'\1, script, style, .math"',
            "Sphinx",
        ),
    ),
}
# What other packages put beside the pages and no page loads: the icon font and its script, tabs,
# templates, sources of minified files, translations for another program, buttons that we have not.
UNUSED = (
    "vendor",
    "scripts/fontawesome.js*",
    "design-tabs.js",
    "*webpack-macros.html",
    "*/*.map",
    "locales",
    "images/logo_*",
    "package-lock.json",
)


def copy_button(tag: str) -> Patch:
    """Give the copy button its words in the language that HTML calls ``tag``."""
    words = {
        "copy": _("Copy"),
        "copy_to_clipboard": _("Copy to clipboard"),
        "copy_success": _("Copied!"),
        "copy_failure": _("Failed to copy"),
    }
    known = f"const messages = {{ {tag!r}: {json.dumps(words, ensure_ascii=False)},"
    return Patch(re.compile("const messages = {"), known, "sphinx_copybutton")


def toggle_button() -> Patch:
    """Give the toggle button's name in the language of the page."""
    pattern = re.compile('(?<=aria-label=")Toggle hidden content(?=")')
    return Patch(pattern, _("Toggle hidden content"), "sphinx_togglebutton")


def apply(patches: Iterable[Patch], files: Iterable[Path]) -> None:
    """Apply each patch to each file.

    Raises:
        ExtensionError: If a patch finds its pattern in no file, or misses it in one of them where
            each should have it.
    """
    waiting = list(patches)
    unseen = set(waiting)
    for file in files:
        text = file.read_text(encoding="utf-8")
        for patch in waiting:
            text, found = patch.pattern.subn(patch.replacement, text)
            if found:
                unseen.discard(patch)
            elif patch.in_each:
                raise ExtensionError(_complaint(patch, file.name))
        file.write_text(text, encoding="utf-8")
    for patch in waiting:
        if patch in unseen:
            raise ExtensionError(_complaint(patch, "the build"))


def _complaint(patch: Patch, where: str) -> str:
    return (
        f"{where} no longer holds {patch.pattern.pattern!r}, which {patch.origin} wrote: mend or "
        "remove the patch in book/_ext/vae_book/patches.py."
    )


def finish_build(app: Sphinx, exception: Exception | None) -> None:
    """Patch the theme's pages and the scripts, and remove what no page loads."""
    if exception or app.builder.format != "html":
        return
    static, pages = Path(app.outdir, "_static"), Path(app.outdir).rglob("*.html")
    apply(PAGES, [page for page in pages if SIGN_OF_THE_THEME in page.read_text(encoding="utf-8")])
    apply([copy_button(own_tag(app))], [static / "copybutton.js"])
    apply([toggle_button()], [static / "togglebutton.js"])
    for name, patches in SCRIPTS.items():
        apply(patches, [static / name])
    for path in {path for pattern in UNUSED for path in static.glob(pattern)}:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
