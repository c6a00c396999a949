"""The model that can be solved: its evidence, posterior, maximum, and which units collapse."""

import math

import torch
from torch import Tensor

from vae_lib.engine.arguments import takes
from vae_lib.engine.checks import InputError, require_data, require_finite_values
from vae_lib.engine.door import Images, as_rows
from vae_lib.engine.memory import require_room
from vae_lib.gaussian import FullGaussian, sigma_points
from vae_lib.models import VAE, GenerativeModel
from vae_lib.networks import LinearDecoder, LinearEncoder
from vae_lib.objectives import elbo


class LinearGaussian(GenerativeModel):
    """x = W z + b + σ ε: the one latent-variable model here whose every quantity is exact.

    Args:
        weight: W, shape (D, L).
        bias: b, shape (D,).
        log_var: log σ² of the noise, a single number (shape ()).

    Raises:
        ValueError: If the shapes do not fit together, or a value is not finite.

    Source: eq-linear-model (probabilistic PCA, Tipping & Bishop 1999).
    """

    decoder: LinearDecoder

    def __init__(self, weight: Tensor, bias: Tensor, log_var: Tensor) -> None:
        decoder = LinearDecoder(weight, bias, log_var)
        super().__init__(decoder, weight.shape[1])
        self.to(weight)

    @property
    def weight(self) -> Tensor:
        """W, shape (D, L)."""
        return self.decoder.weight

    @property
    def bias(self) -> Tensor:
        """b, shape (D,)."""
        return self.decoder.bias

    @property
    def log_var(self) -> Tensor:
        """The noise's log σ², shape ()."""
        return self.decoder.log_var

    @property
    def precision(self) -> Tensor:
        """Λ = I + Wᵀ W / σ², the posterior's, the same for all data: shape (L, L).

        Source: eq-linear-posterior.
        """
        return latent_precision(self.weight, self.log_var)

    @classmethod
    @takes()
    def maximum_likelihood(cls, x: Images, latent_dim: int) -> "LinearGaussian":
        """The linear model under which the data are most probable, in closed form.

        Args:
            x: Data, shape (N, D).
            latent_dim: L, less than D.

        Raises:
            ValueError: If L is not between 1 and D - 1, the data cannot be used, or they leave no
                variance outside L dimensions: the likelihood then has no maximum.

        Source: eq-ppca-maximum (Tipping & Bishop 1999, section 3.2); the slope in W, by
        eq-log-det-derivative, is zero there.
        """
        x = as_rows(x)
        data_dim = x.shape[-1]
        if not 1 <= latent_dim < data_dim:
            raise InputError(f"latent_dim is {latent_dim}: choose 1 to {data_dim - 1}.")
        values, vectors = torch.linalg.eigh(torch.cov(x.T, correction=0))  # ascending
        noise = values[: data_dim - latent_dim].mean()
        if noise <= torch.finfo(x.dtype).eps * values[-1]:
            raise InputError(
                f"The {len(x)} data points lie in {latent_dim} dimensions, and no variance is left "
                "for the noise: give more data or a smaller latent_dim."
            )
        scale = torch.sqrt((values[data_dim - latent_dim :] - noise).clamp(min=0))
        weight = vectors[:, data_dim - latent_dim :] * scale
        return cls(weight, x.mean(0), noise.log())

    def encode(self, x: Images) -> FullGaussian:
        """The exact posterior p(z|x) for data (..., D).

        Raises:
            ValueError: If ``x`` has the wrong shape, is empty, or holds NaN or infinite values.

        Source: eq-bayes, eq-linear-posterior, by eq-complete-square.
        """
        x = self.accept(x)
        require_data(x, self.weight.shape[0])
        scale_tril, projection = self._solved()
        standard = (x - self.bias) * torch.exp(-0.5 * self.log_var)
        return FullGaussian(standard @ projection, scale_tril)

    def log_evidence(self, x: Images) -> Tensor:
        """The exact log p(x) of data (..., D): shape (...), in nats.

        Raises:
            ValueError: If ``x`` has the wrong shape, is empty, or holds NaN or infinite values.

        Source: eq-linear-evidence, an instance of eq-gaussian-marginal.
        """
        posterior = self.encode(x)
        # Bayes' rule, which holds at any z: at the posterior's mean no large terms cancel.
        return self.log_joint(x, posterior.mean) - posterior.log_prob(posterior.mean)

    def _solved(self) -> tuple[Tensor, Tensor]:
        """A with A Aᵀ = Λ⁻¹, shape (L, L), and what maps (x - b)/σ to the posterior's mean, (D, L).

        By a QR decomposition of W/σ above I: its condition number is only the root of Λ's.
        """
        scaled = self.weight * torch.exp(-0.5 * self.log_var)
        identity = torch.eye(self.latent_dim, dtype=scaled.dtype, device=scaled.device)
        columns, triangle = torch.linalg.qr(torch.cat([scaled, identity]).flip(1))
        inverse = torch.linalg.solve_triangular(triangle, identity, upper=True)
        signs = inverse.diagonal().sign()
        projection = columns[: len(scaled)] @ inverse.T
        return (inverse * signs).flip(0, 1), projection.flip(1)


