"""What ``python -m vae_lib reproduce`` measured: the JSON files of ``benchmarks/results``."""

import json
from dataclasses import MISSING, dataclass, fields
from pathlib import Path

from tools.paths import ROOT
from vae_lib.cli.reproduce import PAPER, RECIPES

FOLDER = ROOT / "benchmarks/results"


@dataclass(frozen=True)
class Run:
    """One training and its figure: the fields are those that ``reproduce`` describes.

    ``log_likelihood``, ``standard_error``, ``published`` and ``final_train_bound`` are in nats per
    image, times in seconds; ``command`` is what was typed. Of a processor the file also says the
    ``threads`` and the ``architecture``.
    """

    log_likelihood: float
    standard_error: float
    published: float | None
    model: str
    k_train: int
    k_test: int
    images: int
    test_binarisation: str
    epochs: int
    batch_size: int
    learning_rate: str
    precision: str
    seed: int
    final_train_bound: float
    training_seconds: float
    evaluation_seconds: float
    device: str
    torch: str
    command: str
    threads: int | None = None
    architecture: str | None = None

    @property
    def on_schedule(self) -> bool:
        """Whether the training was the paper's: model, epochs, batch size, rates and precision."""
        ours = (self.epochs, self.batch_size, self.learning_rate, self.precision)
        papers = (PAPER.epochs, PAPER.batch_size, str(PAPER.learning_rate), PAPER.precision)
        return (self.model, *ours) == (str(RECIPES["burda"]), *papers)


def read_run(path: Path) -> Run:
    """Read one file.

    Raises:
        ValueError: If it lacks a field.
    """
    content = json.loads(path.read_text(encoding="utf-8"))
    names = {field.name: field.default is MISSING for field in fields(Run)}
    missing = [name for name, needed in names.items() if needed and name not in content]
    if missing:
        raise ValueError(
            f"{path.name} lacks {', '.join(missing)}: write it with "
            "`python -m vae_lib reproduce … --json FILE`."
        )
    return Run(**{name: content[name] for name in names if name in content})


def read_runs(folder: Path) -> list[Run]:
    """Read all files of a folder: by draws of z in training, the paper's schedule first.

    Raises:
        ValueError: If a file lacks a field.
    """
    runs = [read_run(path) for path in sorted(folder.glob("*.json"))]
    return sorted(runs, key=lambda run: (run.k_train, not run.on_schedule, -run.training_seconds))
