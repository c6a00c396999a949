"""Two estimators of ∇ E_q[f(z)] when z is drawn from the q that is differentiated."""

from collections.abc import Callable

import torch
from torch import Tensor

from vae_lib.engine.arguments import takes
from vae_lib.engine.checks import InputError
from vae_lib.gaussian import DiagonalGaussian

Function = Callable[[Tensor], Tensor]


@takes(q="L", noise="S L")
def score_function_gradients(f: Function, q: DiagonalGaussian, noise: Tensor) -> Tensor:
    """Compute one score-function estimate of the gradient per draw: f(z) ∇ log q(z).

    ``f`` is evaluated, never differentiated.

    Args:
        f: Maps latents (S, L) to values (S,).
        q: A Gaussian over (L,).
        noise: ε, shape (S, L); the draws are z = μ + σ ⊙ ε.

    Returns:
        Shape (S, 2, L): row 0 is the gradient in μ, row 1 in log σ². Each is unbiased.

    Raises:
        ValueError: If the shapes do not fit together, or a value is not finite.

    Source: eq-score-function (Williams 1992); for f = z² its variance is eq-variance-score.
    """
    return _values(f, q.transform(noise))[:, None, None] * _score(q, noise)


def _score(q: DiagonalGaussian, noise: Tensor) -> Tensor:
    """∇ log q(z) in μ and in log σ²: shape (S, 2, L)."""
    standard = noise  # (z - μ) / σ
    return torch.stack([standard / q.std, 0.5 * (standard**2 - 1.0)], dim=1)


def _values(f: Function, z: Tensor) -> Tensor:
    """f of each z in (S, L): shape (S,)."""
    values = f(z)
    if not isinstance(values, Tensor) or values.shape != z.shape[:1]:
        shape = tuple(values.shape) if isinstance(values, Tensor) else type(values).__name__
        raise InputError(
            f"f maps {len(z)} draws, shape {tuple(z.shape)}, to {shape}: let it return one value "
            f"for each, shape ({len(z)},)."
        )
    return values


@takes(q="L", noise="S L")
def best_baseline(f: Function, q: DiagonalGaussian, noise: Tensor) -> Tensor:
    """Compute the constant whose subtraction from f gives the score function least variance.

    Args:
        f: Maps latents (S, L) to values (S,).
        q: A Gaussian over (L,).
        noise: ε, shape (S, L); the draws are z = μ + σ ⊙ ε.

    Returns:
        Shape (2, L), a baseline for each parameter: row 0 for μ, row 1 for log σ². Both means of
        the quotient are estimated from the draws.

    Raises:
        ValueError: If the shapes do not fit together, a value is not finite, or the noise leaves
            no quotient.

    Source: eq-best-baseline.
    """
    square = _score(q, noise) ** 2
    values = _values(f, q.transform(noise))[:, None, None]
    baseline = (values * square).mean(0) / square.mean(0)
    if not baseline.isfinite().all():
        raise InputError(
            "With this noise the squared scores, or f times them, add up to 0 or overflow: draw "
            "noise from N(0, 1)."
        )
    return baseline


@takes(q="L", noise="S L")
def pathwise_gradients(f: Function, q: DiagonalGaussian, noise: Tensor) -> Tensor:
    """Compute one reparameterised estimate of the gradient per draw: ∇f(z) · ∂z/∂(μ, log σ²).

    Args:
        f: A differentiable map from latents (S, L) to values (S,).
        q: A Gaussian over (L,).
        noise: ε, shape (S, L); the draws are z = μ + σ ⊙ ε.

    Returns:
        Shape (S, 2, L): row 0 is the gradient in μ, row 1 in log σ². Each is unbiased.

    Raises:
        ValueError: If the shapes do not fit together, a value is not finite, or ``f`` does not
            depend on z.

    Source: eq-pathwise (Kingma & Welling 2014); for f = z² its variance is eq-variance-pathwise.
    """
    z = q.transform(noise).detach().requires_grad_()
    values = _values(f, z)
    if not values.requires_grad:
        raise InputError("f(z) has no gradient in z: let f compute with z itself, in PyTorch.")
    (slope,) = torch.autograd.grad(values.sum(), z)  # (S, L)
    return torch.stack([slope, slope * 0.5 * q.std * noise], dim=1)
