"""``python -m vae_lib``: what it prints, writes and returns, also after mistakes and Ctrl-C."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
import torch
from platforms import posix

from tools.paths import ROOT
from vae_lib import evaluation as scores
from vae_lib.checkpoints import CheckpointError, load_model, read_checkpoint, write_checkpoint
from vae_lib.cli import commands as command_line
from vae_lib.cli import places, reproduce
from vae_lib.data import Dataset
from vae_lib.engine import memory
from vae_lib.engine.checks import InputError
from vae_lib.engine.mnist_files import DataUnavailable
from vae_lib.engine.stopping import PATIENCE
from vae_lib.schedules import OneCycle

ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
SMALL = ["--hidden", "4", "--latent-dim", "2", "--device", "cpu"]


pytestmark = pytest.mark.usefixtures("single_precision")


@pytest.fixture(autouse=True)
def _digits(single_precision, monkeypatch, tmp_path):
    """200 random images in place of MNIST, and a folder of one's own."""
    pixels = torch.rand(200, 784, generator=torch.Generator().manual_seed(3))
    parts = pixels.split([140, 30, 30])
    data = Dataset(
        *parts, *(torch.zeros(len(p), dtype=torch.int64) for p in parts), "Noise", "Noise, 200."
    )
    monkeypatch.setattr(command_line, "load_mnist", lambda *_: data)
    monkeypatch.chdir(tmp_path)


def test_without_a_command_the_help_is_shown(call):
    status, out, _ = call()
    assert status == 0
    for word in ("train", "evaluate", "sample", "reproduce", "torchrun", "COMMAND --help"):
        assert word in out


@pytest.mark.parametrize("command", ["train", "evaluate", "sample", "reproduce"])
def test_help_explains_every_option(call, command):
    status, out, _ = call(command, "--help")
    assert status == 0 and "(None)" not in out and "==" not in out
    _, _, described = out.partition("options:")
    for line in described.splitlines():
        option = line.split("  ")[1:2]
        assert not line.startswith("  --") or option, line


def test_train_evaluate_and_sample(call, tmp_path):
    status, out, err = call("train", *SMALL, "--epochs", "2")
    assert status == 0 and "validation ELBO" in out and "vae.safetensors" in out
    assert "epochs: 100%" in err
    model = load_model("vae.safetensors")
    assert model.config["hidden"] == [4] and model.latent_dim == 2

    evaluate = ["evaluate", "vae.safetensors", "--k", "20", "--device", "cpu"]
    status, exact, _ = call(*evaluate)
    assert status == 0 and "(k = 20, 30 images: Noise test, binarisation: fixed)" in exact
    status, rounded, _ = call(*evaluate, "--precision", "bfloat16")
    figures = [float(text.split("≥ ")[1].split()[0]) for text in (exact, rounded)]
    assert status == 0 and figures[0] == pytest.approx(figures[1], abs=0.5)
    status, out, _ = call(*evaluate, "--count", "7")
    assert status == 0 and "7 images" in out

    status, out, _ = call("sample", "vae.safetensors", "--count", "3", "--image", "a.png")
    assert status == 0 and "3 decoder means" in out
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_evaluate_passes_the_precision_on(call, monkeypatch, precision):
    call("train", *SMALL, "--epochs", "1")
    estimate, seen = scores.log_likelihood, []

    def watched(*arguments, **settings):
        seen.append(settings["precision"])
        return estimate(*arguments, **settings)

    monkeypatch.setattr(scores, "log_likelihood", watched)
    call("evaluate", "vae.safetensors", "--k", "5", "--device", "cpu", "--precision", precision)
    assert seen == [precision]


