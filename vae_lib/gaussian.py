"""Gaussian distributions: densities, samples by reparameterisation, KL divergences in closed form.

Every function works on the last dimension, of length L, and keeps the dimensions before it.
"""

import math

import torch
from torch import Tensor

from vae_lib.engine.arguments import takes
from vae_lib.engine.checks import InputError, require_fitting
from vae_lib.engine.memory import require_room

LOG_2PI = math.log(2.0 * math.pi)


class DiagonalGaussian:
    """N(mean, diag(exp(log_var))): the form of the prior p(z) and of the encoder's q(z|x).

    Args:
        mean: μ, shape (..., L).
        log_var: log σ² (never σ), a shape that broadcasts with ``mean``.

    Raises:
        ValueError: If they are no tensors of floats of one dtype on one device, if their shapes do
            not broadcast, or if they have no dimension.

    Source: eq-amortised-posterior, eq-log-var.
    """

    @takes()
    def __init__(self, mean: Tensor, log_var: Tensor) -> None:
        try:
            self.mean, self.log_var = torch.broadcast_tensors(mean, log_var)
        except RuntimeError:
            raise InputError(
                f"mean has shape {tuple(mean.shape)} and log_var {tuple(log_var.shape)}: "
                "give both the same shape (..., L)."
            ) from None
        if self.mean.dim() == 0:
            raise InputError("mean and log_var are single numbers: give them the shape (..., L).")

    @classmethod
    @takes()
    def standard(cls, like: Tensor) -> "DiagonalGaussian":
        """N(0, I) with the shape, dtype and device of a tensor (..., L). Source: eq-prior."""
        return cls(torch.zeros_like(like), torch.zeros_like(like))

    @property
    def std(self) -> Tensor:
        """σ = exp(½ log σ²), shape (..., L).

        Source: eq-log-var.
        """
        return torch.exp(0.5 * self.log_var)

    @property
    def scale_tril(self) -> Tensor:
        """The lower-triangular A with A Aᵀ = covariance, here diag(σ), shape (..., L, L)."""
        return torch.diag_embed(self.std)

    @property
    def precision(self) -> Tensor:
        """The inverse of the covariance, here diag(1/σ²), shape (..., L, L)."""
        return torch.diag_embed(torch.exp(-self.log_var))

    @takes()
    def log_prob(self, value: Tensor) -> Tensor:
        """Log density of ``value`` (..., L), summed over L: shape (...), in nats; NaN gives NaN.

        Raises:
            ValueError: If the last dimension is not L, or the dtype or device another one.

        Source: eq-gaussian-log-prob, and eq-prior for N(0, I).
        """
        require_fitting("value", value, self.mean.shape, "the mean")
        # Divided by σ before it is squared: a variance too small for the dtype still has a σ.
        standard = (value - self.mean) * torch.exp(-0.5 * self.log_var)
        return -0.5 * (LOG_2PI + self.log_var + standard**2).sum(-1)

    @takes()
    def transform(self, noise: Tensor) -> Tensor:
        """Turn standard normal noise ε into samples z = μ + σ ⊙ ε.

        Args:
            noise: ε, a shape that broadcasts with (..., L), e.g. (S, 1, L) for S samples each.

        Returns:
            z, the broadcast shape; gradients flow into ``mean`` and ``log_var``.

        Raises:
            ValueError: If the last dimension is not L, or the dtype or device another one.

        Source: eq-reparameterisation (Kingma & Welling 2014).
        """
        require_fitting("noise", noise, self.mean.shape, "the mean")
        return self.mean + self.std * noise

    @takes()
    def rsample(
        self, sample_shape: tuple[int, ...] = (), generator: torch.Generator | None = None
    ) -> Tensor:
        """Draw reparameterised samples, shape ``sample_shape`` + (..., L).

        Source: eq-reparameterisation.
        """
        return self.transform(_noise(sample_shape, self.mean, generator))

    def kl_to_standard(self) -> Tensor:
        """KL(q ‖ N(0, I)), shape (...), in nats.

        Source: eq-kl-1d, eq-kl-diagonal; its derivatives are eq-kl-gradients.
        """
        return 0.5 * (self.mean**2 + _excess(self.log_var)).sum(-1)

    @takes()
    def kl_to(self, other: "DiagonalGaussian | FullGaussian") -> Tensor:
        """KL(self ‖ other), shape (...), in nats.

        Source: eq-kl, in closed form eq-kl-two-gaussians when both are diagonal, else eq-kl-full.
        Never negative, by eq-kl-nonnegative.
        """
        require_fitting("other", other.mean, self.mean.shape, "this Gaussian")
        if isinstance(other, FullGaussian):
            return FullGaussian(self.mean, self.scale_tril).kl_to(other)
        standard = (self.mean - other.mean) * torch.exp(-0.5 * other.log_var)
        return 0.5 * (standard**2 + _excess(self.log_var - other.log_var)).sum(-1)


