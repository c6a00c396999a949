"""``python -m vae_lib`` with a reader's own pictures and table: from files to samples and back."""

import csv

import numpy as np
import pytest
from PIL import Image

from vae_lib.images import load_images

pytestmark = pytest.mark.usefixtures("single_precision")
CPU = ["--device", "cpu"]
SHORT = ["--epochs", "2", "--latent-dim", "2", "--batch-size", "32", *CPU]


@pytest.fixture
def pictures(tmp_path):
    """60 pictures of 12 x 10 pixels in four modes, one of them corrupt."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(60):
        pixels = np.full((12, 10, 3), 255, np.uint8)
        pixels[number % 6 :, 2:7] = (250, 4 * number, 40)
        mode = ("RGB", "RGBA", "P", "L")[number % 4]
        Image.fromarray(pixels).convert(mode).save(folder / f"{number:02}.png")
    (folder / "07.png").write_bytes((folder / "07.png").read_bytes()[:50])
    return folder


@pytest.fixture
def table(tmp_path):
    """80 rows of a skewed number, a word and a whole number, a tenth of them missing."""
    rng = np.random.default_rng(0)
    income, colour = np.round(rng.gamma(1.0, 30.0, 80), 2), rng.choice(["red", "blue"], 80)
    rows = zip(income, colour, rng.integers(9, size=80), strict=True)
    path = tmp_path / "table.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["income", "colour", "children"])
        for row in rows:
            writer.writerow(["" if rng.random() < 0.1 else cell for cell in row])
    return path


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_from_pictures_to_samples(call, pictures, tmp_path):
    status, out, err = call("train", "--images", "pictures", "--hidden", "4", *SHORT)
    assert status == 0, err
    assert "59 pictures from pictures, 12 x 10, colour" in out and "1 (07.png)" in out
    status, out, _ = call(
        "evaluate", "vae.safetensors", "--images", "pictures", "--k", "3", "--count", "4", *CPU
    )
    assert status == 0 and "4 images: pictures test" in out and "bits per dimension" in out
    status, out, _ = call("sample", "vae.safetensors", "--count", "5")
    assert status == 0 and "samples.png" in out
    with Image.open(tmp_path / "samples.png") as image:
        assert (image.mode, image.size) == ("RGB", (2 * 11 - 1, 3 * 13 - 1))
    status, out, _ = call("reconstruct", "vae.safetensors", "--images", "pictures", "--count", "3")
    assert status == 0 and "3 test pictures" in out
    with Image.open(tmp_path / "reconstructions.png") as image:
        mosaic = np.asarray(image)
    assert mosaic.shape == (4 * 13 - 1, 2 * 11 - 1, 3)
    data = load_images(pictures)
    given = data.to_images(data.test)
    for picture, (top, left) in zip(given, [(0, 0), (0, 11), (26, 0)], strict=False):
        np.testing.assert_array_equal(mosaic[top : top + 12, left : left + 10], picture)


def test_from_a_table_to_samples(call, table, tmp_path):
    status, out, err = call("train", "--table", "table.csv", *SHORT)
    assert status == 0, err
    assert "80 rows from table.csv; numbers" in out and "categories: colour" in out
    status, out, _ = call("evaluate", "vae.safetensors", "--table", "table.csv", *CPU)
    assert status == 0 and "k = 200, 8 images: table.csv test" in out
    status, out, _ = call("sample", "vae.safetensors", "--count", "30")
    assert status == 0 and "30 rows" in out
    head, *rows = rows_of(tmp_path / "samples.csv")
    assert head == ["income", "colour", "children"] and len(rows) == 30
    assert {row[1] for row in rows} == {"red", "blue"}
    assert np.abs([float(row[0]) for row in rows]).max() > 5  # in the reader's units
    status, _, err = call(
        "reconstruct", "vae.safetensors", "--table", "table.csv", "--out", "r.csv"
    )
    assert status == 0, err
    given, made = rows_of(table), rows_of(tmp_path / "r.csv")
    assert len(given) == len(made) and given[0] == made[0]
    assert all(cell for row in made for cell in row)


def test_training_on_pictures_goes_on_from_its_checkpoint(call, pictures):
    start = ["train", "--images", "pictures", "--shared-scale", "--hidden", "4", *CPU]
    assert call(*start, "--epochs", "1")[0] == 0
    status, out, _ = call(*start, "--epochs", "2", "--resume")
    assert status == 0 and "2" in out


def test_a_size_brings_pictures_to_a_square(call, pictures, tmp_path):
    Image.new("RGB", (30, 40)).save(pictures / "larger.png")
    status, _, err = call("train", "--images", "pictures", *SHORT)
    assert status == 2 and "--size 32" in err
    assert call("train", "--images", "pictures", "--size", "8", "--hidden", "3", *SHORT)[0] == 0
    status, _, err = call("reconstruct", "vae.safetensors", "--images", "pictures", "--size", "9")
    assert status == 2 and "the model's were 3 x 8 x 8" in err


BAD = [
    (["train", "--images", "away"], "away is no folder"),
    (["train", "--images", "empty"], "holds no picture"),
    (["train", "--images", "table.csv"], "is no folder"),
    (["train", "--table", "away"], "There is no file away"),
    (["train", "--table", "pictures"], "There is no file pictures"),
    (["train", "--table", "text"], "holds no rows"),
    (["train", "--images", "pictures", "--table", "table.csv"], "not allowed with"),
    (["train", "--images", "pictures", "--data", "full"], "not allowed with"),
    (["train", "--table", "table.csv", "--size", "8"], "--size 8 is for pictures"),
    (["train", "--size", "8"], "--size 8 is for pictures"),
    (["train", "--shared-scale"], "--shared-scale is for pictures"),
    (["train", "--table", "table.csv", "--shared-scale"], "--shared-scale is for pictures"),
    (["train", "--images", "pictures", "--size", "0"], "'0' is not a whole number"),
    (["train", "--images", ""], "is no file name"),
    (["evaluate", "vae.safetensors"], "was trained on a table: give --table"),
    (["evaluate", "vae.safetensors", "--images", "pictures"], "was trained on a table"),
    (["evaluate", "vae.safetensors", "--table", "other.csv"], "give the table's columns as"),
    (["reconstruct", "vae.safetensors"], "one of the arguments"),
    (["reconstruct", "text", "--table", "table.csv"], "damaged or no safetensors"),
    (["reconstruct", "vae.safetensors", "--images", "pictures"], "was trained on a table"),
    (["reconstruct", "vae.safetensors", "--table", "table.csv", "--out", "a.png"], "is no table"),
    (["reconstruct", "vae.safetensors", "--images", "pictures", "--out", "a.csv"], "is no picture"),
    (["reconstruct", "vae.safetensors", "--table", "table.csv", "--out", "x/a.csv"], "x does not"),
    (["sample", "vae.safetensors", "--image", "a.png"], "a.png is no table"),
    (["sample", "vae.safetensors", "--rows", "a.txt"], "a.txt is no picture"),
    (["sample", "vae.safetensors", "--rows", "x/a.csv"], "the folder x does not exist"),
]  # fmt: skip


def test_mistakes_get_one_sentence_and_status_2(call, pictures, table, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "text").write_text("words")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n2,3\n3,5\n")
    assert call("train", "--table", "table.csv", *SHORT)[0] == 0
    before = sorted(tmp_path.rglob("*"))
    for arguments, message in BAD:
        place = ["--checkpoint", "new"] if arguments[0] == "train" else []
        status, _, err = call(*arguments, *place)
        assert status == 2 and message in err, (arguments, err)
        assert err.startswith("python -m vae_lib") and err.count("\n") == 1, err
        assert sorted(tmp_path.rglob("*")) == before, arguments
