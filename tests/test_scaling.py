"""Several processes: their averaged gradient is that of the whole batch; the page's table."""

import json
import os
import socket

import pytest
import torch
import torch.multiprocessing as mp
from agreement import agree
from directives import cells, page
from scaling_table import FILE, read
from torch import Tensor

from vae_lib.models import VAE, mlp_vae
from vae_lib.objectives import elbo
from vae_lib.training import fit
from vae_lib.workers import joined

IMAGES, BATCH, PROCESSES = 7, 2, 2


def model_and_images() -> tuple[VAE, Tensor]:
    torch.manual_seed(0)
    return mlp_vae(data_dim=6, latent_dim=2, hidden=(5,)), torch.rand(IMAGES, 6)


def one_of_several(rank: int, port: int, folder: str) -> None:
    """What torchrun would start: an epoch of a full step of 4 images and an uneven one of 3."""
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    here = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": PROCESSES, "MASTER_PORT": port}
    os.environ |= {name: str(value) for name, value in here.items()}
    os.environ["MASTER_ADDR"] = "127.0.0.1"
    with joined():
        for count in (PROCESSES * BATCH, IMAGES):  # the gradients left are those of the last step
            model, images = model_and_images()
            fit(
                model, images[:count], epochs=1, batch_size=BATCH, learning_rate=1e-13,
                device="cpu", seed=3,
            )  # fmt: skip
            torch.save([w.grad for w in model.parameters()], f"{folder}/{count}-{rank}.pt")


def whole_batch_gradients(count: int) -> list[Tensor]:
    """Autograd on the mean over the last step's images at once, with the draws of one process."""
    model, images = model_and_images()
    generator = torch.Generator().manual_seed(3)
    for rows in torch.randperm(count, generator=generator).split(PROCESSES * BATCH):
        uniform = torch.rand(len(rows), 6, generator=generator)
        x = (uniform < images[rows]).double()
        loss = -elbo(model, x, generator=generator).value.sum() / len(rows)
    return list(torch.autograd.grad(loss, list(model.parameters())))


@pytest.mark.equation("eq-shared-gradient", oracle="autograd")
def test_average_over_processes_is_the_gradient_of_the_whole_batch(tmp_path):
    """Two gloo processes run ``fit``; float64 leaves rounding and weights moved by 1e-13."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    mp.spawn(one_of_several, (port, str(tmp_path)), PROCESSES)
    for count in (PROCESSES * BATCH, IMAGES):
        for rank in range(PROCESSES):
            ours = torch.load(tmp_path / f"{count}-{rank}.pt")
            for mine, expected in zip(ours, whole_batch_gradients(count), strict=True):
                agree(mine, expected, atol=1e-11)


MEASURED = {
    "machine": {"cpu": "Some CPU"},
    "shared_batch": 256,
    "sharing": [
        {"hidden": 4000, "one": {"median": 0.06}, "two": {"median": 0.04}, "times_faster": 1.5},
        {"hidden": 400, "one": {"median": 0.002}, "two": {"median": 0.004}, "times_faster": 0.5},
    ],
}


@pytest.fixture
def table(tmp_path, monkeypatch):
    """A function from what was measured and a language to the page's document and warnings."""

    def make(measured, language="en"):
        path = tmp_path / "scaling.json"
        monkeypatch.setattr("scaling_table.FILE", path)
        if measured is not None:
            path.write_text(json.dumps(measured))
        return page(tmp_path / "book", "scaling_table", "scaling-table", language)

    return make


def test_page_says_that_nothing_has_been_measured(table):
    document, said = table(None)
    assert "has not been measured yet: python -m benchmarks.scaling" in document.astext()
    assert not cells(document) and not said


def test_table_shows_times_and_what_pays(table):
    document, said = table(MEASURED)
    assert cells(document)[1:] == [
        ["400", "2.0", "4.0", "0.50 ×"],
        ["4,000", "60.0", "40.0", "1.50 ×"],
    ]
    assert "Each step has 256 images in all; processor: Some CPU" in document.astext()
    assert "Two processes are faster here with 4,000 hidden units." in document.astext()
    assert not said


def test_table_says_when_it_never_pays(table):
    document, _ = table(MEASURED | {"sharing": MEASURED["sharing"][1:]})
    assert "Two processes are not faster here with any of these sizes." in document.astext()


def test_chinese_table_says_the_same(table):
    document, said = table(MEASURED, "zh_TW")
    assert cells(document)[0][:2] == ["隱藏單元", "一個行程，每步毫秒數"]
    assert cells(document)[2] == ["4,000", "60.0", "40.0", "1.50 ×"]
    assert "隱藏單元為 4,000 個時，兩個行程比較快。" in document.astext()
    assert not said


@pytest.mark.parametrize(
    ("measured", "missing"),
    [
        ({"machine": {}, "sharing": []}, "shared_batch"),
        (MEASURED | {"sharing": [{"hidden": 400, "two": {}, "times_faster": 1}]}, "one"),
    ],
)
def test_incomplete_measurement_is_an_error_of_the_page(table, measured, missing):
    document, said = table(measured)
    assert f"ERROR: scaling.json lacks {missing}: measure again" in said and not cells(document)


def test_committed_measurement_can_be_shown():
    if not FILE.exists():
        pytest.skip("nothing measured yet: `python -m benchmarks.scaling` writes the file")
    read(FILE)
