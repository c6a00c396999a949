"""Explorers move, and everything of them is within reach of keyboard and ear."""

import re

from browser import FROM_DISK, PAGES, SOURCES, Place, each, each_page, html_name

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
            assert slider.leftovers == 0


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
