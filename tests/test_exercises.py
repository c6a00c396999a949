"""Every exercise accepts its solution and refuses typical wrong answers with the right hint."""

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
    "06-bound": {
        "averaged the logarithms": "lambda w: w.mean(0)",
        "subtract log k": "lambda w: w.exp().sum(0).log()",
        "over the images": "lambda w: w.exp().mean(1).log()",
        "each image has its own": "lambda w: w.exp().mean(0).log().mean()",
    },
    "06-active": {
        "standard deviation": "lambda m: (m.std(0) > 0.01).sum()",
        "constant mean": "lambda m: ((m * m).mean(0) > 0.01).sum()",
        "not active": "lambda m: (m.var(0) <= 0.01).sum()",
        "counted data points": "lambda m: (m.var(1) > 0.01).sum()",
    },
    "06-unit-kl": {
        "½": "lambda v, s: torch.log(v / s).clamp(min=0)",
        "below the noise": "lambda v, s: (v / s).log() / 2",
        "sign": "lambda v, s: (s / v).log().clamp(max=0) / 2",
        "variance of the posterior mean": "lambda v, s: (1 - s / v).clamp(min=0)",
    },
}


@pytest.mark.parametrize("name", EXERCISES)
def test_at_least_two_wrong_answers_are_refused_with_their_hint(name):
    assert len(WRONG_ANSWERS[name]) >= 2
    for hint, code in WRONG_ANSWERS[name].items():
        said = grade(EXERCISES[name], eval(code, {"torch": torch}))
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
