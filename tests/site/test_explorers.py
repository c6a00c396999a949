"""Explorers move, light and steady, within reach of finger, keyboard and ear."""

import itertools
import json
import re

import pytest
from browser import (
    FROM_DISK,
    PAGES,
    SOURCES,
    WINDOW,
    Place,
    each,
    each_page,
    html_name,
    open_page,
)  # fmt: skip
from visits import SETTLED, SHOWN

from tools.paths import FRAMES, HTML
from tools.site.axe import WIDTHS, resize
from tools.site.browsing import launched, wait_for

CHAPTER = "02_variational_inference.html"
FINGER = 44  # pixels
SLIDER_IN_TREE = re.compile(r"\bslider .* name='([^']*)' .* ariaValueText='([^']*)'")
BOXES = """explorer => [...explorer.querySelectorAll("input, img")].map(node => {
    const { left, right, top, bottom } = node.getBoundingClientRect();
    return { left, right, top, bottom };
})"""

COUNTS = {
    html_name(page): sum(len(re.findall(r"^explorer\(", c["source"], re.M)) for c in page.cells)
    for page in SOURCES
}
each_page_with_explorers = each(one for one in [*map(Place, PAGES), *FROM_DISK] if COUNTS[one.name])


@each_page
def test_each_explorer_of_the_source_is_there_and_shows_a_picture(visited, place):
    assert len(visited.explorers) == COUNTS[place.name]
    for number, explorer in enumerate(visited.explorers, start=1):
        assert explorer.picture, f"explorer {number} shows no picture"


@each_page_with_explorers
def test_sliders_move_the_picture(visited):
    for number, explorer in enumerate(visited.explorers, start=1):
        assert len(explorer.sliders) == explorer.handles > 0
        for slider in explorer.sliders:
            assert slider.moved_picture, f"{slider.name} of explorer {number} is dead"


@each_page_with_explorers
def test_each_slider_is_named_and_speaks_the_value_that_it_shows(visited):
    for explorer in visited.explorers:
        for slider in explorer.sliders:
            assert slider.name == slider.label
            assert slider.name
            assert slider.spoken == slider.shown
            assert len(set(slider.spoken)) == slider.stops + 1


@each_page_with_explorers
def test_picture_says_what_it_shows_and_is_announced(visited):
    for explorer in visited.explorers:
        assert explorer.announced == ""  # nothing is announced before a slider has moved
        for slider in explorer.sliders:
            after = slider.alt_at_first_stop
            assert after != slider.alt_before and "{" not in after
            assert slider.spoken[0] in after
            assert " ".join(slider.announced.split()) == " ".join(after.split())


@each_page_with_explorers
def test_sentence_is_in_the_pages_language(visited):
    for explorer in visited.explorers:
        assert bool(re.search("[\u4e00-\u9fff]", explorer.alt)) == (visited.language == "zh-TW")


@each_page_with_explorers
def test_no_frame_is_fetched_with_the_page_but_those_that_stand_there(visited, place):
    text = (HTML / place.name).read_text("utf-8")
    standing = {name for name in visited.files if f'src="../{name}"' in text}
    assert {name for name in visited.files if name.startswith(FRAMES)} == standing


@pytest.mark.parametrize("width", WIDTHS)
def test_sliders_are_for_fingers_and_as_long_as_the_picture(page, address, width):
    """And stand on the left edge that figures have; so does what is shown dark, on its card."""
    open_page(page, address, f"en/{CHAPTER}")
    resize(page, width)
    [edge] = {
        round(box["x"]) for one in page.locator("article h2").all() if (box := one.bounding_box())
    }
    for explorer in page.locator(".explorer").all():
        explorer.scroll_into_view_if_needed()
        wait_for(page, SETTLED, explorer.element_handle())
        *sliders, picture = explorer.evaluate(BOXES)
        for slider in sliders:
            assert slider["bottom"] - slider["top"] >= FINGER
            assert round(slider["left"]) == round(picture["left"]) == edge
            assert round(slider["right"]) == round(picture["right"])
        for one, below in itertools.pairwise(sliders):
            assert below["top"] >= one["bottom"]
    for figure in page.locator(".cell_output img").all():
        assert round(figure.bounding_box()["x"]) == edge


