"""Several processes: their averaged gradient is that of the whole batch."""

import os
import socket

import pytest
import torch
import torch.multiprocessing as mp
from agreement import agree
from torch import Tensor

from vae_lib.engine.devices import Machine
from vae_lib.engine.processes import joined
from vae_lib.models import VAE, mlp_vae
from vae_lib.objectives import elbo
from vae_lib.training import fit

IMAGES, BATCH, PROCESSES = 7, 2, 2


def model_and_images() -> tuple[VAE, Tensor]:
    torch.manual_seed(0)
    return mlp_vae(data_dim=6, latent_dim=2, hidden=(5,)), torch.rand(IMAGES, 6)


def one_of_several(rank: int, port: int, folder: str) -> None:
    """What torchrun would start: an epoch of a full step of 4 images and an uneven one of 3."""
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    here = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": PROCESSES, "MASTER_PORT": port}
    os.environ |= {name: str(value) for name, value in here.items()}
    os.environ["MASTER_ADDR"] = "127.0.0.1"
    with joined():
        for count in (PROCESSES * BATCH, IMAGES):  # the gradients left are those of the last step
            model, images = model_and_images()
            fit(
                model, images[:count], epochs=1, batch_size=BATCH, learning_rate=1e-13,
                machine=Machine("cpu"), seed=3,
            )  # fmt: skip
            torch.save([w.grad for w in model.parameters()], f"{folder}/{count}-{rank}.pt")


def whole_batch_gradients(count: int) -> list[Tensor]:
    """Autograd on the mean over the last step's images at once, with the draws of one process."""
    model, images = model_and_images()
    generator = torch.Generator().manual_seed(3)
    for rows in torch.randperm(count, generator=generator).split(PROCESSES * BATCH):
        uniform = torch.rand(len(rows), 6, generator=generator)
        x = (uniform < images[rows]).double()
        loss = -elbo(model, x, generator=generator).value.sum() / len(rows)
    return list(torch.autograd.grad(loss, list(model.parameters())))


@pytest.mark.equation("eq-shared-gradient", oracle="autograd")
def test_average_over_processes_is_the_gradient_of_the_whole_batch(tmp_path):
    """Two gloo processes run ``fit``; float64 leaves rounding and weights moved by 1e-13."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    mp.spawn(one_of_several, (port, str(tmp_path)), PROCESSES)
    for count in (PROCESSES * BATCH, IMAGES):
        for rank in range(PROCESSES):
            ours = torch.load(tmp_path / f"{count}-{rank}.pt")
            for mine, expected in zip(ours, whole_batch_gradients(count), strict=True):
                agree(mine, expected, atol=1e-11)
