"""The exercises of chapter 4, gradients through a random draw."""

from collections.abc import Callable

import torch
from torch import Tensor

from vae_lib.gaussian import DiagonalGaussian
from vae_lib.lessons.exercises.grading import Exercise

MEAN = torch.tensor([[0.5, -1.0], [2.0, 0.3]])
LOG_VAR = torch.tensor([[0.6, -1.5], [-0.4, 0.9]])
NOISE = torch.tensor([[0.3, -1.1], [1.7, 0.6]])
# f(z_k) and z_k for K = 5 draws from N(0.4, exp(-0.7)).
VALUES = torch.tensor([1.3, -0.2, 2.5, 0.7, 3.1])
DRAWS = torch.tensor([0.1, 0.9, -0.6, 1.2, 0.35])

Sampler = Callable[[Tensor, Tensor, Tensor], Tensor]


def _draw_and_gradients(
    sample: Sampler, mean: Tensor, log_var: Tensor, noise: Tensor
) -> tuple[Tensor, ...]:
    """The draw z, and the gradients of Σ z² in ``mean`` and ``log_var``; 0 where none arrives."""
    mean.requires_grad_()
    log_var.requires_grad_()
    z = sample(mean, log_var, noise)
    if not z.requires_grad:
        return z, torch.zeros_like(mean), torch.zeros_like(log_var)
    slopes = torch.autograd.grad((z**2).sum(), (mean, log_var), allow_unused=True)
    return z, *(torch.zeros_like(mean) if slope is None else slope for slope in slopes)


def _sample(mean: Tensor, log_var: Tensor, noise: Tensor) -> Tensor:
    return DiagonalGaussian(mean, log_var).transform(noise)


def _score(values: Tensor, z: Tensor, mean: Tensor, log_var: Tensor) -> Tensor:
    """∂ log q / ∂ log σ² at each draw, by automatic differentiation; ``values`` are not used."""
    log_vars = log_var.expand_as(z).clone().requires_grad_()
    log_q = DiagonalGaussian(mean.expand_as(z)[:, None], log_vars[:, None]).log_prob(z[:, None])
    (score,) = torch.autograd.grad(log_q.sum(), log_vars)
    return score


def _estimate(values: Tensor, z: Tensor, mean: Tensor, log_var: Tensor) -> Tensor:
    return (values * _score(values, z, mean, log_var)).mean()


def _mean_score(values: Tensor, z: Tensor, mean: Tensor, log_var: Tensor) -> Tensor:
    return (values * (z - mean) * torch.exp(-log_var)).mean()


def _variance(mean: Tensor, sigma: Tensor) -> Tensor:
    return mean**2 * sigma**2 + 2 * sigma**4


EXERCISES = {
    "04-sample": Exercise(
        arguments=(MEAN, LOG_VAR, NOISE),
        reference=_sample,
        observe=_draw_and_gradients,
        mistakes={
            "The draw is right, but no gradient reaches the mean or log_var: "
            "build z from them, without detach and no_grad.": lambda m, v, e: _sample(
                m, v, e
            ).detach(),
            "The draw is right, but the gradient does not reach log_var.": lambda m, v, e: _sample(
                m, v.detach(), e
            ),
            "The draw is right, but the gradient does not reach the mean.": lambda m, v, e: _sample(
                m.detach(), v, e
            ),
            "You used σ² for σ: σ is exp(½ log_var).": lambda m, v, e: m + v.exp() * e,
            "You used log_var as if it were σ: σ is exp(½ log_var).": lambda m, v, e: m + v * e,
            "You forgot the mean.": lambda m, v, e: torch.exp(v / 2) * e,
            "You forgot the noise: this is the mean for every draw.": lambda m, v, e: m + 0 * v,
            "You forgot the factor σ: every draw has variance 1.": lambda m, v, e: m + e + 0 * v,
            "The noise has the wrong sign: same distribution, but not this draw.": (
                lambda m, v, e: _sample(m, v, -e)
            ),
        },
    ),
    "04-score": Exercise(
        arguments=(VALUES, DRAWS, torch.tensor(0.4), torch.tensor(-0.7)),
        reference=_estimate,
        mistakes={
            "The factor ½ is missing: log q holds ½ log σ² and ½ (z - μ)² / σ².": (
                lambda f, z, m, v: 2 * _estimate(f, z, m, v)
            ),
            "The term -½ is missing: log q also holds -½ log σ².": lambda f, z, m, v: (
                f * (_score(f, z, m, v) + 0.5)
            ).mean(),
            "The sign is wrong.": lambda f, z, m, v: -_estimate(f, z, m, v),
            "You forgot the average 1/K.": lambda f, z, m, v: (f * _score(f, z, m, v)).sum(),
            "You did not average over the draws.": lambda f, z, m, v: f * _score(f, z, m, v),
            "You forgot f: this is the mean of the score alone, an estimate of 0.": (
                lambda f, z, m, v: _score(f, z, m, v).mean()
            ),
            "This is the gradient in μ: the one in log σ² is asked for.": _mean_score,
            "This is the gradient in σ: the one in log σ² is ½ σ times it.": lambda f, z, m, v: (
                _estimate(f, z, m, v) * 2 * torch.exp(-v / 2)
            ),
            "This is the gradient in σ²: the one in log σ² is σ² times it.": lambda f, z, m, v: (
                _estimate(f, z, m, v) * torch.exp(-v)
            ),
            "You used σ for σ²: σ² is exp(log_var).": lambda f, z, m, v: (
                f * 0.5 * ((z - m) ** 2 / torch.exp(v / 2) - 1)
            ).mean(),
        },
    ),
    "04-variance": Exercise(
        arguments=(torch.tensor([0.0, 1.5, -0.8, 2.0]), torch.tensor([0.7, 0.3, 1.2, 2.0])),
        reference=_variance,
        mistakes={
            "The factor ½ in ∂z / ∂ log σ² = ½ σ ε is missing.": lambda m, s: 4 * _variance(m, s),
            "This is the mean square: subtract the square of the mean, σ⁴.": lambda m, s: (
                _variance(m, s) + s**4
            ),
            "This is the variance of the gradient in μ: the one in log σ² is asked for.": (
                lambda m, s: 4 * s**2 + 0 * m
            ),
            "This is the variance of the gradient in σ: the one in log σ² is asked for.": (
                lambda m, s: 4 * m**2 + 8 * s**2
            ),
            "The variance of ε² is missing: E[ε⁴] - 1 = 2.": lambda m, s: m**2 * s**2,
            "The variance of ε² is 2, not 1.": lambda m, s: m**2 * s**2 + s**4,
            "This is the standard deviation: the variance is its square.": lambda m, s: torch.sqrt(
                _variance(m, s)
            ),
            "You used σ where σ² stands.": lambda m, s: m**2 * s + 2 * s**2,
        },
    ),
}
