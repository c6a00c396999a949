"""Break each formula of the library, one place at a time: does a test turn red every time?

``MODULES`` names what holds formulas. Every mutant changes one expression of it: a sign, a factor,
a term, σ for σ², a sum for a mean, a dropped exp. Tests then run against it and stop at the first
failure: those of the module before others that can see it, those of the equations first. Not
mutated: docstrings, annotations, default values, decorators, and refusals (``if …: raise`` and
calls of ``require_…``), which have tests of their own.
"""

import argparse
import gc
import importlib
import importlib.abc
import importlib.util
import json
import os
import re
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice, zip_longest
from pathlib import Path
from types import ModuleType
from typing import Any

from tools.build.equations import coded
from tools.mutants.forking import in_forks
from tools.mutants.mutations import Mutant, mutants_of
from tools.paths import ROOT

_SHARED = ("limits", "scores", "evidence", "gradients", "identities")
_CORE = ("gaussian", "likelihoods", "objectives", "models", "linear", "evaluation", "latents")
# Each module with the tests that can see it, its own first.
MODULES = {
    **{name: (name, *(one for one in (*_CORE, *_SHARED) if one != name)) for name in _CORE},
    "conditional": ("conditional",),
    "evidence": ("evidence", "identities", "limits"),
    "factor_analysis": ("factor_analysis",),
    "gradients": ("gradients",),
    "discretised": ("discretised",),
    "columns": ("columns", "missing"),
    "convolutional": ("convolutional",),
    "images": ("images",),
    "tables": ("tables",),
    "lessons.identities": ("identities",),
    "lessons.wrong_losses": ("wrong_losses",),
    "data": ("data",),
    "missing": ("missing",),
    "outliers": ("outliers",),
    "schedules": ("schedules",),
    "training": ("training", "schedules", "checkpoints"),
}
# Where a module is not formulas alone: those of its functions, and loops, that are.
WITHIN = {
    "data": ("binarise", "_embedded", "_full", "_dataset"),
    "training": ("plain_fit", "Bound.forward", "fit.epoch", "_elbo_means"),
}
PRELOADED = ["hypothesis", "matplotlib.pyplot", "mlxtend.data", "mpmath", "opencc", "pytest"]
PRELOADED += ["scipy.optimize", "scipy.stats", "sympy", "torch", "torch.distributions"]
# Stop at the first failure, and skip what only serves a person who reads the failure.
QUICK = ["-x", "-q", "--tb=no", "--assert=plain", "-p", "no:cacheprovider"]
QUICK += ["-p", "no:unraisableexception", "-p", "no:threadexception", "-p", "no:faulthandler"]
LIMIT = 60  # seconds of processor time for one mutant; all the tests together take about ten
REPORT = ROOT / "benchmarks" / "mutants.json"
# Mistakes in the mathematics, which a reader could have made: tried first, and alone shown.
TELLING = frozenset(
    {"sign", "factor", "dropped factor", "dropped term", "sigma", "dropped square", "sum for mean"}
)
NUMBER_ALONE = re.compile(r"(return|.* =) -?[\d.]+")
MOST_ROUNDS = 8  # mutants of one function, until its equation's own test kills one
Outcomes = list[tuple[Mutant, dict[str, Any]]]

