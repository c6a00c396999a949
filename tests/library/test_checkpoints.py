"""Checkpoints: nothing is lost by stopping, and nothing but the right file is gone on from."""

import inspect
import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, nullcontext
from dataclasses import fields
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from vae_lib import checkpoints, keeping
from vae_lib.architectures import ARCHITECTURES
from vae_lib.checkpoints import (
    CheckpointError,
    load_model,
    read_checkpoint,
    write_checkpoint,
)
from vae_lib.engine.devices import Machine
from vae_lib.history import History
from vae_lib.keeping import Keep
from vae_lib.linear import LinearGaussian
from vae_lib.models import mlp_vae
from vae_lib.packing import pack, unpack
from vae_lib.training import fit

EPOCHS = 4


pytestmark = pytest.mark.usefixtures("single_precision")


@pytest.fixture(scope="module")
def images():
    """200 images of 4 x 4 grey pixels."""
    return torch.rand(200, 16, generator=torch.Generator().manual_seed(5), dtype=torch.float32)


def small_model(seed=0, **settings):
    torch.manual_seed(seed)
    return mlp_vae(**{"data_dim": 16, "latent_dim": 2, "hidden": (8,), **settings})


def train(model, images, device="cpu", precision="float32", checkpoint=None, resume=False, **more):
    settings = {"epochs": EPOCHS, "batch_size": 48, "learning_rate": 5e-3, **more}
    settings |= {"machine": Machine(device, precision), "keep": Keep(checkpoint, resume)}
    return fit(model, images[:160], images[160:], **settings)


@pytest.fixture
def kept(images, tmp_path):
    """A checkpoint after two epochs."""
    path = tmp_path / "kept.safetensors"
    train(small_model(), images, epochs=2, checkpoint=path)
    return path


def require_same_tensors(one, two):
    assert one.keys() == two.keys()
    for name, value in one.items():
        assert value.dtype == two[name].dtype and torch.equal(value, two[name]), name


# --- what is written comes back -------------------------------------------------------------


def test_tensors_and_floats_come_back_to_the_last_bit(tmp_path):
    path = tmp_path / "a.safetensors"
    tensors = {
        "double": torch.tensor([0.1, float("nan"), -0.0, 5e-324], dtype=torch.float64),
        "half": torch.randn(3, 2, dtype=torch.float32).to(torch.bfloat16),
        "bytes": torch.arange(256, dtype=torch.uint8),
        "number": torch.tensor(7.0),
        "turned": torch.randn(2, 3).T,
        "empty": torch.zeros(0, 3),
    }
    figures = [0.1, 1 / 3, -1e-300, 2.0**-1074, 123456789.123456789]
    write_checkpoint(path, tensors, {"figures": figures, "words": "變分 ε"})
    back, about = read_checkpoint(path)
    assert about == {"figures": figures, "words": "變分 ε"}
    assert back.keys() == tensors.keys()
    for name, value in tensors.items():
        flat = value.contiguous().flatten().view(torch.uint8)
        assert back[name].shape == value.shape and back[name].dtype == value.dtype
        assert torch.equal(back[name].flatten().view(torch.uint8), flat), name


def test_file_is_an_ordinary_one(tmp_path):
    path = tmp_path / "a.safetensors"
    write_checkpoint(path, {"a": torch.zeros(1)}, {})
    ordinary = tmp_path / "ordinary"
    ordinary.write_text("")
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(ordinary.stat().st_mode)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.safetensors", "ordinary"]


def test_tensors_that_were_read_do_not_hang_on_the_file(kept):
    tensors, _ = read_checkpoint(kept)
    before = {name: value.clone() for name, value in tensors.items()}
    with kept.open("r+b") as file:
        file.write(b"\0" * kept.stat().st_size)
    require_same_tensors(before, tensors)


