"""One readable training loop: draw a batch, estimate the ELBO, step uphill."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor
from tqdm.auto import tqdm

from vae_lib.checks import require_unit_interval
from vae_lib.data import binarise, require_mode
from vae_lib.models import GenerativeModel
from vae_lib.objectives import ELBO, elbo


@dataclass
class History:
    """Means per epoch, in nats per image: one entry an epoch in each list.

    Attributes:
        train_log_likelihood: E_q[log p(x|z)] over the epoch's batches.
        train_kl: KL(q(z|x) ‖ p(z)) over the epoch's batches.
        validation_log_likelihood: The same on the validation images, after the epoch.
        validation_kl: The same on the validation images, after the epoch.
        seconds: Wall time since the start.
    """

    train_log_likelihood: list[float] = field(default_factory=list)
    train_kl: list[float] = field(default_factory=list)
    validation_log_likelihood: list[float] = field(default_factory=list)
    validation_kl: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    @property
    def train_elbo(self) -> list[float]:
        """Log-likelihood less KL, per epoch."""
        terms = zip(self.train_log_likelihood, self.train_kl, strict=True)
        return [log_likelihood - kl for log_likelihood, kl in terms]

    @property
    def validation_elbo(self) -> list[float]:
        """Log-likelihood less KL, per epoch."""
        terms = zip(self.validation_log_likelihood, self.validation_kl, strict=True)
        return [log_likelihood - kl for log_likelihood, kl in terms]


def pick_device(name: str | None = None) -> torch.device:
    """Return the device called ``name``, or the best one there is: cuda, then mps, then cpu.

    Raises:
        ValueError: If PyTorch knows no such device or this machine has none.
    """
    available = ["cpu"]
    if torch.backends.mps.is_available():
        available.insert(0, "mps")
    if torch.cuda.is_available():
        available.insert(0, "cuda")
    if name is None:
        return torch.device(available[0])
    if name.split(":")[0] not in available:
        raise ValueError(f"device is {name!r}: this machine offers {', '.join(available)}.")
    return torch.device(name)


def fit(
    model: GenerativeModel,
    train: Tensor,
    validation: Tensor,
    *,
    epochs: int,
    batch_size: int = 128,
    learning_rate: float = 1e-3,
    weight_decay: float = 0.0,
    binarisation: str = "dynamic",
    device: str | None = None,
    seed: int = 0,
) -> History:
    """Train ``model`` in place by gradient ascent on the ELBO (Adam; one draw of z per image).

    The same seed gives the same numbers on a CPU. Interrupting it (Ctrl-C, or the notebook's stop
    button) keeps the weights reached so far and returns the history so far.

    Args:
        model: A VAE whose weights are to be learned; it is left on ``device``.
        train: Images, shape (N, D), values in [0, 1].
        validation: Images, shape (M, D); binarised once, with fixed noise, so epochs compare.
        epochs: Passes over the training images.
        batch_size: B; the last batch of an epoch may be smaller.
        learning_rate: Adam's step size.
        weight_decay: AdamW's decoupled decay.
        binarisation: ``"dynamic"``, ``"fixed"`` or ``"none"``, see ``data.binarise``.
        device: ``"cuda"``, ``"mps"`` or ``"cpu"``; by default the best there is, and printed.
        seed: Of the shuffling, the binarisation and the latent noise.

    Returns:
        Both terms of the ELBO per epoch, in nats per image.

    Raises:
        ValueError: If the data or a setting cannot be used; nothing is trained then.

    Source: eq-dataset-bound, eq-minibatch, eq-gradient-step (Kingma & Welling 2014, algorithm 1).
    """
    require_mode(binarisation)
    _require_settings(len(train), len(validation), epochs, batch_size, learning_rate)
    place = pick_device(device)
    generator = torch.Generator(place).manual_seed(seed)
    model.to(place)
    train, held_out = train.to(place), validation.to(place)
    if binarisation != "none":
        require_unit_interval(train)
        held_out = binarise(held_out, "fixed")
    if binarisation == "fixed":
        train = binarise(train, "fixed")
    model.encode(train[:1])  # these two refuse unusable data before any step
    _elbo_means(model, held_out[:1], seed)
    print(f"Training on {place}: {len(train):,} images, epochs: {epochs}, batch size: {batch_size}")
    optimiser = torch.optim.AdamW(model.parameters(), learning_rate, weight_decay=weight_decay)
    history = History()
    start = time.perf_counter()
    bar = tqdm(range(epochs), desc="epochs", unit="epoch")
    try:
        for _ in bar:
            totals = torch.zeros(2, device=place)
            for rows in _batches(len(train), batch_size, generator):
                x = train[rows]
                if binarisation == "dynamic":
                    x = binarise(x, "dynamic", generator)
                bound = elbo(model, x, generator=generator)
                _step(optimiser, bound)
                totals += torch.stack([bound.log_likelihood.sum(), bound.kl.sum()]).detach()
            train_terms = (totals / len(train)).tolist()
            validation_terms = _elbo_means(model, held_out, seed)
            _record(history, train_terms, validation_terms, time.perf_counter() - start)
            bar.set_postfix_str(_summary(history))
    except KeyboardInterrupt:
        print(f"Interrupted: the model keeps its weights after {len(history.seconds)} full epochs.")
    finally:
        bar.close()
    return history


def _step(optimiser: torch.optim.Optimizer, bound: ELBO) -> None:
    optimiser.zero_grad(set_to_none=True)
    bound.loss.backward()
    optimiser.step()


def _batches(count: int, batch_size: int, generator: torch.Generator) -> Iterator[Tensor]:
    order = torch.randperm(count, generator=generator, device=generator.device)
    yield from order.split(batch_size)


@torch.no_grad()
def _elbo_means(model: GenerativeModel, images: Tensor, seed: int) -> list[float]:
    generator = torch.Generator(images.device).manual_seed(seed)
    bound = elbo(model, images, generator=generator)
    return [bound.log_likelihood.mean().item(), bound.kl.mean().item()]


def _record(history: History, train: list[float], validation: list[float], seconds: float) -> None:
    history.train_log_likelihood.append(train[0])
    history.train_kl.append(train[1])
    history.validation_log_likelihood.append(validation[0])
    history.validation_kl.append(validation[1])
    history.seconds.append(seconds)


def _summary(history: History) -> str:
    log_likelihood, kl = history.train_log_likelihood[-1], history.train_kl[-1]
    return (
        f"loss {kl - log_likelihood:.1f} (log-lik. {log_likelihood:.1f}, KL {kl:.1f}), "
        f"validation ELBO {history.validation_elbo[-1]:.1f} nats"
    )


def _require_settings(
    train: int, validation: int, epochs: int, batch_size: int, learning_rate: float
) -> None:
    if train == 0 or validation == 0:
        raise ValueError(
            f"There are {train} training and {validation} validation images: give some of each."
        )
    if epochs < 1:
        raise ValueError(f"epochs is {epochs}: train for at least 1.")
    if not 1 <= batch_size <= train:
        raise ValueError(
            f"batch_size is {batch_size} with {train} training images: choose 1 to {train}."
        )
    if not learning_rate > 0:
        raise ValueError(f"learning_rate is {learning_rate}: choose a positive number.")
