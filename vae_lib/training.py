"""The training loop: chapter 5's, and the same loop for long runs on any machine."""

import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import AdamW
from tqdm.auto import tqdm

from vae_lib.data import binarise
from vae_lib.engine.arguments import takes
from vae_lib.engine.checks import (
    Binarisation,
    require_finite,
    require_settings,
    require_unit_interval,
)
from vae_lib.engine.devices import ANY, Machine, pick_device
from vae_lib.engine.door import Images
from vae_lib.engine.processes import add_up, rank_and_count, with_shared_gradients
from vae_lib.engine.speed import choose_threads, computing, keep_freed_memory
from vae_lib.history import History
from vae_lib.keeping import NOTHING, Keep, alone_with_checkpoint, checksum
from vae_lib.models import GenerativeModel, count_weights
from vae_lib.objectives import elbo, importance_weighted_bound
from vae_lib.schedules import Schedule, rates_of


@takes()
def plain_fit(
    model: GenerativeModel,
    images: Images,
    epochs: int,
    batch_size: int = 128,
    learning_rate: float = 1e-3,
    weight_decay: float = 0.0,
    seed: int = 0,
) -> list[float]:
    """Train ``model`` in place by gradient ascent on the ELBO: the whole of chapter 5's loop.

    Args:
        model: A VAE.
        images: Shape (N, D), values in [0, 1]; binarised anew for each batch.
        epochs: Passes over the images.
        batch_size: B; the last batch of an epoch may be smaller.
        learning_rate: Adam's step size.
        weight_decay: AdamW's decoupled decay.
        seed: Of the shuffling, the binarisation and the latent noise.

    Returns:
        The mean ELBO of each epoch, in nats per image.

    Raises:
        ValueError: If data or settings cannot be used.
        Diverged: If a mean is no longer finite.

    Source: eq-dataset-bound, eq-minibatch, eq-gradient-step (Kingma & Welling 2014, algorithm 1).
    """
    images = model.accept(images)
    require_settings(model, [images], epochs, batch_size, [learning_rate], 1, weight_decay, 1.0)
    optimiser = AdamW(model.parameters(), learning_rate, weight_decay=weight_decay, fused=True)
    generator = torch.Generator(model.device).manual_seed(seed)
    means = []
    with computing(choose_threads(count_weights(model), batch_size)):
        for epoch in range(epochs):
            values = []
            order = torch.randperm(len(images), generator=generator, device=model.device)
            for rows in order.split(batch_size):
                x = binarise(images[rows], "dynamic", generator)  # (B, D)
                bound = elbo(model, x, generator=generator)
                optimiser.zero_grad()
                bound.loss.backward()
                optimiser.step()
                values.append(bound.value.detach())
            means.append(torch.cat(values).mean().item())
            require_finite(means, epoch)
    return means


