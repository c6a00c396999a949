"""The book on paper: pages joined into one document."""

import pytest
from bs4 import BeautifulSoup

from tools.paths import LANGUAGES, ROOT
from tools.pdf import make_pdf
from tools.pdf.make_pdf import LEFT_OUT, file_name, offer, printed_pages
from tools.pdf.one_document import Heading, address, contents, join, prepare
from tools.pdf.pdf_text import mend_table

ARTICLE = """<html lang="en"><head><link rel="stylesheet" href="_static/a.css"></head><body>
<article class="bd-article"><section id="top"><h1>1. One<a class="headerlink" href="#top">#</a></h1>
<section id="part"><h2>1.1. Part</h2><a href="two.html#part">there</a> <a href="#part">here</a>
<img src="a.webp" loading="lazy"> <a href="api.html">left out</a> <a href="https://doi.org/1">far</a></section></section></article>
<script src="_static/theme.js"></script></body></html>"""


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
    assert not article.img.has_attr("loading")
    assert "left out" in article.get_text() and "#" not in article.h1.get_text()


def test_contents_nest_and_give_page_numbers():
    headings = [Heading(1, "A", "a"), Heading(2, "A.1", "a--1"), Heading(3, "deeper", "a--2")]
    headings.append(Heading(1, "B", "b"))
    nav = BeautifulSoup(contents(headings, "Contents", {"a": 3, "b": 7}), "html.parser")
    assert [node.get_text() for node in nav.select(".page")] == ["3", "", "7"]
    assert len(nav.find_all("ol")) == 2


def test_document_keeps_what_it_needs_and_no_more(tmp_path):
    for name in ("one", "two"):
        (tmp_path / f"{name}.html").write_text(ARTICLE, encoding="utf-8")
    document, headings = join(tmp_path, ["one", "two"], "<p>Title</p>", "Contents", {})
    soup = BeautifulSoup(document, "html.parser")
    assert [article["id"] for article in soup.find_all("article")] == ["one", "two"]
    assert not soup.find_all("script")
    assert len(headings) == 4 and soup.html["lang"] == "en"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_chapter_is_printed(language):
    names = printed_pages(language)
    assert {path.stem for path in (ROOT / "book" / language).glob("*.ipynb")} <= set(names)
    assert not LEFT_OUT & set(names)


def test_a_radical_becomes_the_character_that_it_looks_like():
    table = b"2 beginbfchar\n<87> <2F64>\n<C5> <8207>\n<C6> <2ED1>\nendbfchar"
    mended = b"2 beginbfchar\n<87> <7528>\n<C5> <8207>\n<C6> <9577>\nendbfchar"
    assert mend_table(table) == mended


@pytest.mark.parametrize("language", LANGUAGES)
def test_first_page_links_the_pdfs_that_lie_beside_it(language, tmp_path, monkeypatch):
    monkeypatch.setattr(make_pdf, "BUILD", tmp_path)
    monkeypatch.setattr(make_pdf, "HTML", tmp_path)
    source = (ROOT / f"book/{language}/intro.md").read_text(encoding="utf-8") + "<div>box</div>"
    folder = tmp_path / language
    folder.mkdir()
    (folder / "intro.html").write_text(source, encoding="utf-8")
    names = []
    for solutions in (True, False):
        names.append(file_name(language, solutions))
        (tmp_path / names[-1]).write_bytes(b"")
        offer(language, tmp_path / names[-1])
        page = BeautifulSoup((folder / "intro.html").read_bytes(), "html.parser")
        assert [link["href"] for link in page.select(".printed a")] == names
        assert all((folder / name).is_file() for name in names)
        page.select_one(".printed").clear()  # all else is as it was
        assert page == BeautifulSoup(source, "html.parser")


def test_a_formula_in_a_heading_is_named_once():
    formula = (
        '<span class="katex"><span class="katex-mathml"><math><semantics><mi>σ2</mi>'
        r'<annotation encoding="application/x-tex">\sigma^2</annotation></semantics></math></span>'
        '<span class="katex-html" aria-hidden="true">σ2</span></span>'
    )
    html = f'<article><section id="a"><h2>What is {formula}?</h2></section></article>'
    article = BeautifulSoup(html, "html.parser").article
    assert [heading.text for heading in prepare(article, "one", ["one"])] == ["What is σ^2?"]
    assert len(article.select(".katex-html")) == 1
