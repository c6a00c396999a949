"""Plots and sliders: right shapes, every frame drawn, alive with ipywidgets 8 and 7."""

import ipywidgets
import matplotlib.pyplot as plt
import pytest
import torch

from vae_lib.history import History
from vae_lib.models import mlp_vae
from vae_lib.plotting import image_grid, latent_means, latent_plane, training_curves, use_style
from vae_lib.widgets import explorer


@pytest.fixture(autouse=True)
def _close_figures():
    use_style()
    yield
    plt.close("all")


@pytest.fixture
def flat_model():
    torch.manual_seed(0)
    return mlp_vae(data_dim=16, latent_dim=2, hidden=(4,)).double()


def draw(height, width=1.0):
    figure, ax = plt.subplots(figsize=(1, 1))
    ax.plot([0, width], [0, height])
    return figure


def test_image_grid_fills_row_by_row_and_labels_the_rows():
    images = torch.rand(5, 16)
    (ax,) = image_grid(images, columns=3, row_labels=["above", "below"]).axes
    (picture,) = ax.images
    shown = torch.from_numpy(picture.get_array().data)
    assert shown.shape == (4 + 1 + 4, 4 + 1 + 4 + 1 + 4)  # a gap of one pixel
    torch.testing.assert_close(shown[5:, 5:9], images[4].reshape(4, 4))
    assert (shown[5:, 10:] == 1).all()  # no sixth image
    assert [label.get_text() for label in ax.get_yticklabels()] == ["above", "below"]
    assert ax.get_yticks().tolist() == [1.5, 6.5]
    with pytest.raises(ValueError, match="15 values, which is not the square"):
        image_grid(torch.rand(5, 15), columns=3)


def test_training_curves_show_three_panels_in_nats():
    history = History([-3.5, -3.0], [0.5, 1.0], [-4.0, -3.0], [0.5, 0.8], [1.0, 2.0])
    figure = training_curves(history)
    assert [ax.get_title() for ax in figure.axes] == ["ELBO", "log-likelihood", "KL"]
    train, validation = figure.axes[0].lines
    assert train.get_ydata().tolist() == [-3.5, -3.0]
    assert validation.get_ydata().tolist() == [-4.5, -3.8]
    assert figure.axes[0].get_ylabel() == "nats per image"


def test_plane_tiles_follow_the_prior(flat_model):
    """The corner tiles decode the corners: z1 grows to the right, z2 upwards."""
    figure = latent_plane(flat_model, cells=3)
    pixels = torch.from_numpy(figure.axes[0].images[0].get_array().data)
    edge = torch.special.ndtri(torch.tensor(1 / 6)).item()
    with torch.no_grad():
        top_left = flat_model.decode(torch.tensor([edge, -edge])).mean.reshape(4, 4)
        bottom_right = flat_model.decode(torch.tensor([-edge, edge])).mean.reshape(4, 4)
    torch.testing.assert_close(pixels[:4, :4], top_left)
    torch.testing.assert_close(pixels[-4:, -4:], bottom_right)


def test_plane_plots_need_two_dimensions(flat_model):
    figure = latent_means(flat_model, torch.rand(7, 16), torch.arange(7))
    assert len(figure.axes[0].collections[0].get_offsets()) == 7
    deep = mlp_vae(data_dim=16, latent_dim=3, hidden=(4,)).double()
    with pytest.raises(ValueError, match="3 dimensions: this plot needs 2"):
        latent_plane(deep)
    with pytest.raises(ValueError, match="3 dimensions: this plot needs 2"):
        latent_means(deep, torch.rand(7, 16), torch.arange(7))


def test_explorer_links_each_slider_to_precomputed_frames():
    box = explorer(draw, height=[1, 2, 3], width=[0.5, 1.5])
    heights, widths, stack = box.children
    assert [slider.description for slider in (heights, widths)] == ["height", "width"]
    assert stack.selected_index == heights.index == 1 and len(stack.children) == 3
    inner = stack.children[2]
    assert inner.selected_index == widths.index == 1
    frame = inner.children[0].value
    assert 'alt="height = 3, width = 0.5"' in frame and "data:image/webp;base64," in frame
    frames = {leaf.value for column in stack.children for leaf in column.children}
    assert len(frames) == 6
    assert not plt.get_fignums()  # nothing is left open


def test_explorer_with_ipywidgets_7_follows_the_kernel(monkeypatch):
    monkeypatch.delattr(ipywidgets, "Stack")
    slider, picture = explorer(draw, height=[1, 2, 3]).children
    assert 'alt="height = 2"' in picture.value
    slider.index = 2
    assert 'alt="height = 3"' in picture.value


def test_explorer_refuses_what_it_cannot_show():
    with pytest.raises(ValueError, match="given 0 ranges: give one or two"):
        explorer(draw)
    with pytest.raises(ValueError, match="'height' has no value"):
        explorer(draw, height=[])
