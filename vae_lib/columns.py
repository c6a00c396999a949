"""Likelihoods for the rows of a table: numbers with a density of their own, words, and gaps."""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from vae_lib.discretised import draw_index, log_var_above
from vae_lib.engine.arguments import takes
from vae_lib.engine.checks import InputError, require_data, require_fitting
from vae_lib.engine.door import Images, as_tensor
from vae_lib.gaussian import LOG_2PI
from vae_lib.tables import Column


class GaussianMixture:
    """Each value is drawn from one of K Gaussians: a density with a long tail or several peaks.

    Args:
        logits: log of the weights, up to a constant, shape (..., D, K).
        mean: Shape (..., D, K).
        log_var: log σ², shape (..., D, K).

    Raises:
        ValueError: If the shapes differ or have fewer than two dimensions.

    Source: eq-mixture (Bishop 1994, mixture density networks).
    """

    @takes()
    def __init__(self, logits: Tensor, mean: Tensor, log_var: Tensor) -> None:
        if mean.dim() < 2 or not mean.shape == logits.shape == log_var.shape:
            raise InputError(
                f"logits has the shape {tuple(logits.shape)}, mean {tuple(mean.shape)} and log_var "
                f"{tuple(log_var.shape)}: give all the same, (..., D, K)."
            )
        self.log_weight = F.log_softmax(logits, dim=-1)
        self.means, self.log_var = mean, log_var

    @property
    def mean(self) -> Tensor:
        """The mean of each value, shape (..., D)."""
        return (self.log_weight.exp() * self.means).sum(-1)

    def log_prob(self, x: Images) -> Tensor:
        """Log density of ``x`` (..., D), summed over D: shape (...), nats per row.

        Raises:
            ValueError: If ``x`` has the wrong shape, is empty, or holds NaN or infinite values.
        """
        x = as_tensor(x, self.means.dtype, self.means.device)
        require_data(x, self.means.shape[-2])
        require_fitting("x", x, self.means.shape[:-1], "the mean")
        return self.of_each(x).sum(-1)

    def of_each(self, x: Tensor) -> Tensor:
        """Log density of each value of ``x`` (..., D): shape (..., D)."""
        standard = (x.unsqueeze(-1) - self.means) * torch.exp(-0.5 * self.log_var)
        density = -0.5 * (LOG_2PI + self.log_var + standard**2)
        return torch.logsumexp(self.log_weight + density, dim=-1)

    @takes()
    def sample(self, generator: torch.Generator | None = None) -> Tensor:
        """Draw values, shape (..., D)."""
        chosen = draw_index(self.log_weight, generator).unsqueeze(-1)
        mean = self.means.gather(-1, chosen).squeeze(-1)
        std = torch.exp(0.5 * self.log_var.gather(-1, chosen).squeeze(-1))
        noise = torch.randn(mean.shape, dtype=mean.dtype, device=mean.device, generator=generator)
        return mean + std * noise


class Categorical:
    """One of K categories, written as K values: 1 for its own and 0 for the others.

    Args:
        logits: log of the probabilities, up to a constant, shape (..., K).

    Raises:
        ValueError: If ``logits`` is a single number.

    Source: eq-categorical.
    """

    @takes()
    def __init__(self, logits: Tensor) -> None:
        if logits.dim() == 0:
            raise InputError("logits is a single number: give it the shape (..., K).")
        self.log_weight = F.log_softmax(logits, dim=-1)

    @property
    def mean(self) -> Tensor:
        """The probabilities, shape (..., K)."""
        return self.log_weight.exp()

    def log_prob(self, x: Images) -> Tensor:
        """Log probability of ``x`` (..., K): shape (...), in nats.

        Raises:
            ValueError: If ``x`` has the wrong shape, is empty, or does not hold one 1 and zeros.
        """
        x = as_tensor(x, self.log_weight.dtype, self.log_weight.device)
        require_data(x, self.log_weight.shape[-1])
        require_fitting("x", x, self.log_weight.shape, "the logits")
        if not (((x == 0) | (x == 1)).all() and (x.sum(-1) == 1).all()):
            raise InputError("A category is written as one 1 among zeros: give such rows.")
        return self.of_each(x)

    def of_each(self, x: Tensor) -> Tensor:
        """Log probability of ``x`` (..., K), 0 if it holds zeros only: shape (...)."""
        return (x * self.log_weight).sum(-1)

    @takes()
    def sample(self, generator: torch.Generator | None = None) -> Tensor:
        """Draw categories, shape (..., K)."""
        chosen = draw_index(self.log_weight, generator)
        return F.one_hot(chosen, self.log_weight.shape[-1]).to(self.log_weight.dtype)


