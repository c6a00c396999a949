"""The laboratory's JavaScript, called from Python: one node process answers all tests.

Tensors go there as flat ``Float64Array``s, without a bit lost, and come back as flat tensors.
"""

import base64
import json
import os
import subprocess
from pathlib import Path

import numpy as np
import torch

from tools.build.static_files import NODE
from tools.paths import ROOT

SOURCES = ROOT / "vae_lib/lab/engine"
SERVER = ROOT / "tests/lab_engine.mjs"


class Engine:
    """The engine's modules; another folder than the repository's by ``LAB_ENGINE``."""

    def __init__(self):
        folder = Path(os.environ.get("LAB_ENGINE", SOURCES))
        self.process = subprocess.Popen(
            [NODE / "bin/node", SERVER, folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def __call__(self, code, **values):
        """Evaluate JavaScript that sees the modules by name, and ``values`` as ``v``."""
        request = json.dumps({"code": code, "values": values}, default=_written)
        self.process.stdin.write(request + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"node ended at: {code}"
        answer = json.loads(line, object_hook=_read)
        assert "error" not in answer, f"{answer['error']} at: {code}"
        return answer["answer"]

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


def _written(value):
    numbers = np.asarray(value.detach() if torch.is_tensor(value) else value, dtype="<f8")
    return {"f64": base64.b64encode(numbers.tobytes()).decode()}


def _read(value):
    if "f64" not in value:
        return value
    return torch.from_numpy(np.frombuffer(base64.b64decode(value["f64"]), dtype="<f8").copy())
