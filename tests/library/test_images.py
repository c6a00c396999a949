"""The door for pictures: what comes in goes out again, and what cannot come in gets a sentence."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import TensorDataset

from vae_lib.engine.checks import InputError
from vae_lib.images import load_images

RNG = np.random.default_rng(0)
COLOUR = RNG.integers(0, 256, (12, 6, 5, 3), dtype=np.uint8)


def parts(data):
    return torch.cat([data.train, data.validation, data.test])


def back(data):
    """All pictures in the reader's units and in the order in which they were given."""
    shown = data.to_images(parts(data))
    restored = np.empty_like(shown)
    restored[torch.cat(data.rows).numpy()] = shown
    return restored


@pytest.mark.parametrize(
    "given",
    [
        COLOUR,
        COLOUR[..., 0],
        COLOUR[..., :1],
        COLOUR / 255.0,
        COLOUR.astype(np.float32) / 127.5 - 1,
        COLOUR.astype(np.uint16) * 257,
        COLOUR > 128,
        COLOUR.astype(np.int64),
    ],
    ids=["bytes", "grey", "one colour", "[0, 1]", "[-1, 1]", "16 bits", "truth values", "int64"],
)
def test_what_comes_in_goes_out_in_the_same_units(given):
    """Single rounding of double precision: below 1e-12 of a range of 2."""
    data = load_images(given)
    x = parts(data)
    assert x.min() >= 0 and x.max() <= 1
    assert x.shape == (12, np.prod(data.shape))
    expected = given[..., 0] if given.shape[-1] == 1 else given
    np.testing.assert_allclose(back(data), expected.astype(float), atol=1e-12)


def test_the_sentence_says_what_was_done():
    data = load_images(COLOUR)
    assert str(data) == (
        "12 pictures from an array, 6 x 5, colour, split 10 / 1 / 1 (train / validation / test), "
        "values 0 to 255 scaled to 0 to 1."
    )


def test_a_row_is_colour_by_colour():
    data = load_images(COLOUR)
    first = COLOUR[data.rows[0][0]]
    expected = np.moveaxis(first, -1, 0).reshape(-1) / 255
    np.testing.assert_allclose(data.train[0].numpy(), expected, atol=1e-15)


def test_every_kind_of_the_same_pictures_gives_the_same_rows():
    expected = parts(load_images(COLOUR))
    first = torch.as_tensor(COLOUR).permute(0, 3, 1, 2)
    kinds = [
        first,
        list(COLOUR),
        TensorDataset(first, torch.zeros(12)),
        [*map(Image.fromarray, COLOUR)],
    ]
    for given in kinds:
        assert torch.equal(parts(load_images(given)), expected), type(given)


def test_the_split_is_seeded_and_loses_nothing():
    first, again, other = (load_images(COLOUR, seed=seed).rows for seed in (1, 1, 2))
    assert all(map(torch.equal, first, again))
    assert not torch.equal(first[0], other[0])
    assert sorted(torch.cat(first).tolist()) == list(range(12))


def write_mixed(folder, count=60):
    """Pictures of every mode, all orange on white; one of them is corrupt."""
    folder.mkdir(exist_ok=True)
    for number in range(count):
        pixels = np.full((8, 8, 3), 255, np.uint8)
        pixels[number % 6 :, 2:6] = (250, 120, 10 + number)
        image = Image.fromarray(pixels)
        mode = ("RGB", "RGBA", "P", "L")[number % 4]
        image.convert(mode).save(folder / f"{number:03}.png")
    (folder / "017.png").write_bytes((folder / "017.png").read_bytes()[:60])
    return folder


def test_a_folder_of_mixed_modes_becomes_coloured_and_the_corrupt_picture_is_named(tmp_path):
    data = load_images(write_mixed(tmp_path / "pictures"))
    assert data.shape == (3, 8, 8)
    assert len(parts(data)) == 59
    assert "left out, because they cannot be read: 1 (017.png)." in str(data)
    shown = back(data)
    np.testing.assert_array_equal(shown[0][5, 3], (250, 120, 10))  # RGB
    np.testing.assert_array_equal(shown[1][5, 3], (250, 120, 11))  # RGBA
    np.testing.assert_allclose(shown[2][5, 3], (250, 120, 12), atol=60)  # web palette
    assert len(set(shown[3][5, 3])) == 1  # grey


def test_what_is_transparent_lies_on_white(tmp_path):
    """Half of (0, 100, 200) on white is (127.5, 177.5, 227.5)."""
    pixels = np.zeros((2, 2, 4), np.uint8)
    pixels[:] = (0, 100, 200, 0)
    pixels[0, 0, 3], pixels[0, 1, 3] = 255, 128
    for number in range(3):
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
    for data in (load_images(tmp_path), load_images(np.stack([pixels] * 3))):
        shown = data.to_images(data.train)[0]
        np.testing.assert_array_equal(shown[0, 0], (0, 100, 200))
        np.testing.assert_allclose(shown[0, 1], (127, 177, 227), atol=1)
        np.testing.assert_array_equal(shown[1, 1], (255, 255, 255))


