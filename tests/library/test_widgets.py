"""Explorers: every frame drawn and described, alive with ipywidgets 8 and 7."""

import base64
import io
import json

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
import pytest
from bs4 import BeautifulSoup
from PIL import Image

from vae_lib.plotting import use_style
from vae_lib.widgets import explorer


@pytest.fixture(autouse=True)
def _close_figures():
    use_style()
    yield
    plt.close("all")


def draw(height, width=1.0):
    figure, ax = plt.subplots(figsize=(1, 1))
    ax.plot([0, width], [0, height])
    return figure


def draw_with_area(height, width=1.0):
    return draw(height, width), {"area": height * width}


def image(frame):
    return BeautifulSoup(frame.value, "html.parser").img


def pixels(shown):
    code = shown["src"].removeprefix("data:image/webp;base64,")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(code))).convert("RGB"))


def test_each_slider_is_linked_to_precomputed_frames():
    already_open = plt.get_fignums()  # by other tests
    box = explorer(draw, height=[1, 2, 3], width=[0.5, 1.5])
    heights, widths, stack = box.children
    assert [slider.description for slider in (heights, widths)] == ["height", "width"]
    assert stack.selected_index == heights.index == 1 and len(stack.children) == 3
    inner = stack.children[2]
    assert inner.selected_index == widths.index == 1
    assert image(inner.children[0])["alt"] == "height = 3, width = 0.5"
    frames = {leaf.value for column in stack.children for leaf in column.children}
    assert len(frames) == 6
    assert plt.get_fignums() == already_open


def test_label_shows_spaces_and_the_values_as_they_are():
    slider, _ = explorer(draw, height=[-0.25, 1, 20_000]).children
    assert [text for text, _ in slider.options] == ["−0.25", "1", "20000"]  # a minus, no hyphen
    *_, slider, _ = explorer(lambda a_b: draw(a_b), a_b=[1]).children
    assert slider.description == "a b"


def test_values_may_be_words():
    slider, stack = explorer(lambda loss: draw(len(loss)), loss=["right", "KL sign"]).children
    assert [text for text, _ in slider.options] == ["right", "KL sign"]
    assert image(stack.children[1])["alt"] == "loss = KL sign"


def test_frame_says_the_values_and_the_figures_that_were_computed():
    _, stack = explorer(draw_with_area, height=[-1 / 3]).children
    said = image(stack.children[0])
    assert said["alt"] == "height = −0.333333: area = −0.3333"
    assert json.loads(said["data-figures"]) == {"height": "−0.333333", "area": "−0.3333"}


def test_text_of_a_frame_is_escaped():
    frame = explorer(lambda height: (draw(height), {'"<&': 1}), height=[1]).children[1].children[0]
    assert image(frame)["alt"] == 'height = 1: "<& = 1'
    assert json.loads(image(frame)["data-figures"])['"<&'] == "1"


def test_frame_is_sharper_than_the_page():
    shown = image(explorer(draw, height=[1]).children[1].children[0])
    assert (shown["width"], shown["height"]) == ("100", "100")
    assert pixels(shown).shape == (150, 150, 3)


def test_frame_has_few_colours_and_all_of_them_are_nearly_right():
    """A median cut would turn the only orange dot among many shades of grey brown."""

    def draw_greys_and_a_dot(height):
        figure, (left, right) = plt.subplots(1, 2, figsize=(4, 2))
        left.imshow(np.linspace(0, 1, 784).reshape(28, 28))
        right.plot(height, height, "o", color="C1")
        return figure

    reference = io.BytesIO()
    draw_greys_and_a_dot(1).savefig(reference, format="png", dpi=150)
    drawn = np.asarray(Image.open(reference).convert("RGB"))
    shown = pixels(image(explorer(draw_greys_and_a_dot, height=[1]).children[1].children[0]))
    assert len(np.unique(shown.reshape(-1, 3), axis=0)) <= 64
    assert np.abs(shown.astype(int) - drawn).max() <= 20
    assert (shown[0, 0] == 255).all()


def test_with_ipywidgets_7_the_picture_follows_the_kernel(monkeypatch):
    monkeypatch.delattr(ipywidgets, "Stack")
    slider, picture = explorer(draw_with_area, height=[1, 2, 3]).children
    assert image(picture)["alt"] == "height = 2: area = 2"
    slider.index = 2
    assert image(picture)["alt"] == "height = 3: area = 3"


def test_explorer_refuses_what_it_cannot_show():
    with pytest.raises(ValueError, match="given 0 ranges: give one or two"):
        explorer(draw)
    with pytest.raises(ValueError, match="given 3 ranges: give one or two"):
        explorer(draw, height=[1], width=[1], depth=[1])
    with pytest.raises(ValueError, match="'height' has no value"):
        explorer(draw, height=[])
