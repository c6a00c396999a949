"""A page on paper is a handout: what it says, where it breaks, answers only if asked for."""

import io
import re

import pytest
from browser import open_page
from pypdf import PdfReader

CHAPTER = "03_gaussian_posterior"
WORDS = {"en": ("Exercise 3.1", "Solution 3.1"), "zh-TW": ("習題 3.1", "解答 3.1")}
languages = pytest.mark.parametrize("language", WORDS)
TOP, BOTTOM = 841.9 - 51, 56.7  # points: of A4, within the margins
# Blocks that are wider than the sheet, in the print's own style sheet.
TOO_WIDE = """() => [...document.querySelectorAll(".bd-article :is(table, img, pre)")]
    .filter(node => node.getBoundingClientRect().right > innerWidth + 1)
    .map(node => node.outerHTML.slice(0, 80))"""


def printed(page) -> PdfReader:
    sheet = page.pdf(prefer_css_page_size=True, print_background=True, outline=True, tagged=True)
    return PdfReader(io.BytesIO(sheet))


def words(reader) -> str:
    return "".join("".join(one.extract_text() for one in reader.pages).split())


def has(text, part) -> bool:
    return "".join(part.split()) in text


def heights(sheet) -> list[float]:
    """How high each text and picture of a sheet stands, without what is in its margins."""
    found = []

    def text(string, matrix, of_text, *_):
        if string.strip():
            found.append(matrix[1] * of_text[4] + matrix[3] * of_text[5] + matrix[5])

    def picture(operator, _, matrix, __):
        if operator == b"Do":
            found.append(matrix[5])

    sheet.extract_text(visitor_text=text, visitor_operand_before=picture)
    return [height for height in found if height > BOTTOM]


def marks(outline):
    for mark in outline:
        yield from marks(mark) if isinstance(mark, list) else [mark]


@languages
def test_handout_says_what_it_is_and_no_answer_unless_asked(page, address, language):
    open_page(page, address, f"{language}/{CHAPTER}.html")
    exercise, solution = WORDS[language]
    reader = printed(page)
    first, text = reader.pages[0].extract_text(), words(reader)
    assert has("".join(first.split()), "CC BY 4.0") and re.search(r"^3\. ", first, re.M)
    for sheet in reader.pages:
        assert f"/{language}/{CHAPTER}.html" in sheet.extract_text()
    assert has(text, exercise) and not has(text, solution)
    switch = page.locator(".btn-print-solutions-button").first
    for state in ("true", "false"):
        page.locator(".dropdown-download-buttons > button").first.press("Enter")
        switch.press("Enter")
        assert switch.is_visible() and switch.get_attribute("aria-checked") == state
        assert has(words(printed(page)), solution) == (state == "true")
        page.keyboard.press("Escape")
    assert not page.problems


@pytest.mark.parametrize(
    "name", ["en/01_generative_model", "zh-TW/02_variational_inference", "en/06_evaluation"]
)
def test_sheets_break_where_they_should(page, address, name):
    """Below a heading stands text, and no more than about a third of a sheet is left empty."""
    open_page(page, address, f"{name}.html")
    reader = printed(page)
    lowest = [min(heights(sheet)) for sheet in reader.pages]
    for mark in marks(reader.outline):
        number = reader.get_destination_page_number(mark)
        assert mark["/Top"] - lowest[number] > 40, f"{mark.title} ends sheet {number + 1}"
    for number, height in enumerate(lowest[:-1], start=1):
        assert height - BOTTOM < 0.36 * (TOP - BOTTOM), f"sheet {number} is left empty"


@pytest.mark.parametrize("name", ["results", "performance", "notation", "equations"])
def test_nothing_is_cut_on_paper(page, address, name):
    page.set_viewport_size({"width": 665, "height": 980})  # A4 without its margins
    open_page(page, address, f"en/{name}.html")
    page.emulate_media(media="print")
    assert not page.evaluate(TOO_WIDE)
