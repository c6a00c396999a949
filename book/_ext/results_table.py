"""The table of published figures and ours: ``{results-table}``.

It shows what the JSON files of ``benchmarks/results`` hold, as negative log-likelihoods, and says
of each published figure without a run by its schedule that it was not run.
"""

import re
from typing import NamedTuple

from book_tables import frame, paragraph, row
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from tools.release.results import FOLDER, Run, read_runs
from vae_lib.cli.reproduce import PUBLISHED


class Words(NamedTuple):
    """What the table says in one language."""

    headings: tuple[str, str, str, str, str, str, str, str]
    not_run: str
    published_schedule: str
    own_schedule: str
    protocol: str
    command: str
    binarisations: dict[str, str]
    durations: tuple[str, str, str]
    threads: str


WORDS = {
    "en": Words(
        (
            "Objective", "Figure", "Standard error", "Published", "Difference", "Seed",
            "Training time", "Device",
        ),
        "not run here",
        "The published schedule",
        "A shorter schedule, not the published one",
        "{schedule}. Protocol: {model}, k = {k_train} in training, {epochs:,} epochs, batch size "
        "{batch_size}, learning rate `{learning_rate}`, `{precision}`; k = {k_test:,} on "
        "{images:,} test images, {binarisation} binarisation.",
        "Command: `{command}`",
        {"fixed": "fixed", "dynamic": "dynamic", "none": "no"},
        ("{:.0f} s", "{:.0f} min", "{:.1f} h"),
        r"\1 CPU threads",
    ),
    "zh_TW": Words(
        ("目標函數", "數值", "標準誤", "已發表", "差", "種子", "訓練時間", "裝置"),
        "此處未執行",
        "採用已發表的排程",
        "較短的排程，並非已發表的那一個",
        "{schedule}。做法：{model}；訓練時 k = {k_train}，{epochs:,} 個訓練週期，"
        "批次 {batch_size} 張，學習率 `{learning_rate}`，`{precision}`；"
        "測試時 k = {k_test:,}，{images:,} 張測試影像，{binarisation}二值化。",
        "指令：`{command}`",
        {"fixed": "固定", "dynamic": "動態", "none": "無"},
        ("{:.0f} 秒", "{:.0f} 分鐘", "{:.1f} 小時"),
        r"\1 個 CPU 執行緒",
    ),
}  # fmt: skip
WIDTHS = (13, 12, 12, 12, 12, 8, 13, 18)


class ResultsTable(SphinxDirective):
    """Write the table."""

    def run(self) -> list[nodes.Node]:
        """Return the table; a file that lacks a field is an error of the page."""
        self.words = WORDS.get(self.config.language, WORDS["en"])
        try:
            runs = read_runs(FOLDER)
        except ValueError as error:
            raise self.error(str(error)) from None
        table, body = frame(self.words.headings, WIDTHS, "results")
        for k in sorted(PUBLISHED.keys() | {run.k_train for run in runs}):
            own = [run for run in runs if run.k_train == k]
            if k in PUBLISHED and not any(run.on_schedule for run in own):
                body += row(
                    objective(k), self.words.not_run, "—", figure(PUBLISHED[k]), *"————"
                )  # fmt: skip
            for run in own:
                body += self.rows(run)
        return [table]

    def rows(self, run: Run) -> list[nodes.row]:
        """Return the run's figures, and below them its protocol and its command."""
        published = run.published
        figures = row(
            objective(run.k_train),
            figure(run.log_likelihood),
            f"{run.standard_error:.2f}",
            "—" if published is None else figure(published),
            difference(published - run.log_likelihood) if published and run.on_schedule else "—",
            str(run.seed),
            self.duration(run.training_seconds),
            re.sub(r"(\d+) CPU threads", self.words.threads, run.device),
        )
        return [figures, nodes.row("", nodes.entry("", *self.protocol(run), morecols=7))]

    def protocol(self, run: Run) -> list[nodes.paragraph]:
        """Return how the figure was made, and what was typed."""
        words = self.words
        schedule = words.published_schedule if run.on_schedule else words.own_schedule
        binarisation = words.binarisations[run.test_binarisation]
        how = words.protocol.format(schedule=schedule, binarisation=binarisation, **vars(run))
        return [paragraph(how), paragraph(words.command.format(command=run.command))]

    def duration(self, seconds: float) -> str:
        """Return a time in seconds below 100, in minutes below two hours, else in hours."""
        in_seconds, in_minutes, in_hours = self.words.durations
        if seconds < 100:
            return in_seconds.format(seconds)
        if seconds < 7200:
            return in_minutes.format(seconds / 60)
        return in_hours.format(seconds / 3600)


def objective(k: int) -> str:
    """Return the name that the paper gives to training with k draws."""
    return "VAE" if k == 1 else f"IWAE, k = {k}"


def figure(log_likelihood: float) -> str:
    """Return a log-likelihood as papers print it: its negative, two digits."""
    return f"{-log_likelihood:.2f}"


def difference(nats: float) -> str:
    """Return a difference with its sign."""
    return f"{nats:+.2f}".replace("-", "−")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension."""
    app.add_directive("results-table", ResultsTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
