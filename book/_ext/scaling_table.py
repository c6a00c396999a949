"""The time of a training step with one process and with several: ``{scaling-table}``.

It shows what ``python -m benchmarks.scaling`` left in ``benchmarks/scaling.json``.
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

from book_tables import frame, paragraph, row
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from tools.notebooks import ROOT

FILE = ROOT / "benchmarks/scaling.json"
FIELDS = ("hidden", "processes", "seconds_per_step")


class Words(NamedTuple):
    """What the table says in one language."""

    headings: tuple[str, str, str, str]
    not_measured: str
    pays: str
    never_pays: str
    list_mark: str


WORDS = {
    "en": Words(
        ("Hidden units", "Processes", "Milliseconds per step", "Speed beside one process"),
        "This has not been measured yet: `python -m benchmarks.scaling` measures it.",
        "In this measurement {count} processes are faster than one with {sizes} hidden units.",
        "In this measurement {count} processes are faster than one with none of these sizes.",
        ", ",
    ),
    "zh_TW": Words(
        ("隱藏單元", "行程數", "每步毫秒數", "相對於單一行程的速度"),
        "這裡尚未測量；執行 `python -m benchmarks.scaling` 即可測量。",
        "在這次測量中，{count} 個行程比單一行程快的情形，是隱藏單元為 {sizes} 個時。",
        "在這次測量中，以上各種大小，{count} 個行程都不比單一行程快。",
        "、",
    ),
}


class ScalingTable(SphinxDirective):
    """Write the table and what follows from it, or that nothing has been measured."""

    def run(self) -> list[nodes.Node]:
        """Return the table and a sentence for each number of processes."""
        words = WORDS.get(self.config.language, WORDS["en"])
        try:
            steps = read_steps(FILE)
        except ValueError as error:
            raise self.error(str(error)) from None
        if not steps:
            return [paragraph(words.not_measured)]
        alone = {one["hidden"]: one["seconds_per_step"] for one in steps if one["processes"] == 1}
        table, body = frame(words.headings, (25, 20, 25, 30), "scaling")
        pays: dict[int, list[str]] = {}
        for one in steps:
            hidden, count, seconds = (one[name] for name in FIELDS)
            speed = alone[hidden] / seconds
            body += row(f"{hidden:,}", str(count), f"{1000 * seconds:.1f}", f"{speed:.2f} ×")
            if count > 1:
                pays.setdefault(count, []).extend([f"{hidden:,}"] if speed > 1 else [])
        found = [
            paragraph(
                words.pays.format(count=count, sizes=words.list_mark.join(sizes))
                if sizes
                else words.never_pays.format(count=count)
            )
            for count, sizes in pays.items()
        ]
        return [table, *found]


def read_steps(path: Path) -> list[dict[str, Any]]:
    """Return what was measured, by hidden units and processes; nothing if there is no file.

    Raises:
        ValueError: If a field is missing, or the time of one process alone.
    """
    if not path.exists():
        return []
    steps: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["processes"]
    for one in steps:
        missing = [name for name in FIELDS if name not in one]
        if missing:
            raise ValueError(
                f"A step in {path.name} lacks {', '.join(missing)}: measure again with "
                "`python -m benchmarks.scaling`."
            )
    lonely = {one["hidden"] for one in steps} - {s["hidden"] for s in steps if s["processes"] == 1}
    if lonely:
        raise ValueError(
            f"{path.name} has no step of 1 process with {min(lonely)} hidden units: measure again "
            "with `python -m benchmarks.scaling`."
        )
    return sorted(steps, key=lambda one: (one["hidden"], one["processes"]))


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension."""
    app.add_directive("scaling-table", ScalingTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
