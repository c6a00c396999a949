"""The pages' one style sheet holds what may match something, in the order of the links."""

from types import SimpleNamespace

import pytest
from sphinx.errors import ExtensionError
from vae_book.styles import SHEET, may_match, prune, unite

KNOWN = {"a", "b-c", "d:e", "top"}


@pytest.mark.parametrize(
    "selector",
    ["p", ".a", "p.a > .b-c::before", "#top", ".d\\:e", ".a:not(.z)", ":is(.y, .z) .a",
     '[href$=".pdf"]', ".a:has(> .b:not(.c))", "50%"],
)  # fmt: skip
def test_what_may_match_stays(selector):
    assert may_match(selector, KNOWN)


@pytest.mark.parametrize("selector", [".z", ".a .z", "p.a.z", "#z", ".a.b-c-d", ".a:hover > #b"])
def test_what_matches_nothing_goes(selector):
    assert not may_match(selector, KNOWN)


def test_rules_are_pruned_one_selector_at_a_time_and_groups_when_they_are_empty():
    css = """@charset "UTF-8"; .a, .z { color: red } .z { color: blue }
    @media print { .z { top: 0 } } @media (width > 3px) { .b-c, :is(.a, .z) > .z { top: 0 } }
    @keyframes turn { from { top: 0 } } :root { --x: url("data:;,{}}") ; content: '}' }
    @font-face { src: url(vendor/fontawesome/x.woff2) } .a {}"""
    assert prune(css, KNOWN).splitlines() == [
        ".a{color: red}",
        "@media (width > 3px){.b-c{top: 0}",
        "}",
        "@keyframes turn{from { top: 0 }}",
        """:root{--x: url("data:;,{}}") ; content: '}'}""",
    ]


@pytest.fixture
def site(tmp_path):
    """A built site with a page, a page in a folder below, three sheets and a script."""
    static = tmp_path / "_static"
    (static / "styles").mkdir(parents=True)
    (static / "styles/one.css").write_text('@import "../base.css"; p { src: url(../x/f.png) }')
    (static / "base.css").write_text("/*! Licence */ p { top: 1px } /* a note */ .gone { top: 0 }")
    (static / "two.css").write_text("p { top: 2px } .by-script { src: url('data:,1') }")
    (static / "run.js").write_text('node.classList.add("by-script")')
    (tmp_path / "below").mkdir()
    for name, up in (("page.html", ""), ("below/page.html", "../")):
        (tmp_path / name).write_text(
            f'<head>\n<link href="{up}_static/styles/one.css?v=1" rel="stylesheet" />'
            '<link rel="icon" href="a.svg" />\n'
            f'<link rel="stylesheet" href="{up}_static/two.css" /></head>'
        )
    (tmp_path / "bare.html").write_text("<p>no sheet</p>")
    return tmp_path


def finish(site):
    unite(SimpleNamespace(outdir=site, builder=SimpleNamespace(format="html")), None)


def test_pages_link_one_sheet_in_the_place_of_all(site):
    finish(site)
    css = (site / "_static" / SHEET).read_text()
    assert css.splitlines() == [
        "/*! Licence */", "p{top: 1px}", "p{src: url(x/f.png)}", "p{top: 2px}",
        ".by-script{src: url('data:,1')}",
    ]  # fmt: skip
    for name, up in (("page.html", ""), ("below/page.html", "../")):
        page = (site / name).read_text()
        assert page.count("stylesheet") == 1 and '<link rel="icon" href="a.svg" />' in page
        assert f'href="{up}_static/{SHEET}?v=' in page
    assert (site / "bare.html").read_text() == "<p>no sheet</p>"
    assert [path.name for path in (site / "_static").rglob("*.css")] == [SHEET]


def test_pages_without_a_link_are_an_error(tmp_path):
    (tmp_path / "page.html").write_text("<p>no sheet</p>")
    with pytest.raises(ExtensionError, match=r"^No page below .* links a style sheet as .*: mend"):
        finish(tmp_path)


def test_the_fonts_of_nearly_every_formula_come_with_the_sheet(site):
    """So no formula stands there in another font first; the others come when they are needed."""
    fonts = site / "_static/katex/fonts"
    fonts.mkdir(parents=True)
    faces = ""
    for name in ("Main-Regular", "Math-Italic", "AMS-Regular"):
        (fonts / f"KaTeX_{name}.woff2").write_bytes(b"letters")
        faces += f"@font-face {{ src: url(katex/fonts/KaTeX_{name}.woff2) }}"
    (site / "_static/two.css").write_text(faces)
    finish(site)
    sheet = (site / "_static" / SHEET).read_text()
    assert sheet.count("url(data:font/woff2;base64,bGV0dGVycw==)") == 2
    assert "url(katex/fonts/KaTeX_AMS-Regular.woff2)" in sheet