def test_same_model_is_built_again(kept, images):
    model = load_model(kept)
    assert model.config["hidden"] == [8]
    tensors, about = read_checkpoint(kept)
    weights = {f"model.{name}": value for name, value in model.state_dict().items()}
    require_same_tensors(weights, {n: v for n, v in tensors.items() if n.startswith("model.")})
    twin = small_model(seed=9, **about["model"])
    twin.load_state_dict(model.state_dict())
    x = (images > 0.5).float()
    assert torch.equal(model.encode(x).mean, twin.encode(x).mean)


def test_numpy_s_numbers_are_numbers(tmp_path, images):
    path = tmp_path / "a"
    sizes = {"hidden": (np.int64(8),), "latent_dim": np.int32(2)}
    more = {
        "epsilon": np.float32(1e-8),
        "learning_rate": np.float64(0.01),
    }
    train(small_model(**sizes), images, epochs=1, checkpoint=path, **more)
    assert load_model(path).config == small_model().config
    train(small_model(**sizes), images, epochs=2, checkpoint=path, resume=True, **more)
    train(small_model(), images, checkpoint=path, resume=True, **more)


def test_every_setting_of_the_architecture_is_kept(tmp_path, images):
    path = tmp_path / "a.safetensors"
    settings = {"hidden": (8, 6), "activation": "tanh", "likelihood": "gaussian", "latent_dim": 3}
    train(small_model(**settings), images, epochs=1, checkpoint=path, binarisation="none")
    assert repr(load_model(path)) == repr(small_model(**settings))


def test_model_of_ones_own_can_be_resumed_but_not_built(tmp_path, images):
    path = tmp_path / "a.safetensors"

    def linear():
        generator = torch.Generator().manual_seed(1)
        weight = torch.randn(16, 2, generator=generator)
        return LinearGaussian(weight, torch.zeros(16), torch.tensor(0.0))

    whole = linear()
    train(whole, images, binarisation="none")
    train(linear(), images, binarisation="none", epochs=2, checkpoint=path)
    resumed = linear()
    train(resumed, images, binarisation="none", checkpoint=path, resume=True)
    assert torch.equal(whole.weight, resumed.weight)
    with pytest.raises(CheckpointError, match="does not say how to build its model"):
        load_model(path)


# --- stopping and going on is the same as never stopping ------------------------------------


@pytest.mark.parametrize(
    ("k", "precision", "mode"),
    list(product((1, 3), ("float32", "bfloat16"), ("dynamic", "fixed"))),
)
def test_resumed_run_is_the_uninterrupted_one_bit_by_bit(tmp_path, images, k, precision, mode):
    settings = {"k": k, "precision": precision, "binarisation": mode, "weight_decay": 0.01}
    whole = small_model()
    figures = train(whole, images, checkpoint=tmp_path / "whole", **settings)
    for stop in range(1, EPOCHS):
        path = tmp_path / f"stopped after {stop}"
        train(small_model(), images, epochs=stop, checkpoint=path, **settings)
        model = small_model(seed=stop)  # its weights must not matter
        resumed = train(model, images, checkpoint=path, resume=True, **settings)
        require_same_tensors(whole.state_dict(), model.state_dict())
        # The files hold weights, the optimiser's averages and the random numbers' state.
        require_same_tensors(read_checkpoint(tmp_path / "whole")[0], read_checkpoint(path)[0])
        for name in ("train_bound", "train_kl", "validation_log_likelihood", "validation_kl"):
            assert getattr(resumed, name) == getattr(figures, name)
        assert len(resumed.seconds) == EPOCHS and resumed.seconds == sorted(resumed.seconds)


def test_finished_run_is_left_as_it_is(kept, images):
    before = kept.read_bytes()
    model = small_model(seed=3)
    history = train(model, images, epochs=2, checkpoint=kept, resume=True)
    assert len(history.seconds) == 2 and kept.read_bytes() == before
    require_same_tensors(model.state_dict(), load_model(kept).state_dict())


