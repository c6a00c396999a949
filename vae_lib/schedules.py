"""Learning rates that change from epoch to epoch: call one with an epoch, counted from 0."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from vae_lib.engine.checks import InputError

Schedule = Callable[[int], float]


@dataclass(frozen=True)
class OneCycle:
    """Rise along half a cosine to a peak, then fall along another to nearly zero.

    Args:
        peak: The largest rate.
        epochs: Length of the cycle.
        warm_up: Share of it that rises.

    Source: Smith & Topin 2018.
    """

    peak: float
    epochs: int
    warm_up: float = 0.1

    def __call__(self, epoch: int) -> float:
        """Return the rate of an epoch, between 1e-4 of the peak and the peak.

        Raises:
            ValueError: If the cycle is over by then.
        """
        _require_within(epoch, self.epochs)
        top = self.warm_up * self.epochs
        position = epoch + 0.5
        phase = position / top - 1 if position < top else (position - top) / (self.epochs - top)
        return self.peak * max(1e-4, 0.5 * (1 + math.cos(math.pi * phase)))


@dataclass(frozen=True)
class BurdaStages:
    """3^i epochs at the rate 1e-3 * 10^(-i/7), for i = 0 ... 7: 3280 epochs in all.

    Source: Burda et al. 2016, section 5.
    """

    stages: int = 8

    @property
    def epochs(self) -> int:
        """Epochs in all stages together."""
        return sum(3**i for i in range(self.stages))

    def __call__(self, epoch: int) -> float:
        """Return the rate of an epoch.

        Raises:
            ValueError: If the stages are over by then.
        """
        _require_within(epoch, self.epochs)
        ends = [(3 ** (i + 1) - 1) // 2 for i in range(self.stages)]
        stage = next(i for i, end in enumerate(ends) if epoch < end)
        return float(1e-3 * 10 ** (-stage / 7))


def rates_of(learning_rate: float | Schedule, epochs: int) -> list[float]:
    """Return the learning rate of each epoch.

    Raises:
        ValueError: If the schedule has none for an epoch.
    """
    if callable(learning_rate):
        return [float(learning_rate(epoch)) for epoch in range(epochs)]
    return [float(learning_rate)] * epochs


def _require_within(epoch: int, epochs: int) -> None:
    if not 0 <= epoch < epochs:
        raise InputError(
            f"Epoch {epoch} has no learning rate in a schedule of {epochs} epochs, counted from 0: "
            f"train for {epochs}, or choose a longer schedule."
        )