# Survivors that no test can kill, by how "module.function: after" begins, with the reason.
_FROM_THE_END = "the same slice: D - L counted from the start is -L counted from the end"
_SEARCH = "how the search proceeds; where it ends is what the tests compare"
_LOOK = "how the progress bar looks"
_MEMORY = "how much memory the same numbers take"
_ONE_AXIS = "the same axis: there are two, and it is the last"
_SYMMETRIC = "a symmetric matrix gives the same from the left and from the right"
_PRODUCT = "only the product of both numbers counts"
_SUM_OF_BOTH = "both parts are added"
_BEYOND = "from 40 on double precision knows no difference"
EXPLAINED = {
    "linear.LinearGaussian.maximum_likelihood: data_dim = x.shape[1]": _ONE_AXIS,
    "linear.train_linear_vae: data_dim = x.shape[1]": _ONE_AXIS,
    "lessons.wrong_losses.make_loss.loss: log_likelihood = log_likelihood / x.shape[1]": _ONE_AXIS,
    "lessons.wrong_losses.doubling_check: double = loss(twice, torch.cat([bench.x, bench.x], "
    "dim=1)": _ONE_AXIS,
    "lessons.wrong_losses.rescaling_check: return _largest(change - bench.x.shape[1] *": _ONE_AXIS,
    "lessons.wrong_losses.make_bench: weight = columns * (1 + torch.arange(latent_dim))": (
        "whole numbers times float64 are float64"
    ),
    "lessons.wrong_losses.make_bench: variance = (exact.scale_tril ** 2).sum(": (
        "the matrix is diagonal here: its rows and its columns have the same sums"
    ),
    "lessons.wrong_losses.mass_check: grid = torch.linspace(low, high, ": "a grid as fine or finer",
    "linear.LinearGaussian._solved: return ((inverse * signs).flip(1, 0), ": "both axes are turned",
    "linear.LinearGaussian._solved: return ((inverse / signs)": "a sign is its own inverse",
    "lessons.identities.product: centre = (precision @ mean + other_precision @ other_mean) @ ": (
        _SYMMETRIC
    ),
    "lessons.identities.product: centre = combined @ (mean @ precision + ": _SYMMETRIC,
    "lessons.identities.product: centre = combined @ (precision @ mean + other_mean @ ": _SYMMETRIC,
    "schedules.OneCycle.__call__: phase = position / top + 1 if": "cosine repeats after 2π",
    "linear._used: rounding = ": "where the refusal of a wrong order begins",
    "evaluation.log_likelihood: pass": _MEMORY,
    "evaluation.log_likelihood: threads = choose_threads(chunk, count_weights(model)) if": _PRODUCT,
    "linear.LinearGaussian.maximum_likelihood: noise = values[:-latent_dim].mean()": _FROM_THE_END,
    "linear.LinearGaussian.maximum_likelihood: scale = torch.sqrt((values[-latent_dim:] - noise)"
    ".clamp(min=0))": _FROM_THE_END,
    "linear.LinearGaussian.maximum_likelihood: weight = vectors[:, -latent_dim:] * scale": (
        _FROM_THE_END
    ),
    "linear.train_linear_vae: optimiser = torch.optim.LBFGS(": _SEARCH,
    "linear.train_linear_vae: log_var = x.new_tensor(math.log(variance or 2.0))": _SEARCH,
    "evaluation.log_likelihood.images.start: bound = importance_weighted_bound(model, images, "
    "size, generator=generator)": "the same proposal: it is then encoded once for each chunk",
    "evaluation.log_likelihood.images.start: total = torch.logaddexp(bound + math.log(size), "
    "total)": "logaddexp is symmetric",
    "evidence._grid: z = torch.linspace(limit, -limit, ": "the same grid, backwards",
    "evidence._trapezoid: log_weight = torch.full_like(log_values, ": _MEMORY,
    "evidence._count: return x.numel() // x.shape[1]": _ONE_AXIS,
    "gaussian.weight_variance: safe = torch.where(exists[..., None, None], twice, "
    "torch.eye(twice.shape[-2])": "a square matrix: both axes are as long",
    "likelihoods.Bernoulli.log_prob: return (x * self.logits - F.softplus(self.logits, "
    "threshold=": _BEYOND,
    "models.GenerativeModel.__init__: self.register_buffer('zeros', torch.ones(latent_dim)": (
        "only its shape, dtype and device are asked for"
    ),
    "latents.aggregate_split: error = (spread.max() / both[1].numel())": (
        "both parts hold as many numbers"
    ),
    "lessons.wrong_losses.blind_check: blind = LinearGaussian(torch.zeros_like("
    "bench.model.weight), bench.model.bias, ": "the noise cancels where z is not looked at",
    "schedules.BurdaStages.__call__: ends = [3 ** (i + 1) // 2 for": (
        "a power of 3 is odd: the 1 is what the division leaves"
    ),
    "conditional.Joined.forward: shape = torch.broadcast_shapes(self.known.": (
        "shapes broadcast to the same in either order"
    ),
    "conditional.label_bounds: x = model.given([1]).accept(x)": "every label has the same dtype",
    "conditional.label_summed_out: off = log_q.logsumexp(1)": _ONE_AXIS,
    "conditional.label_summed_out: return (log_q.exp() * (bounds - log_q)).sum(1)": _ONE_AXIS,
    "factor_analysis.FactorAnalysis.log_evidence: log_likelihood = -0.5 * (seen * (missed + "
    "self.log_var + LOG_2PI)).sum(1)": _ONE_AXIS,
    "factor_analysis.FactorAnalysis.log_evidence: return log_likelihood - 0.5 * z.square().sum(1) "
    "+": _ONE_AXIS,
    "factor_analysis.FactorAnalysis.improved: mean = torch.cat([posterior.mean, one], 1)": (
        _ONE_AXIS
    ),
    "factor_analysis.FactorAnalysis.improved: missed = (seen * x ** 2).sum(0) - (both * cross)"
    ".sum(1)": _ONE_AXIS,
    "factor_analysis.fit_factor_analysis: counts = seen.sum(0)": (
        "a column with fewer than two values is refused in any case"
    ),
    "missing.Observed.log_prob: x = as_tensor(x, self.mean.device, ": (
        "a tensor is moved to either in either order"
    ),
    "outliers.best_auc: distance = torch.linalg.solve(covariance, shift) @ ": _SYMMETRIC,
    "outliers.Area.error: return _error(self.usual, ": _SUM_OF_BOTH,
    "outliers.Area.minus: return (outliers.mean(), _error(usual, ": _SUM_OF_BOTH,
    "training.Bound.forward: bound = importance_weighted_bound(self.model, x, self.k, "
    "noise=noise)": "the same proposal: it is then encoded twice",
    "training.Bound.forward: nothing = torch.stack([weight.mean() ": "of nothing, in either case",
    "training.fit.epoch: bar.set_postfix_str(": _LOOK,
    "training.fit.epoch: weights = [weight.": "as finite, and only that is asked",
    "training.plain_fit: with computing(choose_threads(batch_size, count_weights(model))):": (
        _PRODUCT
    ),
    "discretised.log_var_above: return torch.logaddexp(raw.new_tensor(": "logaddexp is symmetric",
    "discretised.DiscretisedLogistic.log_prob: x = as_tensor(x, self.centre.device, ": (
        "a tensor is moved to a dtype and to a device by the same call"
    ),
    "data._dataset: train, validation, test = (torch.from_numpy(i.reshape(-2, ": (
        "NumPy takes any negative number for the length that is left open"
    ),
    "data._embedded.digit: for digit in range(": "there is no digit from 10 on: nothing is drawn",
}


