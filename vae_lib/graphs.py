"""On an NVIDIA GPU: one training step captured as a CUDA graph and replayed."""

from collections.abc import Callable

import torch
from torch import Tensor

Step = Callable[[Tensor], None]
WARM_UP = 3  # steps run before the capture, as PyTorch asks


class GraphedStep:
    """Run ``step`` on rows (B,); from the fourth full batch on, replay its captured kernels.

    A small network's step is many short kernels, and launching them takes longer than running
    them. A replay launches them all at once. Where the capture is refused, the steps go on
    as they are, after one sentence that says why.

    Args:
        step: Takes row numbers (B,) on the GPU; it may neither read a value back nor change shapes.
        batch_size: B; a batch of another size is run as it is.
        generator: The source of the step's random numbers.
    """

    def __init__(self, step: Step, batch_size: int, generator: torch.Generator) -> None:
        self.step, self.batch_size, self.generator = step, batch_size, generator
        self.graph: torch.cuda.CUDAGraph | None = None
        self.warm_up = WARM_UP

    def __call__(self, rows: Tensor) -> None:
        """Run one step on these rows."""
        if len(rows) != self.batch_size or self.warm_up < 0:
            self.step(rows)
        elif self.warm_up:
            self._run_aside(rows)
            self.warm_up -= 1
        else:
            if self.graph is None:
                self._capture(rows)
            if self.graph is None:
                self.step(rows)
            else:
                self.rows.copy_(rows)
                self.graph.replay()

    def _run_aside(self, rows: Tensor) -> None:
        """A real step on another stream, so that nothing of it is left to do during the capture."""
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            self.step(rows)
        torch.cuda.current_stream().wait_stream(stream)

    def _capture(self, rows: Tensor) -> None:
        """Record the step's kernels on buffers that stay; nothing is computed yet."""
        self.rows = rows.clone()
        graph = torch.cuda.CUDAGraph()
        graph.register_generator_state(self.generator)
        try:
            with torch.cuda.graph(graph):
                self.step(self.rows)
        except RuntimeError as error:
            print(f"No CUDA graph, the steps run one by one: {str(error).splitlines()[0]}")
            self.warm_up = -1
        else:
            self.graph = graph
