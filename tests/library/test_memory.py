"""How much is decoded at once, and what a large evaluation really takes."""

import os

import pytest
import torch

from vae_lib.engine import speed as memory
from vae_lib.evaluation import log_likelihood
from vae_lib.models import mlp_vae

GIB = 2**30


@pytest.fixture
def free(monkeypatch):
    """Set the number of free bytes."""

    def set_to(count):
        monkeypatch.setattr(memory, "free_bytes", lambda _: count)

    return set_to


def test_at_least_one_draw_is_decoded(free):
    free(0)
    assert memory.affordable_draws(torch.zeros(3, 784)) == 1


def test_draws_shrink_with_free_memory_and_the_size_of_an_image(free):
    x = torch.zeros(3, 784, dtype=torch.float32)
    counts = []
    for gib in (0.01, 0.1, 1):
        free(int(gib * GIB))
        counts.append(memory.affordable_draws(x))
        bytes_used = counts[-1] * memory.COPIES * 784 * 4
        assert bytes_used <= gib * GIB / 4 or counts[-1] == 1
    assert counts == sorted(counts) and counts[0] < counts[-1]
    assert memory.affordable_draws(x.double()) == pytest.approx(counts[-1] / 2, abs=1)
    assert memory.affordable_draws(torch.zeros(3, 1568, dtype=torch.float32)) < counts[-1]


def test_plenty_of_memory_is_not_all_used(free):
    x = torch.zeros(3, 784)
    free(100 * GIB)
    plenty = memory.affordable_draws(x)
    free(1000 * GIB)
    assert memory.affordable_draws(x) == plenty
    assert plenty * memory.COPIES * 784 * x.element_size() <= memory.CPU_BUDGET


def test_free_memory_is_known_or_guessed(monkeypatch):
    cpu = torch.device("cpu")
    assert memory.free_bytes(cpu) > 0

    def unknown(_name):
        raise ValueError("unrecognized configuration name")

    monkeypatch.setattr(os, "sysconf", unknown, raising=False)
    assert memory.free_bytes(cpu) == 4 * memory.CPU_BUDGET
    monkeypatch.delattr(os, "sysconf")  # as on Windows
    assert memory.free_bytes(cpu) == 4 * memory.CPU_BUDGET
    x = torch.zeros(2, 9)
    assert log_likelihood(mlp_vae(data_dim=9, latent_dim=2, hidden=(5,)), x, 3).shape == (2,)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (7 * GIB, 80 * GIB))
    assert memory.free_bytes(torch.device("cuda")) == 7 * GIB