def test_training_is_repeated_by_its_seed(call):
    for name in ("a", "b"):
        assert call("train", *SMALL, "--epochs", "1", "--seed", "5", "--checkpoint", name)[0] == 0
    assert read_checkpoint("a")[1]["settings"]["seed"] == 5
    one, two = read_checkpoint("a")[0], read_checkpoint("b")[0]
    assert all(torch.equal(value, two[name]) for name, value in one.items())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fly"], "invalid choice: 'fly'"),
        (["train", "--precision", "float8"], "invalid choice: 'float8'"),
        (["train", "--data", "fashion"], "invalid choice: 'fashion'"),
        (["train", "--epochs", "many"], "'many' is not a whole number from 1 to 1000000"),
        (["train", "--epochs", "0"], "--epochs: '0' is not a whole number from 1"),
        (["train", "--hidden", "0"], "--hidden: '0' is not a whole number from 1"),
        (["train", "--latent-dim", "0"], "--latent-dim: '0' is not a whole number from 1"),
        (["train", "--k", "0"], "--k: '0' is not a whole number from 1"),
        (["train", "--batch-size", "141"], "batch_size is 141 with 140 training images"),
        (["train", "--learning-rate", "nan"], "--learning-rate: 'nan' is no positive number"),
        (
            ["train", "--weight-decay", "-1"],
            "--weight-decay: '-1': give 0 or a small positive number",
        ),
        (["train", "--device", "tpu"], "device is 'tpu'"),
        (["train", "--device", "cpu:x"], "device is 'cpu:x'"),
        (["train", "--seed", "-1"], "--seed: '-1' is not a whole number from 0"),
        (["train", "--seed", "9" * 20], "is not a whole number from 0"),
        (["train", "--threads", "0"], "'0' is not a whole number"),
        (["train", "--checkpoint", "away/a"], "the folder away does not exist"),
        (["train", "--what"], "unrecognized arguments: --what"),
        (["evaluate"], "required: checkpoint"),
        (["evaluate", "nothing"], "There is no checkpoint nothing"),
        (["evaluate", "text", "--precision", "float8"], "invalid choice: 'float8'"),
        (["evaluate", "text"], "text is damaged or no safetensors file"),
        (["evaluate", "text", "--count", "-5"], "'-5' is not a whole number from 1"),
        (["sample", "text"], "text is damaged or no safetensors file"),
        (["sample", "text", "--count", "0"], "'0' is not a whole number"),
        (["sample", "text", "--image", "a.txt"], "a.txt is no picture: end its name in .png"),
        (["sample", "text", "--image", "a"], "a is no picture"),
        (["reproduce", "burda", "--budget", "nan"], "'nan' minutes are no budget"),
        (["reproduce", "burda", "--budget", "inf"], "'inf' minutes are no budget"),
        (["reproduce", "burda", "--budget", "-1"], "'-1' minutes are no budget"),
        (["reproduce", "burda", "--epochs", "0"], "--epochs: '0' is not a whole number from 1"),
        (["reproduce", "burda", "--json", "away/a.json"], "away/a.json cannot be written"),
        (["reproduce", "kingma"], "invalid choice: 'kingma'"),
        (["reproduce", "burda", "--k-train", "7"], "invalid choice: 7"),
    ],
)
def test_mistake_gets_one_sentence_and_status_2(call, tmp_path, arguments, message):
    (tmp_path / "text").write_text("words")
    small = ["--device", "cpu"] if arguments[0] == "train" and "--device" not in arguments else []
    status, _, err = call(*arguments, *small)
    assert status == 2 and message in err
    assert err.startswith("python -m vae_lib") and err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["text"]


def test_existing_checkpoint_is_safe(call, tmp_path):
    call("train", *SMALL, "--epochs", "1")
    before = (tmp_path / "vae.safetensors").read_bytes()
    status, _, err = call("train", *SMALL, "--epochs", "1")
    assert status == 2 and "vae.safetensors exists" in err and "--resume" in err
    assert (tmp_path / "vae.safetensors").read_bytes() == before


def test_missing_data_is_one_sentence(call, monkeypatch):
    def missing(*_):
        raise DataUnavailable("The full set cannot be had: name a folder.")

    monkeypatch.setattr(command_line, "load_mnist", missing)
    status, _, err = call("reproduce", "burda")
    assert status == 2 and err == "python -m vae_lib: The full set cannot be had: name a folder.\n"


class OwnError(InputError):
    """An error of one's own that says what was given."""


@pytest.mark.parametrize("kind", [InputError, OwnError, CheckpointError, DataUnavailable, OSError])
def test_what_the_user_can_mend_is_one_sentence(call, monkeypatch, kind):
    def refuse(*_):
        raise kind("It is full: empty it.")

    monkeypatch.setattr(command_line, "load_mnist", refuse)
    assert call("train", *SMALL) == (2, "", "python -m vae_lib: It is full: empty it.\n")


