"""More than two hundred mistakes on the command line: each gets one sentence, none does harm."""

import json
import os
import subprocess
import sys

import pytest
from platforms import posix

from tools.paths import ROOT

ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
NOT_WHOLE = [
    "", " ", "1.5", "1e3", "nan", "inf", "-inf", "-1", "many", "0x10", "½", "²", "1\n2", "\udcff",
    "9" * 30, "9" * 5000,
]  # fmt: skip
NOT_POSITIVE = ["", "0", "-1", "-1e-9", "nan", "inf", "-inf", "1e999", "few", "1,5", "\udcff"]
NO_DEVICE = ["", "tpu", "cpu:abc", "cpu:1", "cpu:", "CPU", "cuda:99", "meta", "cpu\n", "\udcff"]
NO_WORD = ["", "Full", "nan", "full\n", "\udcff"]
NO_PLACE = [
    "", ".", "folder", "away/file", "text/file", "nowhere", "/dev/null", "/proc/file", "x" * 241,
    "x" * 300, "中" * 100, "\udcff",
]  # fmt: skip
TOO_LARGE = [
    ["--hidden", "1000000000"],
    ["--hidden", "10", "900000000", "900000000"],
    ["--latent-dim", "1000000000"],
    ["--k", "1000000000"],
    ["--k", "50000", "--batch-size", "4000"],
]
CHECKPOINTS = ["missing", "folder", "text", "nowhere", "/dev/null", "x" * 300, "\udcff"]
STRUCTURE = [
    ["fly"], ["--what"], ["train", "more"], ["train", "--what"], ["train", "--epochs"],
    ["train", "--l", "1"], ["train", "--resume=yes"], ["evaluate"], ["sample"],
    ["sample", "text", "text"], ["reproduce"], ["reproduce", "kingma"], ["reproduce", "\udcff"],
    ["reproduce", "book", "--k-train", "7"], ["reproduce", "book", "--k-train", "9" * 5000],
    ["reproduce", "book", "--budget", "1", "--epochs", "1"],
]  # fmt: skip


def each(start, option, values):
    return [[*start, option, value] for value in values]


def all_lines():
    train, evaluate = ["train", "--device", "cpu"], ["evaluate", "text"]
    sample, reproduce = ["sample", "text"], ["reproduce", "book"]
    lines = [*STRUCTURE]
    for option in ("--epochs", "--batch-size", "--k", "--latent-dim", "--hidden", "--threads"):
        lines += each(train, option, [*NOT_WHOLE, "0"])
    lines += each(train, "--seed", NOT_WHOLE)
    lines += each(train, "--learning-rate", NOT_POSITIVE)
    lines += each(train, "--weight-decay", [text for text in NOT_POSITIVE if text != "0"])
    lines += [*each(train, "--precision", NO_WORD), *each(train, "--data", NO_WORD)]
    lines += each(["train"], "--device", NO_DEVICE)
    lines += each(train, "--checkpoint", [*NO_PLACE, "old.safetensors"])
    lines += [[*train, *sizes] for sizes in TOO_LARGE]
    lines += [[*train, "--batch-size", "4001"], [*train, "--data", "full", "--folder", "folder"]]
    lines += [[*train, "--resume", "--checkpoint", "old.safetensors"]]
    for option in ("--k", "--count", "--threads"):
        lines += each(evaluate, option, [*NOT_WHOLE, "0"])
    lines += [[command, path] for command in ("evaluate", "sample") for path in CHECKPOINTS]
    lines += each(sample, "--count", [*NOT_WHOLE, "0", "2501"])
    lines += each(sample, "--image", [*NO_PLACE, "a", "a.", ".png", "a.txt", "a.pgf"])
    lines += each(
        sample, "--image", ["away/a.png", "text/a.png", "/proc/a.png", f"{'x' * 250}.png"]
    )
    lines += [["sample", "text", "--image", "folder/../text"]]
    lines += each(reproduce, "--budget", [*NOT_POSITIVE, "1e9"])
    lines += each(reproduce, "--epochs", [*NOT_WHOLE, "0"])
    lines += each(reproduce, "--json", [*NO_PLACE, "old.json", "text", "reproduced.safetensors"])
    lines += each(reproduce, "--folder", ["", "missing", "folder", "text", "\udcff"])
    lines += each(reproduce, "--checkpoint", [*NO_PLACE, "old.safetensors"])
    # Two mistakes at once.
    lines += [
        [*train, "--checkpoint", place, "--epochs", "0"] for place in ("folder", "old.safetensors")
    ]
    lines += [[*sample, "--count", "0", "--image", "a.txt"], [*evaluate, "--k", "0", "--what"]]
    return lines


LINES = all_lines()


@pytest.fixture(scope="module")
def results():
    """What came of each line, from one process that forks."""
    ended = subprocess.run(
        [sys.executable, str(ROOT / "tests/processes/forked_commands.py")],
        env=ENVIRONMENT, input=json.dumps(LINES), capture_output=True, encoding="utf-8",
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    return list(zip(LINES, json.loads(ended.stdout), strict=True))


def shown(rows):
    return [([word[:60] for word in line], row) for line, row in rows]


@posix
def test_status_is_2_and_no_signal_ends_it(results):
    assert len(results) > 300
    assert not shown((line, row) for line, row in results if row["status"] != 2)


@posix
def test_one_line_says_what_is_wrong(results):
    def fine(err):
        return err.startswith("python -m vae_lib") and err.count("\n") == 1 and err.endswith("\n")

    assert not shown((line, row) for line, row in results if not fine(row["err"]))


@posix
def test_no_file_is_made_or_lost(results):
    assert not shown((line, row) for line, row in results if not row["kept"])


@posix
def test_work_has_not_begun(results):
    assert not shown((line, row) for line, row in results if "Training on" in row["out"])
    begun = [line for line, row in results if row["out"]]
    # The number of images is known, and a checkpoint compared, no sooner than with the images.
    assert all("4001" in line or "--resume" in line for line in begun), begun


@posix
@pytest.mark.parametrize(
    "line",
    [
        ["train", "--epochs", "0"],
        ["train", "--device", "cpu", "--hidden", "1000000000"],
        [b"train", b"--checkpoint", b"\xff"],
    ],
)
def test_it_is_the_same_in_a_terminal(tmp_path, line):
    """Forks do not load the program; these do."""
    command = [sys.executable, "-m", "vae_lib", *line]
    ended = subprocess.run(command, env=ENVIRONMENT, capture_output=True, cwd=tmp_path)
    assert ended.returncode == 2 and not ended.stdout and not list(tmp_path.iterdir())
    assert ended.stderr.count(b"\n") == 1 and ended.stderr.startswith(b"python -m vae_lib")
