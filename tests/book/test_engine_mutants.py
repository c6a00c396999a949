"""The check of the engine's tests itself: it makes the mistakes that it is meant to make."""

import pytest

from tools.build.lab_functions import ENGINE
from tools.mutants.engine import BY_HAND, EXPLAINED, Mutant, report
from tools.mutants.javascript import mutants_of

KL = """// Half of it - here 0.5 - is not mutated.
import { a } from "./x-1.js";
/** mean * 2 */
export function kl(mean, logVar) {
  for (let i = 0; i < 1; i++) {}
  return 0.5 * (mean ** 2 + Math.exp(logVar) - 1 - logVar); // - 1
}
"""


@pytest.mark.parametrize(
    "after",
    [
        "return 1 * (mean ** 2 + Math.exp(logVar) - 1 - logVar); // - 1",
        "return 0.5 / (mean ** 2 + Math.exp(logVar) - 1 - logVar); // - 1",
        "return 0.5 * (mean * 2 + Math.exp(logVar) - 1 - logVar); // - 1",
        "return 0.5 * (mean ** 2 - Math.exp(logVar) - 1 - logVar); // - 1",
        "return 0.5 * (mean ** 2 + Math.expm1(logVar) - 1 - logVar); // - 1",
        "return 0.5 * (mean ** 2 + Math.exp(logVar) - 2 - logVar); // - 1",
        "return 0.5 * (mean ** 2 + Math.exp(logVar) - 1 + logVar); // - 1",
        "return 0.5 * (logVar ** 2 + Math.exp(logVar) - 1 - logVar); // - 1",
    ],
)
def test_the_usual_mistakes_in_the_divergence_are_made(after):
    assert after in [mutant.after for mutant in mutants_of("gaussian", KL)]


def test_comments_imports_and_endless_loops_are_left_alone():
    made = mutants_of("gaussian", KL)
    assert {mutant.line for mutant in made} == {4, 5, 6}
    assert all("// - 1" in mutant.after for mutant in made if mutant.line == 6)
    assert not any("i--" in mutant.after for mutant in made)


@pytest.mark.parametrize("module", sorted(path.stem for path in ENGINE.glob("*.js")))
def test_every_mutant_differs_in_one_line(module):
    source = (ENGINE / f"{module}.js").read_text(encoding="utf-8")
    made = mutants_of(module, source)
    assert len({mutant.source for mutant in made}) == len(made) > 5
    for mutant in made:
        changed = zip(source.splitlines(), mutant.source.splitlines(), strict=True)
        assert sum(old != new for old, new in changed) == 1, mutant.name


def test_what_is_broken_by_hand_stands_in_the_sources_once():
    assert len(BY_HAND) >= 10
    for module, before, after in BY_HAND:
        source = (ENGINE / f"{module}.js").read_text(encoding="utf-8")
        assert source.count(before) == 1 and before != after, (module, before)


def test_each_reason_is_that_of_a_mutant():
    names = [
        mutant.name
        for path in ENGINE.glob("*.js")
        for mutant in mutants_of(path.stem, path.read_text(encoding="utf-8"))
    ]
    for key in EXPLAINED:
        assert any(name.startswith(key) for name in names), key


def test_the_report_counts_and_names_the_survivors():
    killed = Mutant("adam", 3, "by hand", "a - b", "a + b", "")
    alive = Mutant("adam", 4, "sign", "c", "d", "")
    found = report([(killed, "test_adam"), (alive, "survived")], 1.0)
    assert found["summary"]["score_percent"] == 50.0
    assert found["summary"]["by hand"] == {"made": 1, "killed": 1}
    assert found["module"]["adam"] == {"made": 2, "killed": 1}
    (survivor,) = found["survivors"]
    assert survivor["place"] == "adam.js:4" and survivor["diff"] == ["- c", "+ d"]
