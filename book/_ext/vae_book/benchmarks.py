"""The tables and the chart that are made from the JSON files which the benchmarks wrote.

``{benchmark-table} speed`` (any name of ``TABLES``) writes a table, and ``{benchmark-chart}`` draws
the epochs of ``speed.json``; both say so where nothing was measured. Each table is one function,
from a file's content to headings, rows and what stands below them.
"""

import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from tools.paths import ROOT
from vae_book.tables import paragraph, row, table
from vae_book.words import _
from vae_lib.plotting import use_style

FOLDER = ROOT / "benchmarks"
Results = dict[str, Any]


class Table(NamedTuple):
    """A table in words; ``remarks`` are the paragraphs below it."""

    headings: list[str]
    rows: list[list[str]]
    remarks: list[str]
    style: str = "benchmark"


def read(name: str) -> Results | None:
    """Return the results of ``benchmarks/<name>.json``, or None where it was never run."""
    path = FOLDER / f"{name}.json"
    if not path.exists():
        return None
    results: Results = json.loads(path.read_text(encoding="utf-8"))
    return results


def number(value: float, digits: int = 3) -> str:
    """Return a number with so many significant digits, and no exponent."""
    rounded = float(f"{value:.{digits}g}")
    size = math.floor(math.log10(abs(rounded))) if rounded else 0
    return f"{rounded:,.{max(0, digits - 1 - size)}f}"


def timing(spread: Results, factor: float = 1.0) -> list[str]:
    """Return the cells of a timing: its median, and its range."""
    least, median, most = (number(spread[key] * factor) for key in ("min", "median", "max"))
    return [median, f"{least}–{most}"]


def ratio(spread: Results) -> str:
    """Return a ratio that was taken in each round: ``3.28 (3.10–3.41)``."""
    return f"{spread['median']:.2f} ({spread['min']:.2f}–{spread['max']:.2f})"


def memory(mib: float) -> str:
    """Return an amount of memory."""
    return f"{mib:,.0f} MiB"


def nats(value: float) -> str:
    """Return two digits, with a minus sign where there is one."""
    return f"{value:.2f}".replace("-", "−")


def where(results: Results, rounds: int) -> str:
    """Return the sentence that says on what and by which command it was measured."""
    kinds = {"MNIST": _("images of MNIST"), "synthetic": _("synthetic images")}
    about = results["machine"] | {"kind": kinds[results.get("kind", "synthetic")]}
    return _(
        "Measured on: {cpu}, {threads} threads, PyTorch {torch}; {kind}; rounds: {rounds}. "
        "Command: `{command}`"
    ).format(**about, rounds=rounds, command=results["command"])


def speed(results: Results) -> Table:
    """The contestants, then the two floors."""
    headings = [
        _("Contestant"), _("Seconds per epoch"), _("Min–max"), _("Times faster"),
        _("Times the floor"), _("First epoch"), "ELBO",
    ]  # fmt: skip
    rows = [
        [
            name,
            *timing(one["seconds"]),
            ratio(one["times_faster"]),
            ratio(one["times_the_floor"]),
            number(one["first_epoch_seconds"]),
            f"{nats(one['elbo']['mean'])} ± {one['elbo']['standard_error']:.2f}",
        ]
        for name, one in results["contestants"].items()
    ]
    for precision, one in results["floor"].items():
        name = _("matrix products alone, {precision}").format(precision=precision)
        rows.append([name, *timing(one["seconds"]), *["—"] * 4])
    return Table(headings, rows, [where(results, results["rounds"])])


def ladder(results: Results) -> Table:
    """The loops, from the plain one to fit."""
    headings = [_("Loop"), _("Seconds per epoch"), _("Min–max"), _("Times faster")]
    rows = [
        [name, *timing(one["seconds"]), ratio(one["times_faster"])]
        for name, one in results["contestants"].items()
    ]
    price = _("An epoch of `fit` takes {ratio} times as long as one of `plain_fit`.")
    price = price.format(ratio=ratio(results["fit_to_plain_fit"]))
    return Table(headings, rows, [price, where(results, results["rounds"])])


