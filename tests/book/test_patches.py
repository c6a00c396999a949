"""A patch of others' pages does what it says, and ends the build when its pattern disappears."""

from pathlib import Path

import pydata_sphinx_theme
import pytest
import sphinx_book_theme
from sphinx.errors import ExtensionError
from vae_book.patches import PAGES, SCRIPTS, apply, copy_button, toggle_button

from tools.paths import ROOT

TEMPLATES = ROOT / "book/_templates"
ICON_SCRIPT, *REST = PAGES
SCRIPT = """<!-- So that users can add custom icons -->
  <script defer src="../_static/scripts/fontawesome.js?digest=55c2"></script>
"""
PATCHED = [
    (ICON_SCRIPT, f"<head>{SCRIPT}</head>", "<head></head>"),
    (
        REST[0],
        '<script src="_static/documentation_options.js?v=1"></script><script>let a;</script>'
        '<script data-x="1" src="_static/a.js"></script><script async src="b.js"></script>',
        '<script src="_static/documentation_options.js?v=1"></script><script>let a;</script>'
        '<script defer data-x="1" src="_static/a.js"></script><script async src="b.js"></script>',
    ),
    (
        REST[1],
        '<link rel="a" />\n  <link rel="preload" as="script" href="b.js" />\n<link rel="c" />',
        '<link rel="a" />\n<link rel="c" />',
    ),
    (
        REST[2],
        '<img src="../_static/logo-dark.svg" class="logo__image" alt=""/>',
        '<img src="../_static/logo-dark.svg" width="72" height="72" class="logo__image" alt=""/>',
    ),
    (REST[3], '<i class="fas fa-list">', '<i aria-hidden="true" class="fas fa-list">'),
    (
        REST[4],
        '<a href="../_sources/01_a.ipynb" target="_blank"\n class="btn">',
        '<a href="../_sources/01_a.ipynb" download\n class="btn">',
    ),
    (
        REST[5],
        '<div class="citation" id="kingma" role="doc-biblioentry">',
        '<div class="citation" id="kingma" role="listitem">',
    ),
    (
        REST[6],
        '<button onclick="window.print()"\n class="btn">',
        '<button\n class="btn">',
    ),
    (
        REST[7],
        '<link rel="search" />\n  <link rel="next" title="A" href="a.html" />\n<link rel="prev" />',
        '<link rel="search" />\n<link rel="prev" />',
    ),
    (REST[8], '<summary aria-label="Toggle hidden content">', "<summary>"),
    (
        REST[9],
        '<a href="https://a.b" target="_blank"\n class="btn"><a target="_blank" rel="x noopener">',
        '<a href="https://a.b" target="_blank" rel="noopener"\n class="btn">'
        '<a target="_blank" rel="x noopener">',
    ),
    (
        REST[10],
        '<b></b>\n  <script defer data-a="b" src="_static/design-tabs.js?v=f"></script>\n<i></i>',
        "<b></b>\n<i></i>",
    ),
    (
        SCRIPTS["doctools.js"][0],
        "TRANSLATIONS: {},",
        "TRANSLATIONS: Object.create(null),",
    ),
    (
        SCRIPTS["doctools.js"][1],
        'Documentation.PLURAL_EXPR = new Function(\n"n",\n`return (${catalog.plural_expr})`\n);',
        "Documentation.PLURAL_EXPR = () => 0;",
    ),
    (
        SCRIPTS["sphinx_highlight.js"][0],
        '!node.matches("button, select, textarea")',
        '!node.matches("button, select, textarea, script, style, .math")',
    ),
    (
        copy_button("zh-TW"),
        "const messages = {",
        'const messages = { \'zh-TW\': {"copy": "Copy", "copy_to_clipboard": "Copy to clipboard", '
        '"copy_success": "Copied!", "copy_failure": "Failed to copy"},',
    ),
    (toggle_button(), *['<button aria-label="Toggle hidden content">'] * 2),
]  # fmt: skip
each_patch = pytest.mark.parametrize(
    ("patch", "before", "after"),
    PATCHED,
    ids=[f"{patch.origin}-{n}" for n, (patch, *_) in enumerate(PATCHED)],
)


def files(folder, *texts):
    paths = [folder / f"{number}.html" for number, _ in enumerate(texts)]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text)
    return paths


def test_every_patch_of_the_pages_and_scripts_is_tested():
    scripts = {patch for patches in SCRIPTS.values() for patch in patches}
    assert {patch for patch, *_ in PATCHED} >= {*PAGES, *scripts}


@each_patch
def test_patch_replaces_its_pattern(patch, before, after, tmp_path):
    [page] = files(tmp_path, before)
    apply([patch], [page])
    assert page.read_text() == after


@each_patch
def test_patch_without_its_pattern_is_an_error(patch, before, after, tmp_path):
    with pytest.raises(ExtensionError, match=r"no longer holds .* wrote: mend or remove the patch"):
        apply([patch], files(tmp_path, "<p>another theme</p>"))
    with pytest.raises(ExtensionError, match="the build no longer holds"):
        apply([patch], [])


def test_patch_of_some_pages_needs_one_of_them_and_of_each_page_all(tmp_path):
    page = '<i class="fas fa-list"></i>'
    pages = files(tmp_path, page, "<p>no icon</p>")
    apply([REST[3]], pages)
    with pytest.raises(ExtensionError, match=r"1\.html no longer holds"):
        apply([ICON_SCRIPT], files(tmp_path, SCRIPT, page))


def test_icon_that_is_silent_already_stays_as_it_is(tmp_path):
    silent = '<i class="fa-solid fa-sun" aria-hidden="true"></i>'
    [page] = files(tmp_path, f'{silent}<i class="fas fa-list"></i><i class="b"></i>')
    apply([REST[3]], [page])
    assert page.read_text() == (
        f'{silent}<i aria-hidden="true" class="fas fa-list"></i><i class="b"></i>'
    )


def test_each_template_of_the_book_takes_the_place_of_one_of_the_theme():
    own = {path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.html")}
    known = {
        path.relative_to(folder).as_posix()
        for theme in (pydata_sphinx_theme, sphinx_book_theme)
        for top in (Path(theme.__file__).parent / "theme").iterdir()
        for folder in (top, top / "components")
        for path in folder.rglob("*.html")
    }
    assert own - known == {"language-switch.html"}, "the theme no longer asks for these"
