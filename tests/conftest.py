"""What every test can use: double precision, a seeded generator, random exactly solvable models."""

import json
from pathlib import Path

import agreement
import matplotlib
import pytest
import torch
from hypothesis import HealthCheck, settings
from scheduling import ByPage

from tools.build.equations import coded, read_report, sources_key
from vae_lib.gaussian import DiagonalGaussian
from vae_lib.linear import LinearGaussian

matplotlib.use("agg")

# The same examples every time; "thorough" tries fifty times as many.
for profile, examples in (("quick", 60), ("thorough", 3000)):
    settings.register_profile(
        profile,
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
settings.load_profile("quick")


@pytest.fixture(autouse=True)
def _double_precision():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.fixture
def single_precision(_double_precision):
    torch.set_default_dtype(torch.float32)


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


@pytest.fixture
def random_linear(generator):
    """A function that makes a random linear model, five data points and a random diagonal q."""

    def make(data_dim: int, latent_dim: int):
        model = LinearGaussian(
            torch.randn(data_dim, latent_dim, generator=generator),
            torch.randn(data_dim, generator=generator),
            torch.randn((), generator=generator),
        ).requires_grad_(False)
        x = model.sample(5, generator)
        mean, log_var = torch.randn(2, 5, latent_dim, generator=generator)
        return model, x, DiagonalGaussian(mean, log_var)

    return make


def pytest_addoption(parser):
    parser.addoption(
        "--agreement",
        metavar="FILE",
        help="write how closely each equation met its oracle if no test fails, and do not run "
        "those of its tests again that this file says passed on the present sources",
    )


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    return ByPage(config, log) if config.getvalue("dist") == "loadgroup" else None


def pytest_configure(config):
    if config.option.agreement:
        config.pluginmanager.register(AgreementReport(config, Path(config.option.agreement)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Keep what the test reached; at a failure name the equation and its function."""
    report = yield
    if report.when == "call":
        for mark in item.iter_markers("equation"):
            label, oracle = mark.args[0], mark.kwargs.get("oracle")
            report.user_properties.append(("equation", _reached(label, oracle)))
            if report.failed:
                places = [f"{one.module}.{one.name}" for one in coded() if one.label == label]
                message = f"the oracle of {label} does not agree with {' or '.join(places)}"
                report.sections.append(("equation", f"{message} in {item.nodeid}"))
        agreement.recorded.clear()
    return report


def _reached(label, oracle):
    widest = agreement.reached(label, oracle)
    return {
        "label": label,
        "oracle": oracle,
        "agreement": widest and widest.difference,
        "standard_error": widest and widest.error,
        "allowed": widest and widest.allowed,
    }


def _function(nodeid):
    return nodeid.partition("[")[0]


class AgreementReport:
    """Collects what the tests reached, from every worker, and writes it to one file.

    A test whose figures stand there already, from a run on the present sources, is left out.
    """

    def __init__(self, config, path):
        self.config, self.path = config, path
        kept = read_report(path)
        rows = [(label, row) for label, rows in kept.items() for row in rows]
        failed = {row["test"] for _, row in rows if not row["passed"]}
        self.known = {row["test"] for _, row in rows} - failed
        self.equations = {}
        for label, row in rows:
            if row["test"] in self.known:
                self.keep(label, row)
        self.taken = 0
        self.in_part = set()  # tests of which some cases were not asked for

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items):
        taken = [item for item in items if _function(item.nodeid) in self.known]
        items[:] = [item for item in items if item not in taken]
        self.taken = len(taken)
        if taken:
            self.config.hook.pytest_deselected(items=taken)

    def pytest_deselected(self, items):
        self.in_part |= {_function(item.nodeid) for item in items} - self.known

    def pytest_runtest_logreport(self, report):
        for name, value in report.user_properties:
            if name == "equation" and report.when == "call":
                row = {"test": _function(report.nodeid), **value, "passed": report.passed}
                self.keep(row.pop("label"), row)

    def keep(self, label, row):
        """Of a parametrised test's cases only the widest difference stays."""
        rows = self.equations.setdefault(label, {})
        old = rows.setdefault((row["test"], row["oracle"]), row)
        widest = max(old, row, key=lambda one: -1 if one["agreement"] is None else one["agreement"])
        passed = old["passed"] and row["passed"]
        rows[row["test"], row["oracle"]] = {**widest, "passed": passed}

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node):
        """What a worker of xdist left out; they all left out the same."""
        said = getattr(node, "workeroutput", {})
        self.taken = said.get("taken", self.taken)
        self.in_part |= set(said.get("in_part", ()))

    def pytest_sessionfinish(self, exitstatus):
        if hasattr(self.config, "workeroutput"):
            self.config.workeroutput |= {"taken": self.taken, "in_part": sorted(self.in_part)}
        elif exitstatus == pytest.ExitCode.OK:
            self.write()

    def write(self):
        equations = {
            label: [rows[key] for key in sorted(rows, key=str) if key[0] not in self.in_part]
            for label, rows in sorted(self.equations.items())
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"sources": sources_key(), "equations": equations}, indent=1)
        self.path.write_text(text + "\n", encoding="utf-8")

    def pytest_terminal_summary(self, terminalreporter):
        if self.taken:
            terminalreporter.write_line(
                f"{self.taken} tests of equations were not run again: {self.path} holds what they "
                "reached on the present sources"
            )
