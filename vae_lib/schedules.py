"""Learning rates that change from epoch to epoch: call one with an epoch, counted from 0."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Real
from typing import Any

from vae_lib.engine.checks import InputError

Schedule = Callable[[int], float]
LARGEST = 1e30  # of what can be a rate or a length, in single precision, too


@dataclass(frozen=True)
class OneCycle:
    """Rise along half a cosine to a peak, then fall along another to nearly zero.

    Args:
        peak: The largest rate.
        epochs: Length of the cycle.
        warm_up: Share of it that rises.

    Raises:
        ValueError: If the peak is not positive and finite, the cycle shorter than an epoch, or
            ``warm_up`` outside [0, 1].

    Source: Smith & Topin 2018.
    """

    peak: float
    epochs: int
    warm_up: float = 0.1

    def __post_init__(self) -> None:
        _require_number("peak", self.peak, 1 / LARGEST, "a positive number")
        _require_number("epochs", self.epochs, 1, "1 or more")
        _require_number("warm_up", self.warm_up, 0, "a share from 0 to 1", 1)

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

    Raises:
        ValueError: If there are not 1 to 20 stages; those are 2 * 10^9 epochs.

    Source: Burda et al. 2016, section 5.
    """

    stages: int = 8

    def __post_init__(self) -> None:
        _require_number("stages", self.stages, 1, "1 to 20", 20)

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
        ValueError: If the schedule has none for an epoch, or one is no number.
    """
    if not callable(learning_rate):
        return [_number(learning_rate, "learning_rate")] * epochs
    return [
        _number(learning_rate(epoch), f"The learning rate of epoch {epoch}")
        for epoch in range(epochs)
    ]


def _number(rate: object, name: str) -> float:
    """Take a number, or a tensor or an array that holds a single one."""
    try:
        return float(rate)  # type: ignore[arg-type]
    except (TypeError, ValueError, RuntimeError):  # the last is a tensor's, of several numbers
        raise InputError(f"{name} is {rate!r}: give one positive number.") from None


def _require_number(
    name: str, value: Any, least: float, wanted: str, most: float = LARGEST
) -> None:
    is_number: bool = isinstance(value, Real)  # NumPy's are of that kind, too
    if not (is_number and least <= value <= most):
        raise InputError(f"{name} is {value!r}: choose {wanted}.")


def _require_within(epoch: int, epochs: int) -> None:
    if not 0 <= epoch < epochs:
        raise InputError(
            f"Epoch {epoch} has no learning rate in a schedule of {epochs} epochs, counted from 0: "
            f"train for {epochs}, or choose a longer schedule."
        )
