"""Several processes on one run: the same steps as one process, and a clean end when one dies."""

import os
import signal
import subprocess
import sys
import time

import pytest
import torch
import torch.distributed as dist
from platforms import posix, programs
from shared_runs import CASES, STEPS, run

from tools.paths import ROOT
from vae_lib.checkpoints import load_model, read_checkpoint
from vae_lib.engine import processes as workers
from vae_lib.models import mlp_vae
from vae_lib.training import Bound

TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
PATIENCE = 120  # seconds; a start takes five on an idle machine


pytestmark = pytest.mark.usefixtures("single_precision")


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """What two processes did in each case: the checkpoint's tensors, its history, the output."""
    folder = tmp_path_factory.mktemp("shared")
    command = [*TORCHRUN, str(ROOT / "tests/processes" / "shared_runs.py"), str(folder)]
    ended = subprocess.run(
        command, env=ENVIRONMENT, capture_output=True, text=True, timeout=PATIENCE
    )
    assert ended.returncode == 0, ended.stderr
    results = {name: read_checkpoint(folder / f"{name}.safetensors") for name in CASES}
    return results, ended, sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("case", CASES)
def test_two_processes_take_the_steps_of_one_with_twice_the_batch(shared, tmp_path, case):
    tensors, about = shared[0][case]
    alone, model = run(case, tmp_path)
    if case in ("steps", "double"):
        assert len(alone.train_bound) == STEPS
    # Sums in another order: in float32 that leaves about 1e-6 of 11 nats, in float64 nothing.
    allowed = 1e-12 if case == "double" else 1e-5
    for name in ("train_bound", "train_kl", "validation_log_likelihood", "validation_kl"):
        together = torch.tensor(about["history"][name], dtype=torch.float64)
        apart = torch.tensor(getattr(alone, name), dtype=torch.float64)
        assert (together - apart).abs().max() <= allowed, name
    for name, weight in model.state_dict().items():
        torch.testing.assert_close(tensors[f"model.{name}"], weight, atol=1e-4, rtol=1e-3)
    assert alone.train_bound[-1] > alone.train_bound[0]


def test_run_can_go_on_with_another_number_of_processes(shared, tmp_path):
    """What has to agree is the batch of all processes together, and it is what is kept."""
    for case, settings in CASES.items():
        assert shared[0][case][1]["settings"]["batch_size"] == settings["batch_size"]


def test_one_process_prints_and_writes(shared):
    _, ended, files = shared
    assert ended.stdout.count("Training on cpu") == len(CASES)
    assert files == sorted(f"{name}.safetensors" for name in CASES)
    assert "Warning" not in ended.stderr and "Traceback" not in ended.stderr


@posix
@programs("pgrep", "ps")
@pytest.mark.parametrize("victim", [0, 1])
def test_killed_process_ends_the_other_and_the_checkpoint_is_whole(tmp_path, victim):
    path = tmp_path / "vae.safetensors"
    command = [*TORCHRUN, "-m", "vae_lib", "train", "--hidden", "8", "--epochs", "100000"]
    with (
        (tmp_path / "out").open("w") as out,
        (tmp_path / "err").open("w") as err,
        subprocess.Popen(
            [*command, "--device", "cpu", "--checkpoint", str(path)],
            env=ENVIRONMENT, stdout=out, stderr=err,
        ) as launcher,
    ):  # fmt: skip
        try:
            wait_for(path.exists)
            children = _children(launcher.pid)
            start = time.monotonic()
            os.kill(children[victim], signal.SIGKILL)
            wait_for(lambda: not _alive(children[1 - victim]))
            seconds = time.monotonic() - start
            assert launcher.wait(PATIENCE) != 0
        finally:
            launcher.kill()
    assert seconds < 30
    print(f"the other process ended after {seconds:.1f} s")
    shown = (tmp_path / "err").read_text()
    reasons = ("lost the connection to another one", "was told to stop")
    said = [f"Process {1 - victim} of 2 {reason}" in shown for reason in reasons]
    assert sum(said) == 1, shown
    assert "start the same command again with --resume" in shown
    assert "Traceback" not in shown.partition("torch/distributed/elastic")[0]
    printed = (tmp_path / "out").read_text()
    assert printed.count("Embedded MNIST") == printed.count("Training on") == 1
    assert load_model(path).config["hidden"] == [8]
    assert len(read_checkpoint(path)[1]["history"]["seconds"]) >= 1
    assert not list(tmp_path.glob("*.json")) and len(list(tmp_path.glob("*.safetensors"))) == 1


def wait_for(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


def _children(pid):
    """The two workers, in the order in which they were started: that of their ranks."""
    listed = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True).stdout
    children = sorted(map(int, listed.split()))
    assert len(children) == 2
    return children