def test_resume_without_a_file_starts_at_the_beginning(tmp_path, images):
    path = tmp_path / "new.safetensors"
    one, two = small_model(), small_model()
    train(one, images, epochs=1, checkpoint=path, resume=True)
    train(two, images, epochs=1)
    require_same_tensors(one.state_dict(), two.state_dict())
    assert path.exists()


# --- everything else is refused, and nothing is changed --------------------------------------


def refused(path, images, message, model=None, **settings):
    """Going on fails with one sentence; the file and the model stay as they were."""
    model = small_model(seed=1) if model is None else model
    weights = {name: value.clone() for name, value in model.state_dict().items()}
    before, random, threads = path.read_bytes(), torch.get_rng_state(), torch.get_num_threads()
    with pytest.raises(CheckpointError, match=message) as error:
        train(model, images, **{"checkpoint": path, "resume": True, **settings})
    assert "\n" not in str(error.value) and str(error.value).endswith(".")
    assert path.read_bytes() == before and [p.name for p in path.parent.glob(".*")] == []
    assert torch.equal(random, torch.get_rng_state()) and torch.get_num_threads() == threads
    require_same_tensors(weights, model.state_dict())


def test_existing_file_is_not_overwritten_unless_resumed(kept, images):
    refused(
        kept,
        images,
        r"exists: go on from it with Keep\(..., resume=True\) or --resume",
        resume=False,
    )


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"batch_size": 32}, "batch_size"),
        ({"learning_rate": 1e-4}, "learning_rate"),
        ({"weight_decay": 0.1}, "weight_decay"),
        ({"epsilon": 1e-4}, "epsilon"),
        ({"k": 2}, "k"),
        ({"binarisation": "fixed"}, "binarisation"),
        ({"precision": "bfloat16"}, "precision"),
        ({"seed": 1}, "seed"),
    ],
)
def test_other_settings_are_refused(kept, images, settings, name):
    refused(kept, images, f"was made with {name} = ", **settings)


def test_rates_are_compared_and_not_how_they_were_written(kept, images):
    """A function has another address in each process; what it returned has not."""
    models = [small_model(seed=2), small_model(seed=2)]
    copy = kept.with_name("copy")
    copy.write_bytes(kept.read_bytes())
    train(models[0], images, checkpoint=kept, resume=True)
    train(models[1], images, checkpoint=copy, resume=True, learning_rate=lambda epoch: 5e-3)
    require_same_tensors(models[0].state_dict(), models[1].state_dict())


def test_function_with_other_rates_is_refused_by_the_first_that_differs(kept, images):
    message = r"was made with learning_rate = 0\.005 and not 0\.25: go on with the same"
    refused(kept, images, message, learning_rate=lambda epoch: 5e-3 if epoch == 0 else 0.25)


def test_fewer_epochs_than_there_are_is_refused(kept, images):
    refused(kept, images, "holds 2 epochs, and 1 are asked for: ask for at least 2", epochs=1)


def test_checkpoint_is_read_once_to_go_on(kept, images, monkeypatch):
    read = []
    monkeypatch.setattr(keeping, "read_checkpoint", lambda p: read.append(p) or read_checkpoint(p))
    train(small_model(), images, checkpoint=kept, resume=True)
    assert read == [kept]


def test_whole_numbers_are_rates_too(tmp_path, images):
    path = tmp_path / "a"
    train(small_model(), images, epochs=1, learning_rate=1, checkpoint=path)
    train(small_model(), images, epochs=2, learning_rate=1.0, checkpoint=path, resume=True)


def test_other_images_are_refused(kept, images):
    changed = images.clone()
    changed[3, 5] += 1e-7
    refused(kept, changed, "was made with checksums of the images = ")
    changed = images.clone()
    changed[-1, 5] = 0.5  # of a validation image: the history would no longer be one
    refused(kept, changed, "was made with checksums of the images = ")


@pytest.mark.parametrize("settings", [{"hidden": (9,)}, {"latent_dim": 3}, {"activation": "tanh"}])
def test_other_model_is_refused(kept, images, settings):
    refused(kept, images, "was made with model = ", model=small_model(**settings))


