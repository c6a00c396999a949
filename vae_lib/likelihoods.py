"""Likelihoods p(x|z): what the decoder's output means. The pixels are independent given z."""

from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from vae_lib.engine.arguments import takes
from vae_lib.engine.checks import (
    InputError,
    require_binary,
    require_data,
    require_fitting,
    require_unit_interval,
)
from vae_lib.engine.door import Images, as_tensor
from vae_lib.gaussian import DiagonalGaussian


class Bernoulli:
    """Each pixel is 1 with probability sigmoid(logit), and 0 otherwise.

    Args:
        logits: log(π / (1 - π)), finite, shape (..., D).
        allow_grey: Accept pixels strictly between 0 and 1. ``log_prob`` is then no longer the log
            of a probability, and its value must not be compared with one.

    Raises:
        ValueError: If ``logits`` is no tensor of floats, or a single number.

    Source: eq-bernoulli, eq-bernoulli-logits.
    """

    @takes()
    def __init__(self, logits: Tensor, allow_grey: bool = False) -> None:
        if logits.dim() == 0:
            raise InputError("logits is a single number: give it the shape (..., D).")
        self.logits, self.allow_grey = logits, allow_grey

    @property
    def mean(self) -> Tensor:
        """π, the probability of a 1, shape (..., D)."""
        return torch.sigmoid(self.logits)

    def log_prob(self, x: Images) -> Tensor:
        """Log probability of ``x`` (..., D), summed over D: shape (...), nats per image.

        Raises:
            ValueError: If ``x`` has the wrong shape, is empty, or holds NaN, values outside [0, 1],
                or grey pixels that ``allow_grey`` does not allow.

        Source: eq-bernoulli-logits; its derivative in the logits is eq-logit-gradient.
        """
        x = as_tensor(x, self.logits.dtype, self.logits.device)
        require_data(x, self.logits.shape[-1])
        require_fitting("x", x, self.logits.shape, "the logits")
        (require_unit_interval if self.allow_grey else require_binary)(x)
        # Beyond its threshold softplus is the line; at 40 double precision knows no difference.
        return (x * self.logits - F.softplus(self.logits, threshold=40)).sum(-1)

    @takes()
    def sample(self, generator: torch.Generator | None = None) -> Tensor:
        """Draw black-and-white images, shape (..., D)."""
        return torch.bernoulli(self.mean, generator=generator)


class Gaussian(DiagonalGaussian):
    """Each pixel is N(mean, exp(log_var)).

    Args:
        mean: Shape (..., D).
        log_var: log σ², a shape that broadcasts with ``mean``; a single number shares σ².

    Source: eq-gaussian-likelihood.
    """

    def log_prob(self, x: Images) -> Tensor:
        """Log density of ``x`` (..., D), summed over D: shape (...), nats per image.

        Raises:
            ValueError: If ``x`` has the wrong shape, is empty, or holds NaN or infinite values.

        Source: eq-gaussian-likelihood; eq-mse-beta is what it says about squared errors.
        """
        x = as_tensor(x, self.mean.dtype, self.mean.device)
        require_data(x, self.mean.shape[-1])
        return super().log_prob(x)

    @takes()
    def sample(self, generator: torch.Generator | None = None) -> Tensor:
        """Draw data points, shape (..., D)."""
        return self.rsample(generator=generator)


class Likelihood(Protocol):
    """What a decoder returns: p(x|z) over data (..., D)."""

    @property
    def mean(self) -> Tensor:
        """E[x|z], shape (..., D)."""

    def log_prob(self, x: Images) -> Tensor:
        """Log probability or density of ``x`` (..., D): shape (...), nats per data point."""

    def sample(self, generator: torch.Generator | None = None) -> Tensor:
        """Draw data points, shape (..., D)."""
