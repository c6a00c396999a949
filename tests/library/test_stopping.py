"""What answers Ctrl-C and SIGTERM, in this process; real ones are sent in tests/processes."""

import os
import signal

import pytest
from platforms import posix

from vae_lib.engine import stopping
from vae_lib.engine.stopping import PATIENCE, Stop, answering

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@pytest.fixture(autouse=True)
def _handlers():
    """As in a terminal: a shell that runs the tests in its background would have SIGINT ignored."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@posix
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_first_signal_is_raised_and_those_that_follow_are_not(number, status):
    before = [signal.getsignal(one) for one in SIGNALS]
    stop, ended = Stop(), []
    with pytest.raises(KeyboardInterrupt), answering(stop):
        assert stop.status == 0
        try:
            signal.raise_signal(number)
        finally:
            for one in SIGNALS:
                signal.raise_signal(one)
            ended.append("in peace")
    assert (stop.status, ended) == (status, ["in peace"])
    assert [signal.getsignal(one) for one in SIGNALS] == before


@posix
def test_signal_after_long_patience_ends_the_process(monkeypatch):
    ended, clock = [], iter([100.0, 100.0 + 0.9 * PATIENCE, 100.0 + 1.1 * PATIENCE])
    monkeypatch.setattr(os, "_exit", ended.append)
    monkeypatch.setattr(stopping.time, "monotonic", lambda: next(clock))
    stop = Stop()
    with pytest.raises(KeyboardInterrupt):
        stop(signal.SIGINT, None)
    stop(signal.SIGINT, None)
    assert not ended
    stop(signal.SIGTERM, None)
    assert ended == [130]


@posix
def test_what_is_ignored_stays_ignored(monkeypatch):
    """As a shell wants it for what it runs in the background."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    stop = Stop()
    with answering(stop):
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        assert signal.getsignal(signal.SIGTERM) is stop
    stopping.end_quietly_while_loading()
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    ended = []
    monkeypatch.setattr(os, "_exit", ended.append)
    signal.raise_signal(signal.SIGTERM)
    assert ended == [143]
