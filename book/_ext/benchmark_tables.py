"""The tables and the chart of the performance page, from the JSON files that the benchmarks wrote.

``{benchmark-table} speed`` (ladder, profile, likelihood, whole, sweeps) writes a table, and
``{benchmark-chart}`` draws the epochs of ``speed.json``; both say so where nothing was measured.
"""

import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from tools.paths import ROOT
from vae_lib.plotting import use_style

FOLDER = ROOT / "benchmarks"
Results = dict[str, Any]
Rows = list[list[str]]


class Words(NamedTuple):
    """What the tables say in one language."""

    headings: dict[str, list[str]]
    missing: str
    measured: str
    kinds: dict[str, str]
    settings: dict[str, str]
    groups: dict[str, str]
    floor: str
    step: str
    alt: str


WORDS = {
    "en": Words(
        {
            "speed": [
                "Contestant", "Seconds per epoch", "Min–max", "Times faster", "Times the floor",
                "First epoch", "ELBO",
            ],
            "ladder": ["Loop", "Seconds per epoch", "Min–max", "Times faster"],
            "profile": ["Part of a step", "float32", "bfloat16"],
            "likelihood": [
                "Contestant", "Seconds per image", "Min–max", "Times faster", "log p(x)",
                "Peak memory",
            ],
            "whole": ["Contestant", "Images", "Seconds", "Peak memory"],
            "sweeps": ["Setting", "Value", "Milliseconds per step", "Min–max", "Peak memory"],
        },
        "This has not been measured yet: `{command}` writes the file that this table is made from.",
        "Measured on: {cpu}, {threads} threads, PyTorch {torch}; {kind}; rounds: {rounds}. "
        "Command: ",
        {"MNIST": "images of MNIST", "synthetic": "synthetic images"},
        {
            "batch_size": "batch size", "latent_dim": "latent size", "images": "training images",
            "k": "draws of z per image",
        },
        {},
        "matrix products alone, {precision}",
        "whole step, not profiled",
        "Bar chart of the seconds per epoch: {bars}. Two dashed lines mark the matrix products "
        "alone: {floors}.",
    ),
    "zh_TW": Words(
        {
            "speed": [
                "參賽者", "每週期秒數", "最小–最大", "快幾倍", "為下限的幾倍", "第一個週期", "ELBO",
            ],
            "ladder": ["迴圈", "每週期秒數", "最小–最大", "快幾倍"],
            "profile": ["一步中的工作", "float32", "bfloat16"],
            "likelihood": [
                "參賽者", "每張影像的秒數", "最小–最大", "快幾倍", "log p(x)", "記憶體峰值",
            ],
            "whole": ["參賽者", "影像數", "秒數", "記憶體峰值"],
            "sweeps": ["設定", "值", "每步毫秒數", "最小–最大", "記憶體峰值"],
        },
        "這裡還沒有量測結果：執行 `{command}` 會寫出這張表所需的檔案。",
        "量測環境：{cpu}，{threads} 個執行緒，PyTorch {torch}；{kind}；輪數：{rounds}。指令：",
        {"MNIST": "MNIST 影像", "synthetic": "合成影像"},
        {
            "batch_size": "批次大小", "latent_dim": "潛在維度", "images": "訓練影像數",
            "k": "每張影像抽取的 z 個數",
        },
        {
            "matrix products": "矩陣乘法",
            "element-wise work and sums": "逐元素運算與加總",
            "optimiser": "最佳化器",
            "conversions and copies": "型別轉換與複製",
            "random numbers and gathering": "亂數與取出批次",
            "views, memory, bookkeeping": "視圖、記憶體與簿記",
            "Python and the profiler, between the operations": "運算之間的 Python 與剖析器",
        },
        "只做矩陣乘法，{precision}",
        "完整的一步（不經剖析器）",
        "每個訓練週期秒數的長條圖：{bars}。兩條虛線標出只做矩陣乘法的時間：{floors}。",
    ),
}  # fmt: skip
MEASURED_ONCE = {"profile", "whole"}
SEPARATOR = {"en": ", ", "zh_TW": "、"}


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


def least_to_most(spread: Results, factor: float = 1.0) -> str:
    """Return the range of a timing."""
    return f"{number(spread['min'] * factor)}–{number(spread['max'] * factor)}"


def memory(mib: float) -> str:
    """Return an amount of memory."""
    return f"{mib:,.0f} MiB"


def speed(results: Results, words: Words) -> Rows:
    """The contestants, then the two floors."""
    rows = [
        [
            name,
            number(one["seconds"]["median"]),
            least_to_most(one["seconds"]),
            f"{one['times_faster']:.2f}",
            f"{one['times_the_floor']:.2f}",
            number(one["first_epoch_seconds"]),
            f"{one['elbo']['mean']:.2f} ± {one['elbo']['standard_error']:.2f}".replace("-", "−"),
        ]
        for name, one in results["contestants"].items()
    ]
    for precision, one in results["floor"].items():
        seconds = one["seconds"]
        name = words.floor.format(precision=precision)
        rows.append([name, number(seconds["median"]), least_to_most(seconds), *["—"] * 4])
    return rows


