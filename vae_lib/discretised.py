"""Likelihoods for rounded data: masses for densities, dequantisation, bits per dimension."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from vae_lib.engine.arguments import takes
from vae_lib.engine.checks import (
    InputError,
    require_data,
    require_finite_values,
    require_fitting,
    require_unit_interval,
)
from vae_lib.engine.door import Images, as_tensor


class DiscretisedLogistic:
    """Each pixel is one of ``levels`` values in [0, 1]: a logistic variable, rounded and cut off.

    The mass of a level is the logistic's between the middles to both neighbours; the first and the
    last level get the tails. So the masses of all levels sum to 1.

    Args:
        mean: μ, shape (..., D), or (..., D, K) for a mixture of K.
        log_scale: log s, of the same shape; s is that of the logistic, whose deviation is πs/√3.
        levels: How many values a pixel may have.
        logits: log of the mixture's weights, up to a constant, shape (..., D, K); by default there
            is no mixture.

    Raises:
        ValueError: If there are fewer than 2 levels, or the shapes are not those.

    Source: eq-discretised-logistic (Salimans et al. 2017, section 2.1); its mixture is eq-mixture
    with masses for densities.
    """

    @takes()
    def __init__(
        self, mean: Tensor, log_scale: Tensor, levels: int = 256, logits: Tensor | None = None
    ) -> None:
        if levels < 2:
            raise InputError(f"levels is {levels}: give at least 2.")
        if logits is None:
            mean, log_scale = mean.unsqueeze(-1), log_scale.unsqueeze(-1)
            logits = torch.zeros_like(mean)
        if mean.dim() < 2 or not mean.shape == log_scale.shape == logits.shape:
            raise InputError(
                f"mean has the shape {tuple(mean.shape)}, log_scale {tuple(log_scale.shape)} and "
                f"logits {tuple(logits.shape)}: give all the same, (..., D, K)."
            )
        self.centre, self.log_scale, self.levels = mean, log_scale, levels
        self.log_weight = F.log_softmax(logits, dim=-1)

    @property
    def step(self) -> float:
        """Δ, the distance of two levels."""
        return 1 / (self.levels - 1)

    @property
    def mean(self) -> Tensor:
        """The mean before rounding, cut off at 0 and 1, shape (..., D)."""
        return (self.log_weight.exp() * self.centre).sum(-1).clamp(0, 1)

    def log_prob(self, x: Images) -> Tensor:
        """Log probability of ``x`` (..., D), summed over D: shape (...), nats per image.

        Raises:
            ValueError: If ``x`` has the wrong shape, is empty, or holds values that are no levels.
        """
        x = as_tensor(x, self.centre.dtype, self.centre.device)
        shape = self.centre.shape[:-1]
        require_data(x, shape[-1])
        require_fitting("x", x, shape, "the mean")
        require_unit_interval(x)
        place = x * (self.levels - 1)
        if (place - place.round()).abs().max() > 0.01:
            raise InputError(
                f"The pixels hold values between the {self.levels} levels k / {self.levels - 1}: "
                "round them, or use a density."
            )
        level = x.unsqueeze(-1)
        scale = torch.exp(-self.log_scale)
        upper = (level + self.step / 2 - self.centre) * scale
        lower = (level - self.step / 2 - self.centre) * scale
        # σ(b) - σ(a) = σ(b) σ(-a) (1 - exp(a - b)): no cancellation, however far in a tail.
        number = place.round().unsqueeze(-1)
        first, last = number == 0, number == self.levels - 1
        below = torch.where(last, 0.0, F.logsigmoid(upper))
        above = torch.where(first, 0.0, F.logsigmoid(-lower))
        width = torch.where(first | last, 0.0, torch.log(-torch.expm1(-self.step * scale)))
        return torch.logsumexp(self.log_weight + below + above + width, dim=-1).sum(-1)

    @takes()
    def sample(self, generator: torch.Generator | None = None) -> Tensor:
        """Draw images, shape (..., D), each value one of the levels."""
        uniform = torch.rand(
            self.centre.shape[:-1], dtype=self.centre.dtype, device=self.centre.device,
            generator=generator,
        )  # fmt: skip
        chosen = draw_index(self.log_weight, generator).unsqueeze(-1)
        centre, log_scale = (
            part.gather(-1, chosen).squeeze(-1) for part in (self.centre, self.log_scale)
        )
        smallest = torch.finfo(uniform.dtype).tiny
        logistic = torch.logit(uniform.clamp(smallest, 1 - torch.finfo(uniform.dtype).eps))
        drawn = (centre + logistic * log_scale.exp()).clamp(0, 1)
        return (drawn * (self.levels - 1)).round() / (self.levels - 1)


@takes(logits="... K")
def draw_index(logits: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Draw a number from 0 to K - 1 by log probabilities, up to a constant, (..., K): shape (...).

    Raises:
        ValueError: If they are not finite.
    """
    flat = torch.softmax(logits, dim=-1).reshape(-1, logits.shape[-1])
    return torch.multinomial(flat, 1, generator=generator).reshape(logits.shape[:-1])


