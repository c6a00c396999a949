"""Every exercise accepts its solution and refuses typical wrong answers with the right hint."""

import ast
import functools
import importlib
import linecache
import math
import re
from pathlib import Path

import pytest
import torch
from pages import pages

from vae_lib.lessons.exercises import EXERCISES, check
from vae_lib.lessons.exercises.grading import Exercise, grade

# Written the way a reader would write them, each with a part of the hint that must come back.
WRONG_ANSWERS = {
    name: answers
    for path in sorted(Path(__file__).parent.glob("wrong_answers/chapter_*.py"))
    for name, answers in importlib.import_module(f"wrong_answers.{path.stem}").WRONG_ANSWERS.items()
}
CALL = re.compile(r"^check\(\"([^\"]+)\", (\w+)\)$", re.M)
SOLUTION = re.compile(r":::\{admonition\} .+\n:class: dropdown\n(?:(?!:::).*\n)*?:::")
CODE = re.compile(r"^```python\n(.*?)^```$", re.M | re.S)

each = pytest.mark.parametrize("name", EXERCISES)
both = pytest.mark.parametrize("language", ["en", "zh-TW"])
precisions = pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)


def exercise_cells(language):
    """Each exercise's name, with its page, its code cell and the Markdown cell that follows."""
    found = {}
    for page in pages(language):
        for cell, after in zip(page.cells, [*page.cells[1:], {}], strict=True):
            for name, _ in CALL.findall(cell["source"]) if cell["cell_type"] == "code" else []:
                assert name not in found, f"{page.name}: {name} stands twice"
                found[name] = (page, cell["source"], after.get("source", ""))
    return found


def namespace(page):
    """What the page's import statements define."""
    names = {}
    for cell in page.cells:
        if cell["cell_type"] == "code" and "%pip" not in cell["source"]:
            for node in ast.parse(cell["source"]).body:
                if isinstance(node, ast.Import | ast.ImportFrom):
                    exec(ast.unparse(node), names)
    return names


@both
def test_every_exercise_stands_on_a_page_and_every_check_has_an_exercise(language):
    assert set(exercise_cells(language)) == set(EXERCISES)
    for name, (page, *_) in exercise_cells(language).items():
        assert page.path.name.startswith(name[:2]), f"{name} stands on {page.name}"


@pytest.mark.parametrize("chapter", sorted({name[:2] for name in EXERCISES}))
def test_a_chapter_has_at_least_three_exercises(chapter):
    assert sum(name.startswith(chapter) for name in EXERCISES) >= 3


@both
@each
@precisions
def test_the_solution_on_the_page_is_right(name, language, dtype, capsys):
    """In both precisions: each page chooses its own. Only the page's imports are at hand."""
    torch.set_default_dtype(dtype)
    page, cell, after = exercise_cells(language)[name]
    box = SOLUTION.search(after)
    assert box, f"{page.name}: no solution folds out below {name}"
    (solution,) = CODE.findall(box[0])
    names = namespace(page)
    exec(solution, names)
    exec(CALL.search(cell)[0], names)
    assert capsys.readouterr().out == "Right.\n"


@both
@each
def test_the_cell_shows_no_answer_and_says_not_yet(name, language, capsys):
    page, cell, _ = exercise_cells(language)[name]
    function, call = ast.parse(cell).body
    if isinstance(function.body[0], ast.Expr) and ast.get_docstring(function):
        function.body.pop(0)
    (body,) = function.body
    assert isinstance(body, ast.Expr | ast.Return) and ast.unparse(body.value) == "...", (
        f"{page.name}: {name}"
    )
    assert isinstance(call, ast.Expr), f"{page.name}: {name} does more than call check"
    exec(cell, namespace(page))
    assert capsys.readouterr().out.startswith("Not yet")


@each
@precisions
def test_typical_wrong_answers_are_refused_with_their_hint(name, dtype):
    torch.set_default_dtype(dtype)
    assert len(WRONG_ANSWERS[name]) >= 2
    for hint, answer in WRONG_ANSWERS[name].items():
        said = grade(EXERCISES[name], answer)
        assert hint in said and said != "Right.", f"{name}: wanted {hint!r}, is told: {said}"


@each
@precisions
def test_no_mistake_is_taken_for_another_or_for_the_right_answer(name, dtype):
    torch.set_default_dtype(dtype)
    exercise = EXERCISES[name]
    for hint, mistake in exercise.mistakes.items():
        assert grade(exercise, mistake) == hint


@each
def test_hints_are_one_sentence(name):
    for hint in EXERCISES[name].mistakes:
        assert re.fullmatch(r"[A-Z][^\n]*[^.]\.", hint) and ". " not in hint, hint


@each
def test_unfinished_and_broken_answers_get_one_sentence(name):
    exercise = EXERCISES[name]
    assert grade(exercise, lambda *_: ...).startswith("Not yet")
    assert grade(exercise, lambda *_: None).startswith("Not yet")
    assert "the function itself" in grade(exercise, torch.tensor(1.0))
    said = grade(exercise, lambda *_: 1 / 0)
    assert said.startswith("Your function stops with ZeroDivisionError in line ")
    assert said.endswith(", `said = grade(exercise, lambda *_: 1 / 0)`: division by zero.")