def test_other_model_of_ones_own_is_refused(tmp_path, images):
    def linear(latent_dim):
        return LinearGaussian(torch.ones(16, latent_dim), torch.zeros(16), torch.tensor(0.0))

    path = tmp_path / "a"
    train(linear(2), images, binarisation="none", epochs=1, checkpoint=path)
    message = r"another model: decoder\.weight has the shape \(16, 2\) there and \(16, 3\) here"
    refused(path, images, message, model=linear(3), binarisation="none")


def test_other_kind_of_device_is_refused(kept, images):
    tensors, about = read_checkpoint(kept)
    write_checkpoint(kept, tensors | {"generator": torch.zeros(16, dtype=torch.uint8)}, about)
    refused(kept, images, "another kind of device")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("optimiser.0.exp_avg", torch.zeros(0)),
        ("optimiser.0.exp_avg_sq", torch.zeros(1, 1)),
        ("optimiser.1.step", torch.zeros(3)),
        ("optimiser.2.exp_avg", None),
        ("optimiser.99.step", torch.zeros(())),
        ("optimiser.0.momentum", torch.zeros(())),
        ("optimiser.x", torch.zeros(())),
        ("generator", None),
        ("generator", torch.zeros(5056)),
    ],
)
def test_state_that_is_not_of_these_weights_is_refused(kept, images, name, value):
    """Fused Adam trusts the shapes of its averages: a wrong one would run over the memory."""
    tensors, about = read_checkpoint(kept)
    others = {key: old for key, old in tensors.items() if key != name}
    write_checkpoint(kept, others if value is None else others | {name: value}, about)
    message = "another kind of device" if name == "generator" else "use another checkpoint"
    refused(kept, images, message)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("model.decoder.logits.bias", lambda value: value * torch.nan),
        ("model.decoder.logits.bias", lambda value: value.double()),
        ("optimiser.7.exp_avg_sq", lambda value: -1 - value),
        ("optimiser.7.exp_avg", lambda value: value.half()),
        ("optimiser.7.step", lambda value: value * torch.inf),
        ("generator", torch.zeros_like),
    ],
)
def test_refused_state_changes_nothing_not_even_in_part(kept, name, change):
    """The last that is looked at may be the wrong one; what stands before it stays too."""
    tensors, _ = read_checkpoint(kept)
    model, generator = small_model(seed=4), torch.Generator().manual_seed(9)
    optimiser = torch.optim.AdamW(model.parameters(), fused=True)
    for weight in model.parameters():
        weight.grad = torch.ones_like(weight)
    optimiser.step()
    before = {key: value.clone() for key, value in pack(model, optimiser, generator).items()}
    with pytest.raises(CheckpointError):
        unpack(kept, tensors | {name: change(tensors[name])}, model, optimiser, generator)
    require_same_tensors(before, pack(model, optimiser, generator))
    unpack(kept, tensors, model, optimiser, generator)
    require_same_tensors(tensors, pack(model, optimiser, generator))


def test_every_state_that_a_generator_can_have_is_accepted(kept):
    """Before the first number, at each place in a round of 624, and at the turn to the next."""
    tensors, _ = read_checkpoint(kept)
    model, generator = small_model(), torch.Generator().manual_seed(1)
    optimiser = torch.optim.AdamW(model.parameters(), fused=True)
    drawn = torch.Generator().manual_seed(2)
    for _ in range(630):
        unpack(kept, tensors | {"generator": drawn.get_state()}, model, optimiser, generator)
        assert torch.equal(generator.get_state(), drawn.get_state())
        torch.rand(1, generator=drawn)


def test_what_is_expected_of_a_file_is_what_is_written():
    """The names that are asked for, against the places that they come from."""
    assert set(keeping.FIGURES) == {each.name for each in fields(History)}
    defaults = inspect.signature(mlp_vae).parameters.items()
    kinds = {name: type(one.default) for name, one in defaults}
    assert kinds | {"hidden": list} == ARCHITECTURES["mlp_vae"]


