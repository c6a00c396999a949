"""Try each mutant in a forked process of its own, which runs no longer than it may."""

import os
import resource
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

AnyMutant = TypeVar("AnyMutant")


def in_forks(
    mutants: Sequence[AnyMutant | None],
    test: Callable[[AnyMutant | None, Path], None],
    limit: int,
    workers: int,
) -> Iterator[tuple[AnyMutant | None, Path]]:
    """Fork one process for each mutant; give back each, as it ends, with what it has left.

    Args:
        mutants: What is tried; None stands for what is unbroken. What its tests say is for the
            reader; a mutant's say nothing.
        test: Called in the process with the mutant and an empty folder to leave something in.
        limit: Seconds of processor time for one mutant; a mutant that sleeps gets 20 times as many.
        workers: How many run at once.

    Yields:
        Mutant and folder, which is gone after that.
    """
    waiting = list(reversed(mutants))
    running: dict[int, tuple[AnyMutant | None, Path]] = {}
    while waiting or running:
        while waiting and len(running) < workers:
            mutant, folder = waiting.pop(), Path(tempfile.mkdtemp())
            sys.stdout.flush()
            child = os.fork()
            if child == 0:
                try:
                    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
                    signal.alarm(20 * limit)
                    if mutant is not None:
                        nowhere = os.open(os.devnull, os.O_WRONLY)
                        os.dup2(nowhere, 1)
                        os.dup2(nowhere, 2)
                    test(mutant, folder)
                finally:
                    os._exit(0)
            running[child] = mutant, folder
        child, _ = os.wait()
        yield running[child]
        shutil.rmtree(running.pop(child)[1])
