"""A VAE that is told a label: its bound, and the label summed out where nobody has written it."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vae_lib.engine.arguments import takes
from vae_lib.engine.checks import InputError, require_batch
from vae_lib.engine.door import Images
from vae_lib.models import VAE
from vae_lib.objectives import elbo


class Joined(nn.Module):
    """A network that reads fixed numbers behind its own input: a label, or a mask.

    Args:
        network: Maps (..., n + C) to anything.
        known: The C numbers, for each data point or for all: shape (..., C).
    """

    known: Tensor

    @takes()
    def __init__(self, network: nn.Module, known: Tensor) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("known", known, persistent=False)

    def forward(self, value: Tensor) -> object:
        """Map values (..., n), each with the known numbers behind it.

        Raises:
            ValueError: If there are neither as many known numbers as values, nor one row for all.
        """
        try:
            shape = torch.broadcast_shapes(value.shape[:-1], self.known.shape[:-1])
        except RuntimeError:
            raise InputError(
                f"The data has the shape {tuple(value.shape)} and what is known of it "
                f"{tuple(self.known.shape)}: give both for the same points."
            ) from None
        both = (value, self.known)
        return self.network(torch.cat([one.expand(*shape, one.shape[-1]) for one in both], -1))


class ConditionalVAE(nn.Module):
    """p(y), p(z) and p(x|z, y) with an encoder q(z|x, y), for labels y = 0 … C - 1.

    Args:
        encoder: Maps x and the label as C numbers, one of them 1, (..., D + C), to q(z|x, y).
        decoder: Maps z and the label (..., L + C) to a likelihood over data (..., D).
        data_dim: D.
        latent_dim: L.
        log_prior: log p(y), shape (C,).

    Raises:
        ValueError: If ``log_prior`` is not the logarithm of a distribution.

    Source: eq-conditional-elbo (Sohn et al. 2015).
    """

    log_prior: Tensor

    @takes(log_prior="C")
    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module,
        data_dim: int,
        latent_dim: int,
        log_prior: Tensor,
    ) -> None:
        super().__init__()
        total = log_prior.exp().sum().item()
        if abs(total - 1) > 1e-5:
            raise InputError(
                f"exp(log_prior) has the sum {total:.6g}: give the logarithm of probabilities."
            )
        self.encoder, self.decoder = encoder, decoder
        self.data_dim, self.latent_dim = data_dim, latent_dim
        self.register_buffer("log_prior", log_prior)

    def given(self, labels: Any) -> VAE:
        """The VAE that is left when the labels are known: ``elbo`` and all others take it.

        Args:
            labels: Whole numbers, a list, array or tensor: one for each data point, shape (B,), or
                one for all, shape (1,).

        Raises:
            ValueError: If a label is none of 0 … C - 1.

        Source: eq-conditional-elbo.
        """
        known = F.one_hot(_whole(labels, len(self.log_prior)), len(self.log_prior))
        known = known.to(self.log_prior)
        parts = (Joined(self.encoder, known), Joined(self.decoder, known))
        return VAE(*parts, self.data_dim, self.latent_dim).to(known)


def _whole(labels: Any, count: int) -> Tensor:
    """Labels as a row of whole numbers below ``count``."""
    try:
        row = torch.as_tensor(labels).cpu()
        fine = row.dim() == 1 and len(row) > 0 and torch.isin(row, torch.arange(count)).all()
    except (TypeError, ValueError, RuntimeError):  # no numbers
        fine = False
    if not fine:
        raise InputError(
            f"labels cannot be used: give a row of whole numbers from 0 to {count - 1}."
        )
    return row.long()


@takes()
def label_bounds(
    model: ConditionalVAE,
    x: Images,
    samples: int = 1,
    noise: Tensor | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Bound log p(x, y) for each label y that a data point could have.

    Args:
        model: Supplies q(z|x, y), p(x|z, y) and p(y).
        x: Data, shape (B, D).
        samples: S, the draws of z for each label.
        noise: As for ``objectives.elbo``, (S, B, L) or (S, 1, L); all labels share it.
        generator: Source of the draws.

    Returns:
        𝓛(x, y) = log p(y) + the ELBO of the VAE given y: shape (B, C), in nats.

    Raises:
        ValueError: As ``objectives.elbo`` does.

    Source: eq-conditional-elbo.
    """
    count = len(model.log_prior)
    x = model.given([0]).accept(x)
    require_batch(x)
    given = model.given(torch.arange(count).repeat_interleave(len(x)))  # all points, for each y
    if noise is not None and noise.dim() == 3 and noise.shape[1] != 1:
        noise = noise.repeat(1, count, 1)
    terms = elbo(given, x.repeat(count, 1), samples=samples, noise=noise, generator=generator)
    return terms.value.reshape(count, len(x)).T + model.log_prior


@takes(bounds="B C", log_q="B C")
def label_summed_out(bounds: Tensor, log_q: Tensor) -> Tensor:
    """Bound log p(x) where the label is unknown, by the sum over all labels: Σ q(y|x) (𝓛 - log q).

    It is largest, log Σ exp 𝓛(x, y), where q(y|x) is the softmax of the bounds. A softmax of bounds
    that are estimated from draws makes it too large on average: take a q that saw other draws.

    Args:
        bounds: 𝓛(x, y), from ``label_bounds``, shape (B, C).
        log_q: log q(y|x), normalised, shape (B, C).

    Returns:
        Shape (B,), in nats.

    Raises:
        ValueError: If a row of ``log_q`` is not normalised.

    Source: eq-label-summed-out, eq-best-label (Kingma et al. 2014, equation 7).
    """
    off = log_q.logsumexp(-1).abs().max().item()
    if off > 1e-4:
        raise InputError(
            f"A row of log_q has a sum whose logarithm is {off:.2g}: give log probabilities, e.g. "
            "by torch.log_softmax."
        )
    return (log_q.exp() * (bounds - log_q)).sum(-1)