def ladder(results: Results, words: Words) -> Rows:
    """The loops, from the plain one to fit."""
    return [
        [
            name,
            number(one["seconds"]["median"]),
            least_to_most(one["seconds"]),
            f"{one['times_faster']:.2f}",
        ]
        for name, one in results["contestants"].items()
    ]


def profile(results: Results, words: Words) -> Rows:
    """Microseconds and shares of the profiled step, then the step as it is."""
    found = results["profile"]
    rows = []
    for group in found["float32"]["microseconds"]:
        cells = []
        for one in found.values():
            part, whole = one["microseconds"][group], one["step_under_the_profiler"]
            cells.append(f"{part:,.0f} µs ({100 * part / whole:.0f} %)")
        rows.append([words.groups.get(group, group), *cells])
    return [*rows, [words.step, *(f"{one['step']:,.0f} µs" for one in found.values())]]


def likelihood(results: Results, words: Words) -> Rows:
    """The contestants."""
    return [
        [
            name,
            number(one["seconds_per_image"]["median"]),
            least_to_most(one["seconds_per_image"]),
            f"{one['times_faster']:.2f}",
            f"{one['log_likelihood']:.2f}".replace("-", "−"),
            memory(one["peak_mib"]),
        ]
        for name, one in results["contestants"].items()
    ]


def whole(results: Results, words: Words) -> Rows:
    """vae_lib on all test images."""
    return [
        [name, f"{one['images']:,}", number(one["seconds"]), memory(one["peak_mib"])]
        for name, one in results.get("whole", {}).items()
    ]


def sweeps(results: Results, words: Words) -> Rows:
    """One setting at a time."""
    rows = []
    for setting, values in results["sweeps"].items():
        for one in values:
            seconds = one["seconds_per_step"]
            times = [number(1e3 * seconds["median"]), least_to_most(seconds, 1e3)]
            name = words.settings[setting]
            rows.append([name, f"{one['value']:,}", *times, memory(one["peak_mib"])])
    return rows


TABLES: dict[str, tuple[str, Callable[[Results, Words], Rows]]] = {
    "speed": ("speed", speed),
    "ladder": ("ladder", ladder),
    "profile": ("speed", profile),
    "likelihood": ("likelihood", likelihood),
    "whole": ("likelihood", whole),
    "sweeps": ("scaling", sweeps),
}


class BenchmarkDirective(SphinxDirective):
    """What the two directives share: the words, and the sentence where nothing was measured."""

    @property
    def language(self) -> str:
        """The key of ``WORDS``."""
        return "zh_TW" if self.config.language == "zh_TW" else "en"

    @property
    def words(self) -> Words:
        """The words of the language that is built."""
        return WORDS[self.language]

    def results(self, file: str) -> Results | None:
        """Read a benchmark's file; the page is made anew when it changes."""
        self.env.note_dependency(str(FOLDER / f"{file}.json"))
        return read(file)

    def missing(self, file: str) -> nodes.paragraph:
        """Return the sentence that stands in place of a table."""
        before, after = self.words.missing.split("`{command}`")
        code = nodes.literal("", f"python -m benchmarks.{file}")
        return nodes.paragraph("", "", nodes.Text(before), code, nodes.Text(after))


class BenchmarkTable(BenchmarkDirective):
    """Write one table, and under it where it was measured."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return a table and a paragraph, or the sentence that there is nothing."""
        name = self.arguments[0]
        file, make = TABLES[name]
        results = self.results(file)
        rows = [] if results is None else make(results, self.words)
        if results is None or not rows:
            return [self.missing(file + " --whole" * (name == "whole"))]
        headings = self.words.headings[name]
        body = nodes.tbody("", *(self.row(cells) for cells in rows))
        group = nodes.tgroup("", cols=len(headings))
        group += [nodes.colspec(colwidth=1) for _ in headings]
        group += [nodes.thead("", self.row(headings)), body]
        kind = self.words.kinds[results.get("kind", "synthetic")]
        rounds = 1 if name in MEASURED_ONCE else results["rounds"]
        about = results["machine"] | {"kind": kind, "rounds": rounds}
        where = nodes.paragraph("", self.words.measured.format(**about))
        where += nodes.literal("", results["command"])
        return [nodes.table("", group, classes=["benchmark"]), where]

    def row(self, cells: list[str]) -> nodes.row:
        """Return a row of the table."""
        return nodes.row("", *(nodes.entry("", nodes.paragraph("", cell)) for cell in cells))


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
        return [nodes.image("", uri=f"/{uri}", alt=describe(results, self.language))]


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


def describe(results: Results, language: str) -> str:
    """Say in words what the chart shows."""
    words, join = WORDS[language], SEPARATOR[language].join
    seconds = {name: one["seconds"]["median"] for name, one in results["contestants"].items()}
    floors = {name: one["seconds"]["median"] for name, one in results["floor"].items()}
    bars, lines = (
        join(f"{name} {number(value)}" for name, value in one.items()) for one in (seconds, floors)
    )
    return words.alt.format(bars=bars, floors=lines)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension."""
    app.add_directive("benchmark-table", BenchmarkTable)
    app.add_directive("benchmark-chart", BenchmarkChart)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
