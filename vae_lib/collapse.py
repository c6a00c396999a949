"""Posterior collapse foretold: a linear VAE uses a direction only if it outweighs the noise."""

import math

import torch
from torch import Tensor, nn

from vae_lib.gaussian import DiagonalGaussian, sigma_points
from vae_lib.models import VAE, LinearGaussian
from vae_lib.objectives import elbo


def fixed_noise_maximum(eigenvalues: Tensor, latent_dim: int, variance: float) -> Tensor:
    """Compute the best mean evidence of a linear model whose σ² is given, over W and b.

    Args:
        eigenvalues: Of the data's covariance (divisor N), descending, shape (D,).
        latent_dim: L.
        variance: σ², held fixed.

    Returns:
        Shape (), in nats per data point.

    Raises:
        ValueError: If L is not between 1 and D, or σ² is not positive.

    Source: eq-fixed-noise-maximum (Tipping & Bishop 1999; Lucas et al. 2019).
    """
    used = _used(eigenvalues, latent_dim, variance)
    total = torch.full_like(eigenvalues, variance)
    total[:latent_dim] = used
    return -0.5 * (math.log(2 * math.pi) + total.log() + eigenvalues / total).sum()


def forecast_unit_variance(eigenvalues: Tensor, latent_dim: int, variance: float) -> Tensor:
    """Foretell the variance of the posterior mean of each unit of the best linear VAE.

    Args:
        eigenvalues: Of the data's covariance (divisor N), descending, shape (D,).
        latent_dim: L.
        variance: σ², held fixed.

    Returns:
        Shape (L,), descending, from 0 (collapsed) to 1.

    Raises:
        ValueError: If L is not between 1 and D, or σ² is not positive.

    Source: eq-unit-forecast.
    """
    return 1 - variance / _used(eigenvalues, latent_dim, variance)


def rate_and_distortion(
    eigenvalues: Tensor, latent_dim: int, variance: float, beta: float
) -> tuple[Tensor, Tensor]:
    """Compute both terms of the linear VAE whose σ² is given and that is best for a weight β.

    The best one maximises E_q[log p(x|z)] - β KL(q(z|x) ‖ p(z)), averaged over the data; its
    mean ELBO is minus the sum of both terms.

    Args:
        eigenvalues: Of the data's covariance (divisor N), descending, shape (D,).
        latent_dim: L.
        variance: σ², held fixed.
        beta: β, the weight of the KL term.

    Returns:
        The rate, mean KL, and the distortion, mean -E_q[log p(x|z)]: shape () each, in nats per
        data point.

    Raises:
        ValueError: If L is not between 1 and D, or σ² or β is not positive.

    Source: eq-rate-distortion.
    """
    if not beta > 0:
        raise ValueError(f"beta is {beta}: choose a positive number.")
    used = _used(eigenvalues, latent_dim, beta * variance)
    kept = eigenvalues[:latent_dim].clamp(max=beta * variance).sum()
    error = kept + eigenvalues[latent_dim:].sum()
    rate = 0.5 * torch.log(used / (beta * variance)).sum()
    return rate, 0.5 * (len(eigenvalues) * math.log(2 * math.pi * variance) + error / variance)


def _used(eigenvalues: Tensor, latent_dim: int, variance: float) -> Tensor:
    """c_j = max(λ_j, σ²) for j = 1 … L."""
    if not 1 <= latent_dim <= len(eigenvalues):
        raise ValueError(f"latent_dim is {latent_dim}: choose 1 to {len(eigenvalues)}.")
    if not variance > 0:
        raise ValueError(f"The noise variance is {variance}: choose a positive number.")
    return eigenvalues[:latent_dim].clamp(min=variance)


class LinearEncoder(nn.Module):
    """q(z|x) = N(A x + a, diag(v)), the same variances v for every x.

    Args:
        data_dim: D.
        latent_dim: L.

    Source: eq-amortised-posterior.
    """

    def __init__(self, data_dim: int, latent_dim: int) -> None:
        super().__init__()
        self.mean = nn.Linear(data_dim, latent_dim)
        self.log_var = nn.Parameter(torch.zeros(latent_dim))

    def forward(self, x: Tensor) -> DiagonalGaussian:
        """Map data (..., D) to a posterior over latents (..., L)."""
        return DiagonalGaussian(self.mean(x), self.log_var)


def train_linear_vae(
    x: Tensor,
    latent_dim: int,
    variance: float | None = None,
    iterations: int = 500,
    generator: torch.Generator | None = None,
) -> tuple[VAE, LinearGaussian]:
    """Train a linear VAE on its exact ELBO: no draws, all data at once, L-BFGS.

    Args:
        x: Data, shape (N, D), in double precision.
        latent_dim: L.
        variance: σ² of the decoder, held fixed; if None it is learned.
        iterations: L-BFGS iterations at most.
        generator: Source of the weights at the start.

    Returns:
        The VAE, and its decoder as the linear model that is solved exactly.

    Raises:
        ValueError: If a size is less than 1, σ² is not positive or the data cannot be used.

    Source: eq-elbo, made exact by eq-sigma-points.
    """
    if variance is not None and not variance > 0:
        raise ValueError(f"The noise variance is {variance}: choose a positive number.")
    data_dim = x.shape[1]
    start = torch.randn(data_dim, latent_dim, generator=generator, dtype=x.dtype)
    log_var = torch.tensor(math.log(variance or 1.0), dtype=x.dtype)
    student = LinearGaussian(start, torch.zeros(data_dim, dtype=x.dtype), log_var)
    student.log_var.requires_grad_(variance is None)
    encoder = LinearEncoder(data_dim, latent_dim).to(x.dtype)
    with torch.no_grad():
        encoder.mean.weight.copy_(0.1 * start.T)
        encoder.mean.bias.zero_()
    vae = VAE(encoder, student.decode, data_dim, latent_dim)
    weights = [w for w in [*student.parameters(), *encoder.parameters()] if w.requires_grad]
    optimiser = torch.optim.LBFGS(
        weights,
        max_iter=iterations,
        tolerance_grad=1e-8,
        tolerance_change=1e-11,
        history_size=20,
        line_search_fn="strong_wolfe",
    )
    noise = sigma_points(latent_dim, x.dtype)

    def closure() -> Tensor:
        optimiser.zero_grad()
        loss = elbo(vae, x, noise=noise).loss
        loss.backward()
        return loss

    optimiser.step(closure)
    return vae, student.requires_grad_(False)
