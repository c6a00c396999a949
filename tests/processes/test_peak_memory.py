"""What a large evaluation really takes."""

import json
import os
import subprocess
import sys

import pytest

from tools.paths import ROOT

PEAK = """
import json, resource, sys, torch
from vae_lib.models import mlp_vae
from vae_lib.evaluation import log_likelihood

def peak():  # MiB; Linux counts in KiB, macOS in bytes
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit

model = mlp_vae(latent_dim=20, hidden=(400,))
x = (torch.rand(300, 784) < 0.3).float()
log_likelihood(model, x[:2], 2)
before = peak()
log_likelihood(model, x, int(sys.argv[1]))
print(json.dumps(peak() - before))
"""


def test_large_evaluation_stays_small():
    """All 300 x 2000 decoded images at once would take 1.75 GiB, and several copies of them."""
    pytest.importorskip("resource")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    extra = {}
    for k in (500, 2000):
        command = [sys.executable, "-c", PEAK, str(k)]
        extra[k] = json.loads(subprocess.check_output(command, env=environment))
    print(f"extra resident memory in MiB: {extra}")
    assert extra[2000] < 400
    assert extra[2000] < extra[500] + 100, "memory must not grow with k"
