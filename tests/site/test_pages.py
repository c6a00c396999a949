"""The built pages in a real browser: from a server and from files, no kernel and no network."""

import re
from pathlib import Path

import pytest
from browser import each_page
from pages import labels, simplified_only
from parsed import parsed

from tools.paths import HTML
from tools.site.page_weights import compressed_size

BEFORE_A_TOUCH = 600_000  # bytes, compressed


@each_page
def test_page_is_light(visited, place):
    """All that it asked for, with the fonts that the build cannot know of."""
    assert place.name in visited.files and len(visited.files) > 10
    fetched = sum(compressed_size(HTML / name) for name in visited.files)
    assert fetched <= BEFORE_A_TOUCH, f"{place} fetches {fetched / 1e3:.0f} kB, compressed"


@each_page
def test_equations_are_rendered(visited):
    formulas = visited.formulas
    assert formulas["drawn"] >= formulas["written"], "math is not rendered"
    assert formulas["errors"] == 0, "an equation has a TeX error"


@each_page
def test_no_formula_is_cut_or_small(visited):
    assert {place: found for place, found in visited.cut_formulas.items() if found} == {}


@each_page
def test_pictures_have_alternative_texts(visited):
    assert not visited.without_alt


@each_page
def test_icons_are_drawn(visited):
    assert not visited.undrawn_icons


@each_page
def test_language_and_script(visited, place):
    language = place.name.split("/")[0]
    assert visited.language == language
    if language == "zh-TW":
        assert not simplified_only() & set(visited.text), "Simplified Chinese"


@each_page
def test_no_apostrophe_has_become_a_chinese_quote(visited, place):
    said = parsed(place.name).get_text()
    assert not re.search("[A-Za-z]』|『[a-z]", said)


@each_page
def test_nothing_is_wider_than_the_screen(visited):
    for width in (1280, 390):
        assert not visited.misfits[width], f"too wide or stretched at {width} px"


@each_page
def test_no_error_and_no_other_host(visited):
    """From the opening to the last move of a slider."""
    assert not visited.problems


def test_network_is_cut(page, address):
    """Whatever a page asks of another host fails, and is kept, even where no policy refuses it."""
    page.goto("about:blank")
    for other in ("https://example.org/", "http://192.0.2.1/"):
        with pytest.raises(Exception, match="Failed to fetch"):
            page.evaluate(f"fetch({other!r})")
        assert f"asked another host: {other}" in page.problems
    page.hosts.clear()  # what the test itself asked is no page's doing


@pytest.mark.parametrize("language", ["en", "zh-TW"])
def test_equations_and_their_rows_in_the_index_lead_to_each_other(address, language):
    """From each equation's mark to its row and back, and from there to reference and source."""
    index = parsed(f"{language}/equations.html")
    rows = index.select("table.equation-index tr.equation")
    shown = labels(language)
    assert [row["id"] for row in rows] == [label.replace("eq-", "check-", 1) for label in shown]
    for link in index.select("table.equation-index a"):
        file, _, anchor = link["href"].partition("#")
        text = (HTML / language / file).read_text("utf-8")
        assert f'id="{anchor}"' in text, f"{language}/equations.html: {link['href']} leads nowhere"
    for label, page in shown.items():
        html = parsed(f"{language}/{Path(page).stem}.html")
        mark = html.find(id=f"equation-{label}").select_one("button.check")
        trail = html.find(id=mark["popovertarget"])
        row = "equations.html#" + label.replace("eq-", "check-", 1)
        assert trail.select_one("a")["href"] == row, label
        assert "pytest tests/" in trail.text and "vae_lib." in trail.text, label


@pytest.mark.parametrize(
    ("locale", "language"),
    [("en-US", "en"), ("zh-TW", "zh-TW"), ("zh-CN", "zh-TW"), ("fr-FR", "en")],
)
def test_front_page_sends_the_reader_to_their_language(browser, address, locale, language):
    with browser.new_context(locale=locale) as context:
        page = context.new_page()
        page.goto(f"{address}/index.html")
        page.wait_for_url(f"**/{language}/intro.html")