def path_of(module: str) -> str:
    """The file of a module of ``vae_lib``, from the root of the project."""
    return f"vae_lib/{module.replace('.', '/')}.py"


class _Replacement(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Import the mutant in place of the module."""

    def __init__(self, mutant: Mutant) -> None:
        self.name, self.source = f"vae_lib.{mutant.module}", mutant.source
        self.path = ROOT / path_of(mutant.module)

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> Any:
        if fullname == self.name:
            return importlib.util.spec_from_file_location(fullname, self.path, loader=self)
        return None

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self.source, self.path, "exec"), module.__dict__)


class _Watcher:
    """A pytest plugin: runs the equations' tests first, quick before slow; notes which fails."""

    def __init__(self, seconds: dict[str, float]) -> None:
        self.known = seconds
        self.seconds: dict[str, float] = {}
        self.killer: dict[str, Any] = {}

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        def order(item: Any) -> tuple[bool, float]:
            equation = item.get_closest_marker("equation") is not None
            return not equation, self.known.get(item.nodeid, 0.0)

        items.sort(key=order)

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0.0) + report.duration

    def pytest_exception_interact(self, node: Any, call: Any) -> None:
        marks = node.iter_markers("equation") if hasattr(node, "iter_markers") else ()
        self.killer = {
            "test": node.nodeid,
            "equation": sorted({mark.args[0] for mark in marks}),
            "error": call.excinfo.typename,
        }


