"""The cards of the intro page: one for each chapter, with its own name and a light picture."""

import re

import pytest
import yaml

from tools.build.notebooks import read_notebook
from tools.paths import ROOT
from tools.site.cards import CARDS, PICTURES

CARD = re.compile(
    r"::::\{grid-item-card\} (\d+)\. (.+)\n:link: (\w+)\n:link-type: doc\n:img-top: (\S+)\n"
)


@pytest.mark.parametrize("language", ["en", "zh-TW"])
def test_each_chapter_has_a_card_with_its_number_title_and_picture(language):
    folder = ROOT / "book" / language
    toc = yaml.safe_load((folder / "_toc.yml").read_text("utf-8"))
    chapters = [chapter["file"] for chapter in toc["parts"][0]["chapters"]]
    cards = CARD.findall((folder / "intro.md").read_text("utf-8"))
    assert [link for _, _, link, _ in cards] == chapters
    for place, (number, title, link, picture) in enumerate(cards, start=1):
        heading = read_notebook(folder / f"{link}.ipynb")["cells"][0]["source"]
        assert int(number) == place and f"\n# {title}\n" in heading
        assert (folder / picture).is_file(), f"{picture} is missing: run python -m tools.site.cards"


def test_the_pictures_are_light_and_each_belongs_to_a_chapter():
    files = list(CARDS.iterdir())
    assert {path.stem for path in files} == {*PICTURES, "05_training"}
    assert sum(path.stat().st_size for path in files) < 150_000


def test_the_pictures_have_no_words():
    """One file serves both languages."""
    for path in CARDS.glob("*.svg"):
        assert not re.search(r"<text|id=\"text", path.read_text("utf-8")), path.name
