"""Ctrl-C and SIGTERM: one farewell, however often they come."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

PATIENCE = 3.0  # seconds in which whoever presses Ctrl-C again means the same


class Stop:
    """What answers SIGINT and SIGTERM, see ``answering``.

    Attributes:
        status: The exit status that shells give to a program ended by the signal that came, 130 or
            143; 0 as long as none did.
    """

    def __init__(self) -> None:
        self.status = 0
        self.since = 0.0

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Raise KeyboardInterrupt, once."""
        if not self.status:
            self.status, self.since = 128 + number, time.monotonic()
            raise KeyboardInterrupt
        if time.monotonic() - self.since > PATIENCE:
            os._exit(self.status)


@contextmanager
def answering(stop: Stop) -> Iterator[None]:
    """Within it the first SIGINT or SIGTERM raises KeyboardInterrupt.

    More of them do not disturb the farewell; if it takes longer than ``PATIENCE``, the next one
    ends the process at once. A signal that is ignored stays ignored, as a shell wants it for what
    runs in the background.
    """
    before = {}
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, stop)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def end_quietly_while_loading() -> None:
    """Let SIGINT and SIGTERM end the process without a word, until ``answering`` takes over.

    While Python and PyTorch load there is nothing to lose, and an exception would come out of
    their midst.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, lambda number, _: os._exit(128 + number))


def end_undisturbed() -> None:
    """Ignore SIGINT and SIGTERM: all is done, and Python takes its handlers away as it ends."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