class TableRow:
    """p(x|z) of a table's row: each column by its kind, and only the cells that were seen.

    A number has a mixture of Gaussians, each wider than the column's rounding; a word is
    categorical. What was not seen is integrated out, which leaves its factor out.

    Args:
        parameters: Shape (..., P), with P from ``parameter_count``.
        columns: What each column holds.
        components: K, the Gaussians of each number.

    Raises:
        ValueError: If ``parameters`` has another length.

    Source: eq-observed-likelihood.
    """

    @takes()
    def __init__(self, parameters: Tensor, columns: Sequence[Column], components: int = 1) -> None:
        wanted = parameter_count(columns, components)
        if parameters.shape[-1:] != (wanted,):
            raise InputError(
                f"The parameters have the shape {tuple(parameters.shape)}: give {wanted} for each "
                "row, as parameter_count says."
            )
        self.columns = columns
        self.kinds: list[GaussianMixture | Categorical] = []
        sizes = [len(column.categories) or 3 * components for column in columns]
        for column, part in zip(columns, parameters.split(sizes, dim=-1), strict=True):
            if column.categories:
                self.kinds.append(Categorical(part))
            else:
                logits, mean, raw = part.unflatten(-1, (3, 1, components)).unbind(-3)
                log_var = log_var_above(raw, column.step)
                self.kinds.append(GaussianMixture(logits, mean, log_var))
        self.shape = parameters.shape[:-1]
        self.like = parameters

    @property
    def mean(self) -> Tensor:
        """Means and probabilities, and a mask that is 1, shape (..., 2 D)."""
        return _all_seen([kind.mean for kind in self.kinds])

    def log_prob(self, x: Images) -> Tensor:
        """Log density of the seen cells of ``x`` (..., 2 D): shape (...), nats per row.

        Raises:
            ValueError: If ``x`` has the wrong shape, is empty, or holds NaN or infinite values.
        """
        x = as_tensor(x, self.like.dtype, self.like.device)
        widths = [column.width for column in self.columns]
        require_data(x, 2 * sum(widths))
        require_fitting("x", x, (*self.shape, x.shape[-1]), "the parameters")
        values, seen = x.chunk(2, dim=-1)
        total = x.new_zeros(())
        pairs = zip(values.split(widths, -1), seen.split(widths, -1), strict=True)
        for kind, (value, there) in zip(self.kinds, pairs, strict=True):
            each = kind.of_each(value)
            total = total + there[..., 0] * (
                each if isinstance(kind, Categorical) else each[..., 0]
            )
        return total

    @takes()
    def sample(self, generator: torch.Generator | None = None) -> Tensor:
        """Draw whole rows, shape (..., 2 D), with a mask that is 1."""
        return _all_seen([kind.sample(generator) for kind in self.kinds])


def _all_seen(parts: list[Tensor]) -> Tensor:
    values = torch.cat(parts, dim=-1)
    return torch.cat([values, torch.ones_like(values)], dim=-1)


def parameter_count(columns: Sequence[Column], components: int) -> int:
    """Return P: how many numbers a decoder must say for a row.

    Raises:
        ValueError: If there is no column, or ``components`` is less than 1.
    """
    if not columns or components < 1:
        raise InputError(
            f"There are {len(columns)} columns and {components} components: each at least 1."
        )
    return sum(len(column.categories) or 3 * components for column in columns)


def start_of(columns: Sequence[Column], components: int) -> Tensor:
    """Return parameters at which numbers' Gaussians stand side by side, shape (P,)."""
    parts = []
    for column in columns:
        if column.categories:
            parts.append(torch.zeros(len(column.categories)))
        else:
            places = torch.linspace(-1, 1, components) if components > 1 else torch.zeros(1)
            raw = torch.full((components,), -2 * math.log(components))
            parts.append(torch.cat([torch.zeros(components), places, raw]))
    return torch.cat(parts)