@pytest.mark.parametrize("kind", [ValueError, KeyError, RuntimeError, ZeroDivisionError, TypeError])
def test_a_bug_shows_its_traceback(call, monkeypatch, kind):
    """Only what we raise ourselves is the user's mistake: the rest must not hide its place."""

    def wrong(*_):
        raise kind("a bug")

    monkeypatch.setattr(command_line, "load_mnist", wrong)
    with pytest.raises(kind, match="a bug") as caught:
        call("train", *SMALL)
    assert caught.traceback[-1].name == "wrong"


def test_one_image_is_measured_without_a_standard_error(call):
    call("train", *SMALL, "--epochs", "1")
    evaluate = ["evaluate", "vae.safetensors", "--k", "5", "--device", "cpu", "--count", "1"]
    status, out, _ = call(*evaluate)
    assert status == 0 and "1 image (a standard error needs 2)" in out
    assert "nan" not in out and "±" not in out


def test_diverged_model_has_no_figure(call):
    call("train", *SMALL, "--epochs", "1")
    tensors, about = read_checkpoint("vae.safetensors")
    tensors["model.encoder.mean.bias"].fill_(torch.nan)
    write_checkpoint("diverged.safetensors", tensors, about)
    status, out, err = call("evaluate", "diverged.safetensors", "--k", "5", "--device", "cpu")
    assert status == 2 and "nan" not in out
    assert "whose values are not finite numbers" in err.splitlines()[-1]


def test_training_needs_no_matplotlib():
    code = "import sys, vae_lib.__main__; print('matplotlib' in sys.modules)"
    ended = subprocess.run(
        [sys.executable, "-c", code], env=ENVIRONMENT, capture_output=True, text=True, check=True
    )
    assert ended.stdout == "False\n"


def test_linear_networks_need_no_hidden_layer(call):
    linear = ["train", "--hidden", "--latent-dim", "2", "--device", "cpu", "--epochs", "1"]
    assert call(*linear)[0] == 0
    assert load_model("vae.safetensors").config["hidden"] == []


@pytest.mark.parametrize("rate", ["1e30", "1e300"])
def test_diverged_training_ends_with_1_and_names_a_rate(call, tmp_path, rate):
    status, _, err = call("train", *SMALL, "--epochs", "5", "--learning-rate", rate)
    assert status == 1 and "Traceback" not in err
    said = err.splitlines()[-1]
    assert said.startswith("python -m vae_lib: The training diverged in epoch 1")
    assert said.endswith(f"For example: --learning-rate {float(rate) / 10:g}.")
    assert not list(tmp_path.iterdir())


def test_training_that_diverges_later_goes_on_from_its_last_good_epoch(call, monkeypatch, tmp_path):
    """The rate jumps after two epochs, each time: the checkpoint stays what it was."""
    learn = command_line.fit

    def jumping(*arguments, **settings):
        rates = [1e-3, 1e-3, 1e30, 1e30]
        return learn(*arguments, **{**settings, "learning_rate": rates.__getitem__})

    monkeypatch.setattr(command_line, "fit", jumping)
    command = ["train", *SMALL, "--epochs", "4"]
    status, _, err = call(*command)
    assert status == 1 and "diverged in epoch 3" in err
    kept = (tmp_path / "vae.safetensors").read_bytes()
    status, _, err = call(*command, "--resume")
    assert status == 1 and "diverged in epoch 3" in err
    assert (tmp_path / "vae.safetensors").read_bytes() == kept
    status, out, _ = call("evaluate", "vae.safetensors", "--k", "5", "--device", "cpu")
    assert status == 0 and "nan" not in out


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes."),
        RuntimeError("MPS backend out of memory (MPS allocated: 1 GB)"),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB"),
    ],
    ids=repr,
)
def test_lack_of_memory_is_one_sentence(call, monkeypatch, error):
    def starve(*_):
        raise error

    monkeypatch.setattr(command_line, "load_mnist", starve)
    status, _, err = call("train", *SMALL)
    assert status == 2 and err.count("\n") == 1
    assert "The memory is not enough: choose a smaller" in err


