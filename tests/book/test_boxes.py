"""What can be cited has a name: exercises, solutions, proofs, errata and figures."""

import re
from collections import Counter

import pytest
from pages import pages

ENGLISH, CHINESE = pages("en"), pages("zh-TW")
BOX = re.compile(
    r"^:::\{admonition\} .*\n:class: (exercise|dropdown|proof|erratum)\n(?::name: (\S+)\n)?", re.M
)
NAME = re.compile(r"^:name: (\S+)$", re.M)  # of boxes, margin notes and drawings
PREFIX = {"dropdown": "solution", "exercise": "exercise", "proof": "proof", "erratum": "erratum"}
each = pytest.mark.parametrize("page", ENGLISH + CHINESE, ids=lambda page: page.name)


def box_names(page):
    return [name for _, name in BOX.findall(page.text)]


def figure_options(page):
    """Name and caption of each cell with a picture, as its metadata hold them."""
    cells = (cell["metadata"].get("mystnb", {}) for cell in page.cells)
    return [cell.get("figure", {}) for cell in cells if "image" in cell]


@each
def test_each_box_has_a_name_of_its_kind(page):
    for kind, name in BOX.findall(page.text):
        wanted = rf"{PREFIX[kind]}-[a-z0-9]+(-[a-z0-9]+)*"
        assert re.fullmatch(wanted, name), f"{page.name}: a box of class {kind} has name {name!r}"


@each
def test_each_exercise_has_its_solution_behind_it(page):
    names = [name for name in box_names(page) if name.startswith(("exercise-", "solution-"))]
    ideas = [name.partition("-")[2] for name in names]
    assert names[::2] == [f"exercise-{idea}" for idea in ideas[::2]]
    assert names[1::2] == [f"solution-{idea}" for idea in ideas[::2]]


@each
def test_each_figure_has_a_name_and_a_short_caption(page):
    for options in figure_options(page):
        assert re.fullmatch(r"fig(-[a-z0-9]+)+", options.get("name", "")), f"{page.name}: {options}"
        assert 4 < len(options["caption"]) < 70, f"{page.name}: {options}"
        assert options["caption"][-1] not in ".。", f"{page.name}: {options}"


@pytest.mark.parametrize("language", [ENGLISH, CHINESE], ids=["en", "zh-TW"])
def test_no_name_stands_twice_in_the_book(language):
    names = [name for page in language for name in NAME.findall(page.text)]
    names += [options["name"] for page in language for options in figure_options(page)]
    assert len(names) > 100
    assert not [name for name, count in Counter(names).items() if count > 1]


@pytest.mark.parametrize(
    ("english", "chinese"),
    list(zip(ENGLISH, CHINESE, strict=True)),
    ids=lambda page: page.path.name,
)
def test_names_are_the_same_in_both_languages(english, chinese):
    assert box_names(english) == box_names(chinese)
    one, other = ([options["name"] for options in figure_options(p)] for p in (english, chinese))
    assert one == other