def _test(mutant: Mutant | None, tests: list[str], seconds: dict[str, float], result: Path) -> None:
    """In a forked process: run the tests against the mutant, or against the library itself."""
    import pytest

    if mutant is not None:
        sys.meta_path.insert(0, _Replacement(mutant))
    watcher, code = _Watcher(seconds), 0
    for files in (tests[:1], tests[1:]):
        if files and code == 0:
            code = pytest.main([*QUICK, *files], plugins=[watcher])
    found = {"code": int(code), "seconds": watcher.seconds, "killer": watcher.killer}
    result.write_text(json.dumps(found), encoding="utf-8")


def run(
    mutants: Sequence[Mutant | None],
    tests: Callable[[Mutant | None], list[str]],
    seconds: dict[str, float],
    workers: int,
) -> Iterator[tuple[Mutant | None, dict[str, Any]]]:
    """Try each mutant in a process of its own, and give back what its tests said, as it comes."""

    def test(mutant: Mutant | None, folder: Path) -> None:
        _test(mutant, tests(mutant), seconds, folder / "said.json")

    for mutant, folder in in_forks(mutants, test, LIMIT, workers):
        said = folder / "said.json"
        late = {"code": 1, "seconds": {}, "killer": {"test": "time limit", "error": "none"}}
        yield mutant, json.loads(said.read_text("utf-8")) if said.exists() else late


def report(outcomes: Outcomes, took: float) -> dict[str, Any]:
    """Count the outcomes, and describe each survivor with the reason why it lives."""
    counts: dict[str, dict[str, Counter[str]]] = {"module": {}, "kind": {}}
    survivors, total = [], Counter[str]()
    for mutant, outcome in outcomes:
        killer = outcome["killer"]
        kind = {
            "made": 1,
            "killed": outcome["code"] != 0,
            "by an equation's test": bool(killer.get("equation")),
            "by a wrong value": killer.get("error") == "AssertionError",
        }
        for count in (
            total,
            counts["module"].setdefault(mutant.module, Counter()),
            counts["kind"].setdefault(mutant.kind, Counter()),
        ):
            count.update({key: int(value) for key, value in kind.items()})
        if outcome["code"] == 0:
            name = f"{mutant.module}.{mutant.function}: {mutant.after}"
            reason = next((why for key, why in EXPLAINED.items() if name.startswith(key)), "")
            place = f"{path_of(mutant.module)}:{mutant.line} {mutant.function}"
            diff = [f"- {mutant.before}", f"+ {mutant.after}"]
            survivors.append({"place": place, "kind": mutant.kind, "diff": diff, "reason": reason})
    score = round(100 * total["killed"] / max(total["made"], 1), 2)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = {"seconds": round(took), "cpu_seconds": round(used.ru_utime + used.ru_stime)}
    summary = {"score_percent": score, **total, **seconds}
    found = {"summary": summary, "tests": MODULES, **counts, "survivors": survivors}
    return found | {"equations": by_equation(outcomes)}


def by_equation(outcomes: Outcomes) -> dict[str, dict[str, str]]:
    """Return for each equation the first mutant of its formula that a test of it killed.

    It is a mistake in the mathematics, in a function that codes this very equation, and gives a
    wrong value: no program that stops, and no number in place of the formula.
    """
    found: dict[str, dict[str, str]] = {}
    places = coded_places()
    for mutant, outcome in outcomes:
        killer = outcome["killer"]
        if mutant.kind not in TELLING or killer.get("error") != "AssertionError":
            continue
        if NUMBER_ALONE.fullmatch(mutant.after):
            continue
        own = {label for place, label in places if is_within(mutant, *place)}
        for label in own.intersection(killer.get("equation", ())):
            shown = {"before": mutant.before, "after": mutant.after}
            found.setdefault(label, shown | {"test": killer["test"]})
    return dict(sorted(found.items()))


def coded_places() -> list[tuple[tuple[str, str], str]]:
    """Return the module and the name of what codes an equation, each with the label."""
    return [((one.module.removeprefix("vae_lib."), one.name), one.label) for one in coded()]


def is_within(mutant: Mutant, module: str, name: str) -> bool:
    """Whether a mutant breaks this function, or one that it holds."""
    return mutant.module == module and f"{mutant.function}.".startswith(f"{name}.")


