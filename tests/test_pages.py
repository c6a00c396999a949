"""The built pages in a real browser: both languages, with no kernel and no network."""

import functools
import re
from pathlib import Path

import pytest
from browser import HTML, PAGES, SOURCES, html_name, open_page
from bs4 import BeautifulSoup
from pages import labels, simplified_only

WITH_SLIDERS = [
    html_name(page)
    for page in SOURCES
    if any(re.search(r"^explorer\(", cell["source"], re.M) for cell in page.cells)
]
# Every character that a reader can meet: the text, and the attributes that are shown or read out.
READ_TEXT = """() => {
    const words = [document.title, document.body.innerText];
    for (const name of ["title", "aria-label", "placeholder", "alt", "data-tooltip"])
        for (const node of document.querySelectorAll(`[${name}]`))
            words.push(node.getAttribute(name));
    return words.join("\\n");
}"""
# What scrolls inside its own box may be wide; these boxes may not, nor may the page.
TOO_WIDE = """() => {
    const boxes = [...document.querySelectorAll("div.math, span.math, .cell, .explorer, img")]
        .filter(node => node.getBoundingClientRect().right > innerWidth + 1)
        .filter(node => !node.closest(".pst-scrollable-table-container"))
        .map(node => node.outerHTML.slice(0, 80));
    const extra = document.documentElement.scrollWidth - innerWidth;
    return extra > 0 ? [...boxes, `the page, by ${extra} px`] : boxes;
}"""
# The part of the picture that is on the screen: the frames that a Stack hides have no size.
SHOWN_PICTURE = """node => [...node.querySelectorAll("img")]
    .filter(img => img.getClientRects().length).map(img => img.src).join()"""


@pytest.mark.parametrize("name", PAGES)
def test_page_is_whole(page, address, name):
    open_page(page, address, name)
    equations = page.locator("div.math, span.math").count()
    assert page.locator("mjx-container").count() >= equations, f"{name}: math is not rendered"
    assert page.locator("mjx-merror").count() == 0, f"{name}: an equation has a TeX error"
    for image in page.locator("img").all():
        assert image.get_attribute("alt"), f"{name}: {image.get_attribute('src')} has no alt text"
    language = name.split("/")[0]
    assert page.locator("html").get_attribute("lang") == language, f"{name}: wrong lang attribute"
    if language == "zh-TW":
        found = simplified_only() & set(page.evaluate(READ_TEXT))
        assert not found, f"{name} shows Simplified Chinese: {''.join(sorted(found))}"
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        too_wide = page.evaluate(TOO_WIDE)
        assert not too_wide, f"{name} at {width} px, too wide: {too_wide}"
    assert not page.problems, f"{name}: {page.problems}"


@pytest.mark.parametrize("name", WITH_SLIDERS)
def test_sliders_move_the_picture(page, address, name):
    open_page(page, address, name)
    assert page.locator(".explorer").count(), f"{name}: its sliders are not on the page"
    for number, explorer in enumerate(page.locator(".explorer").all(), start=1):
        for slider in explorer.locator("[role=slider]").all():
            before = explorer.evaluate(SHOWN_PICTURE)
            assert before, f"{name}: explorer {number} shows no picture"
            slider.focus()
            at_end = slider.get_attribute("aria-valuenow") == slider.get_attribute("aria-valuemax")
            slider.press("ArrowLeft" if at_end else "ArrowRight")
            after = explorer.evaluate(SHOWN_PICTURE)
            assert after and after != before, f"{name}: a slider of explorer {number} is dead"
    assert not page.problems, f"{name}: {page.problems}"


@pytest.mark.parametrize("language", ["en", "zh-TW"])
def test_equations_and_their_rows_in_the_index_lead_to_each_other(address, language):
    """From each equation's mark to its row and back, and from there to reference and source."""

    @functools.cache
    def parsed(name):
        return BeautifulSoup((HTML / language / name).read_text("utf-8"), "html.parser")

    index = parsed("equations.html")
    rows = index.select("table.equation-index tr.equation")
    shown = labels(language)
    assert [row["id"] for row in rows] == [label.replace("eq-", "check-", 1) for label in shown]
    for link in index.select("table.equation-index a"):
        file, _, anchor = link["href"].partition("#")
        assert parsed(file).find(id=anchor), (
            f"{language}/equations.html: {link['href']} leads nowhere"
        )
    for label, page in shown.items():
        html = parsed(Path(page).with_suffix(".html").name)
        mark = html.find(id=f"equation-{label}").select_one("a.check")
        assert mark["href"] == "equations.html#" + label.replace("eq-", "check-", 1), label


@pytest.mark.parametrize(
    ("locale", "language"),
    [("en-US", "en"), ("zh-TW", "zh-TW"), ("zh-CN", "zh-TW"), ("fr-FR", "en")],
)
def test_front_page_sends_the_reader_to_their_language(browser, address, locale, language):
    with browser.new_context(locale=locale) as context:
        page = context.new_page()
        page.goto(f"{address}/index.html")
        page.wait_for_url(f"**/{language}/intro.html")
