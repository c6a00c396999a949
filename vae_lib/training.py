"""One readable training loop: draw a batch, estimate the bound, step uphill."""

import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from tqdm.auto import tqdm

from vae_lib.checkpoints import checksum, pack, restore, write_checkpoint
from vae_lib.checks import already_checked, require_settings, require_unit_interval
from vae_lib.data import binarise, require_mode
from vae_lib.devices import pick_device
from vae_lib.graphs import GraphedStep
from vae_lib.heap import keep_freed_memory
from vae_lib.history import History
from vae_lib.matmul import fast_float32
from vae_lib.models import GenerativeModel
from vae_lib.objectives import elbo, importance_weighted_bound
from vae_lib.schedules import Schedule, set_rate
from vae_lib.workers import add_up, rank_and_count


class Bound(nn.Module):
    """What a step maximises, as a module: it can be compiled, or shared between processes."""

    def __init__(self, model: GenerativeModel, k: int) -> None:
        super().__init__()
        self.model, self.k = model, k

    def forward(self, x: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Data (B, D) and noise (k, B, L) to the bound and KL(q ‖ p(z)), shape (B,) each."""
        q = self.model.encode(x)
        if self.k == 1:
            terms = elbo(self.model, x, q=q, noise=noise)
            return terms.value, terms.kl
        bound = importance_weighted_bound(self.model, x, self.k, q=q, noise=noise)
        return bound, q.kl_to(self.model.prior)


def fit(
    model: GenerativeModel,
    train: Tensor,
    validation: Tensor | None = None,
    *,
    epochs: int,
    batch_size: int = 128,
    learning_rate: float | Schedule = 1e-3,
    weight_decay: float = 0.0,
    epsilon: float = 1e-8,
    k: int = 1,
    binarisation: str = "dynamic",
    device: str | None = None,
    precision: str = "float32",
    compiled: bool = False,
    seed: int = 0,
    checkpoint: str | Path | None = None,
    resume: bool = False,
) -> History:
    """Train ``model`` in place by gradient ascent on the bound (Adam).

    On a CPU the same seed gives the same numbers, also when the run was interrupted and resumed.
    Ctrl-C, or the notebook's stop button, keeps the weights and returns the history so far. Under
    ``torchrun`` (see ``workers.joined``) a batch is shared out: N processes of batch size B take
    the steps of one process of batch size N * B.

    Args:
        model: A VAE whose weights are to be learned; it is left on ``device``.
        train: Images, shape (N, D), values in [0, 1].
        validation: Images, shape (M, D); by fixed noise binarised once, so that epochs compare,
            or as they are with ``binarisation="none"``.
        epochs: Passes over the training images.
        batch_size: B; the last batch of an epoch may be smaller.
        learning_rate: Adam's step size, or a function of the epoch (see ``schedules``).
        weight_decay: AdamW's decoupled decay.
        epsilon: Added to Adam's denominator.
        k: Draws of z per image: 1 maximises the ELBO, more the importance-weighted bound.
        binarisation: ``"dynamic"``, ``"fixed"`` or ``"none"``, see ``data.binarise``.
        device: ``"cuda"``, ``"mps"`` or ``"cpu"``; by default the best there is, and printed.
        precision: ``"float32"``, or ``"bfloat16"`` for the layers' matrix products only.
        compiled: Let ``torch.compile`` fuse the element-wise work; the first step then takes long.
        seed: Of the shuffling, the dynamic binarisation and the latent noise.
        checkpoint: A file that is written anew after every epoch.
        resume: Go on from ``checkpoint`` if it exists; without it an existing file is refused.

    Returns:
        The bound and its KL term per epoch, in nats per image.

    Raises:
        ValueError: If data, settings or checkpoint cannot be used; nothing is trained then.

    Source: eq-dataset-bound, eq-minibatch, eq-gradient-step (Kingma & Welling 2014, algorithm 1);
    with several processes eq-shared-gradient.
    """
    rank, workers = rank_and_count()
    settings = {"batch_size": batch_size * workers, "learning_rate": str(learning_rate), "k": k}
    settings |= {"weight_decay": weight_decay, "epsilon": epsilon, "binarisation": binarisation}
    settings |= {"precision": precision, "compiled": compiled, "seed": seed}
    if checkpoint is not None:
        settings |= {"checksums of the images": [checksum(train), checksum(validation)]}
    rate = learning_rate if callable(learning_rate) else lambda _: float(learning_rate)
    require_mode(binarisation)
    sizes = (len(train), 1 if validation is None else len(validation))
    smallest = min(rate(0), rate(max(epochs, 1) - 1))
    require_settings(sizes, epochs, batch_size * workers, smallest, k, precision)
    place = pick_device(device)
    generator = torch.Generator(place).manual_seed(seed)
    train = _checked(model.to(place), train, binarisation)
    if validation is not None:
        validation = _checked(model, validation, "none" if binarisation == "none" else "fixed")
    keep_freed_memory()
    on_gpu = place.type == "cuda"
    optimiser = torch.optim.AdamW(
        model.parameters(), torch.tensor(rate(0), device=place) if on_gpu else rate(0),
        weight_decay=weight_decay, eps=epsilon, fused=place.type != "mps", capturable=on_gpu,
    )  # fmt: skip
    history = History(**restore(checkpoint, resume, settings, model, optimiser, generator))
    first = len(history.seconds)
    bound: nn.Module = Bound(model, k)
    bound = DistributedDataParallel(bound) if workers > 1 else bound
    fast = torch.compile(bound) if compiled else bound
    like: dict[str, Any] = {"dtype": train.dtype, "device": place}
    totals = torch.zeros(2, **like)

    def step(rows: Tensor) -> None:
        x = train.index_select(0, rows)  # (B, D), of all processes together
        if binarisation == "dynamic":
            x = binarise(x, "dynamic", generator)
        noise = torch.randn((k, len(rows), model.latent_dim), generator=generator, **like)
        share = slice(rank, None, workers)  # of this process
        run = fast if len(rows) == batch_size * workers else bound
        with torch.autocast(place.type, torch.bfloat16, precision == "bfloat16", False):
            value, kl = run(x[share], noise[:, share])
        optimiser.zero_grad()
        (-value.sum() * (workers / len(rows))).backward()  # DDP averages over processes
        optimiser.step()
        totals.add_(torch.stack([value.sum(), kl.sum()]).detach())

    graphed = on_gpu and workers == 1 and not compiled
    take = GraphedStep(step, batch_size, generator) if graphed else step
    if rank == 0:
        print(f"Training on {place}: {len(train):,} images,", end=" ")
        print(f"epochs: {epochs}, batch size: {batch_size}")
    start = time.perf_counter() - (history.seconds[-1] if first else 0.0)
    bar = tqdm(desc="epochs", total=epochs, initial=first, unit="epoch", disable=rank > 0)
    try:
        for epoch in range(first, epochs):
            set_rate(optimiser, rate(epoch))
            order = torch.randperm(len(train), generator=generator, device=place)
            with already_checked(), fast_float32():
                for rows in order.split(batch_size * workers):
                    take(rows)
                validated = _elbo_means(model, validation, seed)
            means = (add_up(totals) / len(train)).tolist()
            totals.zero_()
            history.record(means, validated, time.perf_counter() - start)
            if checkpoint is not None and rank == 0:
                about = {"settings": settings, "epochs": epochs, "model": model.config}
                about |= {"history": asdict(history)}
                write_checkpoint(checkpoint, pack(model, optimiser, generator), about)
            bar.set_postfix_str(str(history), refresh=False)
            bar.update()
    except KeyboardInterrupt:
        if rank == 0:
            done = len(history.seconds)
            print(f"Interrupted after {done} full epochs: the model keeps the weights it has now.")
            if checkpoint is not None and Path(checkpoint).exists():
                print(f"{checkpoint} holds a full epoch: go on with resume=True (--resume).")
    finally:
        bar.close()
    return history


@torch.no_grad()
def _checked(model: GenerativeModel, images: Tensor, mode: str) -> Tensor:
    """Look once at all the images, so that no step has to; binarise what stays as it is."""
    images = images.to(model.zeros.device)
    q = model.encode(images[:1])
    if mode == "dynamic":
        require_unit_interval(images)
        return images
    images = binarise(images, mode)
    likelihood = model.decode(q.mean)
    for part in images.split(10_000):
        likelihood.log_prob(part)
    return images


@torch.no_grad()
def _elbo_means(model: GenerativeModel, images: Tensor | None, seed: int) -> list[float]:
    if images is None:
        return []
    generator = torch.Generator(images.device).manual_seed(seed)
    bound = elbo(model, images, generator=generator)
    return [bound.log_likelihood.mean().item(), bound.kl.mean().item()]