@takes(x="...")
def dequantise(x: Tensor, step: float, generator: torch.Generator | None = None) -> Tensor:
    """Undo rounding by a fresh draw: x + Δ (u - 1/2) with u uniform on [0, 1), as for a density.

    The mean log density of such draws is at most the log of the density's mass in the cell, divided
    by Δ; so a density trained on them cannot win without bound on rounded data.

    Args:
        x: Rounded data of any shape.
        step: Δ, the distance of two neighbours.
        generator: Source of the draws.

    Raises:
        ValueError: If ``step`` is not positive, or ``x`` is empty or not finite.

    Source: eq-dequantisation (Theis et al. 2016, section 3.1).
    """
    _require_step(step)
    uniform = torch.rand(x.shape, dtype=x.dtype, device=x.device, generator=generator)
    return x + step * (uniform - 0.5)


@takes()
def bits_per_dimension(nats: Tensor, data_dim: int, step: float = 1.0) -> Tensor:
    """Turn log p(x) into bits for each of the D values: -(log p(x) + D log Δ) / (D log 2).

    Args:
        nats: Log probability per image or, with a step, log density, any shape.
        data_dim: D.
        step: Δ, the distance of two levels in the units of the density; 1 for a probability.

    Returns:
        The shape of ``nats``; 8 for 256 levels that are all as probable.

    Raises:
        ValueError: If D is less than 1 or ``step`` is not positive.

    Source: eq-bits-per-dimension (Theis et al. 2016, section 3.1).
    """
    _require_step(step)
    if data_dim < 1:
        raise InputError(f"data_dim is {data_dim}: give at least 1.")
    require_finite_values("log p(x)", nats)
    return -(nats / data_dim + math.log(step)) / math.log(2)


@takes()
def log_var_above(raw: Tensor, step: float) -> Tensor:
    """Keep a learned variance above that of the rounding: σ² = Δ²/12 + exp(raw).

    Δ²/12 is the variance of a uniform error between -Δ/2 and Δ/2, and the best σ² for dequantised
    data where the mean hits every value: below it, a density claims what the data do not say.

    Args:
        raw: Any numbers of any shape, such as a network's output.
        step: Δ, how the data are rounded; 0 if they are not.

    Returns:
        log σ², the shape of ``raw``.

    Raises:
        ValueError: If ``step`` is negative.

    Source: eq-variance-floor.
    """
    if step == 0:
        return raw
    _require_step(step)
    return torch.logaddexp(raw, raw.new_tensor(2 * math.log(step) - math.log(12)))


def _require_step(step: float) -> None:
    if not 0 < step < math.inf:
        raise InputError(f"step is {step}: give a positive number.")
