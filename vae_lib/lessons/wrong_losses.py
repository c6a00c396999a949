"""The usual mistakes in a VAE's loss, each behind a toggle, and the checks that catch them.

A loss here is a function of (model, x, q, noise) that returns one value per image. A check takes
a loss and returns by how many nats it violates an identity: zero, up to rounding, if it is right.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from vae_lib.engine.arguments import takes
from vae_lib.engine.checks import InputError
from vae_lib.gaussian import DiagonalGaussian, sigma_points
from vae_lib.likelihoods import Bernoulli, Gaussian
from vae_lib.linear import LinearGaussian
from vae_lib.models import GenerativeModel

Loss = Callable[[GenerativeModel, Tensor, DiagonalGaussian, Tensor], Tensor]

Mistake = Literal[
    "ELBO minimised",
    "KL sign",
    "mean over pixels",
    "σ in the draw",
    "σ in the KL",
    "squared error",
    "no noise",
]
MISTAKES: dict[Mistake, str] = {
    "ELBO minimised": "the bound itself is handed to the minimizer",
    "KL sign": "the KL term is subtracted from the loss",
    "mean over pixels": "the log-likelihood is averaged over pixels, the KL term is summed",
    "σ in the draw": "the draw takes log σ² for log σ",
    "σ in the KL": "the KL term takes log σ² for log σ",
    "squared error": "squared error stands for the log-likelihood, and σ² is hidden",
    "no noise": "z = μ: nothing is drawn",
}


def make_loss(*mistakes: Mistake) -> Loss:
    """Return J = -𝓛, or what becomes of it when ``mistakes`` are made.

    The returned function takes a model, data x (B, D), a Gaussian q over (B, L) and noise ε
    (S, B, L) or (S, 1, L); it returns shape (B,), in nats.

    Args:
        mistakes: Names from ``MISTAKES``; none for the right loss.

    Raises:
        ValueError: If a name is not in ``MISTAKES``.

    Source: eq-loss.
    """
    if unknown := set(mistakes) - MISTAKES.keys():
        raise InputError(f"There is no mistake {unknown.pop()!r}: choose from {list(MISTAKES)}.")

    def loss(model: GenerativeModel, x: Tensor, q: DiagonalGaussian, noise: Tensor) -> Tensor:
        std = q.std
        if "σ in the draw" in mistakes:
            std = torch.exp(q.log_var)
        if "no noise" in mistakes:
            std = torch.zeros_like(q.mean)
        decoded = model.decode(q.mean + std * noise)  # of (S, B, D)
        log_likelihood = decoded.log_prob(x).mean(0)
        if "squared error" in mistakes:
            log_likelihood = -((x - decoded.mean) ** 2).sum(-1).mean(0)
        if "mean over pixels" in mistakes:
            log_likelihood = log_likelihood / x.shape[-1]
        kl = q.kl_to_standard()
        if "σ in the KL" in mistakes:
            kl = DiagonalGaussian(q.mean, 2 * q.log_var).kl_to_standard()
        if "KL sign" in mistakes:
            kl = -kl
        value = -log_likelihood + kl
        return -value if "ELBO minimised" in mistakes else value

    return loss


@dataclass(frozen=True)
class Bench:
    """A linear model in double precision whose exact posterior is diagonal, and a batch for it.

    Attributes:
        model: Its W has orthogonal columns.
        x: Data drawn from it, shape (B, D).
        q: Some other Gaussian for each data point, over (B, L).
        posterior: The exact posterior, over (B, L).
    """

    model: LinearGaussian
    x: Tensor
    q: DiagonalGaussian
    posterior: DiagonalGaussian

    @property
    def noise(self) -> Tensor:
        """Sigma points (2L, 1, L): with them every expectation below is exact."""
        return sigma_points(self.model.latent_dim)

    @property
    def precision(self) -> Tensor:
        """The diagonal of Λ = I + Wᵀ W / σ², shape (L,). Source: eq-linear-posterior."""
        return self.model.precision.diagonal()


@takes()
def make_bench(data_dim: int = 6, latent_dim: int = 2, count: int = 5, seed: int = 0) -> Bench:
    """Draw a bench at random: a model, ``count`` data points, and a random q for each.

    Args:
        data_dim: D.
        latent_dim: L, at most D.
        count: B.
        seed: Of everything that is drawn.

    Raises:
        ValueError: If L is not between 1 and D, or ``count`` is less than 1.
    """
    if not 1 <= latent_dim <= data_dim:
        raise InputError(f"latent_dim is {latent_dim}: choose 1 to {data_dim}.")
    if count < 1:
        raise InputError(f"count is {count}: draw at least 1 data point.")
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    columns, _ = torch.linalg.qr(draw(data_dim, latent_dim))
    weight = columns * (1 + torch.arange(latent_dim, dtype=torch.float64))
    model = LinearGaussian(weight, draw(data_dim), 0.3 * draw()).requires_grad_(False)
    x = model.sample(count, generator)
    exact = model.encode(x)
    variance = (exact.scale_tril**2).sum(-1)
    posterior = DiagonalGaussian(exact.mean, variance.log())
    return Bench(model, x, DiagonalGaussian(draw(count, latent_dim), draw(latent_dim)), posterior)


@takes()
def floor_check(loss: Loss, bench: Bench) -> float:
    """By how much the loss falls below -log p(x). Source: eq-loss-floor."""
    value = loss(bench.model, bench.x, bench.q, bench.noise)
    return _largest((-bench.model.log_evidence(bench.x) - value).clamp(min=0))


@takes()
def posterior_check(loss: Loss, bench: Bench) -> float:
    """By how much the loss of the exact posterior misses -log p(x). Source: eq-loss-floor."""
    value = loss(bench.model, bench.x, bench.posterior, bench.noise)
    return _largest(value + bench.model.log_evidence(bench.x))


@takes()
def blind_check(loss: Loss, bench: Bench) -> float:
    """What q costs more than the prior when the decoder ignores z, less KL(q ‖ prior).

    Source: eq-blind-decoder.
    """
    blind = LinearGaussian(
        torch.zeros_like(bench.model.weight), bench.model.bias, bench.model.log_var
    ).requires_grad_(False)
    like_prior = DiagonalGaussian.standard(bench.q.mean)
    cost = loss(blind, bench.x, bench.q, bench.noise) - loss(
        blind, bench.x, like_prior, bench.noise
    )
    return _largest(cost - bench.q.kl_to(blind.prior))


@takes()
def doubling_check(loss: Loss, bench: Bench) -> float:
    """By how much the loss misses 2J - KL when every pixel is shown twice. Source: eq-doubling."""
    once, weight, bias = bench.model, bench.model.weight, bench.model.bias
    twice = LinearGaussian(
        torch.cat([weight, weight]), torch.cat([bias, bias]), once.log_var
    ).requires_grad_(False)
    single = loss(once, bench.x, bench.q, bench.noise)
    double = loss(twice, torch.cat([bench.x, bench.x], dim=-1), bench.q, bench.noise)
    return _largest(double - 2 * single + bench.q.kl_to(once.prior))


@takes()
def rescaling_check(loss: Loss, bench: Bench, factor: float = 10.0) -> float:
    """By how much the loss misses J + D log c when data and model are in units 1/c.

    Raises:
        ValueError: If ``factor`` is not positive.

    Source: eq-rescaling.
    """
    _require_positive(factor)
    model = bench.model
    scaled = LinearGaussian(
        factor * model.weight, factor * model.bias, model.log_var + 2 * math.log(factor)
    ).requires_grad_(False)
    change = loss(scaled, factor * bench.x, bench.q, bench.noise) - loss(
        model, bench.x, bench.q, bench.noise
    )
    return _largest(change - bench.x.shape[-1] * math.log(factor))


@takes()
def slope_check(loss: Loss, bench: Bench, step: float = 1e-4) -> float:
    """By how much a finite difference in log σ² misses ½ (Λ_jj σ_j² - 1).

    Raises:
        ValueError: If ``step`` is not positive.

    Source: eq-slope.
    """
    _require_positive(step)
    worst = 0.0
    for j in range(bench.model.latent_dim):
        shift = torch.zeros(bench.model.latent_dim, dtype=torch.float64)
        shift[j] = step
        up, down = (
            loss(bench.model, bench.x, DiagonalGaussian(bench.q.mean, log_var), bench.noise)
            for log_var in (bench.q.log_var + shift, bench.q.log_var - shift)
        )
        expected = 0.5 * (bench.precision[j] * bench.q.log_var[:, j].exp() - 1)
        worst = max(worst, _largest((up - down) / (2 * step) - expected))
    return worst


CHECKS: dict[str, Callable[[Loss, Bench], float]] = {
    "floor": floor_check,
    "exact posterior": posterior_check,
    "blind decoder": blind_check,
    "pixels doubled": doubling_check,
    "units changed": rescaling_check,
    "slope in log σ²": slope_check,
}

CAUGHT_BY: dict[Mistake, str] = {
    "ELBO minimised": "floor",
    "KL sign": "blind decoder",
    "mean over pixels": "pixels doubled",
    "σ in the draw": "slope in log σ²",
    "σ in the KL": "slope in log σ²",
    "squared error": "units changed",
    "no noise": "slope in log σ²",
}


@takes()
def kl_weight_to_beta(
    kl_weight: float = 1.0,
    error_weight: float = 1.0,
    error_divisor: float = 1.0,
    kl_divisor: float = 1.0,
) -> float:
    """Translate “α · squared error / r + γ · KL / s” into the β of “squared error + β KL”.

    With β comes the noise that the program claims: σ_x² = β / 2 (eq-mse-beta).

    Args:
        kl_weight: γ.
        error_weight: α; ½ if the program halves the squared error.
        error_divisor: r: 1 if squared errors are summed over pixels, D if they are averaged.
        kl_divisor: s: 1 if the KL term is summed over latent coordinates, L if it is averaged.

    Raises:
        ValueError: If a weight or divisor is not positive and finite.

    Source: eq-reduction-beta.
    """
    _require_positive(kl_weight, error_weight, error_divisor, kl_divisor)
    return kl_weight * error_divisor / (error_weight * kl_divisor)


@takes()
def variance_to_kl_weight(
    variance: float,
    error_weight: float = 1.0,
    error_divisor: float = 1.0,
    kl_divisor: float = 1.0,
) -> float:
    """Return the weight γ that makes “α · squared error / r + γ · KL / s” claim σ_x².

    Args:
        variance: σ_x².
        error_weight: α.
        error_divisor: r.
        kl_divisor: s.

    Raises:
        ValueError: If an argument is not positive and finite.

    Source: eq-reduction-beta, solved for γ with β = 2 σ_x².
    """
    _require_positive(variance, error_weight, error_divisor, kl_divisor)
    return 2 * variance * error_weight * kl_divisor / error_divisor


@takes(logits="...")
def grey_mass(logits: Tensor) -> Tensor:
    """∫ from 0 to 1 of the Bernoulli formula over a grey pixel: tanh(a/2) / a, any shape.

    A density would give 1; this is never more than ½ (Loaiza-Ganem & Cunningham 2019).

    Source: eq-grey-mass; what the formula's logarithm does mean is eq-grey-binarised.
    """
    zero = logits == 0  # where the limit is ½
    safe = torch.where(zero, torch.ones_like(logits), logits)
    return torch.where(zero, 0.5, torch.tanh(safe / 2) / safe)


@takes(decoded="S D")
def total_variance(decoded: Bernoulli | Gaussian) -> Tensor:
    """Variance of each pixel of a sample: E[Var(x_d|z)] + Var(E[x_d|z]).

    Args:
        decoded: p(x|z) for S draws of z, over data (S, D).

    Returns:
        Shape (D,), estimated from the S draws (divisor S).

    Source: eq-total-variance.
    """
    mean = decoded.mean
    if isinstance(decoded, Bernoulli):
        within = mean * (1 - mean)
    else:
        within = decoded.log_var.exp().expand_as(mean)
    return within.mean(0) + mean.var(0, correction=0)


@takes()
def mass_check(log_prob: Callable[[Tensor], Tensor], low: float, high: float) -> float:
    """By how much the integral of exp(log_prob) from ``low`` to ``high`` misses 1.

    Args:
        log_prob: Maps values of one pixel, shape (N, 1), to shape (N,).
        low: Where the pixel's values begin.
        high: Where they end.

    Source: eq-grey-mass.
    """
    grid = torch.linspace(low, high, 2001, dtype=torch.float64)
    return abs(torch.trapezoid(log_prob(grid[:, None]).exp(), grid).item() - 1)


@takes(shown="S D", decoded="S D")
def missing_variance(shown: Tensor, decoded: Bernoulli | Gaussian) -> float:
    """Return which share of the model's pixel variance the images ``shown`` lack.

    Args:
        shown: What is called samples, shape (S, D).
        decoded: p(x|z) for the same S draws of z, over data (S, D).

    Returns:
        0 up to sampling error if they are samples; E[Var(x|z)] / Var(x) if they are means.

    Raises:
        ValueError: If the model's pixels do not vary, as with a single image that it is sure of.

    Source: eq-total-variance.
    """
    total = total_variance(decoded).sum().item()
    if not total > 0:
        raise InputError(f"The model's pixels have variance {total}: give more than one draw.")
    return 1 - shown.var(0, correction=0).sum().item() / total


@takes()
def report_check(
    report: Callable[[GenerativeModel, Tensor, DiagonalGaussian], Tensor], bench: Bench
) -> float:
    """By how much a figure called log-likelihood changes with q, on which log p(x) cannot depend.

    Args:
        report: Maps a model, data (B, D) and a q over (B, L) to the figure, shape (B,).
        bench: Supplies two q for the same model and data.

    Source: eq-two-reports.
    """
    figures = [report(bench.model, bench.x, q) for q in (bench.q, bench.posterior)]
    return _largest(figures[0] - figures[1])


def _largest(violation: Tensor) -> float:
    return violation.abs().max().item()


def _require_positive(*values: float) -> None:
    if not all(0 < value < math.inf for value in values):
        raise InputError(f"The values are {values}: each must be positive and finite.")
