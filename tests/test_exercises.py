"""Every exercise accepts its solution and refuses typical wrong answers with the right hint."""

import math

import pytest
import torch

from vae_lib.exercises import EXERCISES, check
from vae_lib.exercises.grading import grade

# Written the way a reader would write them, with a part of the hint that must come back.
WRONG_ANSWERS = {
    "03-kl": {
        "½": "lambda m, v: (m**2 + v.exp() - 1 - v).sum(-1)",
        "sign": "lambda m, v: -0.5 * (m**2 + v.exp() - 1 - v).sum(-1)",
        "averaged over the latent": "lambda m, v: 0.5 * (m**2 + v.exp() - 1 - v).mean(-1)",
        "reduced over the batch": "lambda m, v: 0.5 * (m**2 + v.exp() - 1 - v).sum(-1).mean()",
    },
    "07-claim": {
        "That is β": "lambda d, a, b: b * d / a",
        "took the squared error for a sum": "lambda d, a, b: b / a / 2",
        "wrong way round": "lambda d, a, b: a / b * d / 2",
    },
    "07-repair": {
        "normaliser": "lambda m, k, d, n, v: d * m / v / 2 + n * k",
        "sign of the KL": "lambda m, k, d, n, v: d * m / v / 2"
        " + d / 2 * math.log(2 * math.pi * v) - n * k",
        "multiply it by L": "lambda m, k, d, n, v: d * m / v / 2"
        " + d / 2 * math.log(2 * math.pi * v) + k",
    },
    "07-variance": {
        "variance of the means": "lambda p: ((p - p.mean(0)) ** 2).mean(0)",
        "noise given z": "lambda p: (p - p**2).mean(0)",
        "standard deviation": "lambda p: (p.mean(0) - p.mean(0) ** 2).sqrt()",
    },
}


@pytest.mark.parametrize("name", EXERCISES)
def test_at_least_two_wrong_answers_are_refused_with_their_hint(name):
    assert len(WRONG_ANSWERS[name]) >= 2
    for hint, code in WRONG_ANSWERS[name].items():
        said = grade(EXERCISES[name], eval(code, {"math": math, "torch": torch}))
        assert hint in said and said != "Right.", f"{name}: {code} is told: {said}"


@pytest.mark.parametrize("name", EXERCISES)
def test_mistakes_differ_from_the_right_answer_and_from_each_other(name):
    exercise = EXERCISES[name]
    for hint, mistake in exercise.mistakes.items():
        assert grade(exercise, mistake) == hint


@pytest.mark.parametrize("name", EXERCISES)
def test_unfinished_and_broken_answers_get_one_sentence(name):
    exercise = EXERCISES[name]
    assert grade(exercise, lambda *_: ...).startswith("Not yet")
    assert "returns a str" in grade(exercise, lambda *_: "seven")
    said = grade(exercise, lambda *_: 1 / 0)
    assert said == "Your function stops with ZeroDivisionError: division by zero."


def test_check_prints_and_names_what_exists(capsys):
    check("03-kl", lambda mean, log_var: ...)
    assert "Not yet" in capsys.readouterr().out
    with pytest.raises(ValueError, match="There is no exercise '99-x': choose one of"):
        check("99-x", lambda: 0)
