"""One epoch of the same VAE, written as a user of PyTorch or of vae_lib would write it.

Each contestant is a function of the images (N, 784), the number of epochs and ``begin``, which it
calls at the start of each epoch: there it waits for its turn. It hands over its parameters, in the
order of ``Net``'s. Its weights, shuffling and noise follow from PyTorch's seed.
"""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from vae_lib.engine.checks import Binarisation, Precision
from vae_lib.engine.devices import Machine
from vae_lib.engine.speed import fast_float32
from vae_lib.history import History
from vae_lib.models import VAE, mlp_vae
from vae_lib.training import fit

BATCH, RATE = 128, 1e-3
Begin = Callable[[Sequence[Tensor]], None]
Contestant = Callable[[Tensor, int, Begin], None]


class Net(nn.Module):
    """The VAE 784-400-20-400-784 with ReLU, in plain PyTorch."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.mean, self.log_var = (
            nn.Linear(784, 400),
            nn.Linear(400, 20),
            nn.Linear(400, 20),
        )
        self.widen, self.logits = nn.Linear(20, 400), nn.Linear(400, 784)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Images (B, 784) to mean and log variance, shape (B, 20) each."""
        features = F.relu(self.hidden(x))
        return self.mean(features), self.log_var(features)

    def decode(self, z: Tensor) -> Tensor:
        """Latents (B, 20) to logits (B, 784)."""
        return self.logits(F.relu(self.widen(z)))

    def loss(self, x: Tensor) -> Tensor:
        """The negative ELBO of images (B, 784), summed over the batch, in nats."""
        mean, log_var = self.encode(x)
        z = mean + torch.exp(0.5 * log_var) * torch.randn_like(mean)
        return F.binary_cross_entropy_with_logits(self.decode(z), x, reduction="sum") + kl(
            mean, log_var
        )


def kl(mean: Tensor, log_var: Tensor) -> Tensor:
    """KL to the standard normal, summed over everything."""
    return -0.5 * torch.sum(1 + log_var - mean.pow(2) - log_var.exp())


class Pictures(Dataset[tuple[Tensor, int]]):
    """Bytes that become a picture and then a tensor item by item, as torchvision's MNIST does."""

    def __init__(self, images: Tensor) -> None:
        self.data = (images * 255).to(torch.uint8).reshape(-1, 28, 28)
        self.targets = torch.zeros(len(images), dtype=torch.int64)

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        target = int(self.targets[index])
        picture = Image.fromarray(self.data[index].numpy())
        pixels = torch.from_numpy(np.array(picture, np.uint8, copy=True)).view(28, 28, 1)
        return pixels.permute(2, 0, 1).contiguous().to(torch.float32).div(255), target


def dataloader_loop(images: Tensor, epochs: int, begin: Begin) -> None:
    """The loop of PyTorch's own examples: a DataLoader, sigmoid and BCE, Adam, loss.item()."""
    model = Net()
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
    loader = DataLoader(Pictures(images), batch_size=BATCH, shuffle=True)
    for _ in range(epochs):
        begin(list(model.parameters()))
        model.train()
        total = 0.0
        for batch, _ in loader:
            optimizer.zero_grad()
            x = batch.view(-1, 784)
            mean, log_var = model.encode(x)
            z = mean + torch.exp(0.5 * log_var) * torch.randn_like(mean)
            reconstruction = torch.sigmoid(model.decode(z))
            bce = F.binary_cross_entropy(reconstruction, x, reduction="sum")
            loss = bce + kl(mean, log_var)
            loss.backward()
            total += loss.item()
            optimizer.step()


def in_memory_loop(
    images: Tensor,
    epochs: int,
    begin: Begin,
    fused: bool = False,
    fast_products: bool = False,
    one_thread: bool = False,
) -> None:
    """The images as one tensor that is indexed, plain Adam; on request with what ``fit`` adds."""
    if one_thread:
        torch.set_num_threads(1)
    model = Net()
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE, fused=fused)
    with fast_float32() if fast_products else nullcontext():
        for _ in range(epochs):
            begin(list(model.parameters()))
            for rows in torch.randperm(len(images)).split(BATCH):
                loss = model.loss(images[rows]) / len(rows)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()


def train_by_fit(
    model: VAE, images: Tensor, epochs: int, begin: Begin, machine: Machine, **settings: Any
) -> None:
    """``vae_lib.training.fit``, which waits for its turn after each epoch."""

    def next_epoch(history: History) -> None:
        if len(history.seconds) < epochs:
            begin(parameters(model))

    begin(parameters(model))
    fit(
        model, images, epochs=epochs, learning_rate=RATE, seed=torch.initial_seed(),
        machine=machine, each_epoch=next_epoch, **settings,
    )  # fmt: skip


def vae_lib_fit(
    precision: Precision,
    threads: int | None,
    images: Tensor,
    epochs: int,
    begin: Begin,
    binarisation: Binarisation = "none",
) -> None:
    """The model of all contestants by ``fit``, with its own choice of threads or with so many."""
    machine = Machine("cpu", precision, threads)
    train_by_fit(
        mlp_vae(), images, epochs, begin, machine, batch_size=BATCH, binarisation=binarisation
    )


def parameters(model: VAE) -> list[Tensor]:
    """Return a vae_lib model's parameters in the order of ``Net``'s."""
    assert isinstance(model.encoder, nn.Module) and isinstance(model.decoder, nn.Module)
    return [*model.encoder.parameters(), *model.decoder.parameters()]


OURS: dict[str, Contestant] = {
    "in-memory loop": in_memory_loop,
    "vae_lib float32": partial(vae_lib_fit, "float32", None),
    "vae_lib float32, two threads": partial(vae_lib_fit, "float32", 2),
    "vae_lib bfloat16": partial(vae_lib_fit, "bfloat16", None),
    "vae_lib bfloat16, two threads": partial(vae_lib_fit, "bfloat16", 2),
}
