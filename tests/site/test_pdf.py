"""The book on paper: the PDFs, if they have been printed."""

import re
from collections import Counter

import pytest
from pypdf import PdfReader
from pypdf.generic import PdfObject

from tools.build.notebooks import read_notebook
from tools.paths import LANGUAGES, ROOT
from tools.pdf.make_pdf import PDF, file_name, read_config

EXERCISE = {"en": "Exercise2.1", "zh-TW": "習題2.1"}
SOLUTION = {"en": "Solution2.1", "zh-TW": "解答2.1"}


def read(language, solutions):
    path = PDF / file_name(language, solutions)
    if not path.is_file():
        pytest.skip(f"{path.name} has not been printed: `make pdf`")
    return PdfReader(path)


@pytest.fixture(params=LANGUAGES)
def printed(request):
    return request.param, read(request.param, solutions=True)


def chapters(reader):
    """The number of the page that each bookmark of the highest level leads to, by its title."""
    marks = [mark for mark in reader.outline if not isinstance(mark, list)]
    return {mark.title: reader.get_destination_page_number(mark) for mark in marks}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("solutions", [True, False], ids=["yes", "no"])
def test_solutions_are_there_or_not(language, solutions):
    reader = read(language, solutions)
    starts = {title[:2]: number for title, number in chapters(reader).items()}
    pages = reader.pages[starts["2."] : starts["3."]]
    text = "".join("".join(page.extract_text() for page in pages).split())
    assert EXERCISE[language] in text and (SOLUTION[language] in text) == solutions


def test_pdf_can_be_searched_for_each_chapter(printed):
    """The text of the page that each bookmark of a chapter leads to says the chapter's title."""
    language, reader = printed
    starts = chapters(reader)
    for path in (ROOT / "book" / language).glob("*.ipynb"):
        heading = re.search(r"^# (.+)", read_notebook(path)["cells"][0]["source"], re.M)
        title = heading[1]
        mark = f"{int(path.name[:2])}. {title}"
        text = reader.pages[starts[mark]].extract_text()
        assert "".join(mark.split()) in "".join(text.split()), f"its page does not say {mark!r}"
    assert reader.metadata.title == read_config(language)["title"]


def first_prose(reader):
    """The page behind the table of contents, on which the book says what it is: no code."""
    return reader.pages[reader.get_destination_page_number(reader.outline[1])]


def test_pdf_brings_its_fonts(printed):
    """Each font is a file inside the PDF, or a set of drawings there (Type 3)."""
    language, reader = printed
    page = first_prose(reader)
    for font in map(PdfObject.get_object, page["/Resources"]["/Font"].values()):
        inner = font.get("/DescendantFonts", [font])[0].get_object()
        described = inner.get("/FontDescriptor", {})
        embedded = any(key.startswith("/FontFile") for key in described)
        assert embedded or inner.get("/CharProcs"), inner["/BaseFont"]
    assert bool(re.search("[\u4e00-\u9fff]{10}", page.extract_text())) == (language == "zh-TW")


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


def test_type_is_not_shrunk(printed):
    """Chromium shrinks the whole document, by a third at most, where anything is too wide."""
    _, reader = printed
    sizes = Counter()

    def text(string, matrix, of_text, _, size):
        sizes[round(matrix[3] * of_text[3] * size, 1)] += len(string)

    first_prose(reader).extract_text(visitor_text=text)
    [(size, _count)] = Counter({abs(k): v for k, v in sizes.items()}).most_common(1)
    assert size >= 10, f"most text has {size} points"
