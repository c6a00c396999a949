"""The book on paper: pages joined into one document, and the PDFs if they have been printed."""

import pytest
from bs4 import BeautifulSoup
from pages import ROOT
from pypdf import PdfReader

from tools.make_pdf import LEFT_OUT, PDF, page_names, read_config
from tools.notebooks import read_notebook
from tools.one_document import Heading, address, contents, join, prepare

LANGUAGES = ["en", "zh-TW"]
ARTICLE = """<html lang="en"><head><link rel="stylesheet" href="_static/a.css"></head><body>
<article class="bd-article"><section id="top"><h1>1. One<a class="headerlink" href="#top">#</a></h1>
<section id="part"><h2>1.1. Part</h2><a href="two.html#part">there</a> <a href="#part">here</a>
<a href="api.html">left out</a> <a href="https://doi.org/1">far</a></section></section></article>
<script src="_static/theme.js"></script>
<script src="_static/require.js?v=1"></script></body></html>"""


def test_links_between_pages_become_links_inside_the_document():
    pages = ["one", "two"]
    assert address("two.html#part", "one", pages) == "#two--part"
    assert address("two.html", "one", pages) == "#two"
    assert address("#part", "one", pages) == "#one--part"
    assert address("https://doi.org/1", "one", pages) == "https://doi.org/1"
    assert address("api.html#vae", "one", pages) is None


def test_ids_of_two_pages_do_not_clash():
    article = BeautifulSoup(ARTICLE, "html.parser").article
    headings = prepare(article, "one", ["one", "two"])
    assert headings == [Heading(1, "1. One", "one"), Heading(2, "1.1. Part", "one--part")]
    assert article["id"] == "one" and article.find(id="one--part")
    assert [link["href"] for link in article.find_all("a")] == [
        "#two--part", "#one--part", "https://doi.org/1",
    ]  # fmt: skip
    assert "left out" in article.get_text() and "#" not in article.h1.get_text()


def test_contents_nest_and_give_page_numbers():
    headings = [Heading(1, "A", "a"), Heading(2, "A.1", "a--1"), Heading(1, "B", "b")]
    nav = BeautifulSoup(contents(headings, "Contents", {"a": 3, "b": 7}), "html.parser")
    assert [node.get_text() for node in nav.select(".page")] == ["3", "", "7"]
    assert len(nav.find_all("ol")) == 2


def test_document_keeps_what_it_needs_and_no_more(tmp_path):
    for name in ("one", "two"):
        (tmp_path / f"{name}.html").write_text(ARTICLE, encoding="utf-8")
    document, headings = join(tmp_path, ["one", "two"], "<p>Title</p>", "Contents", {})
    soup = BeautifulSoup(document, "html.parser")
    assert [article["id"] for article in soup.find_all("article")] == ["one", "two"]
    assert [node["src"] for node in soup.find_all("script")] == ["_static/require.js?v=1"]
    assert len(headings) == 4 and soup.html["lang"] == "en"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_chapter_is_printed(language):
    names = page_names(language)
    assert {path.stem for path in (ROOT / "book" / language).glob("*.ipynb")} <= set(names)
    assert not LEFT_OUT & set(names)


@pytest.fixture(params=LANGUAGES)
def printed(request):
    path = PDF / f"vae-book-{request.param}.pdf"
    if not path.is_file():
        pytest.skip(f"{path.name} has not been printed: `make pdf`")
    return request.param, PdfReader(path)


def test_pdf_can_be_searched_for_each_chapter(printed):
    language, reader = printed
    text = "".join("".join(page.extract_text().split()) for page in reader.pages)
    for path in (ROOT / "book" / language).glob("*.ipynb"):
        title = read_notebook(path)["cells"][0]["source"].splitlines()[0].removeprefix("# ")
        assert "".join(title.split()) in text, f"the PDF does not say {title!r}"
    assert reader.metadata.title == read_config(language)["title"]


def test_pdf_brings_its_fonts(printed):
    language, reader = printed
    names = set()
    for page in reader.pages:
        for font in page["/Resources"].get("/Font", {}).values():
            font = font.get_object()
            inner = font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font
            if inner["/Subtype"] != "/Type3":  # whose glyphs are drawn in the file itself
                descriptor = inner["/FontDescriptor"].get_object()
                assert any(key.startswith("/FontFile") for key in descriptor), inner["/BaseFont"]
            names.add(str(inner.get("/BaseFont", inner.get("/Name", ""))))
    assert names
    if language == "zh-TW":
        assert any("CJK" in name or "TC" in name or "Jheng" in name for name in names), names


def test_pdf_leads_the_reader_about(printed):
    """Bookmarks, and links inside the file; none to a page beside it."""
    _, reader = printed
    links = [
        note.get_object() for page in reader.pages for note in page.get("/Annots", [])
        if note.get_object()["/Subtype"] == "/Link"
    ]  # fmt: skip
    addresses = [str(link["/A"]["/URI"]) for link in links if "/URI" in link.get("/A", {})]
    assert len(reader.outline) > 8 and len(links) - len(addresses) > 100
    assert not [uri for uri in addresses if not uri.startswith(("https://", "mailto:"))]
