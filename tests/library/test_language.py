"""The lessons speak the notebook's language, and every sentence of theirs has its Chinese."""

import ast
import re
import string

import pytest
import torch

from tools.paths import ROOT
from vae_lib.lessons import proofs
from vae_lib.lessons.chinese import CHINESE
from vae_lib.lessons.exercises import EXERCISES, check
from vae_lib.lessons.language import FOLDER, VARIABLE, say

SAYS = {"say", "Step"}  # what their first argument holds is shown to the reader
HAN = re.compile("[\u4e00-\u9fff]")


def sentences():
    """All that the lessons say: what their code gives to ``SAYS``, and the exercises' hints."""
    found = {hint for exercise in EXERCISES.values() for hint in exercise.mistakes}
    for path in (ROOT / "vae_lib/lessons").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            says = isinstance(node, ast.Call) and ast.unparse(node.func) in SAYS
            if says and isinstance(node.args[0], ast.Constant):
                found.add(node.args[0].value)
    return found


def braces(sentence):
    return sorted((name, form) for _, name, form, _ in string.Formatter().parse(sentence) if name)


def test_every_sentence_has_its_chinese_with_the_same_names_in_braces():
    said = sentences()
    assert not said - CHINESE.keys(), "chinese.py lacks these"
    assert not CHINESE.keys() - said, "nothing says these"
    for english, chinese in CHINESE.items():
        assert braces(english) == braces(chinese), english
        assert HAN.search(chinese), english
        assert english.endswith(".") == chinese.endswith("。"), english


def test_formulas_of_a_hint_are_in_its_chinese_too():
    """Digits and Greek letters are the same in every language."""
    symbols = re.compile("[0-9½²⁴√π-ωΛ∂]")
    for english, chinese in CHINESE.items():
        lost = set(symbols.findall(english)) - set(symbols.findall(chinese))
        assert not lost, f"{chinese} lacks {lost}"


@pytest.mark.parametrize(
    ("folder", "variable", "right", "rule"),
    [
        ("book/zh-TW", None, "答對了。", "相減"),
        ("book/zh-TW/mine", None, "答對了。", "相減"),
        ("book/en", None, "Right.", "subtract"),
        ("content", "zh-TW", "答對了。", "相減"),
        ("book/zh-TW", "en", "Right.", "subtract"),
    ],
)
def test_the_folder_or_the_variable_decides(
    folder, variable, right, rule, tmp_path, monkeypatch, capsys
):
    (tmp_path / folder).mkdir(parents=True)
    monkeypatch.chdir(tmp_path / folder)
    monkeypatch.delenv(VARIABLE, raising=False)
    if variable:
        monkeypatch.setenv(VARIABLE, variable)
    check("01-log-mean", EXERCISES["01-log-mean"].reference)
    assert capsys.readouterr().out == f"{right}\n"
    assert proofs.kl_1d()[-1]._repr_markdown_().startswith(f"*{rule}*\n")


@pytest.fixture
def chinese(monkeypatch):
    monkeypatch.setenv(VARIABLE, FOLDER)


@pytest.mark.parametrize("name", EXERCISES)
def test_each_usual_mistake_is_answered_in_chinese(name, chinese, capsys):
    for hint, mistake in EXERCISES[name].mistakes.items():
        check(name, mistake)
        assert capsys.readouterr().out == f"{CHINESE[hint]}\n"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda v: ..., "還沒寫完："),
        (torch.tensor(1.0), "請把函式本身交進來："),
        (lambda v: 1 / 0, "錯誤是 ZeroDivisionError，在第 "),
        (lambda v: "seven", "你的函式傳回的是 str，"),
        (lambda v: (v, v), "你的函式傳回 2 個結果，這裡要的是 1 個。"),
        (lambda v: v, "你的結果形狀是 (4, 3)，這裡要的是 (3,)："),
        (lambda v: v[0] * torch.nan, "NaN"),
        (lambda v: -EXERCISES["01-log-mean"].reference(v), "相反數"),
        (lambda v: 3 * EXERCISES["01-log-mean"].reference(v), "3 倍。"),
        (lambda v: 2 + EXERCISES["01-log-mean"].reference(v), "減去正確答案是 2。"),
        (lambda v: v[0] ** 2, "不是常見的那幾種錯誤"),
    ],
)
def test_all_other_answers_get_a_chinese_sentence(answer, said, chinese, capsys):
    check("01-log-mean", answer)
    shown = capsys.readouterr().out
    assert said in shown and shown.endswith("。\n")


def test_a_sentence_without_chinese_is_an_error_and_not_english(chinese):
    with pytest.raises(KeyError):
        say("Nobody has translated this.")