def profile(results: Results) -> Table:
    """Microseconds and shares of the profiled step, then the step as it is."""
    found = results["profile"]
    rows = []
    for group in found["float32"]["microseconds"]:
        cells = []
        for one in found.values():
            part, whole = one["microseconds"][group], one["step_under_the_profiler"]
            cells.append(f"{part:,.0f} µs ({100 * part / whole:.0f} %)")
        rows.append([_(group), *cells])
    steps = [f"{one['step']:,.0f} µs" for one in found.values()]
    rows.append([_("whole step, not profiled"), *steps])
    return Table([_("Part of a step"), *found], rows, [where(results, 1)])


def likelihood(results: Results) -> Table:
    """The contestants."""
    headings = [
        _("Contestant"), _("Seconds per image"), _("Min–max"), _("Times faster"), "log p(x)",
        _("Peak memory"),
    ]  # fmt: skip
    rows = [
        [
            name,
            *timing(one["seconds_per_image"]),
            f"{one['times_faster']:.2f}",
            nats(one["log_likelihood"]),
            memory(one["peak_mib"]),
        ]
        for name, one in results["contestants"].items()
    ]
    return Table(headings, rows, [where(results, results["rounds"])])


def whole(results: Results) -> Table:
    """vae_lib on all test images."""
    rows = [
        [name, f"{one['images']:,}", number(one["seconds"]), memory(one["peak_mib"])]
        for name, one in results.get("whole", {}).items()
    ]
    headings = [_("Contestant"), _("Images"), _("Seconds"), _("Peak memory")]
    return Table(headings, rows, [where(results, 1)])


def sweeps(results: Results) -> Table:
    """One setting at a time."""
    names = {
        "batch_size": _("batch size"), "latent_dim": _("latent size"),
        "images": _("training images"), "k": _("draws of z per image"),
    }  # fmt: skip
    rows = [
        [
            names[setting],
            f"{one['value']:,}",
            *timing(one["seconds_per_step"], 1e3),
            memory(one["peak_mib"]),
        ]
        for setting, values in results["sweeps"].items()
        for one in values
    ]
    headings = [
        _("Setting"), _("Value"), _("Milliseconds per step"), _("Min–max"), _("Peak memory"),
    ]  # fmt: skip
    return Table(headings, rows, [where(results, results["rounds"])])


def sharing(results: Results) -> Table:
    """A step with one process and with two, and the sizes at which two are faster."""
    headings = [
        _("Hidden units"), _("One process, ms per step"), _("Two processes, ms per step"),
        _("Speed of two"),
    ]  # fmt: skip
    setting = _("Each step has {batch} images in all; processor: {cpu}; median times.")
    setting = setting.format(batch=results["shared_batch"], cpu=results["machine"]["cpu"])
    rows, faster = [], []
    for one in sorted(results["sharing"], key=lambda one: one["hidden"]):
        hidden = f"{one['hidden']:,}"
        times = [f"{1000 * one[count]['median']:.1f}" for count in ("one", "two")]
        rows.append([hidden, *times, f"{one['times_faster']:.2f} ×"])
        faster += [hidden] if one["times_faster"] > 1 else []
    pays = _("Two processes are not faster here with any of these sizes.")
    if faster:
        pays = _("Two processes are faster here with {sizes} hidden units.")
    return Table(headings, rows, [setting, pays.format(sizes=_(", ").join(faster))], "scaling")


def threads(results: Results) -> Table:
    """Seconds per epoch with one thread and with all, quiet and beside a busy program."""
    headings = [
        _("Model, batch"), _("One thread"), _("All threads"), _("One, a core busy"),
        _("All, a core busy"), _("Gain of all when quiet"),
    ]  # fmt: skip
    rows = [
        [
            f"{one['name']}, {one['batch']}",
            *("{} ({})".format(*timing(one[k])) for k in ("one", "all", "one_busy", "all_busy")),
            ratio(one["gain"]),
        ]
        for one in results["settings"]
    ]
    return Table(headings, rows, [where(results, results["rounds"])])


