"""Drawings of ideas: their words have their Chinese, are large enough, and none is left over."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from babel.messages.pofile import read_po
from vae_book.diagrams import FOLDER, draw, words

from tools.build.notebooks import read_notebook
from tools.build.words import LOCALE
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
def test_every_word_has_its_chinese(path):
    text = (LOCALE / "zh_TW/LC_MESSAGES/book.po").read_text("utf-8")
    catalogue = read_po(text.splitlines(keepends=True))
    written = {(one.text or "").strip() for one in words(ElementTree.parse(path).getroot())}
    assert not written - {one.id for one in catalogue if one.string}, "book.po lacks these"


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
    drawing = tmp_path / "a.svg"
    svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><text>  z </text>'
    drawing.write_text(f'{svg}<path marker-end="url(#arrow)" d="M0 0"/></svg>', "utf-8")
    one, other = (draw(drawing, name, 'of "z"') for name in ("one", "other"))
    assert 'id="one-arrow"' in one and "url(#one-arrow)" in one and "one-" not in other
    assert 'aria-label="of &quot;z&quot;"' in one and 'width="9"' in one
    assert Path(drawing).read_text("utf-8").startswith(svg)


@pytest.mark.parametrize("language", LANGUAGES)
def test_wrong_losses_are_numbered_as_they_are_read_and_each_has_its_place(language):
    notebook = read_notebook(ROOT / "book" / language / "07_wrong_losses.ipynb")
    prose = "\n".join(cell["source"] for cell in notebook["cells"])
    numbers = re.findall(r"^### (\d+)\.", prose, re.M)
    assert numbers == [str(number) for number in range(1, 11)]
    drawing = ElementTree.parse(FOLDER / "ten-places.svg").getroot()
    assert {text for text in drawing.itertext() if text.isdigit()} == set(numbers)