@takes(weight="D L", log_var="")
def latent_precision(weight: Tensor, log_var: Tensor) -> Tensor:
    """Λ = I + Wᵀ W / σ², the precision of p(z|x) in the linear model: shape (L, L).

    Args:
        weight: W, shape (D, L).
        log_var: log σ², shape ().

    Source: eq-linear-posterior.
    """
    identity = torch.eye(weight.shape[1], dtype=weight.dtype, device=weight.device)
    require_finite_values("Wᵀ W / σ²", weight.T @ weight * torch.exp(-log_var))
    return identity + weight.T @ weight * torch.exp(-log_var)


@takes(eigenvalues="D")
def fixed_noise_maximum(eigenvalues: Tensor, latent_dim: int, variance: float) -> Tensor:
    """Compute the best mean evidence of a linear model whose σ² is given, over W and b.

    Args:
        eigenvalues: Of the data's covariance (divisor N), descending, shape (D,).
        latent_dim: L.
        variance: σ², held fixed.

    Returns:
        Shape (), in nats per data point.

    Raises:
        ValueError: If L is not between 1 and D, σ² is not positive, or the eigenvalues are not
            those of a covariance in descending order.

    Source: eq-fixed-noise-maximum (Tipping & Bishop 1999; Lucas et al. 2019).
    """
    total = torch.full_like(eigenvalues, variance)
    total[:latent_dim] = _used(eigenvalues, latent_dim, variance)
    return -0.5 * (math.log(2 * math.pi) + total.log() + eigenvalues / total).sum()


@takes(eigenvalues="D")
def forecast_unit_variance(eigenvalues: Tensor, latent_dim: int, variance: float) -> Tensor:
    """Foretell the variance of the posterior mean of each unit of the best linear VAE.

    Args:
        eigenvalues: Of the data's covariance (divisor N), descending, shape (D,).
        latent_dim: L.
        variance: σ², held fixed.

    Returns:
        Shape (L,), descending, from 0 (collapsed) to 1.

    Raises:
        ValueError: If L is not between 1 and D, σ² is not positive, or the eigenvalues are not
            those of a covariance in descending order.

    Source: eq-unit-forecast.
    """
    return 1 - variance / _used(eigenvalues, latent_dim, variance)


@takes(eigenvalues="D")
def rate_and_distortion(
    eigenvalues: Tensor, latent_dim: int, variance: float, beta: float
) -> tuple[Tensor, Tensor]:
    """Compute both terms of the linear VAE whose σ² is given and that is best for a weight β.

    The best one maximises E_q[log p(x|z)] - β KL(q(z|x) ‖ p(z)), averaged over the data; its
    mean ELBO is minus the sum of both terms. With L = D it is reverse water-filling at level βσ².

    Args:
        eigenvalues: Of the data's covariance (divisor N), descending, shape (D,).
        latent_dim: L.
        variance: σ², held fixed.
        beta: β, the weight of the KL term.

    Returns:
        The rate, mean KL, and the distortion, mean -E_q[log p(x|z)]: shape () each, in nats per
        data point.

    Raises:
        ValueError: If L is not between 1 and D, σ² or β is not positive, or the eigenvalues are not
            those of a covariance in descending order.

    Source: eq-rate-distortion.
    """
    _require_positive(beta, "beta")
    level = beta * variance
    rate = 0.5 * torch.log(_used(eigenvalues, latent_dim, level) / level).sum()
    error = eigenvalues[:latent_dim].clamp(max=level).sum() + eigenvalues[latent_dim:].sum()
    return rate, 0.5 * (len(eigenvalues) * math.log(2 * math.pi * variance) + error / variance)


