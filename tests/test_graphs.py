"""The captured step: with stand-ins for CUDA everywhere, and on a GPU where there is one."""

from contextlib import contextmanager
from types import SimpleNamespace

import pytest
import torch

from vae_lib import graphs, training
from vae_lib.models import mlp_vae
from vae_lib.training import fit

B = 4


class FakeGenerator:
    """A generator's state counts draws; a capture that breaks leaves it unusable."""

    def __init__(self, draws=0):
        self.state = SimpleNamespace(draws=draws, capturing=False)

    def clone_state(self):
        return FakeGenerator(self.state.draws)

    def graphsafe_set_state(self, other):
        self.state = other.state

    def draw(self):
        assert not self.state.capturing, "Offset increment outside graph capture"
        self.state.draws += 1


class FakeCUDA:
    """Streams by name; within ``graph`` what is recorded does not run until the replay."""

    def __init__(self):
        self.default_generators = [FakeGenerator()]
        self.current, self.waits, self.capturing, self.captures = "main", [], None, 0
        self.refusal = None
        outer = self

        class Stream:
            def __init__(self):
                self.name = "aside"

            def wait_stream(self, other):
                outer.waits.append((self.name, other.name))

        class CUDAGraph:
            def __init__(self):
                self.recorded, self.generators = [], []

            def register_generator_state(self, generator):
                self.generators.append(generator)

            def replay(self):
                for kernel in self.recorded:
                    kernel()

        self.Stream, self.CUDAGraph = Stream, CUDAGraph

    def current_device(self):
        return 0

    def current_stream(self):
        stream = self.Stream()
        stream.name = self.current
        return stream

    @contextmanager
    def stream(self, stream):
        before, self.current = self.current, stream.name
        try:
            yield
        finally:
            self.current = before

    @contextmanager
    def graph(self, graph, stream):
        """Like PyTorch's, it does not leave the stream if the capture broke."""
        self.captures += 1
        self.capturing, self.current = graph, stream.name
        for generator in [*graph.generators, *self.default_generators]:
            generator.state.capturing = True
        try:
            yield
            if self.refusal is not None:
                raise RuntimeError(self.refusal)
        finally:
            self.capturing = None
        for generator in [*graph.generators, *self.default_generators]:
            generator.state.capturing = False


@pytest.fixture
def cuda(monkeypatch):
    fake = FakeCUDA()
    monkeypatch.setattr(graphs, "torch", SimpleNamespace(cuda=fake))
    return fake


class Run:
    """A step that notes what it computes, on which stream; under a capture it is recorded."""

    def __init__(self, cuda):
        self.cuda, self.seen = cuda, []
        self.generator = FakeGenerator()
        self.take = graphs.GraphedStep(self.step, B, self.generator)

    def step(self, rows):
        def kernel():
            self.generator.draw()
            self.seen.append((rows.tolist(), self.cuda.current))

        if self.cuda.capturing is None:
            kernel()
        else:
            self.cuda.capturing.recorded.append(kernel)

    def rows(self):
        return [rows for rows, _ in self.seen]


def batches(count, size=B):
    return [torch.arange(n * size, (n + 1) * size) for n in range(count)]


def test_every_batch_is_computed_once_and_in_order(cuda):
    run = Run(cuda)
    for rows in batches(9):
        run.take(rows)
    assert run.rows() == [rows.tolist() for rows in batches(9)]
    assert cuda.captures == 1
    assert run.generator.state.draws == 9
    assert run.take.graph.generators == [run.generator]


def test_warm_up_runs_on_the_stream_of_the_capture_and_both_wait(cuda):
    run = Run(cuda)
    for rows in batches(6):
        run.take(rows)
    assert [stream for _, stream in run.seen] == ["aside"] * graphs.WARM_UP + ["main"] * 3
    assert cuda.waits == [("aside", "main"), ("main", "aside")] * graphs.WARM_UP
    assert cuda.current == "main"


