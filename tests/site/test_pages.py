"""The built pages in a real browser: from a server and from files, no kernel and no network."""

import functools
import re
from pathlib import Path

import pytest
from browser import PAGES, SOURCES, html_name, open_page, watch
from bs4 import BeautifulSoup
from pages import labels, simplified_only

from benchmarks.pages import weigh
from tools.paths import HTML
from tools.site.browsing import files_behind
from tools.site.page_weights import LIMIT

EXPLORERS = {
    html_name(page): sum(len(re.findall(r"^explorer\(", c["source"], re.M)) for c in page.cells)
    for page in SOURCES
}
# Every character that a reader can meet: the text, and the attributes that are shown or read out.
READ_TEXT = """() => {
    const words = [document.title, document.body.innerText];
    for (const name of ["title", "aria-label", "placeholder", "alt", "data-tooltip"])
        for (const node of document.querySelectorAll(`[${name}]`))
            words.push(node.getAttribute(name));
    return words.join("\\n");
}"""
WITHOUT_ALT = """() => [...document.images]
    .filter(image => image.closest("article") ? !image.alt : !image.hasAttribute("alt"))
    .map(image => image.outerHTML.slice(0, 80))"""
UNDRAWN_ICONS = """() => [...document.querySelectorAll("i[class*=fa-]")].filter(icon => {
    const { content, font } = getComputedStyle(icon, "::before");
    return icon.getClientRects().length && (content === "none" || !document.fonts.check(font));
}).map(icon => icon.className)"""
# What scrolls inside its own box may be wide; these boxes may not, nor may the page.
TOO_WIDE = """() => {
    const boxes = [...document.querySelectorAll("div.math, span.math, .cell, .explorer, img")]
        .filter(node => node.getBoundingClientRect().right > innerWidth + 1)
        .filter(node => node.closest(".bd-article"))  // not in a drawer that is drawn aside
        .filter(node => !node.closest(".pst-scrollable-table-container"))
        .map(node => node.outerHTML.slice(0, 80));
    const extra = document.documentElement.scrollWidth - innerWidth;
    return extra > 0 ? [...boxes, `the page, by ${extra} px`] : boxes;
}"""
# Whether another picture is on the screen than at the last call; hidden frames have no size.
NEW_PICTURE = """node => {
    const shown = [...node.querySelectorAll("img")].filter(img => img.getClientRects().length);
    const before = node.shownPicture;
    node.shownPicture = shown.map(img => img.src).join();
    return shown.length > 0 && node.shownPicture !== before;
}"""


@pytest.fixture(scope="module", params=PAGES)
def opened(request, browser, address, root):
    """One page, opened once for all the tests that look at it."""
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        page = context.new_page()
        watch(page, address)
        page.source = request.param
        open_page(page, root, page.source)
        yield page


def test_page_is_light(opened, root):
    """All that it asked for, with the fonts that the build cannot know of."""
    files = files_behind(opened.asked, root)
    assert opened.source in files and len(files) > 20
    fetched = weigh(files)["compressed_bytes"]
    assert fetched < LIMIT, f"{opened.source} fetches {fetched / 1e6:.2f} MB, compressed"


def test_equations_are_rendered(opened):
    equations = opened.locator("div.math, span.math").count()
    assert opened.locator("mjx-container").count() >= equations, "math is not rendered"
    assert opened.locator("mjx-merror").count() == 0, "an equation has a TeX error"


def test_pictures_have_alternative_texts(opened):
    assert not opened.evaluate(WITHOUT_ALT)


def test_icons_are_drawn(opened):
    assert not opened.evaluate(UNDRAWN_ICONS)


def test_language_and_script(opened):
    language = opened.source.split("/")[0]
    assert opened.locator("html").get_attribute("lang") == language
    if language == "zh-TW":
        assert not simplified_only() & set(opened.evaluate(READ_TEXT)), "Simplified Chinese"


def test_sliders_move_the_picture(opened):
    explorers = opened.locator(".explorer").all()
    assert len(explorers) == EXPLORERS[opened.source]
    for number, explorer in enumerate(explorers, start=1):
        assert explorer.evaluate(NEW_PICTURE), f"explorer {number} shows no picture"
        for slider in explorer.locator("[role=slider]").all():
            slider.focus()
            at_end = slider.get_attribute("aria-valuenow") == slider.get_attribute("aria-valuemax")
            slider.press("ArrowLeft" if at_end else "ArrowRight")
            assert explorer.evaluate(NEW_PICTURE), f"a slider of explorer {number} is dead"


def test_nothing_is_wider_than_the_screen(opened):
    for width in (1280, 390):
        opened.set_viewport_size({"width": width, "height": 900})
        assert not opened.evaluate(TOO_WIDE), f"too wide at {width} px"


def test_no_error_and_no_other_host(opened, record_property):
    """The last of a page's tests, so that it hears of what its sliders asked for, too."""
    record_property("hosts", dict(opened.hosts))
    assert not opened.problems


def test_network_is_cut(page, address):
    """Whatever a page asks of another host fails, and is kept."""
    open_page(page, address, "en/intro.html")
    for other in ("https://example.org/", "http://192.0.2.1/"):
        with pytest.raises(Exception, match="Failed to fetch"):
            page.evaluate(f"fetch({other!r})")
        assert f"asked another host: {other}" in page.problems
    page.hosts.clear()  # what the test itself asked is no page's doing


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