def test_truncated_file_is_refused_at_every_length(kept, images):
    whole = kept.read_bytes()
    for length in (0, 1, 7, 8, 9, 500, len(whole) // 2, len(whole) - 1):
        kept.write_bytes(whole[:length])
        refused(kept, images, "is damaged or no safetensors file")


def test_flipped_bit_is_noticed_wherever_it_is(kept):
    """In every ninth byte of the header, which holds settings and history, and in the tensors."""
    whole = kept.read_bytes()
    header = 8 + int.from_bytes(whole[:8], "little")
    for place in [*range(0, header, 9), *range(header, len(whole), 211), len(whole) - 1]:
        damaged = bytearray(whole)
        damaged[place] ^= 1 << place % 8
        kept.write_bytes(damaged)
        with pytest.raises(CheckpointError) as error:
            read_checkpoint(kept)
        assert "use another checkpoint" in str(error.value)


def test_damaged_file_is_neither_used_nor_overwritten(kept, images):
    whole = bytearray(kept.read_bytes())
    whole[-100] ^= 1
    kept.write_bytes(whole)
    refused(kept, images, "its checksum is wrong")
    with pytest.raises(CheckpointError, match="its checksum is wrong"):
        load_model(kept)


def test_foreign_files_are_refused(tmp_path, images):
    text, foreign = tmp_path / "notes.txt", tmp_path / "foreign.safetensors"
    text.write_text("These are words, and there are enough of them for a header.\n" * 9)
    save_file({"weight": torch.zeros(3)}, foreign)
    refused(text, images, "is damaged or no safetensors file")
    refused(foreign, images, r"was not written by this version of vae_lib \(its format is None")


def test_weights_without_their_run_are_refused(kept, images):
    tensors, about = read_checkpoint(kept)
    write_checkpoint(kept, tensors, {"model": about["model"]})
    refused(kept, images, "holds a model without the run that made it")


def test_missing_file_and_missing_folder(tmp_path, images):
    with pytest.raises(CheckpointError, match=r"There is no checkpoint .*nowhere"):
        load_model(tmp_path / "nowhere")
    with pytest.raises(CheckpointError, match="There is no checkpoint"):
        load_model(tmp_path)
    with pytest.raises(CheckpointError, match="There is no checkpoint"):
        load_model(tmp_path / "x" / "y")
    model = small_model()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with pytest.raises(CheckpointError, match=r"the folder .*away does not exist: create it"):
        train(model, images, checkpoint=tmp_path / "away" / "a.safetensors")
    require_same_tensors(before, model.state_dict())


def test_what_is_no_readable_file_is_called_what_it_is(kept, images, monkeypatch):
    folder = kept.parent
    for name, make in {"folder": Path.mkdir, "fifo": os.mkfifo}.items():
        make(folder / name)
    (folder / "zeros").symlink_to("/dev/zero")
    (folder / "empty").write_bytes(b"")
    for name, message in {
        "folder": r"There is no checkpoint .*, this is a folder",
        "fifo": r"There is no checkpoint .*, this is no ordinary file",
        "zeros": r"There is no checkpoint .*, this is no ordinary file",
        "empty": r"the file is empty",
        "x" * 300: r"cannot be read \(File name too long\)",
    }.items():
        with pytest.raises(CheckpointError, match=message) as error:
            load_model(folder / name)
        assert "\n" not in str(error.value) and str(error.value).endswith(".")

    def closed(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", closed)
    with pytest.raises(CheckpointError, match=r"cannot be read \(Permission denied\): see"):
        load_model(kept)


# --- places, and other writers ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("folder", r"cannot be written \(This is no ordinary file\)"),
        ("fifo", r"cannot be written \(This is no ordinary file\)"),
        ("zeros", r"cannot be written \(This is no ordinary file\)"),
        ("loop", r"cannot be written \(Too many levels of symbolic links\)"),
        ("x" * 250, r"cannot be written \(File name too long\)"),
        ("file/a", r"the folder .*file does not exist"),
        ("a\0b", r"is no name in UTF-8"),
        ("\udcff", r"is no name in UTF-8"),
    ],
)
@pytest.mark.parametrize("resume", [False, True])
def test_place_is_refused_before_any_work(tmp_path, images, monkeypatch, name, message, resume):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("")
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "zeros").symlink_to("/dev/zero")
    (tmp_path / "loop").symlink_to("loop")
    before = sorted(tmp_path.iterdir())
    monkeypatch.setattr(torch.optim.AdamW, "step", lambda *_: pytest.fail("work was done"))
    with pytest.raises(CheckpointError, match=message) as error:
        train(small_model(), images, checkpoint=tmp_path / name, resume=resume)
    assert "\n" not in str(error.value) and str(error.value).endswith(".")
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("place", ["Path.open", "os.open"])
def test_read_only_folder_is_refused_before_any_work(tmp_path, images, monkeypatch, place):
    """Where the temporary file, or the lock, cannot be made; root could make them anywhere."""

    def refuses(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr({"Path.open": Path, "os.open": os}[place], "open", refuses)
    with pytest.raises(CheckpointError, match=r"cannot be written \(Permission denied\): choose"):
        train(small_model(), images, checkpoint=tmp_path / "a")


def test_read_only_file_is_not_replaced(kept, images, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    refused(kept, images, r"cannot be written \(Permission denied\)")


def test_link_is_gone_on_from_and_stays_a_link(kept, images):
    link = kept.parent / "far" / "link"
    link.parent.mkdir()
    link.symlink_to(kept)
    train(small_model(), images, checkpoint=link, resume=True)
    assert link.is_symlink() and len(read_checkpoint(kept)[1]["history"]["seconds"]) == EPOCHS
    assert [p.name for p in link.parent.iterdir()] == ["link"]


@pytest.mark.parametrize("name", ["a", "link"])
def test_second_run_on_the_same_file_is_refused_in_threads_too(tmp_path, images, name):
    """Also through a link, and whether it would go on or not; the first one is not disturbed."""
    (tmp_path / "link").symlink_to("a")
    first, second = small_model(), small_model(seed=1)
    alone = small_model()
    train(alone, images)

    def meanwhile(history):
        for resume in (False, True):
            with pytest.raises(CheckpointError, match="is being written by another run: wait"):
                thread.submit(
                    train, second, images, checkpoint=tmp_path / name, resume=resume
                ).result()

    with ThreadPoolExecutor(1) as thread:
        train(first, images, checkpoint=tmp_path / "a", each_epoch=meanwhile)
    require_same_tensors(first.state_dict(), alone.state_dict())
    require_same_tensors(second.state_dict(), small_model(seed=1).state_dict())
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "link"]
    train(second, images, checkpoint=tmp_path / name, resume=True)  # the lock is gone


def test_file_that_appears_between_two_looks_is_not_gone_on_from(kept, images, monkeypatch):
    """Without ``resume`` the first look refuses it; what comes after it must not take it up."""
    before = kept.read_bytes()
    monkeypatch.setattr(Keep, "alone", lambda _: nullcontext())
    with pytest.raises(CheckpointError, match="appeared while the run was in its first epoch"):
        train(small_model(), images, checkpoint=kept)
    assert kept.read_bytes() == before


@pytest.mark.parametrize("resume", [False, True])
def test_file_that_appears_during_the_first_epoch_is_left_as_it_is(
    tmp_path, images, monkeypatch, resume
):
    path = tmp_path / "a"
    monkeypatch.setattr(keeping, "pack", lambda *_: pytest.fail("it would be written over"))
    step = torch.optim.AdamW.step

    def meanwhile(self, *arguments):
        path.write_bytes(b"precious")
        return step(self, *arguments)

    monkeypatch.setattr(torch.optim.AdamW, "step", meanwhile)
    with pytest.raises(CheckpointError, match="appeared while the run was in its first epoch"):
        train(small_model(), images, checkpoint=path, resume=resume)
    assert path.read_bytes() == b"precious"


def test_other_processes_of_a_shared_run_neither_lock_nor_write(tmp_path, images, monkeypatch):
    """Each asks for the place, and the first one alone tries it."""
    path = tmp_path / "a"
    with ExitStack() as lock:
        keeping.require_place(path, False, lock)
        monkeypatch.setattr(keeping, "rank_and_count", lambda: (1, 2))
        keeping.require_place(path, False)
        with Keep(path).alone():
            assert [p.name for p in tmp_path.iterdir()] == [".a.lock"]


# --- a write that fails -----------------------------------------------------------------------


def broken(*_arguments):
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize(("place", "name"), [(os, "fsync"), (Path, "replace")])
@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt, SystemExit])
def test_write_that_dies_half_way_leaves_the_old_file(kept, monkeypatch, place, name, error):
    before = kept.read_bytes()

    def dies(*_arguments):
        raise error

    monkeypatch.setattr(place, name, dies)
    with pytest.raises(error):
        write_checkpoint(kept, {"a": torch.zeros(3)}, {})
    assert [p.name for p in kept.parent.iterdir()] == [kept.name]
    assert kept.read_bytes() == before


