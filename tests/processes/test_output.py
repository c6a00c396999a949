"""What is printed arrives in any encoding, and its loss stops no work."""

import io
import os
import subprocess
import sys

import pytest
import torch
from platforms import posix, programs

from tools.paths import ROOT
from vae_lib.checkpoints import read_checkpoint
from vae_lib.cli.output import one_line, spoken
from vae_lib.evaluation import Score
from vae_lib.keeping import Keep
from vae_lib.models import mlp_vae
from vae_lib.training import fit

ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
FIGURE = "log p(x) ≥ -100.50 ± 0.50 nats per image (k = 7, 2 images: 數字, binarisation: fixed)"


pytestmark = pytest.mark.usefixtures("single_precision")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a small model of random images."""
    place = tmp_path_factory.mktemp("model")
    pixels = torch.rand(20, 784, dtype=torch.float32)
    model = mlp_vae(latent_dim=2, hidden=(4,)).float()
    fit(model, pixels, epochs=1, batch_size=20, keep=Keep(place / "vae.safetensors"))
    return place


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        ("utf-8", FIGURE),
        ("cp950", FIGURE.replace("≥", ">=")),
        ("cp1252", FIGURE.replace("≥", ">=").replace("數字", r"\u6578\u5b57")),
        ("latin-1", FIGURE.replace("≥", ">=").replace("數字", r"\u6578\u5b57")),
        ("ascii", FIGURE.replace("≥", ">=").replace("±", "+-").replace("數字", r"\u6578\u5b57")),
        ("cp437", FIGURE.replace("數字", r"\u6578\u5b57")),
        ("utf-16", FIGURE),
    ],
)
def test_figure_is_spelled_in_what_an_encoding_has(monkeypatch, encoding, expected):
    score = Score(torch.tensor([-101.0, -100.0]), 7, "數字", "fixed")
    for name in ("stdout", "stderr"):
        written = io.BytesIO()
        monkeypatch.setattr(sys, name, io.TextIOWrapper(written, encoding))
        with spoken():
            print(score, file=getattr(sys, name))
        assert written.getvalue().decode(encoding).rstrip() == expected
    monkeypatch.undo()


def test_streams_are_afterwards_as_before(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), "ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    with pytest.raises(KeyError), spoken():
        raise KeyError
    assert sys.stdout is stream and not stream.closed
    with pytest.raises(UnicodeEncodeError):
        stream.write("≥")


def test_stream_that_is_closed_or_a_notebook_s_is_no_obstacle(monkeypatch, capsys):
    notebook = io.StringIO()
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", notebook)
    with spoken():
        print("lost")
        print("≥", file=sys.stderr)
    assert notebook.getvalue() == "≥\n" and sys.stdout is None


def test_name_of_any_characters_stays_on_one_line():
    assert one_line("中 a\nb\x1b[31m\udcff") == r"中 a\nb\x1b[31m\udcff"


def ended(folder, words, **settings):
    """Run ``evaluate`` or another command in a process of its own."""
    command = [sys.executable, "-m", "vae_lib", *words]
    return subprocess.run(command, cwd=folder, **{"env": ENVIRONMENT, **settings})


EVALUATE = ["evaluate", "vae.safetensors", "--k", "5", "--count", "9", "--device", "cpu"]


@pytest.mark.parametrize(
    ("variables", "encoding"),
    [
        ({"PYTHONIOENCODING": "cp950"}, "cp950"),
        ({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, "ascii"),
    ],
)
def test_evaluate_under_another_encoding(folder, variables, encoding):
    result = ended(folder, EVALUATE, env=ENVIRONMENT | variables, capture_output=True)
    out, err = result.stdout.decode(encoding), result.stderr.decode(encoding)
    assert result.returncode == 0 and "Traceback" not in err
    figure = out.splitlines()[-1]
    plus_minus = "±" if encoding == "cp950" else "+-"
    assert figure.startswith("log p(x) >= -") and f" {plus_minus} " in figure


SHELL = f"{sys.executable!r} -m vae_lib"  # what follows is given to sh


@posix
@programs("sh", "head", "true")
@pytest.mark.parametrize(
    ("line", "unbuffered"),
    [
        ("{} 2>&1 | head -1; echo 0 >&2", "1"),
        ("{{ {}; echo $? >&2; }} | true", "1"),
        ("{{ {}; echo $? >&2; }} | true", ""),
        ("{{ {} 2>&-; echo $?; }} >&2", ""),
        ("{} >&-; echo $? >&2", ""),
    ],
)
def test_training_outlives_its_reader(tmp_path, line, unbuffered):
    path = tmp_path / "a"
    train = f"{SHELL} train --epochs 2 --hidden 4 --device cpu --checkpoint '{path}'"
    result = subprocess.run(
        ["sh", "-c", line.format(train)], capture_output=True, text=True,
        env=ENVIRONMENT | {"PYTHONUNBUFFERED": unbuffered},
    )  # fmt: skip
    assert "Traceback" not in result.stderr and "Errno" not in result.stderr
    assert result.stderr.splitlines()[-1] == "0"
    assert len(read_checkpoint(path)[1]["history"]["seconds"]) == 2


@posix
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full, as Linux has")
def test_full_disk_behind_the_output_is_one_sentence(folder):
    with open("/dev/full", "w", encoding="utf-8") as full:
        result = ended(folder, EVALUATE, stdout=full, stderr=subprocess.PIPE, text=True)
    assert result.returncode == 2 and "Traceback" not in result.stderr
    assert result.stderr.splitlines()[-1] == (
        "python -m vae_lib: The output cannot be used: No space left on device."
    )


@posix
def test_nothing_of_the_reader_s_is_needed(folder, tmp_path):
    """No home, no known user, no window, a broken matplotlib set-up, a read-only folder."""
    variables = {
        "HOME": "/nonexistent", "MPLBACKEND": "nonsense", "MPLCONFIGDIR": str(tmp_path / "mpl"),
        "PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"],
    }  # fmt: skip
    picture = tmp_path / "a.png"
    words = ["sample", str(folder / "vae.safetensors"), "--image", str(picture), "--count", "1"]
    result = ended("/proc" if os.path.isdir("/proc") else "/", words, env=variables,
                   capture_output=True, text=True)  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert picture.read_bytes().startswith(b"\x89PNG")
