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

    What a step must keep to, so that a replay is the step: it reads no value back, its shapes do
    not change, its learning rate is a tensor, and it leaves autocast before it ends, so that the
    weights are cast anew each time.

    Args:
        step: Takes row numbers (B,) on the GPU.
        batch_size: B; a batch of another size is run as it is.
        generator: The source of the step's random numbers; a replay moves it on as a step does.
    """

    def __init__(self, step: Step, batch_size: int, generator: torch.Generator) -> None:
        self.step, self.batch_size, self.generator = step, batch_size, generator
        self.graph: torch.cuda.CUDAGraph | None = None
        self.stream = torch.cuda.Stream()  # one for all: libraries keep a workspace per stream
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
        """A real step on the stream of the capture, so that nothing is left to be set up there."""
        self.stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self.stream):
            self.step(rows)
        torch.cuda.current_stream().wait_stream(self.stream)

    def _capture(self, rows: Tensor) -> None:
        """Record the step's kernels on buffers that stay; nothing is computed yet."""
        self.rows = rows.clone()
        graph = torch.cuda.CUDAGraph()
        graph.register_generator_state(self.generator)
        # A broken capture leaves a generator unusable, so each one has a fresh copy in reserve.
        default = torch.cuda.default_generators[torch.cuda.current_device()]
        copies = [(one, one.clone_state()) for one in (self.generator, default)]
        try:
            # The outer one goes back to the present stream, also when a broken capture does not.
            with torch.cuda.stream(self.stream), torch.cuda.graph(graph, stream=self.stream):
                self.step(self.rows)
        except RuntimeError as error:
            for generator, copy in copies:
                generator.graphsafe_set_state(copy)
            print(f"No CUDA graph, the steps run one by one: {str(error).splitlines()[0]}")
            self.warm_up = -1
        else:
            self.graph = graph
