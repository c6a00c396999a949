"""Training runs that several processes share; ``test_workers`` starts this file with torchrun.

Alone it is the same runs in one process: ``run(name, batch_size)``.
"""

import sys
from pathlib import Path

import torch

from vae_lib.engine.devices import Machine
from vae_lib.engine.processes import joined
from vae_lib.keeping import Keep
from vae_lib.models import mlp_vae
from vae_lib.training import fit

STEPS = 50
CASES = {
    "steps": {"images": 64, "epochs": STEPS, "batch_size": 64},  # an epoch is one step
    "double": {"images": 64, "epochs": STEPS, "batch_size": 64, "dtype": torch.float64},
    "uneven": {"images": 141, "epochs": 4, "batch_size": 64},  # 64 + 64 + 13
    "left over": {"images": 65, "epochs": 4, "batch_size": 64, "k": 3},  # 64 + 1: none for one
}


def run(case, folder, workers=1):
    """Train as ``case`` says; return the history and the weights, and keep a checkpoint."""
    settings = dict(CASES[case])
    count, batch = settings.pop("images"), settings.pop("batch_size")
    dtype = settings.pop("dtype", torch.float32)
    x = torch.rand(count, 16, generator=torch.Generator().manual_seed(1)).to(dtype)
    torch.manual_seed(0)
    model = mlp_vae(data_dim=16, latent_dim=2, hidden=(8,)).to(dtype)
    path = Path(folder) / f"{case}.safetensors"
    settings |= {"batch_size": batch // workers, "learning_rate": 0.05}
    # A large ε, because with a small one Adam's step hardly depends on the gradient's size.
    history = fit(
        model, x, x[:10], epsilon=0.1, machine=Machine("cpu"), keep=Keep(path), **settings
    )
    return history, model


if __name__ == "__main__":
    torch.set_num_threads(1)
    with joined():
        for name in CASES:
            run(name, sys.argv[1], workers=2)