def test_new_file_appears_only_when_it_is_on_the_disk(tmp_path, monkeypatch):
    path, seen = tmp_path / "a", []
    fsync = os.fsync

    def watched(number):
        fsync(number)
        seen.append((path.exists(), os.fstat(number).st_size))

    monkeypatch.setattr(os, "fsync", watched)
    write_checkpoint(path, {"a": torch.zeros(1000)}, {})
    assert seen == [(False, path.stat().st_size)]


def test_what_a_killed_run_left_is_removed_by_the_next(kept, images):
    """Its temporary file and its lock, which nobody holds; the files of others stay."""
    for name in (f".{kept.name}.0123abcd.part", f".{kept.name}.lock", f".{kept.name}.old.part"):
        kept.with_name(name).write_text("half a checkpoint" * 10_000)
    train(small_model(), images, checkpoint=kept, resume=True)
    assert sorted(p.name for p in kept.parent.iterdir()) == [f".{kept.name}.old.part", kept.name]


def test_full_disk_ends_the_run_and_keeps_the_last_good_file(kept, images, monkeypatch):
    before = kept.read_bytes()
    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(OSError, match="No space left"):
        train(small_model(), images, checkpoint=kept, resume=True)
    assert kept.read_bytes() == before


def test_file_is_plain_json_and_safetensors(kept):
    """Another program can read it without PyTorch or this library."""
    whole = kept.read_bytes()
    header = json.loads(whole[8 : 8 + int.from_bytes(whole[:8], "little")])
    about = json.loads(header["__metadata__"]["about"])
    assert len(about["history"]["seconds"]) == 2 and about["settings"]["batch_size"] == 48


def test_a_file_that_is_replaced_while_it_is_read_is_read_again(tmp_path, monkeypatch):
    """safetensors opens a file twice: for its header, and for its numbers."""
    path, real = tmp_path / "a.safetensors", checkpoints._read
    write_checkpoint(path, {"model.a": torch.zeros(2)}, {"epochs": 1})

    def interrupted(name):
        monkeypatch.setattr(checkpoints, "_read", real)
        write_checkpoint(path, {"model.a": torch.ones(2)}, {"epochs": 2})
        raise CheckpointError("damaged: the header of one file, the numbers of another")

    monkeypatch.setattr(checkpoints, "_read", interrupted)
    tensors, about = read_checkpoint(path)
    assert about == {"epochs": 2} and tensors["model.a"].tolist() == [1, 1]