def test_smaller_last_batch_runs_as_it_is(cuda):
    run = Run(cuda)
    epoch = [*batches(5), torch.tensor([77, 78])]
    for rows in epoch + epoch:
        run.take(rows)
    assert run.rows() == [rows.tolist() for rows in epoch + epoch]
    assert cuda.captures == 1
    assert len(run.take.graph.recorded) == 1


def test_only_small_batches_are_never_captured(cuda):
    run = Run(cuda)
    for rows in batches(9, size=2):
        run.take(rows)
    assert len(run.seen) == 9 and cuda.captures == 0


def test_refused_capture_goes_on_step_by_step(cuda, capsys):
    cuda.refusal = "operation not permitted when stream is capturing\nand a long explanation"
    run = Run(cuda)
    for rows in batches(9):
        run.take(rows)
    assert run.rows() == [rows.tolist() for rows in batches(9)]
    assert run.generator.state.draws == 9, "the generator works, and goes on where it was"
    cuda.default_generators[0].draw()
    assert cuda.captures == 1 and cuda.current == "main"
    expected = "No CUDA graph, the steps run one by one: operation not permitted when stream is "
    assert capsys.readouterr().out == f"{expected}capturing\n"


def test_mistake_in_the_step_is_not_taken_for_a_refusal(cuda):
    def wrong(_rows):
        raise ValueError("a mistake")

    take = graphs.GraphedStep(wrong, B, FakeGenerator())
    with pytest.raises(ValueError, match="a mistake"):
        take(torch.arange(B))


def test_step_casts_the_weights_anew_and_leaves_autocast(monkeypatch):
    """A cast kept from one step to the next would replay the weights of the capture."""
    monkeypatch.setattr(training, "tqdm", lambda **_: _Bar())
    seen = []
    autocast = torch.autocast

    def watched(*arguments, **settings):
        seen.append(autocast(*arguments, **settings))
        return seen[-1]

    monkeypatch.setattr(torch, "autocast", watched)
    torch.set_default_dtype(torch.float32)
    model = mlp_vae(data_dim=16, latent_dim=2, hidden=(8,))
    fit(model, torch.rand(8, 16), epochs=1, batch_size=4, device="cpu", precision="bfloat16")
    assert len(seen) == 2 and not any(one._cache_enabled for one in seen)
    assert not torch.is_autocast_enabled("cpu")


class _Bar:
    def set_postfix_str(self, *_, **__): ...

    def update(self): ...

    def close(self): ...


needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")


@needs_gpu
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_graph_learns_what_single_steps_learn(monkeypatch, capsys, precision):
    """Same kernels, same random numbers: also over a smaller last batch and changing rates."""
    torch.set_default_dtype(torch.float32)
    images = torch.rand(1000, 16)

    def bounds():
        torch.manual_seed(0)
        model = mlp_vae(data_dim=16, latent_dim=2, hidden=(16,))
        settings = {"batch_size": 96, "learning_rate": lambda epoch: 1e-3 * (epoch + 1)}
        return fit(model, images, epochs=4, device="cuda", precision=precision, **settings)

    graphed = bounds().train_bound
    assert "No CUDA graph" not in capsys.readouterr().out
    monkeypatch.setattr(training, "GraphedStep", lambda step, *_: step)
    assert graphed == pytest.approx(bounds().train_bound, rel=1e-5)


@needs_gpu
def test_refusal_on_a_gpu_leaves_everything_usable(capsys):
    generator = torch.Generator("cuda").manual_seed(0)
    drawn = []

    def reads_back(rows):
        drawn.append(torch.rand(len(rows), generator=generator, device="cuda").sum().item())

    take = graphs.GraphedStep(reads_back, B, generator)
    for _ in range(6):
        take(torch.arange(B, device="cuda"))
    assert "No CUDA graph" in capsys.readouterr().out
    twin = torch.Generator("cuda").manual_seed(0)
    expected = [torch.rand(B, generator=twin, device="cuda").sum().item() for _ in range(6)]
    assert drawn == expected
    torch.rand(3, device="cuda")
