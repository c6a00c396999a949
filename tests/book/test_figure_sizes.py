"""Figures are crisp: the page shows them at matplotlib's size, however many pixels they have.

And light: a figure's file is WebP with the same pixels, and comes when it is neared.
"""

import sys
from types import SimpleNamespace

import matplotlib.pyplot as plt
import pytest
from docutils import nodes
from docutils.utils import new_document
from PIL import Image, ImageChops
from vae_book.figures import fetch_first_picture, pack_figures, page_size, visit_image

from vae_lib.plotting import use_style


@pytest.mark.parametrize("dots_per_inch", [100, 200])
def test_a_figure_is_as_large_as_its_inches(tmp_path, dots_per_inch):
    figure = plt.figure(figsize=(3.2, 1))
    figure.savefig(tmp_path / "figure.png", dpi=dots_per_inch)
    plt.close(figure)
    assert page_size(tmp_path / "figure.png") == (320, 100)


def test_the_style_doubles_the_pixels_in_a_notebook(monkeypatch):
    """What a kernel does at its first cell; without one nothing is asked of IPython."""
    asked = []
    monkeypatch.setattr("matplotlib_inline.backend_inline.set_matplotlib_formats", asked.append)
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    use_style()
    assert asked == []
    monkeypatch.setitem(sys.modules, "ipykernel", object())
    use_style()
    assert asked == ["retina"]


def test_a_drawing_is_as_large_as_its_own_units(tmp_path):
    (tmp_path / "a.svg").write_text('<svg viewBox="0 0 21.6 10" width="3pt"></svg>')
    assert page_size(tmp_path / "a.svg") == (22, 10)


class Translator:
    """What of Sphinx's translator writes a picture."""

    def __init__(self, folder):
        self.builder, self.body = SimpleNamespace(srcdir=folder), []

    def visit_image(self, node):
        self.body.append(f'<img src="{node["uri"]}" loading="{node["loading"]}" />')


@pytest.fixture
def packed(tmp_path):
    """A figure of a cell, packed, and its folder."""
    figure = plt.figure(figsize=(3.2, 1))
    plt.plot([0, 1], [0, 1])
    figure.savefig(tmp_path / "figure.png", dpi=200)
    plt.close(figure)
    image = nodes.image(uri="/figure.png")
    page = new_document("page")
    page += nodes.container("", image, mime_type="image/png")
    pack_figures(SimpleNamespace(srcdir=tmp_path), page)
    image["uri"] = image["uri"].lstrip("/")  # as Sphinx does once it has found it
    return image, tmp_path


def test_a_packed_figure_has_the_same_pixels_in_fewer_bytes(packed):
    image, folder = packed
    before, after = folder / "figure.png", folder / image["uri"]
    with Image.open(before) as one, Image.open(after) as other:
        assert other.format == "WEBP" and one.size == other.size
        difference = ImageChops.difference(one.convert("RGB"), other.convert("RGB"))
        assert difference.getbbox() is None
    assert after.stat().st_size < before.stat().st_size


def test_a_picture_states_its_size_and_waits_until_it_is_neared(packed):
    image, folder = packed
    translator = Translator(folder)
    visit_image(translator, image)
    written = '<img width="320" height="100" src="figure.webp" loading="lazy" />'
    assert translator.body == [written]
    context = {"body": written * 2}
    fetch_first_picture(None, "page", "page.html", context, None)
    assert context["body"] == written.replace(' loading="lazy"', "") + written
