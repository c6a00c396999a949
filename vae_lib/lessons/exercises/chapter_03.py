"""The exercises of chapter 3, the Gaussian posterior."""

import math

import torch
from torch import Tensor

from vae_lib.gaussian import DiagonalGaussian
from vae_lib.lessons.exercises.grading import Exercise
from vae_lib.likelihoods import Bernoulli, Gaussian

MEAN = torch.tensor([[0.5, -1.0, 0.0], [2.0, 0.3, -0.7]])
LOG_VAR = torch.tensor([[0.0, -1.5, 0.8], [0.4, 0.2, 1.1]])
# The second image's decoder is so sure of itself that exp(logit) overflows.
PIXELS = torch.tensor([[0.0, 1.0, 1.0, 0.0], [1.0, 0.0, 1.0, 0.0]])
LOGITS = torch.tensor([[-1.2, 0.4, 2.0, 0.3], [800.0, 900.0, -0.5, -850.0]])


def _kl(mean: Tensor, log_var: Tensor) -> Tensor:
    return DiagonalGaussian(mean, log_var).kl_to_standard()


def _bernoulli(x: Tensor, logits: Tensor) -> Tensor:
    return Bernoulli(logits).log_prob(x)


def _from_probabilities(x: Tensor, logits: Tensor) -> Tensor:
    pi = torch.sigmoid(logits)
    return (x * torch.log(pi) + (1 - x) * torch.log(1 - pi)).sum(-1)


def _residual(squared_error: Tensor, pixels: int) -> Tensor:
    """Some x - x̂ of that squared error: shape (..., D)."""
    return torch.sqrt(squared_error / pixels)[:, None].expand(-1, pixels)


def _best_likelihood(squared_error: Tensor, pixels: int) -> Tensor:
    log_var = torch.log(squared_error / pixels)[:, None]
    return Gaussian(torch.zeros(pixels), log_var).log_prob(_residual(squared_error, pixels))


EXERCISES = {
    "03-kl": Exercise(
        arguments=(MEAN, LOG_VAR),
        reference=_kl,
        mistakes={
            "The factor ½ is missing.": lambda m, v: 2 * _kl(m, v),
            "The sign is wrong: a divergence is never negative.": lambda m, v: -_kl(m, v),
            "You averaged over the latent coordinates: they are summed.": lambda m, v: (
                _kl(m, v) / m.shape[-1]
            ),
            "You reduced over the batch: each image has its own value.": lambda m, v: _kl(
                m, v
            ).mean(),
            "You summed over the batch: each image has its own value.": lambda m, v: _kl(
                m, v
            ).sum(),
            "You did not sum over the latent coordinates: each image has one value.": (
                lambda m, v: 0.5 * (m**2 + v.exp() - 1 - v)
            ),
            "You used log σ² as if it were σ: σ² is exp(log_var).": lambda m, v: (
                0.5 * (m**2 + v**2 - 1 - torch.log(v**2)).sum(-1)
            ),
            "You used log σ² as if it were σ²: σ² is exp(log_var).": lambda m, v: (
                0.5 * (m**2 + v - 1 - torch.log(v)).sum(-1)
            ),
            "You used log σ² as if it were log σ: σ² is exp(log_var), not exp(2 log_var).": (
                lambda m, v: _kl(m, 2 * v)
            ),
            "The mean is squared in the divergence.": lambda m, v: (
                0.5 * (m + v.exp() - 1 - v).sum(-1)
            ),
            "The term -1 of each coordinate is missing.": lambda m, v: (
                _kl(m, v) + 0.5 * m.shape[-1]
            ),
        },
    ),
    "03-bernoulli": Exercise(
        arguments=(PIXELS, LOGITS),
        reference=_bernoulli,
        mistakes={
            "The probability of a confident pixel rounds to 0 or 1 and its logarithm to -∞: "
            "work with the logits.": _from_probabilities,
            "For large a, log(1 + exp(a)) overflows: F.softplus(a) is the same without exp(a).": (
                lambda x, a: (x * a - torch.log(1 + torch.exp(a))).sum(-1)
            ),
            "The sign is wrong: a log-probability is never positive.": lambda x, a: (
                -_bernoulli(x, a)
            ),
            "You averaged over the pixels: they are summed.": lambda x, a: (
                _bernoulli(x, a) / x.shape[-1]
            ),
            "You reduced over the batch: each image has its own value.": lambda x, a: _bernoulli(
                x, a
            ).mean(),
            "Only the white pixels are counted: a black one has the factor 1 - π.": lambda x, a: (
                x * torch.nn.functional.logsigmoid(a)
            ).sum(-1),
            "You added softplus where it is subtracted.": lambda x, a: (
                x * a + torch.nn.functional.softplus(a)
            ).sum(-1),
        },
    ),
    "03-best-likelihood": Exercise(
        arguments=(torch.tensor([40.0, 2.5, 0.3]), 10),
        reference=_best_likelihood,
        mistakes={
            "The sign is wrong: this is the negative log-likelihood.": lambda s, d: (
                -_best_likelihood(s, d)
            ),
            "The term -D/2 is missing: at the best variance the second term is not 0.": (
                lambda s, d: _best_likelihood(s, d) + d / 2
            ),
            "You used the sum S for σ²: the best variance is S/D.": lambda s, d: Gaussian(
                torch.zeros(d), torch.log(s)[:, None]
            ).log_prob(_residual(s, d)),
            "You forgot the factor D: this is the mean over the pixels.": lambda s, d: (
                _best_likelihood(s, d) / d
            ),
            "The factor ½ is missing.": lambda s, d: 2 * _best_likelihood(s, d),
            "You left out 2π: it stands inside the logarithm.": lambda s, d: (
                -d / 2 * (torch.log(s / d) + 1)
            ),
            "The normalising term counts every pixel: multiply its logarithm by D.": lambda s, d: (
                -0.5 * torch.log(2 * math.pi * s / d) - d / 2
            ),
            "This is the best variance: put it into the log-likelihood.": lambda s, d: s / d,
        },
    ),
}
