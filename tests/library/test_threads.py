"""Several threads of one program may train and measure: nothing process-wide stays changed."""

import threading

import pytest
import torch

from vae_lib.engine.devices import Machine
from vae_lib.engine.speed import computing, fast_float32, permission_is_unused
from vae_lib.evaluation import log_likelihood
from vae_lib.models import mlp_vae
from vae_lib.training import fit


@pytest.fixture(autouse=True)
def _single_precision_and_two_threads(_double_precision):
    torch.set_default_dtype(torch.float32)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def switches():
    """What this thread sees, and what one sees that PyTorch has not met yet."""
    seen = [(torch.get_num_threads(), torch.backends.mkldnn.matmul.fp32_precision)]
    together(lambda: seen.append((torch.get_num_threads(), None)))
    return seen


def together(*actions):
    """Run each action in a thread of its own; raise what one of them raised."""
    errors = []

    def guarded(action):
        try:
            action()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    if errors:
        raise errors[0]


@pytest.mark.parametrize("first_out", [0, 1])
@pytest.mark.parametrize("main_is", [0, 1, None])
def test_last_one_out_restores_in_whatever_order(first_out, main_is):
    """Two threads enter one after the other; either leaves first; one of them may be the main."""
    before = switches()
    entered = [threading.Event(), threading.Event()]
    left = [threading.Event(), threading.Event()]
    seen = {}

    def compute(me):
        if me == 1:
            assert entered[0].wait(20)
        with computing(me + 1):
            entered[me].set()
            assert entered[1].wait(20)
            seen[me] = torch.get_num_threads()
            if me != first_out:
                assert left[first_out].wait(20)
            assert torch.backends.mkldnn.matmul.fp32_precision == (
                "bf16" if permission_is_unused() else before[0][1]
            )
        seen[me, "after"] = torch.get_num_threads()
        left[me].set()

    others = [threading.Thread(target=compute, args=(me,)) for me in (0, 1) if me != main_is]
    for thread in others:
        thread.start()
    if main_is is not None:
        compute(main_is)
    for thread in others:
        thread.join(30)
    assert seen == {0: 1, 1: 2, (0, "after"): 2, (1, "after"): 2}
    assert switches() == before


def test_within_it_may_be_entered_again():
    before = switches()
    with computing(1), fast_float32():
        with pytest.raises(KeyError), computing(2):
            assert torch.get_num_threads() == 2
            raise KeyError
        assert torch.get_num_threads() == 1
    assert switches() == before


@pytest.mark.parametrize("attempt", range(10))
def test_two_runs_at_once_change_nothing_and_learn_the_same(attempt):
    before = switches()
    x = torch.rand(64, 16, generator=torch.Generator().manual_seed(1))

    def run(results, threads):
        torch_seeded = mlp_vae(16, 2, (8,))
        torch_seeded.load_state_dict(start)
        fit(torch_seeded, x, epochs=3, batch_size=16, machine=Machine("cpu", threads=threads))
        log_likelihood(torch_seeded, x.round(), 10, threads=threads)
        results.append(torch_seeded.state_dict())

    torch.manual_seed(0)
    start = mlp_vae(16, 2, (8,)).state_dict()
    alone, at_once = [], []
    run(alone, 1)
    together(*[lambda threads=threads: run(at_once, threads) for threads in (1, 2, 1)])
    assert switches() == before
    for weights in at_once:  # float32, 12 steps of 1e-3: other threads give other last digits
        for name, value in weights.items():
            torch.testing.assert_close(value, alone[0][name], atol=1e-6, rtol=1e-4)
