"""Figures are crisp: the page shows them at matplotlib's size, however many pixels they have."""

import sys

import matplotlib.pyplot as plt
import pytest
from vae_book.figures import page_width

from vae_lib.plotting import use_style


@pytest.mark.parametrize("dots_per_inch", [100, 200])
def test_a_figure_is_as_wide_as_its_inches(tmp_path, dots_per_inch):
    figure = plt.figure(figsize=(3.2, 1))
    figure.savefig(tmp_path / "figure.png", dpi=dots_per_inch)
    plt.close(figure)
    assert page_width(tmp_path / "figure.png") == 320


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