def test_what_cannot_fit_is_refused_unless_the_memory_is_unknown(monkeypatch, tmp_path):
    cpu = torch.device("cpu")
    with pytest.raises(InputError, match="at least 1,024 GiB, and the memory of cpu has"):
        memory.require_room(2**40, cpu, "less")
    monkeypatch.delattr(os, "sysconf", raising=False)  # as on Windows
    limits = [tmp_path / name for name in ("new", "old", "missing")]
    limits[0].write_text("max\n", encoding="utf-8")  # as in a container without a limit
    limits[1].write_text("9000\n", encoding="utf-8")
    monkeypatch.setattr(memory, "CONTAINER_LIMITS", limits)
    assert memory.memory_of(cpu) == 9000
    limits[1].unlink()
    assert memory.memory_of(cpu) is None
    memory.require_room(2**40, cpu, "less")


def test_file_that_cannot_be_used_is_named(call, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device", "vae.safetensors")

    monkeypatch.setattr(command_line, "load_mnist", full)
    _, _, err = call("train", *SMALL)
    expected = "vae.safetensors cannot be used: No space left on device."
    assert err == f"python -m vae_lib: {expected}\n"


@pytest.mark.parametrize("suffix", command_line.PICTURES)
def test_every_kind_of_picture_can_be_written_over_an_older_one(call, tmp_path, suffix):
    call("train", *SMALL, "--epochs", "1")
    picture = tmp_path / f"a.{suffix.upper()}"
    picture.write_bytes(b"old")
    status, out, _ = call("sample", "vae.safetensors", "--count", "1", "--image", picture.name)
    assert status == 0 and picture.name in out and len(picture.read_bytes()) > 100


def test_picture_does_not_replace_its_model(call, tmp_path):
    call("train", *SMALL, "--epochs", "1", "--checkpoint", "model.png")
    kept = (tmp_path / "model.png").read_bytes()
    (tmp_path / "link.png").symlink_to("model.png")
    for name in ("model.png", "link.png", "./model.png"):
        status, _, err = call("sample", "model.png", "--image", name)
        assert status == 2 and "is also the checkpoint" in err
    assert (tmp_path / "model.png").read_bytes() == kept


def test_folder_that_cannot_be_written_is_refused_first(call, monkeypatch, tmp_path):
    """The superuser, who may write everywhere, is refused by a replaced function."""
    call("train", *SMALL, "--epochs", "1")

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(places, "try_place", refuse)
    monkeypatch.setattr("vae_lib.keeping.try_place", refuse)
    monkeypatch.setattr(command_line, "load_mnist", lambda *_: pytest.fail("work has begun"))
    for command in (
        ["train", *SMALL, "--checkpoint", "b"],
        ["sample", "vae.safetensors"],
        ["reproduce", "book", "--json", "b.json"],
    ):
        status, _, err = call(*command)
        assert status == 2 and "cannot be written (Permission denied)" in err


# --- Ctrl-C -----------------------------------------------------------------------------------


def test_resume_line_is_the_one_that_works_here(monkeypatch, capsys):
    monkeypatch.setattr(sys, "executable", "/my python/bin/python")
    monkeypatch.delenv("LOCAL_WORLD_SIZE", raising=False)
    monkeypatch.setattr(sys, "argv", ["x", "train", "--checkpoint", "my model", "--k", "5"])

    def line():
        with pytest.raises(KeyboardInterrupt):
            command_line._say_farewell()
        return capsys.readouterr().out

    typed = "vae_lib train --checkpoint 'my model' --k 5"
    here = "Go on with: '/my python/bin/python' -m"
    if os.name == "posix":
        assert line() == f"{here} {typed} --resume\n"
    assert command_line._as_typed() == f"python -m {typed}"
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "4")
    sys.argv.append("--resume")
    if os.name == "posix":
        several = "torch.distributed.run --standalone --nproc-per-node=4 -m"
        assert line() == f"{here} {several} {typed} --resume\n"
    assert command_line._as_typed() == f"torchrun --nproc-per-node=4 -m {typed} --resume"


