"""Explorers: a question above each, and everything of it within reach of keyboard and ear."""

import re

import pytest
from browser import SOURCES, html_name, open_page
from playwright.sync_api import expect

QUESTION = re.compile(r"\*\*[^*]+[?？]\*\*|^#+ .*[?？]$", re.M)
EXPLORERS = [
    (page, number)
    for page in SOURCES
    for number, cell in enumerate(page.cells)
    if re.search(r"^explorer\(", cell["source"], re.M)
]
WITH_EXPLORERS = sorted({html_name(page) for page, _ in EXPLORERS})
SHOWN_TEXT = """node => [...node.querySelectorAll("img")]
    .filter(image => image.getClientRects().length).map(image => image.alt).join()"""


@pytest.mark.parametrize(
    ("page", "number"), EXPLORERS, ids=[f"{page.name}-{number}" for page, number in EXPLORERS]
)
def test_explorer_answers_a_question_and_says_its_frames(page, number):
    """The question stands above the sliders; the sentence names each of them in braces."""
    above = next(c for c in reversed(page.cells[:number]) if c["cell_type"] == "markdown")
    assert QUESTION.search(above["source"]), f"{page.name}: no question above cell {number + 1}"
    cell = page.cells[number]
    sentence = cell["metadata"].get("explorer", {}).get("sentence", "")
    call = cell["source"].partition("\nexplorer(")[2] or cell["source"]
    for slider in re.findall(r"(\w+)=", call):
        assert f"{{{slider}}}" in sentence, f"{page.name}: cell {number + 1} does not say {slider}"


@pytest.fixture(params=WITH_EXPLORERS)
def explorers(request, page, address):
    """The explorers of one page, once the page has named their sliders."""
    open_page(page, address, request.param)
    page.wait_for_function("document.querySelector('.explorer [role=slider][aria-label]')")
    yield page.locator(".explorer").all()
    assert not page.problems


def test_each_slider_is_named_and_speaks_the_value_that_it_shows(explorers):
    for explorer in explorers:
        for slider in explorer.locator(".widget-slider").all():
            handle = slider.locator("[role=slider]")
            assert handle.get_attribute("aria-label") == slider.locator("label").inner_text()
            assert handle.get_attribute("aria-label")
            stops = int(float(handle.get_attribute("aria-valuemax")))
            spoken = []
            for key in ["Home"] + ["ArrowRight"] * stops:
                handle.press(key)
                spoken.append(handle.get_attribute("aria-valuetext"))
                assert spoken[-1] == slider.locator(".widget-readout").inner_text()
            assert len(set(spoken)) == stops + 1
            assert slider.locator("[title=null], [contenteditable=true]").count() == 0


def test_picture_says_what_it_shows_and_is_announced(explorers):
    for explorer in explorers:
        status = explorer.locator("[role=status]")
        assert status.inner_text() == ""  # nothing is announced before a slider has moved
        for handle in explorer.locator("[role=slider]").all():
            before = explorer.evaluate(SHOWN_TEXT)
            handle.press("Home")
            after = explorer.evaluate(SHOWN_TEXT)
            assert after != before and "{" not in after
            assert handle.get_attribute("aria-valuetext") in after
            expect(status).to_have_text(after)


def test_sentence_is_in_the_pages_language(explorers, page):
    chinese = page.locator("html").get_attribute("lang") == "zh-TW"
    for explorer in explorers:
        assert bool(re.search("[\u4e00-\u9fff]", explorer.evaluate(SHOWN_TEXT))) == chinese