def rounds(mutants: list[Mutant], outcomes: Outcomes) -> Iterator[list[Mutant]]:
    """Give one mutant of each function that codes an equation, then the next one, and so on.

    Those of a telling kind come first.
    Left out are, from one round to the next, functions whose equations have their mutant.
    """
    labels: dict[tuple[str, str], set[str]] = {}
    for place, label in coded_places():
        labels.setdefault(place, set()).add(label)
    groups = [[one for one in mutants if is_within(one, *place)] for place in labels]
    for group in groups:
        group.sort(key=lambda one: one.kind not in TELLING)
    for row in islice(zip_longest(*groups), MOST_ROUNDS):
        done = by_equation(outcomes).keys()
        yield [
            mutant
            for mutant, own in zip(row, labels.values(), strict=True)
            if mutant and not own <= done
        ]


def main() -> None:
    """Make every mutant, run the tests against each, print and keep the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--match", default="", help="only mutants whose description holds this")
    parser.add_argument("--tests", nargs="+", help="files with tests, in place of the module's")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument(
        "--equations", action="store_true",
        help="only until each equation has a mutant that its own test killed",
    )  # fmt: skip
    options = parser.parse_args()
    started = time.monotonic()
    mutants = [
        mutant
        for module in MODULES
        for mutant in mutants_of(
            module, (ROOT / path_of(module)).read_text("utf-8"), WITHIN.get(module, ("",))
        )
        if options.match in str(mutant)
    ]
    os.environ |= {
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "OMP_NUM_THREADS": "1",
        "MPLBACKEND": "agg",
    }
    os.chdir(ROOT)
    for name in PRELOADED:
        importlib.import_module(name)
    gc.freeze()  # the children share this memory

    def tests(mutant: Mutant | None) -> list[str]:
        concerned = [mutant] if mutant else mutants
        names = dict.fromkeys(name for one in concerned for name in MODULES[one.module])
        return options.tests or [f"tests/library/test_{name}.py" for name in names]

    ((_, unbroken),) = run([None], tests, {}, 1)
    if unbroken["code"] != 0:
        raise SystemExit(f"The tests fail before anything is broken: {unbroken['killer']}")
    outcomes: Outcomes = []
    seconds = unbroken["seconds"]
    for batch in rounds(mutants, outcomes) if options.equations else [mutants]:
        for mutant, outcome in run(batch, tests, seconds, options.workers):
            assert mutant is not None
            outcomes.append((mutant, outcome))
            fate = f"killed by {outcome['killer'].get('test')}" if outcome["code"] else "SURVIVED"
            place = f"{path_of(mutant.module)}:{mutant.line} {mutant.kind}"
            print(f"[{len(outcomes)}/{len(mutants)}] {place}: {fate}", flush=True)
    outcomes.sort(key=lambda pair: mutants.index(pair[0]))
    found = report(outcomes, time.monotonic() - started)
    if options.equations:
        old = json.loads(REPORT.read_text("utf-8"))
        write(old | {"equations": found["equations"]})
        return
    if not options.match and not options.tests:
        write(found)
    show(found)
    if any(not survivor["reason"] for survivor in found["survivors"]):
        raise SystemExit("A mutant survives without a reason: write the test that kills it.")


def write(found: dict[str, Any]) -> None:
    """Keep the result."""
    text = json.dumps(found, indent=1, ensure_ascii=False)
    REPORT.write_text(f"{text}\n", encoding="utf-8")


def show(found: dict[str, Any]) -> None:
    """Print the counts as a table, and each survivor with its reason."""
    columns = ("made", "killed", "by an equation's test", "by a wrong value")
    print(f"\n{'':22}" + "".join(f"{column:>24}" for column in columns))
    rows = {**found["module"], **found["kind"], "all": found["summary"]}
    for name, count in rows.items():
        print(f"{name:22}" + "".join(f"{count[column]:24}" for column in columns))
    for survivor in found["survivors"]:
        print(f"\n{survivor['place']} ({survivor['kind']})", *survivor["diff"], sep="\n  ")
        print(f"  {survivor['reason'] or 'NOT EXPLAINED'}")
    summary = found["summary"]
    print(f"\nScore {summary['score_percent']} %, in {summary['seconds']} s ", end="")
    print(f"({summary['cpu_seconds']} s of processor time).")


if __name__ == "__main__":
    main()
