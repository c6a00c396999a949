"""The processes of one training run, as ``torchrun`` starts them; without it there is only one."""

import inspect
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from datetime import timedelta
from types import FrameType
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel


def rank_and_count() -> tuple[int, int]:
    """Return this process's number, from 0, and how many there are: (0, 1) without torchrun."""
    if dist.is_available() and dist.is_initialized():
        return dist.get_rank(), dist.get_world_size()
    return 0, 1


def add_up(values: Tensor) -> Tensor:
    """Replace ``values`` by their sum over all processes, and return them."""
    if rank_and_count()[1] > 1:
        dist.all_reduce(values)
    return values


def with_shared_gradients(module: nn.Module) -> nn.Module:
    """Let all processes average the gradients of a module; alone, return it as it is.

    Its buffers are constants and are not sent around.
    """
    if rank_and_count()[1] == 1:
        return module
    names = inspect.signature(DistributedDataParallel).parameters
    switch = "forward_sync_buffers" if "forward_sync_buffers" in names else "broadcast_buffers"
    settings: dict[str, Any] = {switch: False}
    return DistributedDataParallel(module, **settings)


@contextmanager
def joined(device: str | None = None) -> Iterator[None]:
    """Within it the processes that torchrun started know each other; alone, it does nothing.

    NCCL joins GPUs, one for each process; gloo joins CPUs. Only the first process prints to the
    standard output. When a process dies, the others stop.

    Args:
        device: Where the run computes; by default on the GPUs, if there are any.

    Raises:
        SystemExit: If another process of the run died.
    """
    if "WORLD_SIZE" not in os.environ:
        yield
        return
    signal.signal(signal.SIGTERM, _stopped_by_launcher)
    on_gpus = torch.cuda.is_available() and device in (None, "cuda")
    if on_gpus:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    try:
        dist.init_process_group("nccl" if on_gpus else "gloo", timeout=timedelta(minutes=5))
        with (
            open(os.devnull, "w", encoding="utf-8") as nowhere,
            redirect_stdout(nowhere if dist.get_rank() > 0 else sys.stdout),
        ):
            yield
    except RuntimeError as error:
        # Gloo raises plain RuntimeErrors; the place in its source stands in their text.
        if not isinstance(error, dist.DistError) and "gloo" not in str(error):
            raise
        raise _farewell("lost the connection to another one") from None
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        if dist.is_initialized():
            dist.destroy_process_group()


def _farewell(reason: str) -> SystemExit:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # one farewell is enough
    rank, count = os.environ["RANK"], os.environ["WORLD_SIZE"]
    return SystemExit(  # the new line ends the first process's bar
        f"\nProcess {rank} of {count} {reason} and stops. Nothing is lost up to the last full "
        "epoch: start the same command again with --resume."
    )


def _stopped_by_launcher(number: int, frame: FrameType | None) -> None:
    raise _farewell("was told to stop, because another one died or was interrupted,")
