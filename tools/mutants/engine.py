"""Break the laboratory's JavaScript, one token at a time: does a test turn red every time?

``python -m tools.mutants.engine`` runs the engine's tests against each mutant, those that name the
module first, until one fails, and writes ``benchmarks/engine_mutants.json``. Comments, strings and
imports stay as they are, and what is no JavaScript any more does not count.
"""

import argparse
import gc
import importlib
import json
import os
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.build.lab_functions import ENGINE
from tools.build.static_files import NODE
from tools.mutants.forking import in_forks
from tools.mutants.javascript import Mutant, broken, mutants_of
from tools.mutants.mutants import QUICK
from tools.paths import ROOT

TESTS = "tests/library/test_lab_engine.py"
REPORT = ROOT / "benchmarks" / "engine_mutants.json"
LIMIT = 8  # seconds of processor time for one mutant, in Python and in node each
# Signs that a person would get wrong: the module, what stands there, and what might.
BY_HAND = [
    ("gaussian", "LOG_2PI + log + standardized", "LOG_2PI - log + standardized"),
    ("gaussian", "rows[Math.floor(i / size)] -= 0.5", "rows[Math.floor(i / size)] += 0.5"),
    ("gaussian", "Math.expm1(ratio) - ratio", "Math.expm1(ratio) + ratio"),
    ("gaussian", "mean[i % mean.length] + std *", "mean[i % mean.length] - std *"),
    ("likelihoods", "logit - softplus(logit)", "logit + softplus(logit)"),
    ("likelihoods", "x[i % x.length] - sigmoid(logit)", "x[i % x.length] + sigmoid(logit)"),
    ("likelihoods", "0.5 * (squares - mean.length)", "0.5 * (squares + mean.length)"),
    ("network", "1 - output * output", "1 + output * output"),
    ("objectives", "(slope) => -part * slope", "(slope) => part * slope"),
    ("objectives", "value - kl[i]", "value + kl[i]"),
    ("objectives", "value - own[i]", "value + own[i]"),
    ("objectives", "value - log)", "value + log)"),
    ("linear", "- 0.5 * square - halfLogDet", "- 0.5 * square + halfLogDet"),
    ("linear", "value - 0.5 * cost", "value + 0.5 * cost"),
    ("linear", "-Math.log(ours", "Math.log(ours"),
    ("gradients", "values[i] - baseline.mean", "values[i] + baseline.mean"),
    ("gradients", "0.5 * (value * value - 1)", "0.5 * (value * value + 1)"),
    ("adam", "- (rate * first[i]) / scale", "+ (rate * first[i]) / scale"),
    ("adam", "1 - this.learningRate *", "1 + this.learningRate *"),
    ("quadrature", "logJoint[i] - logQ[i]", "logJoint[i] + logQ[i]"),
]
# Survivors that no test can kill, by how "module: line" begins, with the reason.
_NOWHERE = "what is written behind the end of an array is lost"
_AS_MANY = "the encoder gives as many variances as means"
_NOT_ASKED = "σ² is asked for where the likelihood is Gaussian"
_ZERO_BITS = "the bits that are shifted in are 0"
EXPLAINED = {
    "cholesky: for (let i = n + 1; i >= 0; i--)": _NOWHERE,
    "linear: for (let point = 0; point < 4 * size; point++)": _NOWHERE,
    "matrices: const whole = inner - (inner % 8);": "the same product, less of it in blocks",
    "objectives: const count = q.logVar.length / q.size;": _AS_MANY,
    "objectives: const draws = z.length / q.logVar.length;": _AS_MANY,
    "objectives: const place = i % q.logVar.length;": _AS_MANY,
    "objectives: return { outputs: bernoulliGradient(outputs, x), mean: 0": _NOT_ASKED,
    "objectives: return { outputs: bernoulliGradient(outputs, x), logVar: 1": _NOT_ASKED,
    "random: y ^= (y << 7) & 0x9d2c5681;": _ZERO_BITS,
    "random: y ^= (y << 15) & 0xefc60001;": _ZERO_BITS,
}
PARSES = """
const { SourceTextModule } = require("node:vm");
const good = (text) => {
  try { return Boolean(new SourceTextModule(text)); } catch { return false; }
};
const texts = JSON.parse(require("node:fs").readFileSync(0, "utf-8"));
console.log(JSON.stringify(texts.map(good)));
"""
Outcomes = list[tuple[Mutant, str]]


