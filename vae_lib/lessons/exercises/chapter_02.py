"""The exercises of chapter 2, variational inference."""

import math

import torch
from torch import Tensor

from vae_lib.gaussian import DiagonalGaussian
from vae_lib.lessons.exercises.grading import Exercise

PRECISION = torch.tensor([[2.0, 0.8, -0.3], [0.8, 1.5, 0.5], [-0.3, 0.5, 3.0]])
# log p(x, z_k) and log q(z_k|x) for K = 4 draws (rows) and B = 3 data points (columns).
LOG_JOINT = torch.tensor(
    [[-3.0, -8.5, -4.2], [-2.1, -7.0, -6.3], [-4.4, -9.9, -5.0], [-3.6, -7.7, -3.1]]
)
LOG_Q = torch.tensor(
    [[-1.2, -0.4, -2.0], [-0.9, -1.5, -0.6], [-2.2, -0.7, -1.1], [-0.3, -1.9, -0.8]]
)


def _elbo(log_joint: Tensor, log_q: Tensor) -> Tensor:
    return (log_joint - log_q).mean(0)


def _gap(mean: Tensor, precision: Tensor) -> Tensor:
    posterior = DiagonalGaussian(mean[:, None], -precision.log()[:, None])
    prior = DiagonalGaussian(torch.zeros(1), torch.zeros(1))
    return prior.kl_to(posterior)


EXERCISES = {
    "02-elbo": Exercise(
        arguments=(LOG_JOINT, LOG_Q),
        reference=_elbo,
        mistakes={
            "The sign is wrong: this is the loss, the bound is its negative.": lambda p, q: (
                -_elbo(p, q)
            ),
            "You forgot q: subtract log q(z|x) from each log p(x, z).": lambda p, q: p.mean(0),
            "You added log q(z|x): it is subtracted.": lambda p, q: (p + q).mean(0),
            "You forgot the average 1/K: an expectation is estimated by a mean.": lambda p, q: (
                p - q
            ).sum(0),
            "You averaged the ratios and then took the logarithm: the bound averages logarithms.": (
                lambda p, q: torch.logsumexp(p - q, 0) - math.log(len(p))
            ),
            "You reduced over the batch: each data point has its own bound.": lambda p, q: _elbo(
                p, q
            ).mean(),
            "You averaged over the data points: the draws are the first dimension.": lambda p, q: (
                p - q
            ).mean(1),
            "The draws come from q already: do not weight them by q once more.": lambda p, q: (
                q.exp() * (p - q)
            ).sum(0),
        },
    ),
    "02-best-diagonal": Exercise(
        arguments=(PRECISION,),
        reference=lambda precision: 1 / torch.diagonal(precision),
        mistakes={
            "These are the posterior's own variances, the diagonal of the inverse: "
            "the best diagonal q is narrower.": lambda p: torch.diagonal(torch.linalg.inv(p)),
            "These are precisions: a variance is the reciprocal of one.": torch.diagonal,
            "These are standard deviations: variances are wanted.": lambda p: (
                torch.diagonal(p) ** -0.5
            ),
            "These are log variances: variances are wanted.": lambda p: -torch.diagonal(p).log(),
            "The factor is wrong: in ½ (Λ σ² - log σ²) both terms carry the ½.": lambda p: (
                0.5 / torch.diagonal(p)
            ),
            "This is the whole covariance matrix: a diagonal q has only L variances.": (
                torch.linalg.inv
            ),
        },
    ),
    "02-gap-prior": Exercise(
        arguments=(torch.tensor([0.0, 0.5, -1.2, 2.0]), torch.tensor([2.0, 1.5, 4.0, 9.0])),
        reference=_gap,
        mistakes={
            "The factor ½ is missing.": lambda m, p: 2 * _gap(m, p),
            "The sign is wrong: a gap is never negative.": lambda m, p: -_gap(m, p),
            "This is KL(posterior ‖ q): in the gap the expectation is under q.": lambda m, p: (
                0.5 * (m**2 + 1 / p - 1 + torch.log(p))
            ),
            "The squared mean is divided by the posterior's variance: multiply m² by λ.": (
                lambda m, p: 0.5 * (p + m**2 - 1 - torch.log(p))
            ),
            "The logarithm has the wrong sign: the posterior's variance is 1/λ.": lambda m, p: (
                0.5 * (p + p * m**2 - 1 + torch.log(p))
            ),
            "You used λ as the posterior's variance: it is the precision, 1/variance.": (
                lambda m, p: _gap(m, 1 / p)
            ),
            "The term -1, which is -L, is missing.": lambda m, p: _gap(m, p) + 0.5,
        },
    ),
}