CELL = """\
def helper(x):
    return x.reshape(5)

def plain(x):
    y = x + 1
    return y.reshape(7)

def through_a_helper(x):
    return helper(x)

def inside_a_library(x):
    return torch.cat([x, "seven"])

def nested(x):
    return [y for y in x][9]

def wrong_call(x, y):
    return x

class Callable:
    def __call__(self, x):
        return x / undefined

def again(x, depth=0):
    return again(x, depth + 1)

def wraps(f):
    @functools.wraps(f)
    def inner(x):
        return f(x)
    return inner

decorated = wraps(plain)
instance = Callable()
partial = functools.partial(torch.stack, 3)

@torch.no_grad()
def decorated_elsewhere(x):
    return x.reshape(9)
"""


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("plain", " in line 6, `return y.reshape(7)`: "),
        ("through_a_helper", " in line 2, `return x.reshape(5)`: "),
        ("inside_a_library", ' in line 12, `return torch.cat([x, "seven"])`: '),
        ("nested", " in line 15, `return [y for y in x][9]`: "),
        ("wrong_call", "Error: wrong_call() missing 1 required positional argument"),
        ("instance", " in line 22, `return x / undefined`: name 'undefined' is not defined."),
        ("again", " in line 25, `return again(x, depth + 1)`: maximum recursion depth exceeded"),
        ("decorated", " in line 6, `return y.reshape(7)`: "),
        ("decorated_elsewhere", " in line 39, `return x.reshape(9)`: "),
        ("partial", "Your function stops with TypeError: "),
    ],
)
@pytest.mark.parametrize("kept", [True, False], ids=["in a notebook", "without its source"])
def test_what_stops_names_the_readers_own_line(name, place, kept):
    """A notebook keeps each cell's text where ``linecache`` finds it, under a file of its own."""
    names = {"torch": torch, "functools": functools}
    file = f"<cell {kept}>"
    exec(compile(CELL, file, "exec"), names)
    if kept:
        linecache.cache[file] = (len(CELL), None, CELL.splitlines(keepends=True), file)
    said = grade(identity(), names[name])
    assert said.startswith("Your function stops with ") and "\n" not in said
    assert (place if kept else place.partition(", `")[0]) in said
    assert "grading" not in said


def identity(**settings):
    return Exercise(
        arguments=(torch.tensor([1.0, 2.0, 4.0]),), reference=lambda x: 1 * x, **settings
    )


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda x: x, "Right."),
        (lambda x: x.tolist(), "Right."),
        (lambda x: x.clone().requires_grad_(), "Right."),
        (lambda x: -x, "The sign is wrong: your result is the negative of the right one."),
        (lambda x: 3 * x, "A factor is wrong: your result is 3 times the right one."),
        (lambda x: x - 2, "A constant is wrong: yours exceeds the right one by -2."),
        (lambda x: x**2, "Not right yet, and not one of the usual mistakes: go through the "),
        (lambda x: x.sum(), "Your result has shape (), wanted is (3,): look at"),
        (lambda x: (x, x), "Your function returns 2 results, wanted: 1."),
        (lambda x: x.log() / 0, "Your result holds NaN or infinite values."),
        (lambda x: "seven", "Your function returns a str: a tensor or number is wanted."),
        (lambda x, y: x, "Your function stops with TypeError: "),
    ],
)
def test_answers_that_no_mistake_foresees(answer, said):
    assert grade(identity(), answer).startswith(said)


def test_a_result_without_a_finite_value_tells_no_mistake_from_another():
    exercise = identity(mistakes={"All NaN.": lambda x: x * math.nan})
    assert (
        grade(exercise, lambda x: -x.sqrt() / 0 * 0) == "Your result holds NaN or infinite values."
    )
    partly = identity(mistakes={"You took a root.": lambda x: torch.sqrt(x - 2)})
    assert grade(partly, lambda x: (x - 2) ** 0.5) == "You took a root."


def test_an_answer_cannot_spoil_its_arguments():
    exercise = identity()
    assert grade(exercise, lambda x: x.mul_(2)).startswith("A factor is wrong")
    assert grade(exercise, lambda x: x) == "Right."


def test_arguments_come_in_the_precision_of_the_page_and_draws_repeat():
    generator = torch.Generator().manual_seed(0)
    draw = Exercise(
        arguments=(torch.ones(2), 3, generator, torch.nn.Linear(2, 2)),
        reference=lambda x, n, g, layer: layer(x) + torch.randn(n, 2, generator=g),
    )
    for dtype in (torch.float32, torch.float64):
        torch.set_default_dtype(dtype)
        seen = []
        grade(draw, lambda *arguments, seen=seen: seen.extend(arguments))
        assert seen[0].dtype == seen[3].weight.dtype == dtype and seen[1] == 3
        assert grade(draw, draw.reference) == "Right."


def test_check_prints_and_names_what_exists(capsys):
    check("03-kl", lambda mean, log_var: ...)
    assert "Not yet" in capsys.readouterr().out
    with pytest.raises(ValueError, match="There is no exercise '99-x': choose one of"):
        check("99-x", lambda: 0)
