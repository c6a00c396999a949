"""Freed memory stays: the system counts how often a page had to be fetched anew."""

import platform
import subprocess
import sys

import pytest

from vae_lib.engine.speed import keep_freed_memory

COUNT = """
import resource
import torch
from vae_lib import evaluation
from vae_lib.models import mlp_vae

model = mlp_vae()
images = torch.zeros(20, 784)

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    evaluation.log_likelihood(model, images, k=2000)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

keep, evaluation.keep_freed_memory = evaluation.keep_freed_memory, lambda: None
faults()
by_default = faults()
evaluation.keep_freed_memory = keep
faults()  # fetches each page for the last time
print(by_default, faults())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be asked")
def test_log_likelihood_fetches_its_pages_once():
    command = [sys.executable, "-c", COUNT]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    by_default, kept = map(int, done.stdout.split())
    assert by_default > 10_000  # here 122,000
    assert kept < 1000  # here 40 at most: those that Python needs


def test_another_c_library_is_left_alone(monkeypatch):
    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    assert not keep_freed_memory.__wrapped__()