def all_mutants() -> list[Mutant]:
    """Return every mutant that is JavaScript: the named ones, then those of each token."""
    sources = {path.stem: path.read_text(encoding="utf-8") for path in sorted(ENGINE.glob("*.js"))}
    found = []
    for module, before, after in BY_HAND:
        start = sources[module].index(before)
        end = start + len(before)
        found.append(broken(module, sources[module], start, end, after, "by hand"))
    found += [one for module, source in sources.items() for one in mutants_of(module, source)]
    answer = subprocess.run(
        [NODE / "bin/node", "--experimental-vm-modules", "--no-warnings", "-e", PARSES],
        input=json.dumps([one.source for one in found]),
        capture_output=True, text=True, encoding="utf-8", check=True,
    )  # fmt: skip
    return [one for one, good in zip(found, json.loads(answer.stdout), strict=True) if good]


class _Watcher:
    """A pytest plugin: runs the tests of a module before the others; notes which one fails."""

    def __init__(self, module: str) -> None:
        self.module, self.killer = module, ""

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        def others(item: Any) -> bool:
            named = [name for mark in item.iter_markers("page") for name in mark.args]
            return not any(name.startswith(f"{self.module}.") for name in named)

        items.sort(key=others)

    def pytest_exception_interact(self, node: Any) -> None:
        self.killer = node.nodeid.partition("::")[2]


def _test(mutant: Mutant | None, folder: Path) -> None:
    """In a forked process: run the tests against the mutant, or against the engine itself."""
    import pytest

    watcher = _Watcher(mutant.module if mutant else "")
    if mutant is not None:
        shutil.copytree(ENGINE.parent, folder / "lab", ignore=shutil.ignore_patterns("*.py"))
        (folder / f"lab/engine/{mutant.module}.js").write_text(mutant.source, encoding="utf-8")
        os.environ["LAB_ENGINE"] = str(folder / "lab/engine")
    code = pytest.main([*QUICK, TESTS], plugins=[watcher])
    (folder / "killer").write_text(watcher.killer if code else "survived", encoding="utf-8")


def run(mutants: list[Mutant | None], workers: int) -> Iterator[tuple[Mutant | None, str]]:
    """Try each mutant in a process of its own, and give back what killed it, as it comes."""
    for mutant, folder in in_forks(mutants, _test, LIMIT, workers):
        killer = folder / "killer"
        yield mutant, killer.read_text("utf-8") if killer.exists() else "time limit"


def report(outcomes: Outcomes, seconds: float) -> dict[str, Any]:
    """Count the outcomes, and describe each survivor with the reason why it lives."""
    modules: dict[str, Counter[str]] = {}
    survivors = []
    for mutant, killer in outcomes:
        count = modules.setdefault(mutant.module, Counter(made=0, killed=0))
        count.update(made=1, killed=int(killer != "survived"))
        if killer == "survived":
            reason = next(
                (why for key, why in EXPLAINED.items() if mutant.name.startswith(key)), ""
            )
            diff = [f"- {mutant.before}", f"+ {mutant.after}"]
            place = f"{mutant.module}.js:{mutant.line}"
            survivors.append({"place": place, "diff": diff, "reason": reason})
    total = sum(modules.values(), Counter[str]())
    named = [killer for mutant, killer in outcomes if mutant.kind == "by hand"]
    summary = {
        "score_percent": round(100 * total["killed"] / max(total["made"], 1), 2),
        **total,
        "by hand": {"made": len(named), "killed": sum(one != "survived" for one in named)},
        "seconds": round(seconds),
    }
    return {"summary": summary, "module": modules, "survivors": survivors}


def main() -> None:
    """Make every mutant, run the tests against each, print and keep the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--match", default="", help="only mutants whose name holds this")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    started = time.monotonic()
    os.environ |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "OMP_NUM_THREADS": "1"}
    os.chdir(ROOT)
    for name in ("pytest", "hypothesis", "matplotlib.pyplot", "torch.optim", "torch._dynamo"):
        importlib.import_module(name)
    gc.freeze()  # the children share this memory
    ((_, unbroken),) = run([None], 1)
    if unbroken != "survived":
        raise SystemExit(f"The tests fail before anything is broken: {unbroken}")
    mutants: list[Mutant | None] = [one for one in all_mutants() if options.match in one.name]
    outcomes: Outcomes = []
    for mutant, killer in run(mutants, options.workers):
        assert mutant is not None
        outcomes.append((mutant, killer))
        if killer == "survived":
            print(f"{mutant.module}.js:{mutant.line} survived", f"- {mutant.before}", sep="\n  ")
            print(f"  + {mutant.after}", flush=True)
    outcomes.sort(key=lambda pair: mutants.index(pair[0]))
    found = report(outcomes, time.monotonic() - started)
    print(json.dumps(found["summary"]))
    if not options.match:
        text = json.dumps(found, indent=1, ensure_ascii=False)
        REPORT.write_text(f"{text}\n", encoding="utf-8")
    if any(not survivor["reason"] for survivor in found["survivors"]):
        raise SystemExit("A mutant survives without a reason: write the test that kills it.")


if __name__ == "__main__":
    main()