def test_accessibility_tree_says_the_stops(browser, address):
    """What Chromium hands to a screen reader; DevTools' protocol leaves this out."""
    with launched(browser.browser_type, "--force-renderer-accessibility") as listener:
        page = listener.new_context().new_page()
        page.goto(f"{address}/zh-TW/{CHAPTER}")
        page.locator(".explorer input").first.press("Home")
        names = page.locator(".explorer label").all_inner_texts()
        values = page.locator(".explorer output").all_inner_texts()
        tree = page.context.new_page()
        tree.goto("chrome://accessibility")
        tree.get_by_role("button", name=f"Show accessibility tree for {page.title()}").click()
        wait_for(tree, "document.body.innerText.includes('ariaValueText')")
        wanted = [*zip(names, values, strict=True)]
        said = SLIDER_IN_TREE.findall(tree.inner_text("body"))
        assert [one for one in said if one in wanted] == wanted  # labs have sliders, too
        assert values[0] == "90"


def test_a_frame_that_does_not_come_leaves_the_picture_as_it_is(page, address):
    open_page(page, address, f"en/{CHAPTER}")
    explorer = page.locator(".explorer").first
    slider, picture = explorer.locator("input").first, explorer.locator("img")
    slider.scroll_into_view_if_needed()
    wait_for(page, SETTLED, explorer.element_handle())
    before, box = explorer.evaluate(SHOWN), picture.bounding_box()
    page.route(f"**/{FRAMES}/*", lambda route: route.abort())
    slider.press("Home")
    page.wait_for_timeout(500)
    assert explorer.evaluate(SHOWN) == before
    page.unroute_all()
    slider.press("ArrowRight")
    wait_for(page, SETTLED, explorer.element_handle())
    assert explorer.evaluate(SHOWN) != before
    assert picture.bounding_box() == box
    slider.press("Home")  # is asked for again
    wait_for(page, SETTLED, explorer.element_handle())


def test_only_the_stops_beside_are_fetched_before_a_slider_moves(page, address):
    open_page(page, address, f"en/{CHAPTER}")
    explorer = page.locator(".explorer").first
    explorer.locator("input").first.scroll_into_view_if_needed()
    wait_for(page, SETTLED, explorer.element_handle())
    page.wait_for_load_state("networkidle")
    frames = [name for _, name in json.loads(explorer.locator("script").inner_text())["frames"]]
    asked = {url for url in page.asked if f"/{FRAMES}/" in url}
    assert 3 <= len(asked) <= 5 < len(frames)


def test_explorer_without_scripts_and_on_paper_is_a_picture_with_its_values(browser, address):
    with browser.new_context(viewport=WINDOW, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{address}/en/{CHAPTER}")
        explorer = page.locator(".explorer").first
        for media in ("screen", "print"):
            page.emulate_media(media=media)
            assert explorer.locator("img").is_visible()
            assert not explorer.locator("input").first.is_visible()
            assert explorer.locator("output").all_inner_texts() == ["45", "0.5"]


def test_sliders_can_be_seen_where_the_reader_forces_colours(page, address):
    page.emulate_media(forced_colors="active")
    open_page(page, address, f"en/{CHAPTER}")
    colours = page.evaluate(
        """() => {
            const probe = document.body.appendChild(document.createElement("i"));
            const style = getComputedStyle(document.querySelector(".explorer input"));
            return ["--track", "--handle", "--edge"].map((name) => {
                probe.style.color = style.getPropertyValue(name);
                return getComputedStyle(probe).color;
            });
        }"""
    )
    track, handle, edge = colours
    assert edge not in (track, handle)
