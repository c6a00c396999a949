"""The package's trained model: exported, loaded, described, refused when altered."""

import json
import tomllib

import pytest
import torch

from tools.paths import ROOT
from tools.release import held_out
from tools.release.export_model import export
from tools.release.results import read_run
from vae_lib.checkpoints import PRETRAINED as FOLDER
from vae_lib.checkpoints import CheckpointError, load_pretrained, read_checkpoint
from vae_lib.data import Dataset, binarise
from vae_lib.engine.devices import Machine
from vae_lib.engine.mnist_files import read_embedded_mnist
from vae_lib.evaluation import score_images
from vae_lib.keeping import Keep
from vae_lib.models import mlp_vae
from vae_lib.objectives import elbo
from vae_lib.training import fit

shipped = pytest.mark.skipif(
    not (FOLDER / "mnist.safetensors").exists(),
    reason="the package has no trained model yet; `tools.release.export_model` puts it there",
)


pytestmark = pytest.mark.usefixtures("single_precision")


@pytest.fixture
def trained(tmp_path):
    """A tiny model, its checkpoint after two epochs, and a result file of the same run."""
    torch.manual_seed(0)
    model = mlp_vae(data_dim=16, latent_dim=2, hidden=(8,), activation="tanh")
    images = torch.rand(32, 16)
    checkpoint = tmp_path / "run.safetensors"
    history = fit(
        model, images, epochs=2, batch_size=8, machine=Machine("cpu"), keep=Keep(checkpoint)
    )
    result = tmp_path / "run.json"
    about = {
        "log_likelihood": -9.5, "standard_error": 0.2, "published": -86.76, "model": "16-8-2 tanh",
        "k_train": 1,
        "k_test": 5000, "images": 10000, "test_binarisation": "fixed", "epochs": 2,
        "batch_size": 8, "learning_rate": "0.001", "precision": "float32", "seed": 0,
        "final_train_bound": history.train_bound[-1], "training_seconds": 1.5,
        "evaluation_seconds": 0.5, "device": "a device", "threads": None, "architecture": None,
        "torch": torch.__version__,
        "command": "python -m vae_lib reproduce burda",
    }  # fmt: skip
    result.write_text(json.dumps(about))
    return model, checkpoint, result, about


def test_exported_model_is_the_trained_one(trained, tmp_path):
    model, checkpoint, result, about = trained
    export(checkpoint, result, tmp_path / "kept")
    loaded, description = load_pretrained(tmp_path / "kept")
    assert loaded.config == model.config
    for mine, theirs in zip(loaded.parameters(), model.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=2**-11, atol=1e-7)  # half precision
    assert about.items() <= description.items()
    assert description.keys() - about.keys() == {"sha256", "elbo_change_by_rounding"}
    assert 0 < abs(description["elbo_change_by_rounding"]) < 1e-3


def test_only_weights_are_kept(trained, tmp_path):
    model, checkpoint, result, _ = trained
    export(checkpoint, result, tmp_path)
    tensors, about = read_checkpoint(tmp_path / "mnist.safetensors")
    assert set(tensors) == {f"model.{name}" for name in model.state_dict()}
    assert set(about) == {"model"}


@pytest.mark.parametrize("change", [{"final_train_bound": -1.0}, {"epochs": 3}])
def test_result_of_another_run_is_refused(trained, tmp_path, change):
    _, checkpoint, result, about = trained
    result.write_text(json.dumps(about | change))
    with pytest.raises(CheckpointError, match=r"are not of the same run .*: name the two files"):
        export(checkpoint, result, tmp_path / "kept")
    assert not (tmp_path / "kept").exists()


def test_altered_weights_are_refused(trained, tmp_path):
    _, checkpoint, result, _ = trained
    export(checkpoint, result, tmp_path)
    path = tmp_path / "mnist.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"is altered \(SHA-256 .*: install vae_lib anew"):
        load_pretrained(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", "5", "{}", "\xff"])
def test_damaged_description_is_one_sentence(trained, tmp_path, text):
    _, checkpoint, result, _ = trained
    export(checkpoint, result, tmp_path)
    (tmp_path / "mnist.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(CheckpointError, match=r"mnist.json is damaged: install vae_lib anew"):
        load_pretrained(tmp_path)


@pytest.mark.parametrize("name", ["mnist.safetensors", "mnist.json"])
def test_missing_file_is_named(trained, tmp_path, name):
    _, checkpoint, result, _ = trained
    export(checkpoint, result, tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(
        CheckpointError, match=rf"There is no pretrained model, .*{name} is missing"
    ):
        load_pretrained(tmp_path)


def test_model_is_part_of_the_package():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert "pretrained/*" in settings["tool"]["setuptools"]["package-data"]["vae_lib"]


@shipped
def test_shipped_model_is_small_and_described():
    assert (FOLDER / "mnist.safetensors").stat().st_size <= 3_000_000
    run = read_run(FOLDER / "mnist.json")
    assert (run.k_test, run.images, run.test_binarisation) == (5000, 10_000, "fixed")


@shipped
def test_shipped_model_has_a_figure_of_images_that_decided_nothing():
    """It is near the figure of all images: 1,500 images can move it by a few standard errors."""
    _, about = load_pretrained()
    kept = about["held_out"]
    assert (kept["k_test"], kept["images"], kept["test_binarisation"]) == (5000, 8500, "fixed")
    assert kept["data"] == "MNIST test, all but the first 1,500"
    assert abs(kept["log_likelihood"] - about["log_likelihood"]) < 4 * kept["standard_error"]


def test_held_out_figure_leaves_out_the_images_that_decided(trained, tmp_path, monkeypatch):
    _, checkpoint, result, about = trained
    export(checkpoint, result, tmp_path)
    monkeypatch.setattr(held_out, "K_TEST", 3)
    monkeypatch.setattr(held_out, "DECIDED", 2)
    test, labels = torch.rand(8, 16), torch.zeros(8, dtype=torch.long)
    data = Dataset(test[:0], test[:0], test, *labels.split([0, 0, 8]), "few", "few")
    held_out.measure(data, "what was typed", tmp_path)
    model, described = load_pretrained(tmp_path)
    score = score_images(model, test[2:], 3, "")
    kept = described.pop("held_out")
    assert (kept["log_likelihood"], kept["images"]) == (pytest.approx(score.mean), 6)
    assert kept["standard_error"] == pytest.approx(score.standard_error)
    assert kept["command"] == "what was typed" and about.items() <= described.items()


@shipped
def test_shipped_model_knows_digits():
    """On images it was trained on, so this is no figure: only that the weights are no noise."""
    model, _ = load_pretrained()
    images = torch.tensor(read_embedded_mnist()[::50, :-1] / 255).float()
    with torch.no_grad():
        bound = elbo(model, binarise(images, "fixed"), generator=torch.Generator().manual_seed(0))
    assert bound.value.mean() > -110