class FullGaussian:
    """N(mean, A Aᵀ) with a full covariance: the exact posterior of a linear model needs one.

    Args:
        mean: Shape (..., L).
        scale_tril: A, lower-triangular with a positive diagonal, shape (..., L, L) or (L, L).

    Raises:
        ValueError: If they are no tensors of floats of one dtype on one device, if ``mean`` has no
            dimension, or if ``scale_tril`` does not end in (L, L) or is not as described.
    """

    @takes()
    def __init__(self, mean: Tensor, scale_tril: Tensor) -> None:
        if mean.dim() == 0:
            raise InputError("mean is a single number: give it the shape (..., L).")
        latent_dim = mean.shape[-1]
        if scale_tril.shape[-2:] != (latent_dim, latent_dim):
            raise InputError(
                f"mean has shape {tuple(mean.shape)} and scale_tril {tuple(scale_tril.shape)}: "
                f"scale_tril must end in ({latent_dim}, {latent_dim})."
            )
        diagonal = scale_tril.diagonal(dim1=-2, dim2=-1)
        if not scale_tril.is_meta and ((diagonal <= 0).any() or scale_tril.triu(1).any()):
            raise InputError(
                "scale_tril is not lower-triangular with a positive diagonal: take "
                "torch.linalg.cholesky of a covariance."
            )
        self.mean, self.scale_tril = mean, scale_tril

    @property
    def half_log_det(self) -> Tensor:
        """½ log det(A Aᵀ), shape (...)."""
        return self.scale_tril.diagonal(dim1=-2, dim2=-1).log().sum(-1)

    @property
    def precision(self) -> Tensor:
        """(A Aᵀ)⁻¹, shape (..., L, L)."""
        return torch.cholesky_inverse(self.scale_tril)

    @takes()
    def log_prob(self, value: Tensor) -> Tensor:
        """Log density of ``value`` (..., L): shape (...), in nats. Source: eq-linear-evidence."""
        require_fitting("value", value, self.mean.shape, "the mean")
        white = _solve(self.scale_tril, value - self.mean)
        return -0.5 * (white**2 + LOG_2PI).sum(-1) - self.half_log_det

    @takes()
    def transform(self, noise: Tensor) -> Tensor:
        """Turn standard normal noise ε (broadcasts with (..., L)) into samples z = μ + A ε.

        Raises:
            ValueError: As for ``DiagonalGaussian``.

        Source: eq-affine-map.
        """
        require_fitting("noise", noise, self.mean.shape, "the mean")
        return self.mean + (self.scale_tril @ noise.unsqueeze(-1)).squeeze(-1)

    @takes()
    def rsample(
        self, sample_shape: tuple[int, ...] = (), generator: torch.Generator | None = None
    ) -> Tensor:
        """Draw reparameterised samples, shape ``sample_shape`` + (..., L)."""
        return self.transform(_noise(sample_shape, self.mean, generator))

    @takes()
    def kl_to(self, other: "DiagonalGaussian | FullGaussian") -> Tensor:
        """KL(self ‖ other), shape (...), in nats.

        Source: eq-kl-full, whose first two terms are eq-quadratic-form.
        """
        require_fitting("other", other.mean, self.mean.shape, "this Gaussian")
        ratio = torch.linalg.solve_triangular(other.scale_tril, self.scale_tril, upper=False)
        white = _solve(other.scale_tril, other.mean - self.mean)
        diagonal = ratio.diagonal(dim1=-2, dim2=-1)
        squares = (ratio.tril(-1) ** 2).sum((-2, -1)) + (white**2).sum(-1)
        return 0.5 * (squares + _excess(2 * diagonal.log()).sum(-1))


