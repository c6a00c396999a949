"""Nothing of a built page stands between the reader and its text, and nothing moves it later."""

import re

import pytest
from browser import PAGES
from parsed import parsed

from tools.paths import HTML

pytestmark = pytest.mark.usefixtures("address")  # skipped where there are no built pages
NOT_AWAITED = re.compile(r"\bdefer\b|\basync\b|documentation_options")
HEAVY = re.compile(r"fontawesome|fa-(solid|regular|brands)|_static/require\.js|embed-amd")


@pytest.mark.parametrize("name", PAGES)
def test_every_picture_states_its_size_and_all_but_the_first_wait_until_they_are_neared(name):
    page = parsed(name)
    for picture in page.find_all("img"):
        assert picture["width"].isdigit() and picture["height"].isdigit(), picture
    for picture in page.select("article img")[1:]:
        assert picture.get("loading") == "lazy", picture


@pytest.mark.parametrize("name", [*PAGES, "en/search.html", "zh-TW/search.html"])
def test_the_text_awaits_one_style_sheet_and_no_script(name):
    page = parsed(name)
    assert len(page.select('link[rel="stylesheet"]')) == 1
    assert not page.select('link[rel="preload"]')
    for script in page.select("script[src]"):
        assert NOT_AWAITED.search(str(script)), script


def test_no_icon_font_and_no_widget_manager_is_published():
    files = [path.relative_to(HTML).as_posix() for path in HTML.rglob("*")]
    assert len(files) > 100
    assert not [name for name in files if HEAVY.search(name)]


def test_every_frame_is_published_once_for_both_languages():
    frames = {language: set() for language in ("en", "zh-TW")}
    for name in PAGES:
        text = (HTML / name).read_text("utf-8")
        frames[name.split("/")[0]] |= set(re.findall(r'"([0-9a-f]{16}\.webp)"', text))
    assert frames["en"] == frames["zh-TW"]
    assert {path.name for path in (HTML / "frames").iterdir()} == frames["en"]
    assert not [*HTML.glob("*/frames")]