def test_the_sentence_says_what_cannot_be_undone(tmp_path):
    """Cut to the middle: 2 of 4; laid on white: 1, and not the one that is opaque everywhere."""
    for number, (width, height, opacity) in enumerate(
        [(9, 4, 255), (4, 9, 0), (8, 8, 255), (8, 8, None)]
    ):
        colour = (9, 8, 7) if opacity is None else (9, 8, 7, opacity)
        mode = "RGB" if opacity is None else "RGBA"
        Image.new(mode, (width, height), colour).save(tmp_path / f"{number}.png")
    assert str(load_images(tmp_path, size=4)) == (
        f"4 pictures from {tmp_path}, brought to 4 x 4 (cut to the middle square: 2), "
        "colour, laid on white: 1, split 2 / 1 / 1 (train / validation / test), values 0 to 255 "
        "scaled to 0 to 1."
    )
    pixels = np.zeros((5, 2, 2, 4), np.uint8)
    pixels[2:, ..., 3] = 255
    pixels[4, 0, 0, 3] = 254
    assert "colour, laid on white: 3, split" in str(load_images(pixels))


def test_grey_16_bits_keep_their_brightness(tmp_path):
    for number in range(3):
        Image.fromarray(np.full((2, 2), 40_000, np.uint16)).save(tmp_path / f"{number}.png")
    data = load_images(tmp_path)
    assert data.shape == (1, 2, 2)
    assert data.to_images(data.test)[0, 0, 0] == 40_000 // 257


def test_a_size_cuts_out_the_middle_square(tmp_path):
    for number, (width, height) in enumerate([(60, 40), (20, 40), (64, 64)]):
        pixels = np.zeros((height, width), np.uint8)
        side = min(height, width)
        top, left = (height - side) // 2, (width - side) // 2
        pixels[top : top + side, left : left + side] = 200
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
    data = load_images(tmp_path, size=10)
    assert (back(data)[:, 1:-1, 1:-1] >= 195).all()


def folder_with(tmp_path, *sizes):
    for number, size in enumerate(sizes):
        Image.new("L", size, number).save(tmp_path / f"{number}.png")
    return tmp_path


def only_corrupt(tmp_path):
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    return tmp_path


BAD = {
    "no folder": (lambda path: path / "away", "is no folder"),
    "a file": (lambda path: folder_with(path, (2, 2)) / "0.png", "is no folder"),
    "an empty folder": (lambda path: path, "holds no picture that can be read .0 files"),
    "only corrupt ones": (only_corrupt, "holds no picture that can be read .1 files"),
    "mixed sizes": (lambda path: folder_with(path, (2, 2), (3, 2)), "0.png has 2 x 2 .*2 x 3"),
    "one picture": (lambda path: folder_with(path, (2, 2)), "1 data point: give at least 3"),
    "two pictures": (lambda path: COLOUR[:2], "2 data points: give at least 3"),
    "an empty array": (lambda path: COLOUR[:0], r"shape \(0, 6, 5, 3\)"),
    "rows": (lambda path: COLOUR.reshape(12, -1), r"shape \(12, 90\)"),
    "two colours": (lambda path: COLOUR[..., :2], r"shape \(12, 6, 5, 2\)"),
    "NaN": (lambda path: np.full((3, 2, 2), np.nan), "12 NaN or infinite"),
    "infinity": (lambda path: np.full((3, 2, 2), np.inf), "12 NaN or infinite"),
    "one value": (lambda path: np.full((3, 2, 2), -7.0), "All pixels of all pictures are -7"),
    "text": (lambda path: np.full((3, 2, 2), "a"), "array of <U1"),
    "complex numbers": (lambda path: np.ones((3, 2, 2), complex), "array of complex128"),
    "a ragged list": (lambda path: [[[1, 2], [3]]] * 3, "Picture 0 is no array"),
    "a list of sizes": (lambda path: [*COLOUR[:3], COLOUR[0, 1:]], "Picture 0 has the shape"),
    "an empty list": (lambda path: [], "There are no pictures"),
    "bytes": (lambda path: b"pixels", "without a length|is no array|shape"),
    "a number": (lambda path: 3, "are a int"),
    "nothing": (lambda path: None, "are a NoneType"),
    "a sparse tensor": (lambda path: torch.zeros(3, 2, 2).to_sparse(), "no dense tensor"),
    "a meta tensor": (lambda path: torch.zeros(3, 2, 2, device="meta"), "no dense tensor"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_pictures_get_one_sentence_and_nothing_is_lost(name, tmp_path):
    make, message = BAD[name]
    given = make(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(InputError, match=message) as caught:
        load_images(given)
    assert "\n" not in str(caught.value) and str(caught.value).endswith(".")
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize(("size", "given"), [(0, "."), (2, COLOUR), (1.5, "."), ("8", ".")])
def test_a_bad_size_is_refused(size, given):
    with pytest.raises(InputError, match="size is"):
        load_images(given, size=size)


def test_rows_of_another_length_are_no_pictures():
    with pytest.raises(InputError, match="give rows of 90"):
        load_images(COLOUR).to_images(torch.zeros(2, 89))
