"""The exercises of chapter 3, the Gaussian posterior."""

import torch
from torch import Tensor

from vae_lib.exercises.grading import Exercise
from vae_lib.gaussian import DiagonalGaussian

MEAN = torch.tensor([[0.5, -1.0, 0.0], [2.0, 0.3, -0.7]])
LOG_VAR = torch.tensor([[0.0, -1.5, 0.8], [-0.4, 0.2, 1.1]])


def _kl(mean: Tensor, log_var: Tensor) -> Tensor:
    return DiagonalGaussian(mean, log_var).kl_to_standard()


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
            "You used log σ² as if it were σ: σ² is exp(log_var).": lambda m, v: (
                0.5 * (m**2 + v**2 - 1 - torch.log(v**2)).sum(-1)
            ),
        },
    ),
}
