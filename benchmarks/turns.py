"""Contestants that own their loop, taken an epoch at a time in rotating order.

Each runs as a greenlet: it keeps its place at the start of an epoch until it is switched to. All
share the one thread of the process, so none has a pool of threads of its own that would slow the
others down.
"""

import time
from collections.abc import Sequence

import greenlet
import torch
from torch import Tensor

from benchmarks.contestants import Contestant


class Turn:
    """A contestant that trains one epoch when asked to.

    Args:
        contestant: The function that trains.
        images: Shape (N, 784).
        epochs: How many epochs it will be asked for.
    """

    def __init__(self, contestant: Contestant, images: Tensor, epochs: int) -> None:
        self.parameters: Sequence[Tensor] = []
        self._waiting_room = greenlet.getcurrent()
        self._loop = greenlet.greenlet(contestant)
        self._loop.switch(images, epochs, self._begin)

    def _begin(self, parameters: Sequence[Tensor]) -> None:
        self.parameters = parameters
        self._waiting_room.switch()

    def epoch(self) -> float:
        """Train one epoch and return the seconds that it took."""
        start = time.perf_counter()
        self._loop.switch()
        return time.perf_counter() - start

    def weights(self) -> list[Tensor]:
        """Return a copy of the parameters as they are now."""
        return [torch.clone(parameter.detach()) for parameter in self.parameters]
