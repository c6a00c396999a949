"""Recipes that lead to a figure: the paper's, to measure what was published, and the book's own."""

import math
import time
from dataclasses import dataclass
from typing import Any, Literal

import torch

from vae_lib.data import Dataset
from vae_lib.engine.checks import InputError, Precision
from vae_lib.engine.devices import Machine, describe_device, pick_device
from vae_lib.engine.processes import add_up, rank_and_count
from vae_lib.engine.speed import choose_threads
from vae_lib.evaluation import Score, score_images
from vae_lib.keeping import NOTHING, Keep
from vae_lib.models import VAE, count_weights, mlp_vae
from vae_lib.schedules import BurdaStages, OneCycle, Schedule
from vae_lib.training import fit

K_TEST = 5000
PUBLISHED = {1: -86.76, 5: -85.54, 50: -84.78}  # Burda et al. 2016, table 1, one stochastic layer


@dataclass(frozen=True)
class Recipe:
    """A model, and what goes with it whatever the budget is.

    Attributes:
        hidden: Sizes of the encoder's hidden layers; the decoder mirrors them.
        latent_dim: L.
        activation: After each hidden layer.
        epsilon: Added to Adam's denominator.
        peak: Greatest learning rate where a budget takes the place of the paper's schedule.
        published: The paper's log-likelihood for each k in training, in nats per image.
    """

    hidden: tuple[int, ...]
    latent_dim: int
    activation: Literal["relu", "tanh"]
    epsilon: float
    peak: float
    published: dict[int, float]

    def __str__(self) -> str:
        """Give the sizes from the pixels to the latents, e.g. ``784-300-300-50 relu``."""
        return "-".join(map(str, (784, *self.hidden, self.latent_dim))) + f" {self.activation}"

    def build(self, seed: int = 0) -> VAE:
        """Build the model with the weights of a seed."""
        torch.manual_seed(seed)
        return mlp_vae(latent_dim=self.latent_dim, hidden=self.hidden, activation=self.activation)


RECIPES = {
    "burda": Recipe((200, 200), 50, "tanh", 1e-4, 3e-3, PUBLISHED),  # section 5 of the paper
    "book": Recipe((300, 300), 50, "relu", 1e-8, 2e-3, {}),
}


@dataclass(frozen=True)
class Plan:
    """How long and in which steps to train: what a budget changes, and nothing else.

    Attributes:
        epochs: Passes over the 60,000 training images.
        batch_size: Images per step.
        learning_rate: The rate of each epoch.
        precision: Of the matrix products while training.
    """

    epochs: int
    batch_size: int
    learning_rate: Schedule
    precision: Precision


PAPER = Plan(BurdaStages().epochs, 20, BurdaStages(), "float32")


def shorter(recipe: Recipe, epochs: int) -> Plan:
    """Plan so many epochs in place of the paper's 3280: larger batches, one cycle of rates."""
    return Plan(epochs, 128, OneCycle(recipe.peak, epochs), "bfloat16")


def plan_for(recipe: Recipe, minutes: float, k: int, data: Dataset, device: str | None) -> Plan:
    """Time two epochs, and plan as many as fit into a budget.

    Args:
        recipe: What is to be trained.
        minutes: What the training may take.
        k: Draws of z per image and step.
        data: The full set.
        device: As for ``fit``.

    Raises:
        ValueError: If ``minutes`` is not positive and finite, or not even one epoch fits.
    """
    if not 0 < minutes < math.inf:
        raise InputError(f"The budget is {minutes:g} minutes: give a positive number.")
    history = fit(recipe.build(), data.train, k=k, epochs=2, machine=Machine(device, "bfloat16"))
    second = history.seconds[1] - history.seconds[0]
    times = torch.tensor([second], device=pick_device(device))
    second = add_up(times).item() / rank_and_count()[1]  # all processes must plan the same
    epoch = second * (len(data.train) + len(data.validation)) / len(data.train)
    epochs = int(60 * minutes / epoch)
    if epochs < 1:
        raise InputError(f"An epoch takes {epoch:.1f} s: {minutes:g} minutes are not enough.")
    return shorter(recipe, epochs)


def reproduce(
    recipe: Recipe,
    data: Dataset,
    k: int,
    plan: Plan,
    *,
    device: str | None = None,
    seed: int = 0,
    keep: Keep = NOTHING,
) -> tuple[Score, dict[str, Any]] | None:
    """Train on all 60,000 training images and estimate log p(x) of the 10,000 test images.

    Args:
        recipe: What is to be trained.
        data: The full set; its validation images are trained on, as in the paper.
        k: Draws of z per image and step: 1 is the VAE, more the IWAE.
        plan: The paper's schedule, or that of a budget.
        device: As for ``fit``.
        seed: Of weights, draws and shuffling.
        keep: As for ``fit``.

    Returns:
        The figure, k = 5000 on one fixed binarisation of the test images, and all that is to be
        said beside it; None if the training was interrupted.

    Source: Burda et al. 2016, section 5: dynamic binarisation.
    """
    model = recipe.build(seed)
    images = torch.cat([data.train, data.validation])
    history = fit(
        model, images, epochs=plan.epochs, batch_size=plan.batch_size, k=k,
        learning_rate=plan.learning_rate, epsilon=recipe.epsilon, seed=seed,
        machine=Machine(device, plan.precision), keep=keep,
    )  # fmt: skip
    if len(history.seconds) < plan.epochs:
        return None
    start = time.perf_counter()
    score = score_images(model, data.test, K_TEST, f"MNIST test, all {len(data.test):,}", seed=seed)
    about = {
        "log_likelihood": score.mean, "standard_error": score.standard_error,
        "published": recipe.published.get(k), "model": str(recipe), "k_train": k,
        "k_test": K_TEST, "images": len(data.test), "test_binarisation": score.binarisation,
        "epochs": plan.epochs, "batch_size": plan.batch_size,
        "learning_rate": str(plan.learning_rate), "precision": plan.precision, "seed": seed,
        "final_train_bound": history.train_bound[-1], "training_seconds": history.seconds[-1],
        "evaluation_seconds": time.perf_counter() - start,
        "torch": torch.__version__,
    }  # fmt: skip
    threads = keep.earlier_threads() or choose_threads(count_weights(model), plan.batch_size * k)
    about |= describe_device(pick_device(device), threads)
    return score, about
