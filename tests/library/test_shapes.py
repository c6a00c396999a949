"""Pictures drawn by known factors: the factors can be measured in them."""

import colorsys

import numpy as np
import pytest

from vae_lib.engine.checks import InputError
from vae_lib.lessons.shapes import SHAPES, draw_shapes, photo_patches

PICTURES, FACTORS = draw_shapes(60, seed=1)


def test_the_shape_lies_where_its_factors_say_and_is_as_large():
    """Coverage of a pixel is a mean of 16 points: an area is good to two per cent."""
    for picture, kind, column, row, size, hue in zip(
        PICTURES, FACTORS.kind, FACTORS.column, FACTORS.row, FACTORS.size, FACTORS.hue, strict=True
    ):
        colour = 255 * np.array(colorsys.hsv_to_rgb(hue, 0.8, 0.95))
        brightest = colour.argmax()
        ground = 38
        share = (picture[..., brightest] - ground) / (colour[brightest] - ground)
        area = {"disc": np.pi, "square": 4, "triangle": 2}[SHAPES[kind]] * size**2
        assert share.sum() == pytest.approx(area, rel=0.06)
        middle = (share.sum(0) @ (np.arange(32) + 0.5)) / share.sum()
        assert middle == pytest.approx(column, abs=0.15)
        height = (share.sum(1) @ (np.arange(32) + 0.5)) / share.sum()
        lower = size / 3 if SHAPES[kind] == "triangle" else 0
        assert height == pytest.approx(row + lower, abs=0.25)
        inside = picture[int(row), int(column)]
        np.testing.assert_allclose(inside, colour, atol=1)


def test_pictures_are_repeated_by_their_seed_and_never_touch_the_edge():
    again, other = draw_shapes(60, seed=1)[0], draw_shapes(60, seed=2)[0]
    assert (again == PICTURES).all() and (other != PICTURES).any()
    assert PICTURES.shape == (60, 32, 32, 3) and PICTURES.dtype == np.uint8
    assert (PICTURES[:, [0, -1]] == 38).all()
    assert set(FACTORS.kind) == {0, 1, 2}


def test_patches_are_pieces_of_both_photographs_and_do_not_overlap():
    """The whole grid of one seed: put in order, it is the photographs without their margins."""
    from sklearn.datasets import load_sample_images

    photos = np.stack(load_sample_images().images)
    patches = photo_patches(2 * 10 * 16, 40, seed=3)
    assert patches.shape == (320, 40, 40, 3) and patches.dtype == np.uint8
    cut = {
        photo[top : top + 40, left : left + 40].tobytes()
        for photo in photos
        for top in range(0, 400, 40)
        for left in range(0, 640, 40)
    }
    assert len(cut) == 320 and {patch.tobytes() for patch in patches} == cut
    assert (photo_patches(5, 40, seed=3) == patches[:5]).all()


@pytest.mark.parametrize("call", [lambda: draw_shapes(0), lambda: photo_patches(0)])
def test_no_pictures_are_refused(call):
    with pytest.raises(InputError, match="count is 0"):
        call()


@pytest.mark.parametrize(("count", "side"), [(1, 0), (1, 428), (3, 427), (8481, 8)])
def test_squares_that_are_not_there_are_refused(count, side):
    with pytest.raises(InputError, match=f"count is {count} and side {side}"):
        photo_patches(count, side)