LatentGaussian = DiagonalGaussian | FullGaussian


@takes(q="... L", posterior="... L")
def weight_variance(q: LatentGaussian, posterior: FullGaussian) -> Tensor:
    """Compute Var[w] / p(x)² exactly, where proposal and posterior are Gaussian.

    This is χ²(p(z|x) ‖ q), the relative variance of one importance weight.

    Args:
        q: The proposal over (..., L).
        posterior: p(z|x) over (..., L).

    Returns:
        Shape (...), without unit; infinite where q is too narrow for the variance to exist.

    Source: eq-weight-variance, eq-importance-variance.
    """
    require_fitting("q", q.mean, posterior.mean.shape, "the posterior")
    ours, exact = q.precision, posterior.precision
    twice = 2 * exact - ours  # (..., L, L)
    shift = ((posterior.mean - q.mean).unsqueeze(-2) @ ours).squeeze(-2)  # (..., L)
    exists = torch.linalg.eigvalsh(twice)[..., 0] > 0
    safe = torch.where(exists[..., None, None], twice, torch.eye(twice.shape[-1]).to(twice))
    inner = torch.linalg.solve(safe, shift.unsqueeze(-1)).squeeze(-1) + posterior.mean - q.mean
    log_second = torch.logdet(exact) - 0.5 * (torch.logdet(ours) + torch.logdet(safe))
    value = torch.expm1(log_second + 0.5 * (shift * inner).sum(-1))
    return torch.where(exists, value, torch.inf)


@takes(posterior="... L")
def best_diagonal(posterior: FullGaussian) -> DiagonalGaussian:
    """Find the diagonal Gaussian closest to a Gaussian posterior, in KL(q ‖ posterior).

    Args:
        posterior: p(z|x) over (..., L).

    Returns:
        The same mean, and variances 1 / Λ_jj from the posterior's precision Λ.

    Source: eq-best-diagonal.
    """
    diagonal = posterior.precision.diagonal(dim1=-2, dim2=-1)
    return DiagonalGaussian(posterior.mean, -diagonal.log())


@takes()
def sigma_points(latent_dim: int, dtype: torch.dtype = torch.float64) -> Tensor:
    """Noise whose plain average is the exact normal mean of every polynomial up to degree 3.

    The 2L points ±√L e_i, shape (2L, 1, L), ready for ``transform``. With them
    ``objectives.elbo`` is exact in a linear-Gaussian model, whose log-likelihood is quadratic in z.

    Raises:
        ValueError: If ``latent_dim`` is less than 1.

    Source: eq-sigma-points (the spherical cubature rule, Arasaratnam & Haykin 2009).
    """
    if latent_dim < 1:
        raise InputError(f"latent_dim is {latent_dim}: a latent space needs at least 1.")
    require_room(16 * latent_dim**2, torch.device("cpu"), "a smaller latent_dim")
    points = math.sqrt(latent_dim) * torch.eye(latent_dim, dtype=dtype)
    return torch.cat([points, -points]).unsqueeze(1)


def _excess(log_ratio: Tensor) -> Tensor:
    """r - 1 - log r for a ratio r of variances; by expm1, which rounds no value below log r."""
    return torch.expm1(log_ratio) - log_ratio


def _noise(
    sample_shape: tuple[int, ...], like: Tensor, generator: torch.Generator | None
) -> Tensor:
    shape = (*sample_shape, *like.shape)
    if min(shape, default=1) < 0:
        raise InputError(f"sample_shape is {tuple(sample_shape)}: give numbers from 0 on.")
    require_room(like.element_size() * math.prod(shape), like.device, "fewer draws")
    return torch.randn(shape, generator=generator, dtype=like.dtype, device=like.device)


def _solve(scale_tril: Tensor, value: Tensor) -> Tensor:
    """A⁻¹ value, for A of shape (..., L, L) and value of shape (..., L)."""
    return torch.linalg.solve_triangular(scale_tril, value.unsqueeze(-1), upper=False).squeeze(-1)
