"""The mutation check itself: it finds the mistakes it is meant to find, and sees them killed."""

import ast

import pytest

from tools.build.equations import Coded
from tools.mutants.mutants import EXPLAINED, MODULES, WITHIN, by_equation, path_of, report, rounds
from tools.mutants.mutations import Mutant, mutants_of
from tools.paths import ROOT

KL = '''
def kl(mean: Tensor, log_var: Tensor) -> Tensor:
    """KL, 0.5 of it - not mutated."""
    if mean.dim() < 1:
        raise ValueError(f"{mean - 1}")
    return 0.5 * (mean**2 + log_var.exp() - 1.0 - log_var).sum(-1)
'''


@pytest.mark.parametrize(
    ("kind", "broken"),
    [
        ("sign", "0.5 * (mean ** 2 + log_var.exp() - 1.0 + log_var).sum(-1)"),
        ("dropped factor", "(mean ** 2 + log_var.exp() - 1.0 - log_var).sum(-1)"),
        ("dropped term", "0.5 * (mean ** 2 + log_var.exp() - log_var).sum(-1)"),
        ("dropped square", "0.5 * (mean + log_var.exp() - 1.0 - log_var).sum(-1)"),
        ("dropped call", "0.5 * (mean ** 2 + log_var - 1.0 - log_var).sum(-1)"),
        ("sum for mean", "0.5 * (mean ** 2 + log_var.exp() - 1.0 - log_var).mean(-1)"),
        ("sigma", "0.5 * (mean ** 2 + (0.5 * log_var).exp() - 1.0 - log_var).sum(-1)"),
        ("other function", "0.5 * (mean ** 2 + log_var.exp2() - 1.0 - log_var).sum(-1)"),
        ("constant", "1.0 * (mean ** 2 + log_var.exp() - 1.0 - log_var).sum(-1)"),
    ],
)
def test_the_usual_mistakes_in_the_divergence_are_made(kind, broken):
    made = {mutant.after: mutant.kind for mutant in mutants_of("gaussian", KL)}
    assert made[f"return {broken}"] == kind


def test_arguments_are_swapped_and_dropped():
    made = {m.after for m in mutants_of("m", "z = f(a, b, generator=g, keep=True)")}
    assert made == {
        "z = f(b, a, generator=g, keep=True)",
        "z = f(a, b, keep=True)",
        "z = f(a, b, generator=g)",
        "z = f(a, b, generator=g, keep=False)",
    }


@pytest.mark.parametrize("module", MODULES)
def test_every_mutant_is_python_and_differs_only_in_its_statement(module):
    source = (ROOT / path_of(module)).read_text(encoding="utf-8")
    original = ast.unparse(ast.parse(source)).splitlines()
    mutants = mutants_of(module, source, WITHIN.get(module, ("",)))
    assert len({mutant.source for mutant in mutants}) == len(mutants) > 25
    for mutant in mutants:
        ast.parse(mutant.source)
        changed = zip(original, mutant.source.splitlines(), strict=True)
        assert sum(old != new for old, new in changed) == 1, str(mutant)


def test_a_refusal_and_its_message_are_left_alone():
    assert all(mutant.before.startswith("return") for mutant in mutants_of("gaussian", KL))


def test_default_values_are_left_alone():
    made = mutants_of("m", "def f(a=1, *, b=2):\n    return -a")
    assert [mutant.after for mutant in made] == ["return a"]


def test_each_reason_is_that_of_a_mutant():
    names = [
        f"{mutant.module}.{mutant.function}: {mutant.after}"
        for module in MODULES
        for mutant in mutants_of(
            module, (ROOT / path_of(module)).read_text("utf-8"), WITHIN.get(module, ("",))
        )
    ]
    for key in EXPLAINED:
        assert any(name.startswith(key) for name in names), key


def test_the_report_counts_and_names_survivors(monkeypatch):
    monkeypatch.setattr(
        "tools.mutants.mutants.coded", lambda: [Coded("eq-kl", "vae_lib.gaussian", "f", "")]
    )
    dead, alive = (Mutant("gaussian", "f", 3, "sign", "a + b", after, "") for after in "xy")
    killer = {"test": "t", "equation": ["eq-kl"], "error": "AssertionError"}
    found = report([(dead, {"code": 1, "killer": killer}), (alive, {"code": 0, "killer": {}})], 1.0)
    assert found["summary"]["score_percent"] == 50
    assert found["kind"]["sign"]["by an equation's test"] == 1
    (survivor,) = found["survivors"]
    assert found["equations"] == {"eq-kl": {"before": "a + b", "after": "x", "test": "t"}}
    assert survivor["place"] == "vae_lib/gaussian.py:3 f" and survivor["diff"] == ["- a + b", "+ y"]


def test_comparisons_are_turned_round_and_calls_that_refuse_are_left_alone():
    source = "def f(a):\n    require_room(2 * a)\n    return a > b\n\ndef g(a):\n    return -a"
    assert [mutant.after for mutant in mutants_of("m", source, ("f",))] == ["return a <= b"]


def test_a_function_waits_for_the_next_round_until_its_equation_has_a_red_mutant(monkeypatch):
    monkeypatch.setattr(
        "tools.mutants.mutants.coded",
        lambda: [Coded("eq-a", "vae_lib.m", "f", ""), Coded("eq-b", "vae_lib.m", "C.g", "")],
    )
    names = ["f", "f", "f", "C.g.inner", "C.g", "other"]
    kinds = ["dropped call", "sign", "factor", "sign", "sign", "sign"]
    mutants = [
        Mutant("m", name, n, kind, "", "", "")
        for n, (name, kind) in enumerate(zip(names, kinds, strict=True))
    ]
    killed = {"test": "t", "equation": ["eq-b"], "error": "AssertionError"}
    outcomes, ran = [], []
    for batch in rounds(mutants, outcomes):
        ran.append([one.line for one in batch])
        killer = killed if len(ran) == 1 else {}
        outcomes += [(one, {"killer": killer}) for one in batch]
    assert ran == [[1, 3], [2], [0]]


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "swapped"},
        {"function": "g"},
        {"after": "return 0.5"},
        {"equation": []},
        {"error": "TypeError"},
    ],
)
def test_shown_is_a_mistake_in_the_equations_own_formula_that_gives_a_wrong_value(
    monkeypatch, change
):
    monkeypatch.setattr(
        "tools.mutants.mutants.coded", lambda: [Coded("eq-a", "vae_lib.m", "f", "")]
    )
    good = {"function": "f", "kind": "sign", "after": "return 0.5 * (a - b)"}
    good |= {"equation": ["eq-a"], "error": "AssertionError"}

    def shown(one):
        mutant = Mutant("m", one["function"], 1, one["kind"], "before", one["after"], "")
        killer = {"test": "t", "equation": one["equation"], "error": one["error"]}
        return by_equation([(mutant, {"killer": killer})])

    assert shown(good) == {"eq-a": {"before": "before", "after": good["after"], "test": "t"}}
    assert shown(good | change) == {}
