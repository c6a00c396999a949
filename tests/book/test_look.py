"""The book's colours can be read, and its style sheets and pictures are where pages look."""

import re
from pathlib import Path

import pytest
import yaml
from PIL import Image

from tools.build.static_files import WANTED
from tools.paths import ROOT

STATIC = ROOT / "book/_static"
BACKGROUND = {"light": "#ffffff", "dark": "#121212"}  # the theme's
TINT = {"light": 0.07, "dark": 0.13}
SHEETS = "".join((STATIC / name).read_text("utf-8") for name in ("look.css", "boxes.css"))


def channels(colour):
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


def luminance(parts):
    """Relative luminance of WCAG 2, from sRGB parts 0-255."""
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in
              (part / 255 for part in parts)]  # fmt: skip
    return sum(weight * v for weight, v in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def colours(theme):
    """The accent and the colours of the boxes."""
    found = []
    for rule in re.findall(rf'html\[data-theme="{theme}"\][^{{]*\{{([^}}]*)\}}', SHEETS):
        found += re.findall(r"--(?:book-accent|book-accent-strong|box): (#[0-9a-f]{6})", rule)
    return found


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_colours_of_words_have_enough_contrast(theme):
    """4.5 to 1 on the page, and on the tint that a box lays over it (WCAG 2, level AA)."""
    page = channels(BACKGROUND[theme])
    assert f"--book-tint: {TINT[theme]:.0%}" in SHEETS and len(colours(theme)) == 7
    for colour in map(channels, colours(theme)):
        tinted = [
            TINT[theme] * c + (1 - TINT[theme]) * p for c, p in zip(colour, page, strict=True)
        ]
        assert min(contrast(colour, page), contrast(colour, tinted)) >= 4.5, colour


def test_every_style_sheet_that_a_page_asks_for_exists():
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["sphinx"]["config"]
    for name in [*config["html_css_files"], "pdf.css"]:
        fetched = any(name == f"{folder}/{Path(file).name}" for file, folder in WANTED.items())
        assert fetched or (STATIC / name).is_file(), name


def test_marks_and_pictures_use_the_accent_and_are_light():
    accents = [
        re.search(rf'"{theme}"\] {{ --book-accent: (\S+);', SHEETS)[1] for theme in BACKGROUND
    ]
    for name, accent in zip(("logo.svg", "logo-dark.svg"), accents, strict=True):
        assert set(re.findall("#[0-9a-f]{6}", (STATIC / name).read_text())) == {accent}
    with Image.open(STATIC / "social.png") as picture:
        assert picture.size == (1200, 630)
    assert (STATIC / "social.png").stat().st_size < 100_000
