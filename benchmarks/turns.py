"""Contestants that own their loop, each in a process of its own, taken an epoch at a time.

A process of its own is what each has where it is used. In a shared one they would divide its
memory: where the tensors of one happen to lie decides how fast another gets new ones.
"""

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from multiprocessing.connection import Connection

import torch
from torch import Tensor, multiprocessing

from benchmarks.contestants import Contestant
from benchmarks.report import THREADS


class Turn:
    """A contestant that trains one epoch when asked to, and sleeps until then.

    Args:
        contestant: The function that trains; a module's own, since it is pickled.
        images: Shape (N, 784); the processes share them.
        epochs: How many epochs it will be asked for.
        seed: Of its weights, its shuffling and its noise.
    """

    def __init__(self, contestant: Contestant, images: Tensor, epochs: int, seed: int = 0) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        arguments = (contestant, images, epochs, seed, theirs)
        self._process = context.Process(target=_take_turns, args=arguments, daemon=True)
        self._process.start()
        theirs.close()  # so that the end of the process ends the waiting for it
        self._pipe.recv()  # it waits for its first turn

    def epoch(self) -> float:
        """Train one epoch; return the seconds that it took.

        Raises:
            EOFError: If the contestant failed; its process has printed why.
        """
        self._pipe.send("epoch")
        seconds: float = self._pipe.recv()
        return seconds

    def weights(self) -> list[Tensor]:
        """Return the parameters as they are now, in the order of ``Net``'s."""
        self._pipe.send("weights")
        return [torch.from_numpy(array) for array in self._pipe.recv()]

    def end(self) -> None:
        """End the process, which waits for a turn more than it is given."""
        self._process.kill()
        self._process.join()


def rounds_of(
    contestants: Mapping[str, Contestant], images: Tensor, rounds: int
) -> Iterator[dict[str, float]]:
    """Let each train one epoch a round, in an order shuffled anew, and yield their seconds.

    The first round warms up: it holds what a library does once.
    """
    turns = {name: Turn(one, images, rounds) for name, one in contestants.items()}
    shuffler = random.Random(0)
    for number in range(rounds):
        order = shuffler.sample(list(turns), len(turns))
        seconds = {name: turns[name].epoch() for name in order}
        shown = ", ".join(f"{name} {spent:.2f}" for name, spent in seconds.items())
        print(f"round {number}, seconds: {shown}", flush=True)
        yield seconds
    for turn in turns.values():
        turn.end()


def _take_turns(
    contestant: Contestant, images: Tensor, epochs: int, seed: int, pipe: Connection
) -> None:
    torch.set_num_threads(THREADS)
    torch.manual_seed(seed)
    start = 0.0

    def begin(parameters: Sequence[Tensor]) -> None:
        nonlocal start
        pipe.send(time.perf_counter() - start)
        while pipe.recv() == "weights":
            pipe.send([parameter.detach().numpy() for parameter in parameters])
        start = time.perf_counter()

    contestant(images, epochs + 1, begin)  # what a loop does after its last epoch is not timed
