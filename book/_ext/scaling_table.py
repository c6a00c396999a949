"""The time of a training step with one process and with two: ``{scaling-table}``.

It shows what ``python -m benchmarks.scaling`` left in ``benchmarks/scaling.json``.
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

from book_tables import frame, paragraph, row
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from tools.paths import ROOT

FILE = ROOT / "benchmarks/scaling.json"


class Words(NamedTuple):
    """What the table says in one language."""

    headings: tuple[str, str, str, str]
    not_measured: str
    setting: str
    pays: str
    never_pays: str
    list_mark: str


WORDS = {
    "en": Words(
        ("Hidden units", "One process, ms per step", "Two processes, ms per step", "Speed of two"),
        "This has not been measured yet: `python -m benchmarks.scaling` measures it.",
        "Each step has {batch} images in all; processor: {cpu}; median times.",
        "Two processes are faster here with {sizes} hidden units.",
        "Two processes are not faster here with any of these sizes.",
        ", ",
    ),
    "zh_TW": Words(
        ("隱藏單元", "一個行程，每步毫秒數", "兩個行程，每步毫秒數", "兩個行程的速度"),
        "這裡尚未測量；執行 `python -m benchmarks.scaling` 即可測量。",
        "每一步共 {batch} 張影像；處理器：{cpu}；時間取中位數。",
        "在這次測量中，隱藏單元為 {sizes} 個時，兩個行程比較快。",
        "在這次測量中，以上各種大小，兩個行程都沒有比較快。",
        "、",
    ),
}


class ScalingTable(SphinxDirective):
    """Write the table and what follows from it, or that nothing has been measured."""

    def run(self) -> list[nodes.Node]:
        """Return the table, the setting, and the sizes that gain."""
        words = WORDS.get(self.config.language, WORDS["en"])
        if not FILE.exists():
            return [paragraph(words.not_measured)]
        try:
            measured = read(FILE)
        except ValueError as error:
            raise self.error(str(error)) from None
        table, body = frame(words.headings, (22, 28, 28, 22), "scaling")
        pays = []
        for one in sorted(measured["sharing"], key=lambda one: one["hidden"]):
            hidden, speed = f"{one['hidden']:,}", one["times_faster"]
            times = [f"{1000 * one[count]['median']:.1f}" for count in ("one", "two")]
            body += row(hidden, *times, f"{speed:.2f} ×")
            pays += [hidden] if speed > 1 else []
        setting = words.setting.format(
            batch=measured["shared_batch"], cpu=measured["machine"]["cpu"]
        )
        result = words.pays.format(sizes=words.list_mark.join(pays)) if pays else words.never_pays
        return [table, paragraph(setting), paragraph(result)]


def read(path: Path) -> dict[str, Any]:
    """Read what was measured.

    Raises:
        ValueError: If a part that the table shows is missing.
    """
    measured: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    missing = [name for name in ("machine", "shared_batch", "sharing") if name not in measured]
    for one in measured.get("sharing", []):
        missing += [n for n in ("hidden", "one", "two", "times_faster") if n not in one]
    if missing:
        raise ValueError(
            f"{path.name} lacks {', '.join(missing)}: measure again with "
            "`python -m benchmarks.scaling`."
        )
    return measured


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension."""
    app.add_directive("scaling-table", ScalingTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
