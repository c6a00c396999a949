"""Where the time of one training step of vae_lib goes, by PyTorch's own profiler."""

import re
import time
from typing import Any

import torch
from torch import Tensor
from torch.profiler import ProfilerActivity, profile

from benchmarks.contestants import BATCH, RATE
from vae_lib.engine.checks import Precision
from vae_lib.engine.devices import Machine
from vae_lib.history import History
from vae_lib.models import mlp_vae
from vae_lib.training import fit

STEPS = 100
PROFILED = 3  # of the epochs 0 to 4
# The first group whose pattern an operation's name fits; what fits none is element-wise work.
GROUPS = {
    "matrix products": r"aten::(addmm|mm|bmm|linear)|mkldnn",
    "optimiser": r"Optimizer|aten::_fused_adam",
    "conversions and copies": r"aten::(copy_|_to_copy|to|clone|contiguous|cat|stack)$",
    "random numbers and gathering": r"aten::(randn|rand|normal_|uniform_|bernoulli_?|randperm|"
    r"index|index_select|gather)$",
    "views, memory, bookkeeping": r"aten::(t|transpose|view|_unsafe_view|reshape|expand|expand_as|"
    r"as_strided|unsqueeze|squeeze|slice|select|split|split_with_sizes|empty.*|empty_like|resize_|"
    r"detach|detach_|result_type|broadcast_tensors|lift_fresh|zeros|ones_like|unbind|item|"
    r"_local_scalar_dense|size|permute|is_nonzero|new_.*|set_.*|alias|narrow|numpy_T|zeros_like)$|"
    r"^(?!aten::)",
}
REST = "Python and the profiler, between the operations"


def profile_of_a_step(train: Tensor, precision: Precision) -> dict[str, Any]:
    """Profile one epoch of 100 steps, after two to warm up and one without the profiler.

    Args:
        train: Shape (N, 784), 0 or 1, N at least 12,800.
        precision: As for ``fit``.

    Returns:
        Microseconds a step of each group; of the whole step under the profiler, which slows
        it; and of the whole step without.
    """
    profiler = profile(activities=[ProfilerActivity.CPU])
    begun: dict[int, float] = {}  # when each epoch's steps began
    ended: dict[int, float] = {}

    def turn(history: History) -> None:
        epoch = len(history.seconds)
        ended[epoch - 1] = time.perf_counter()
        if epoch == PROFILED:
            profiler.start()
        if epoch == PROFILED + 1:
            profiler.stop()
        begun[epoch] = time.perf_counter()  # what the profiler needs to start is not a step's

    torch.manual_seed(0)
    fit(
        mlp_vae(), train[: STEPS * BATCH], epochs=5, batch_size=BATCH, learning_rate=RATE,
        binarisation="none", machine=Machine("cpu", precision), each_epoch=turn,
    )  # fmt: skip
    groups = dict.fromkeys(
        ["matrix products", "element-wise work and sums", *list(GROUPS)[1:]], 0.0
    )
    for event in profiler.key_averages():
        groups[group_of(event.key)] += event.self_cpu_time_total / STEPS
    step, profiled = (
        (ended[epoch] - begun[epoch]) * 1e6 / STEPS for epoch in (PROFILED - 1, PROFILED)
    )
    groups[REST] = profiled - sum(groups.values())
    return {
        "microseconds": groups,
        "step_under_the_profiler": profiled,
        "step": step,
    }


def group_of(operation: str) -> str:
    """Return the group to which an operation of this name belongs."""
    for group, pattern in GROUPS.items():
        if re.search(pattern, operation):
            return group
    return "element-wise work and sums"
