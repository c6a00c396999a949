"""Drawings of ideas: their letters are large enough, and none is left over."""

import re
from xml.etree import ElementTree

import pytest
from vae_book.diagrams import FOLDER, draw

from tools.build.notebooks import read_notebook
from tools.paths import LANGUAGES, ROOT

DRAWINGS = sorted(FOLDER.glob("*.svg"))
SHOWN = re.compile(r"\{diagram\} ([\w-]+)")


def shown(language):
    pages = [*(ROOT / "book" / language).glob("*.ipynb"), *(ROOT / "book" / language).glob("*.md")]
    found = [SHOWN.findall(path.read_text("utf-8")) for path in pages]
    return sorted(name for names in found for name in names)


def name(path):
    return path.stem


@pytest.mark.parametrize("path", DRAWINGS, ids=name)
def test_a_phone_can_show_it(path):
    """358 pixels for at most 640 units, and no letter smaller than the sheet's, 9.5 pixels there.

    Colours are the page's, so the file names none.
    """
    drawing = ElementTree.parse(path).getroot()
    x, y, width, _height = map(float, drawing.get("viewBox", "").split())
    assert (x, y) == (0, 0) and width <= 640
    assert not re.search(r"font-size|style=|fill=|stroke=|#[0-9a-f]{3}", path.read_text("utf-8"))


def test_each_drawing_is_shown_in_both_languages():
    drawn = sorted(map(name, DRAWINGS))
    assert [shown(one) for one in LANGUAGES] == [drawn, drawn]


def test_two_drawings_share_no_id(tmp_path):
    """An id and what leads to it change together, and an arrow's tip is at hand."""
    svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><text>  z </text>'
    svg += '<path marker-end="url(#arrow)" d="M0 0"/></svg>'
    files = [tmp_path / "one.svg", tmp_path / "other.svg"]
    for path in files:
        path.write_text(svg, "utf-8")
    one, other = (draw(path, 'of "z"') for path in files)
    assert 'id="one-arrow"' in one and "url(#one-arrow)" in one and "one-" not in other
    assert 'aria-label="of &quot;z&quot;"' in one and 'width="9"' in one
    assert files[0].read_text("utf-8") == svg


@pytest.mark.parametrize("language", LANGUAGES)
def test_wrong_losses_are_numbered_as_they_are_read_and_each_has_its_place(language):
    notebook = read_notebook(ROOT / "book" / language / "07_wrong_losses.ipynb")
    prose = "\n".join(cell["source"] for cell in notebook["cells"])
    numbers = re.findall(r"^### (\d+)\.", prose, re.M)
    assert numbers == [str(number) for number in range(1, 11)]
    drawing = ElementTree.parse(FOLDER / "ten-places.svg").getroot()
    assert {text for text in drawing.itertext() if text.isdigit()} == set(numbers)