class Bound(nn.Module):
    """What a step maximises, as a module: processes share the gradients of a module."""

    def __init__(self, model: GenerativeModel, k: int) -> None:
        super().__init__()
        self.model, self.k = model, k

    def forward(self, x: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Data (B, D) and noise (k, B, L) to the bound and KL(q ‖ p(z)), shape (B,) each."""
        if len(x) == 0:  # nothing is left of a small last batch for this process
            nothing = torch.stack([weight.sum() for weight in self.parameters()])[:0]
            return nothing, nothing
        q = self.model.encode(x)
        if self.k == 1:
            terms = elbo(self.model, x, q=q, noise=noise)
            return terms.value, terms.kl
        bound = importance_weighted_bound(self.model, x, self.k, q=q, noise=noise)
        return bound, q.kl_to(self.model.prior)


@takes()
@alone_with_checkpoint
def fit(
    model: GenerativeModel,
    train: Images,
    validation: Images | None = None,
    *,
    epochs: int,
    batch_size: int = 128,
    learning_rate: float | Schedule = 1e-3,
    weight_decay: float = 0.0,
    epsilon: float = 1e-8,
    k: int = 1,
    binarisation: Binarisation | None = None,
    seed: int = 0,
    machine: Machine = ANY,
    keep: Keep = NOTHING,
    each_epoch: Callable[[History], None] | None = None,
) -> History:
    """Train ``model`` in place by gradient ascent on the bound: ``plain_fit`` for long runs.

    On a CPU the same seed and number of threads give the same numbers, interrupted and resumed or
    not. Ctrl-C, or the notebook's stop button, keeps the weights and returns the history so far.
    Under ``torchrun`` a batch is shared out: N processes of B take the steps of one of N * B.

    Args:
        model: A VAE whose weights are to be learned; it is left on the machine's device.
        train: Images, shape (N, D): tensors, arrays, lists or datasets (see ``engine.door``).
        validation: Images, shape (M, D); binarised once, so that epochs compare, or not at all.
        epochs: Passes over the training images.
        batch_size: B; the last batch of an epoch may be smaller.
        learning_rate: Adam's step size, or a function of the epoch (see ``schedules``).
        weight_decay: AdamW's decoupled decay.
        epsilon: Added to Adam's denominator.
        k: Draws of z per image: 1 maximises the ELBO, more the importance-weighted bound.
        binarisation: ``"dynamic"``, ``"fixed"`` or ``"none"``, see ``data.binarise``; by default
            dynamic where the likelihood is Bernoulli, else none.
        seed: Of the shuffling, the dynamic binarisation and the latent noise.
        machine: Where the run computes, in which precision and with how many threads.
        keep: What it keeps: a checkpoint to go on from, copies of the model after named epochs.
        each_epoch: Called with the history after each epoch.

    Returns:
        The bound and its KL term per epoch, in nats per image.

    Raises:
        ValueError: If data, settings or checkpoint cannot be used; nothing is trained then.
        Diverged: If a mean is no longer finite; a checkpoint holds the epoch before.

    Source: eq-dataset-bound, eq-minibatch, eq-gradient-step (Kingma & Welling 2014, algorithm 1);
    with several processes eq-shared-gradient.
    """
    rank, processes = rank_and_count()
    batch_size *= processes  # of all processes together
    rates = rates_of(learning_rate, epochs)
    train = model.accept(train)
    validation = None if validation is None else model.accept(validation)
    data = [images for images in (train, validation) if images is not None]
    require_settings(model, data, epochs, batch_size, rates, k, weight_decay, epsilon)
    device = pick_device(machine.device)
    binarisation = binarisation or ("dynamic" if model.binary else "none")
    threads = machine.threads or keep.earlier_threads()
    threads = threads or choose_threads(count_weights(model), batch_size * k // processes)
    settings: dict[str, Any] = {"batch_size": batch_size, "k": k, "binarisation": binarisation}
    settings |= {"weight_decay": weight_decay, "epsilon": epsilon, "seed": seed}
    settings |= {"precision": machine.precision, "threads": threads}
    if keep.path is not None:
        settings["checksums of the images"] = [checksum(train), checksum(validation)]
    train = _ready(model.to(device), train, binarisation)
    if validation is not None:
        validation = _ready(model, validation, "none" if binarisation == "none" else "fixed")

    optimiser = AdamW(model.parameters(), eps=epsilon, weight_decay=weight_decay, fused=True)
    generator = torch.Generator(device).manual_seed(seed)
    history = History(**keep.restore(settings, rates, model, optimiser, generator))
    first = len(history.seconds)
    bound = with_shared_gradients(Bound(model, k))
    if k > 1:
        keep_freed_memory()
    layers = torch.autocast(device.type, torch.bfloat16, machine.precision == "bfloat16")
    share = slice(rank, None, processes)  # of a batch's rows, for this process
    if rank == 0:
        what = f"{len(train):,} images, epochs: {epochs}, batch size: {batch_size // processes}"
        print(f"Training on {device}: {what}")
    start = time.perf_counter() - (history.seconds[-1] if first else 0.0)
    bar = tqdm(desc="epochs", total=epochs, initial=first, unit="epoch", disable=rank > 0)
    try:
        with computing(threads):
            for epoch in range(first, epochs):
                optimiser.param_groups[0]["lr"] = rates[epoch]
                order = torch.randperm(len(train), generator=generator, device=device)
                values, kls = [], []
                for rows in order.split(batch_size):
                    x = train.index_select(0, rows)  # (B, D), of all processes together
                    if binarisation == "dynamic":
                        x = binarise(x, "dynamic", generator)
                    noise = torch.randn(
                        (k, len(rows), model.latent_dim),
                        generator=generator, dtype=x.dtype, device=device,
                    )  # fmt: skip
                    with layers:
                        value, kl = bound(x[share], noise[:, share])
                    optimiser.zero_grad()
                    (-value.sum() * processes / len(rows)).backward()  # DDP averages
                    optimiser.step()
                    values.append(value.detach())
                    kls.append(kl.detach())
                sums = torch.stack([torch.cat(values).sum(), torch.cat(kls).sum()])
                means = (add_up(sums) / len(train)).tolist()
                validated = _elbo_means(model, validation, seed)
                weights = [weight.detach().sum().item() for weight in model.parameters()]
                require_finite([*means, *validated, *weights], epoch)
                history.record(means, validated, rates[epoch], time.perf_counter() - start)
                if rank == 0:
                    keep.save(settings, epochs, model, optimiser, generator, asdict(history))
                if each_epoch is not None:
                    each_epoch(history)
                bar.set_postfix_str(str(history), refresh=False)
                bar.update()
    except KeyboardInterrupt:
        if rank == 0:
            done = len(history.seconds)
            print(f"Interrupted after {done} full epochs: the model keeps the weights it has now.")
            keep.say_how_to_go_on()
    finally:
        bar.close()
    return history


@torch.no_grad()
def _ready(model: GenerativeModel, images: Tensor, mode: Binarisation) -> Tensor:
    """Look once at all the images before any step; binarise what stays as it is."""
    images = images.to(model.device)
    q = model.encode(images[:1])
    if mode == "dynamic":
        require_unit_interval(images)
        return images
    images = binarise(images, mode)
    for part in images.split(10_000):
        model.decode(q.mean).log_prob(part)
    return images


@torch.no_grad()
def _elbo_means(model: GenerativeModel, images: Tensor | None, seed: int) -> list[float]:
    if images is None:
        return []
    generator = torch.Generator(images.device).manual_seed(seed)
    bound = elbo(model, images, generator=generator)
    return [bound.log_likelihood.mean().item(), bound.kl.mean().item()]