def started(command, folder):
    """A process of its own, as in a terminal: a shell's & would ignore SIGINT."""
    return subprocess.Popen(
        command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        cwd=folder, preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip


def wait_for(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


@posix
def test_stopped_training_keeps_a_checkpoint_and_the_line_goes_on(tmp_path):
    """However often it is told; then the line that was printed is run, and stopped again."""
    folder = tmp_path / "my folder"
    folder.mkdir()
    path = folder / "my vae.safetensors"
    typed = [sys.executable, "-m", "vae_lib", "train", *SMALL, "--epochs", "100000"]
    typed += ["--checkpoint", path.name]
    command, content = typed, b""
    for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        with started(command, folder) as process:
            try:
                wait_for(lambda old=content: path.exists() and path.read_bytes() != old)
                end = time.monotonic() + PATIENCE / 2
                while process.poll() is None and time.monotonic() < end:  # also as Python ends
                    process.send_signal(number)
                    time.sleep(0.002)
                out, err = process.communicate(timeout=30)
            finally:
                process.kill()
        assert process.returncode == status and "Traceback" not in err, err
        content = path.read_bytes()
        done = len(read_checkpoint(path)[1]["history"]["seconds"])
        assert done >= 1 and any(f"after {n} full epochs" in out for n in (done, done + 1))
        command = shlex.split(out.splitlines()[-1].removeprefix("Go on with: "))
        assert command == [*typed, "--resume"]
    assert [one.name for one in folder.iterdir()] == [path.name]


@posix
@pytest.mark.skipif(not os.path.exists("/proc/self/maps"), reason="looks into /proc, as on Linux")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signal_while_pytorch_loads_ends_it_without_a_word(tmp_path, number, status):
    command = [sys.executable, "-m", "vae_lib", "train", *SMALL]
    with started(command, tmp_path) as process:
        try:
            maps = Path(f"/proc/{process.pid}/maps")
            wait_for(lambda: "libtorch" in maps.read_text(encoding="utf-8"))
            for _ in range(3):
                process.send_signal(number)
            out, err = process.communicate(timeout=30)
        finally:
            process.kill()
    assert (process.returncode, out, err) == (status, "", "")
    assert not list(tmp_path.iterdir())


def test_second_ctrl_c_does_no_harm(call, monkeypatch, tmp_path):
    """It comes while the first one is being answered."""
    call("train", *SMALL, "--epochs", "1")
    before = (tmp_path / "vae.safetensors").read_bytes()

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(command_line, "fit", interrupted)
    status, _, err = call("train", *SMALL, "--epochs", "9", "--resume")
    assert status == 130 and err == ""
    assert (tmp_path / "vae.safetensors").read_bytes() == before


# --- reproduce --------------------------------------------------------------------------------


@pytest.fixture
def tiny(monkeypatch):
    plan = reproduce.Plan(2, 20, OneCycle(1e-3, 2), "float32")
    monkeypatch.setattr(command_line, "PAPER", plan)
    monkeypatch.setattr(reproduce, "K_TEST", 10)


def test_reproduce_writes_the_figure_and_its_protocol(call, tiny):
    options = ["--k-train", "5", "--device", "cpu", "--json", "burda.json", "--seed", "4"]
    status, out, _ = call("reproduce", "burda", *options)
    assert status == 0 and "Published, after the paper's own schedule: -85.54 nats" in out
    with open("burda.json", encoding="utf-8") as file:
        about = json.load(file)
    assert about["command"] == shlex.join(
        ["python", "-m", "vae_lib", "reproduce", "burda", *options]
    )
    protocol = {
        "k_train": 5, "k_test": 10, "images": 30, "published": -85.54, "epochs": 2, "seed": 4,
        "batch_size": 20, "learning_rate": "OneCycle(peak=0.001, epochs=2, warm_up=0.1)",
        "precision": "float32", "test_binarisation": "fixed", "torch": torch.__version__,
    }  # fmt: skip
    assert protocol.items() <= about.items()
    assert f"{about['log_likelihood']:.2f} ± {about['standard_error']:.2f}" in out
    assert about["training_seconds"] > 0 and about["evaluation_seconds"] > 0
    assert "CPU threads" in about["device"] and about["final_train_bound"] < 0
    model = load_model("reproduced.safetensors")
    assert (model.latent_dim, model.config["hidden"]) == (50, [200, 200])
    assert model.config["activation"] == "tanh"
    settings = read_checkpoint("reproduced.safetensors")[1]["settings"]
    assert (
        about["model"] == "784-200-200-50 tanh"
        and settings["epsilon"] == 1e-4
        and settings["binarisation"] == "dynamic"
    )


def test_paper_s_plan_is_the_published_one():
    plan = reproduce.PAPER
    assert (plan.epochs, plan.batch_size, plan.precision) == (3280, 20, "float32")
    assert reproduce.PUBLISHED == {1: -86.76, 5: -85.54, 50: -84.78}


def test_budget_fixes_the_number_of_epochs_once(call, tiny, monkeypatch):
    """Going on keeps the plan of the beginning, however fast the machine is by then."""
    options = ["reproduce", "burda", "--device", "cpu", "--budget", "1"]
    burda = reproduce.RECIPES["burda"]
    monkeypatch.setattr(command_line, "plan_for", lambda *_: reproduce.shorter(burda, 2))
    assert call(*options)[0] == 0
    assert read_checkpoint("reproduced.safetensors")[1]["epochs"] == 2
    monkeypatch.setattr(command_line, "plan_for", lambda *_: reproduce.shorter(burda, 3))
    status, out, _ = call(*options, "--resume")
    assert status == 0 and "epochs: 2," in out


def test_epochs_of_a_budget_can_be_repeated(call, tiny):
    status, out, _ = call("reproduce", "book", "--device", "cpu", "--epochs", "1")
    assert status == 0 and "epochs: 1, batch size: 128" in out and "Published" not in out
    history = read_checkpoint("reproduced.safetensors")[1]["history"]
    assert history["learning_rate"] == [OneCycle(2e-3, 1)(0)]


def test_existing_checkpoint_is_refused_before_an_epoch_is_timed(call, tiny, monkeypatch):
    options = ["reproduce", "book", "--device", "cpu"]
    assert call(*options, "--epochs", "1")[0] == 0
    monkeypatch.setattr(command_line, "plan_for", lambda *_: pytest.fail("timed in vain"))
    status, _, err = call(*options, "--budget", "1")
    assert status == 2 and "reproduced.safetensors exists" in err


def test_plan_fits_into_its_budget(monkeypatch, capsys):
    data, recipe = command_line.load_mnist(), reproduce.RECIPES["book"]
    plan = reproduce.plan_for(recipe, 1.0, 1, data, "cpu")
    assert plan == reproduce.shorter(recipe, plan.epochs)
    assert plan.epochs > 1 and plan.batch_size == 128 and plan.precision == "bfloat16"
    with pytest.raises(ValueError, match="1e-09 minutes are not enough"):
        reproduce.plan_for(recipe, 1e-9, 1, data, "cpu")


def test_interrupted_reproduction_says_how_to_go_on(call, tiny, monkeypatch):
    fit = reproduce.fit

    def interrupted(model, images, **settings):
        return fit(model, images, **{**settings, "epochs": 1})

    monkeypatch.setattr(reproduce, "fit", interrupted)
    status, out, _ = call("reproduce", "burda", "--device", "cpu", "--json", "burda.json")
    assert status == 130
    assert "-m vae_lib reproduce burda --device cpu --json burda.json --resume" in out
    assert not os.path.exists("burda.json")


def test_existing_figure_is_not_overwritten(call, tiny, tmp_path):
    (tmp_path / "burda.json").write_text("a night's work", encoding="utf-8")
    status, _, err = call("reproduce", "burda", "--device", "cpu", "--json", "burda.json")
    assert status == 2 and "burda.json exists" in err
    assert (tmp_path / "burda.json").read_text("utf-8") == "a night's work"


def test_model_without_a_run_is_nothing_to_go_on_from(call, tiny):
    call("train", *SMALL, "--epochs", "1")
    tensors, about = read_checkpoint("vae.safetensors")
    write_checkpoint("reproduced.safetensors", tensors, {"model": about["model"]})
    command = ["reproduce", "book", "--device", "cpu", "--budget", "1", "--resume"]
    status, _, err = call(*command)
    assert status == 2 and "without the run that made it" in err


@posix
def test_a_program_that_imports_the_library_keeps_its_own_answer_to_a_signal(tmp_path):
    """Run by ``python -m``, too, its package imports the library before its arguments are there."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/__init__.py").write_text("import vae_lib\n", encoding="utf-8")
    says = "import signal\nprint(signal.getsignal(signal.SIGINT) is signal.default_int_handler)\n"
    (tmp_path / "mine/__main__.py").write_text(says, encoding="utf-8")
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    done = subprocess.run(
        [sys.executable, "-m", "mine"],
        env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, check=True,
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    assert done.stdout == "True\n"