def _used(eigenvalues: Tensor, latent_dim: int, variance: float) -> Tensor:
    """c_j = max(λ_j, σ²) for j = 1 … L."""
    if not 1 <= latent_dim <= len(eigenvalues):
        raise InputError(f"latent_dim is {latent_dim}: choose 1 to {len(eigenvalues)}.")
    _require_positive(variance, "The noise variance")
    rounding = 1e3 * torch.finfo(eigenvalues.dtype).eps * eigenvalues[0].abs()
    if (eigenvalues.diff() > rounding).any() or eigenvalues[-1] < -rounding:
        raise InputError(
            f"The eigenvalues go from {eigenvalues[0]} to {eigenvalues[-1]}: give those of a "
            "covariance in descending order."
        )
    return eigenvalues[:latent_dim].clamp(min=variance)


def _require_positive(value: float, name: str) -> None:
    if not 0 < value < math.inf:
        raise InputError(f"{name} is {value}: choose a positive number.")


@takes()
def train_linear_vae(
    x: Images,
    latent_dim: int,
    variance: float | None = None,
    beta: float = 1.0,
    iterations: int = 500,
    generator: torch.Generator | None = None,
) -> tuple[VAE, LinearGaussian]:
    """Train a linear VAE on its exact ELBO, or β-weighted: no draws, all data at once, L-BFGS.

    Args:
        x: Data, shape (N, D), best in double precision.
        latent_dim: L.
        variance: σ² of the decoder, held fixed; if None it is learned.
        beta: β, the weight of the KL term, positive.
        iterations: L-BFGS iterations at most.
        generator: Source of the weights at the start.

    Returns the VAE, and its decoder as the linear model that is solved exactly.

    Raises:
        ValueError: If a size is less than 1, σ² or β not positive, or the data cannot be used.

    Source: eq-elbo, made exact by eq-sigma-points.
    """
    x = as_rows(x)
    data_dim = x.shape[-1]
    if latent_dim < 1 or iterations < 1:
        raise InputError(f"latent_dim is {latent_dim}, iterations {iterations}: each at least 1.")
    _require_positive(1.0 if variance is None else variance, "The noise variance")
    _require_positive(beta, "beta")
    require_room(8 * data_dim * latent_dim, x.device, "a smaller latent_dim")
    start = torch.randn(data_dim, latent_dim, generator=generator, dtype=x.dtype)
    log_var = x.new_tensor(math.log(variance or 1.0))
    student = LinearGaussian(start, x.new_zeros(data_dim), log_var)
    student.log_var.requires_grad_(variance is None)
    encoder = LinearEncoder(data_dim, latent_dim).to(x.dtype)
    with torch.no_grad():
        encoder.mean.weight.copy_(0.1 * start.T)
        encoder.mean.bias.zero_()
    vae = VAE(encoder, student.decoder, data_dim, latent_dim).to(x.dtype)
    weights = [weight for weight in vae.parameters() if weight.requires_grad]
    optimiser = torch.optim.LBFGS(
        weights, max_iter=iterations, tolerance_grad=1e-8, tolerance_change=1e-11,
        history_size=20, line_search_fn="strong_wolfe",
    )  # fmt: skip

    def closure() -> Tensor:
        optimiser.zero_grad()
        bound = elbo(vae, x, noise=sigma_points(latent_dim, x.dtype))
        loss = (beta * bound.kl - bound.log_likelihood).mean()
        loss.backward()
        return loss

    optimiser.step(closure)
    return vae, student.requires_grad_(False)
