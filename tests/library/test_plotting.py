"""Plots: right shapes, right labels, right way up."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from vae_lib.history import History
from vae_lib.models import mlp_vae
from vae_lib.plotting import image_grid, latent_means, latent_plane, training_curves, use_style


@pytest.fixture(autouse=True)
def _close_figures():
    use_style()
    yield
    plt.close("all")


@pytest.fixture
def flat_model():
    torch.manual_seed(0)
    return mlp_vae(data_dim=16, latent_dim=2, hidden=(4,)).double()


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
    _, (left, right) = plt.subplots(1, 2)
    assert image_grid(images, 3, ax=right) is left.figure and right.images and not left.images
    with pytest.raises(ValueError, match="15 values, which is not the square"):
        image_grid(torch.rand(5, 15), columns=3)
    with pytest.raises(ValueError, match=r"shape \(5, 4, 4\): give one row per image"):
        image_grid(torch.rand(5, 4, 4), columns=3)


def test_training_curves_show_three_panels_in_nats():
    history = History([-3.5, -3.0], [0.5, 1.0], [-4.0, -3.0], [0.5, 0.8], [1e-3] * 2, [1.0, 2.0])
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


@torch.no_grad()
def test_means_are_drawn_as_their_digits(flat_model):
    x, digits = torch.rand(7, 16).double(), torch.tensor([3, 0, 9, 3, 1, 3, 0])
    means = flat_model.encode(x).mean.numpy()
    drawn = latent_means(flat_model, x, digits).axes[0].collections
    assert len(drawn) == 10
    for digit, points in enumerate(drawn):
        np.testing.assert_allclose(points.get_offsets(), means[digits == digit])
    with pytest.raises(ValueError, match=r"\(6,\) for images \(7, 16\): give one digit for each"):
        latent_means(flat_model, x, digits[:6])
    signs = {points.get_paths()[0].vertices.tobytes() for points in drawn}
    assert len(signs) == 10, "two digits look the same"


def test_plane_plots_need_two_dimensions(flat_model):
    deep = mlp_vae(data_dim=16, latent_dim=3, hidden=(4,)).double()
    with pytest.raises(ValueError, match="3 dimensions: this plot needs 2"):
        latent_plane(deep)
    with pytest.raises(ValueError, match="3 dimensions: this plot needs 2"):
        latent_means(deep, torch.rand(7, 16), torch.arange(7))
