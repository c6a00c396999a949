"""The results page: its table says what the JSON files hold, and nothing else."""

import json
import re
from dataclasses import fields

import pytest
import torch
from directives import cells, page

from tools.paths import ROOT
from tools.release.results import FOLDER, Run, read_run, read_runs
from vae_lib.checkpoints import PRETRAINED
from vae_lib.cli import reproduce
from vae_lib.cli.reproduce import PAPER, RECIPES, Plan
from vae_lib.data import Dataset
from vae_lib.schedules import OneCycle

PAPERS_RUN = {
    "log_likelihood": -86.514, "standard_error": 0.2449, "published": -86.76,
    "model": "784-200-200-50 tanh", "k_train": 1, "k_test": 5000, "images": 10000,
    "test_binarisation": "fixed", "epochs": 3280, "batch_size": 20,
    "learning_rate": "BurdaStages(stages=8)", "precision": "float32", "seed": 4,
    "final_train_bound": -84.0, "training_seconds": 9000.0, "evaluation_seconds": 70.0,
    "device": "A GPU", "torch": "2.13.0", "command": "python -m vae_lib reproduce burda",
}  # fmt: skip
BUDGET_RUN = PAPERS_RUN | {
    "log_likelihood": -88.306, "epochs": 219, "batch_size": 128, "training_seconds": 600.0,
    "learning_rate": "OneCycle(peak=0.003, epochs=219, warm_up=0.1)", "precision": "bfloat16",
    "device": "2 CPU threads (x86_64)", "threads": 2, "architecture": "x86_64",
    "command": "python -m vae_lib reproduce burda --budget 10",
}  # fmt: skip
NEEDED = {field.name for field in fields(Run)} - {"threads", "architecture"}  # of a processor


@pytest.fixture
def table(tmp_path, monkeypatch):
    """A function from made-up runs and a language to the cells of the page's table."""

    def make(runs, language="en"):
        monkeypatch.setattr("vae_book.results.FOLDER", tmp_path)
        for number, run in enumerate(runs):
            (tmp_path / f"{number}.json").write_text(json.dumps(run))
        document, said = page(tmp_path / "book", "results-table::", language)
        return cells(document), said

    return make


def test_published_figures_stand_alone_until_there_is_a_run(table):
    rows, said = table([])
    assert rows[1:] == [
        ["VAE", "not run here", "—", "86.76", "—", "—", "—", "—"],
        ["IWAE, k = 5", "not run here", "—", "85.54", "—", "—", "—", "—"],
        ["IWAE, k = 50", "not run here", "—", "84.78", "—", "—", "—", "—"],
    ]
    assert not said


def test_run_of_the_papers_schedule_takes_the_place_of_the_published_row(table):
    rows, _ = table([PAPERS_RUN])
    assert rows[0] == [
        "Objective", "Figure", "Standard error", "Published", "Difference", "Seed",
        "Training time", "Device",
    ]  # fmt: skip
    assert rows[1] == ["VAE", "86.51", "0.24", "86.76", "−0.25", "4", "2.5 h", "A GPU"]
    assert rows[2] == [
        "The published schedule. Protocol: 784-200-200-50 tanh, k = 1 in training, 3,280 epochs, "
        "batch size 20, learning rate BurdaStages(stages=8), float32; k = 5,000 on 10,000 test "
        "images, fixed binarisation.\n\nCommand: python -m vae_lib reproduce burda"
    ]
    assert [row[0] for row in rows[3:]] == ["IWAE, k = 5", "IWAE, k = 50"]


def test_budgeted_run_is_marked_and_does_not_stand_for_the_published_schedule(table):
    rows, _ = table([BUDGET_RUN])
    assert rows[1][:2] == ["VAE", "not run here"]
    assert rows[2][1:5] == ["88.31", "0.24", "86.76", "—"]  # other terms, no difference
    assert rows[2][6:] == ["10 min", "2 CPU threads (x86_64)"]
    assert rows[3][0].startswith("A shorter schedule, not the published one.")
    assert "OneCycle(peak=0.003, epochs=219, warm_up=0.1), bfloat16" in rows[3][0]
    assert rows[3][0].endswith("Command: python -m vae_lib reproduce burda --budget 10")


def test_papers_schedule_comes_before_a_budget_and_small_k_before_large(table):
    other = PAPERS_RUN | {"k_train": 20, "published": None, "training_seconds": 42.4}
    rows, _ = table([other, BUDGET_RUN, PAPERS_RUN])
    assert [row[:2] for row in rows[1:] if len(row) > 1] == [
        ["VAE", "86.51"], ["VAE", "88.31"], ["IWAE, k = 5", "not run here"],
        ["IWAE, k = 20", "86.51"], ["IWAE, k = 50", "not run here"],
    ]  # fmt: skip
    assert rows[6] == ["IWAE, k = 20", "86.51", "0.24", "—", "—", "4", "42 s", "A GPU"]