TABLES: dict[str, tuple[str, Callable[[Results], Table]]] = {
    "speed": ("speed", speed),
    "ladder": ("ladder", ladder),
    "profile": ("speed", profile),
    "likelihood": ("likelihood", likelihood),
    "whole": ("likelihood", whole),
    "sweeps": ("scaling", sweeps),
    "sharing": ("scaling", sharing),
    "threads": ("threads", threads),
}


class BenchmarkDirective(SphinxDirective):
    """What the two directives share: the file, and the sentence where nothing was measured."""

    def results(self, file: str) -> Results | None:
        """Read a benchmark's file; the page is made anew when it changes."""
        self.env.note_dependency(str(FOLDER / f"{file}.json"))
        return read(file)

    def missing(self, file: str) -> nodes.paragraph:
        """Return the sentence that stands in place of a table."""
        return paragraph(
            _(
                "This has not been measured yet: `{command}` writes the file that this table is "
                "made from."
            ).format(command=f"python -m benchmarks.{file}")
        )


class BenchmarkTable(BenchmarkDirective):
    """Write one table, and under it where it was measured."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return a table and its remarks, or the sentence that there is nothing.

        A file that lacks what the table shows is an error of the page.
        """
        name = self.arguments[0]
        file, make = TABLES[name]
        results = self.results(file)
        if results is None:
            return [self.missing(file)]
        try:
            made = make(results)
        except (KeyError, TypeError) as error:
            what = "a spread (median, min, max) where it has a number"
            what = error.args[0] if isinstance(error, KeyError) else what
            again = f"measure again with `python -m benchmarks.{file}`"
            raise self.error(f"{file}.json lacks {what}: {again}.") from None
        if not made.rows:
            return [self.missing(f"{file} --{name}")]
        rows = (row(*cells) for cells in made.rows)
        return [table(made.style, made.headings, rows), *map(paragraph, made.remarks)]


class BenchmarkChart(BenchmarkDirective):
    """Draw the epochs of ``speed.json``."""

    def run(self) -> list[nodes.Node]:
        """Return the figure with its text in words, or the sentence that there is nothing."""
        results = self.results("speed")
        if results is None:
            return [self.missing("speed")]
        path = Path(self.env.doctreedir) / "benchmark-speed.png"
        draw(results, path)
        uri = os.path.relpath(path, self.env.srcdir)
        return [nodes.image("", uri=f"/{uri}", alt=describe(results))]


def draw(results: Results, path: Path) -> None:
    """Draw a bar for each contestant, with the range of its rounds, and the two floors."""
    use_style()
    names = list(results["contestants"])[::-1]
    spreads = [results["contestants"][name]["seconds"] for name in names]
    medians = [one["median"] for one in spreads]
    reach = [[m - one["min"] for m, one in zip(medians, spreads, strict=True)]]
    reach += [[one["max"] - m for m, one in zip(medians, spreads, strict=True)]]
    figure, ax = plt.subplots(figsize=(8, 0.45 * len(names) + 1))
    colours = ["C0" if name.startswith("vae_lib") else "0.6" for name in names]
    ax.barh(names, medians, xerr=reach, color=colours)
    for index, (precision, one) in enumerate(results["floor"].items()):
        label = f"matrix products alone, {precision}"
        ax.axvline(one["seconds"]["median"], color=f"C{index + 1}", linestyle="--", label=label)
    ax.set(xlabel="seconds per epoch (median; lines: min to max)")
    ax.grid(False, axis="y")
    ax.legend(loc="lower right")  # where the bars are short
    figure.savefig(path)
    plt.close(figure)


def describe(results: Results) -> str:
    """Say in words what the chart shows."""
    bars, floors = (
        _(", ").join(
            f"{name} {number(one['seconds']['median'])}" for name, one in results[part].items()
        )
        for part in ("contestants", "floor")
    )
    return _(
        "Bar chart of the seconds per epoch: {bars}. Two dashed lines mark the matrix products "
        "alone: {floors}."
    ).format(bars=bars, floors=floors)
