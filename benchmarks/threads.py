"""One thread or all of them: an epoch of ``fit`` on a quiet machine, and beside a busy program.

Run it as ``python -m benchmarks.threads``. ``vae_lib.engine.speed.choose_threads`` follows from it.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from benchmarks import report
from benchmarks.contestants import Begin, Contestant, train_by_fit
from benchmarks.images import binary_images
from benchmarks.turns import rounds_of
from vae_lib.engine.devices import Machine
from vae_lib.models import VAE, count_weights, mlp_vae


class Setting(NamedTuple):
    """A model of 784 pixels, and how it is trained."""

    hidden: tuple[int, ...]
    latent_dim: int
    activation: Literal["relu", "tanh"]
    batch: int
    images: int

    def build(self) -> VAE:
        """Build the model."""
        return mlp_vae(latent_dim=self.latent_dim, hidden=self.hidden, activation=self.activation)

    def __str__(self) -> str:
        """Give the sizes and the batch, e.g. ``784-400-20, 128``."""
        return "-".join(map(str, (784, *self.hidden, self.latent_dim))) + f", {self.batch}"


SETTINGS = (
    Setting((200, 200), 50, "tanh", 20, 4000),
    Setting((400, 200), 10, "relu", 64, 6400),
    Setting((400,), 20, "relu", 128, 12_800),
    Setting((400,), 20, "relu", 512, 12_800),
    Setting((1000, 1000), 50, "relu", 128, 3840),
    Setting((1000, 1000), 50, "relu", 512, 6144),
)


def train(setting: Setting, threads: int, images: Tensor, epochs: int, begin: Begin) -> None:
    """Train a setting with so many threads."""
    train_by_fit(
        setting.build(), images[: setting.images], epochs, begin, Machine("cpu", threads=threads),
        batch_size=setting.batch,
    )  # fmt: skip


@contextmanager
def busy_core() -> Iterator[None]:
    """Within it another program keeps one core busy."""
    other = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        other.kill()
        other.wait()


def main() -> None:
    """Run the command."""
    options = report.options("threads", __doc__, rounds=9, images=False)
    given = options.parse_args()
    torch.set_num_threads(report.THREADS)
    images, _, _ = binary_images(None, train=12_800)
    contestants: dict[str, Contestant] = {
        f"{setting} x {threads}": partial(train, setting, threads)
        for setting in SETTINGS
        for threads in (1, report.THREADS)
    }
    _, *quiet = rounds_of(contestants, images, given.rounds + 1)
    with busy_core():
        _, *busy = rounds_of(contestants, images, given.rounds + 1)
    found = []
    for setting in SETTINGS:
        one, both = f"{setting} x 1", f"{setting} x {report.THREADS}"
        weights = count_weights(setting.build())
        row = {
            "name": str(setting).partition(",")[0], "batch": setting.batch, "weights": weights,
            "work": weights * setting.batch,
            "one": report.spread([times[one] for times in quiet]),
            "all": report.spread([times[both] for times in quiet]),
            "one_busy": report.spread([times[one] for times in busy]),
            "all_busy": report.spread([times[both] for times in busy]),
            "gain": report.ratio(quiet, one, both),
        }  # fmt: skip
        print(row, flush=True)
        found.append(row)
    report.write("threads", {"rounds": given.rounds, "settings": found}, given.output)


if __name__ == "__main__":
    main()