def test_chinese_table_says_the_same(table):
    rows, said = table([PAPERS_RUN, BUDGET_RUN], "zh_TW")
    assert rows[0] == ["目標函數", "數值", "標準誤", "已發表", "差", "亂數種子", "訓練時間", "裝置"]
    assert rows[1] == ["VAE", "86.51", "0.24", "86.76", "−0.25", "4", "2.5 小時", "A GPU"]
    assert rows[2][0].startswith(
        "採用已發表的排程。實驗設定：784-200-200-50 tanh；訓練時 k = 1，3,280 個訓練週期，批次"
    )
    assert rows[4][0].startswith("較短的排程，並非已發表的那一個。")
    assert "k = 5,000，10,000 張測試影像，固定二值化。" in rows[4][0]
    assert rows[3][6:] == ["10 分鐘", "2 個 CPU 執行緒 (x86_64)"] and rows[5][1] == "此處未執行"
    assert not said


@pytest.mark.parametrize(
    "change",
    [
        {"epochs": 3279},
        {"batch_size": 100},
        {"learning_rate": "0.001"},
        {"precision": "bfloat16"},
        {"model": "784-400-40 relu"},
    ],
)
def test_any_other_training_is_not_the_papers(change):
    assert Run(**PAPERS_RUN).on_schedule
    assert not Run(**(PAPERS_RUN | change)).on_schedule


@pytest.mark.parametrize("field", sorted(NEEDED))
def test_file_without_a_field_is_refused(field, tmp_path):
    path = tmp_path / "vae.json"
    path.write_text(json.dumps({k: v for k, v in PAPERS_RUN.items() if k != field}))
    with pytest.raises(ValueError, match=rf"^vae\.json lacks {field}: write it with .*\.$"):
        read_run(path)


def test_page_with_a_refused_file_is_an_error(table):
    rows, said = table([{k: v for k, v in PAPERS_RUN.items() if k != "device"}])
    assert not rows
    assert "ERROR: 0.json lacks device: write it with" in said


def test_fields_are_those_that_reproduce_writes(monkeypatch):
    """The real function on a handful of images, and the command that ``__main__`` adds."""
    torch.set_default_dtype(torch.float32)
    monkeypatch.setattr(reproduce, "K_TEST", 2)
    images, labels = torch.rand(24, 784), torch.zeros(24, dtype=torch.long)
    few = Dataset(images[:12], images[12:16], images[16:], *labels.split([12, 4, 8]), "few", "few")
    plan = Plan(1, 8, OneCycle(1e-3, 1), "float32")
    _, about = reproduce.reproduce(RECIPES["burda"], few, 1, plan, device="cpu")
    assert NEEDED <= set(about) | {"command"} <= {field.name for field in fields(Run)}
    assert not Run(**about, command="").on_schedule
    assert Run(**(about | {"command": ""} | vars_of(PAPER))).on_schedule


def vars_of(plan):
    return vars(plan) | {"learning_rate": str(plan.learning_rate)}


def test_committed_runs_have_every_field_and_belong_in_the_table():
    for run in read_runs(FOLDER):
        recipe = RECIPES[run.command.split()[4]]
        assert run.published == recipe.published.get(run.k_train), run.command
        assert run.model == str(recipe), run.command
        assert (run.k_test, run.images, run.test_binarisation) == (5000, 10_000, "fixed")
        assert "--budget" in run.command or run.on_schedule, f"what was {run.command}?"
        assert not re.search(r"\s/", run.command), f"a path of one machine: {run.command}"


@pytest.mark.parametrize("language", ["en", "zh-TW"])
def test_pages_protocol_is_that_of_the_code(language):
    text = (ROOT / f"book/{language}/results.md").read_text("utf-8")
    assert f"{PAPER.epochs} " in text and f"$k = {reproduce.K_TEST}$" in text
    assert "86.76" not in text, "the table shows the published figures"


def test_pages_commands_are_those_that_made_the_rows_and_the_packages_figure():
    made = json.loads((PRETRAINED / "mnist.json").read_text("utf-8"))["held_out"]["command"]
    wanted = {made} | {run.command for run in read_runs(FOLDER)}
    for language in ("en", "zh-TW"):
        text = (ROOT / f"book/{language}/results.md").read_text("utf-8")
        lines = set(re.findall(r"^python -m .*$", text, re.M))
        of_the_paper = {one for one in lines if "--json benchmarks/results/" in one}
        assert lines - of_the_paper == wanted, language