def _alive(pid):
    """Whether the process runs; a dead one stays listed, as Z, until its parent asks for it."""
    command = ["ps", "-o", "stat=", "-p", str(pid)]
    state = subprocess.run(command, capture_output=True, text=True).stdout.strip()
    return bool(state) and not state.startswith("Z")


# --- in this process -------------------------------------------------------------------------


def test_alone_nothing_is_joined_and_nothing_added(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    before = signal.getsignal(signal.SIGTERM)
    with workers.joined():
        assert workers.rank_and_count() == (0, 1)
        assert workers.add_up(torch.tensor([1.0, 2.0])).tolist() == [1.0, 2.0]
        assert signal.getsignal(signal.SIGTERM) is before and not dist.is_initialized()


@pytest.fixture
def process_1_of_2(monkeypatch):
    """As under torchrun, but without the other process; SIGTERM's handler is put back."""
    for name, value in {"WORLD_SIZE": "2", "RANK": "1", "LOCAL_RANK": "1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(dist, "init_process_group", lambda *_, **__: None)
    monkeypatch.setattr(dist, "get_rank", lambda: 1)
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError(
            "[/third_party/gloo/gloo/transport/tcp/pair.cc:538] Connection closed by peer"
        ),
        dist.DistBackendError("NCCL error"),
        dist.DistNetworkError("The client socket has timed out"),
    ],
)
def test_lost_connection_is_one_sentence(process_1_of_2, error):
    lost = pytest.raises(SystemExit, match="Process 1 of 2 lost the connection")
    with lost as raised, workers.joined():
        raise error
    assert raised.value.__suppress_context__
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


@pytest.mark.parametrize("error", [RuntimeError("shapes differ"), ValueError("k is 0")])
def test_other_errors_pass_as_they_are(process_1_of_2, error):
    with pytest.raises(type(error), match=str(error)), workers.joined():
        raise error


@posix
def test_sigterm_is_one_sentence(process_1_of_2):
    told = pytest.raises(SystemExit, match="Process 1 of 2 was told to stop, because another one")
    with told, workers.joined():
        signal.raise_signal(signal.SIGTERM)


def test_second_process_does_not_print(process_1_of_2, capsys):
    with workers.joined():
        print("only once, please")
    print("again")
    assert capsys.readouterr().out == "again\n"


@pytest.mark.parametrize(
    ("has_gpus", "device", "backend", "placed"),
    [
        (True, None, "nccl", [1]),
        (True, "cuda", "nccl", [1]),
        (True, "cpu", "gloo", []),
        (False, None, "gloo", []),
        (False, "cpu", "gloo", []),
    ],
)
def test_gpus_are_joined_only_where_the_run_is_on_them(
    process_1_of_2, monkeypatch, has_gpus, device, backend, placed
):
    asked, set_to = [], []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: has_gpus)
    monkeypatch.setattr(torch.cuda, "set_device", set_to.append)
    monkeypatch.setattr(dist, "init_process_group", lambda name, **_: asked.append(name))
    with workers.joined(device):
        pass
    assert asked == [backend] and set_to == placed


def test_buffers_are_not_sent_around(monkeypatch):
    """The model's only buffer is a constant; a real group of one process says what it would do."""
    model = Bound(mlp_vae(data_dim=9, latent_dim=2, hidden=(5,)), k=1)
    assert list(model.buffers()) and workers.with_shared_gradients(model) is model
    dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    try:
        monkeypatch.setattr(workers, "rank_and_count", lambda: (0, 2))
        shared = workers.with_shared_gradients(model)
        assert not shared.will_sync_module_buffers()
        sent = []
        monkeypatch.setattr(shared, "_sync_buffers", lambda: sent.append("buffers"))
        bound, _ = shared(torch.zeros(3, 9), torch.zeros(1, 3, 2))
        assert bound.shape == (3,) and sent == []
    finally:
        dist.destroy_process_group()


class Before(torch.nn.Module):
    """DistributedDataParallel as its signature was in older versions of PyTorch."""

    def __init__(self, module, broadcast_buffers=True):
        super().__init__()
        self.sends = broadcast_buffers


class After(torch.nn.Module):
    """The same, as it is in newer ones."""

    def __init__(self, module, broadcast_buffers=None, forward_sync_buffers=True):
        super().__init__()
        assert broadcast_buffers is None
        self.sends = forward_sync_buffers


@pytest.mark.parametrize("version", [Before, After])
def test_either_name_of_the_switch_is_known(monkeypatch, version):
    monkeypatch.setattr(workers, "rank_and_count", lambda: (0, 2))
    monkeypatch.setattr(workers, "DistributedDataParallel", version)
    assert not workers.with_shared_gradients(torch.nn.Linear(2, 2)).sends
