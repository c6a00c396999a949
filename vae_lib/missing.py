"""A VAE that learns from rows with gaps, and fills them.

A mask ``seen`` has 1 where an entry was observed and 0 where it was not; what stands in the data
there is never read, but must be finite.
"""

import torch
from torch import Tensor, nn

from vae_lib.conditional import Joined
from vae_lib.engine.arguments import takes
from vae_lib.engine.checks import (
    InputError,
    require_data,
    require_finite_values,
    require_fitting,
    require_mask,
)
from vae_lib.engine.door import Images, as_tensor
from vae_lib.likelihoods import Bernoulli, Gaussian
from vae_lib.models import VAE, GenerativeModel
from vae_lib.objectives import log_weights


class Observed:
    """A likelihood of the entries that were observed, and of no other.

    Args:
        whole: The likelihood of whole rows (..., D).
        seen: The mask, a shape that broadcasts with (..., D).

    Raises:
        ValueError: If ``seen`` is no mask, or its shape does not fit.

    Source: eq-observed-elbo.
    """

    @takes()
    def __init__(self, whole: Bernoulli | Gaussian, seen: Tensor) -> None:
        require_mask(seen)
        require_fitting("seen", seen, whole.mean.shape, "the likelihood")
        self.whole, self.seen = whole, seen

    @property
    def mean(self) -> Tensor:
        """The mean of whole rows, shape (..., D)."""
        return self.whole.mean

    def log_prob(self, x: Images) -> Tensor:
        """Log probability of the observed entries of x (..., D): shape (...), in nats.

        Raises:
            ValueError: If the likelihood refuses ``x``.
        """
        x = as_tensor(x, self.mean.dtype, self.mean.device)
        require_fitting("x", x, self.mean.shape, "the likelihood")
        alone: Bernoulli | Gaussian
        if isinstance(self.whole, Bernoulli):
            alone = Bernoulli(self.whole.logits.unsqueeze(-1), self.whole.allow_grey)
        else:
            alone = Gaussian(self.whole.mean.unsqueeze(-1), self.whole.log_var.unsqueeze(-1))
        return torch.where(self.seen > 0, alone.log_prob(x.unsqueeze(-1)), 0.0).sum(-1)


class _ObservedDecoder(nn.Module):
    """z → the likelihood of the entries that were observed."""

    seen: Tensor

    def __init__(self, decoder: nn.Module, seen: Tensor) -> None:
        super().__init__()
        self.decoder = decoder
        self.register_buffer("seen", seen, persistent=False)

    def forward(self, z: Tensor) -> Observed:
        return Observed(self.decoder(z), self.seen)


class _FilledEncoder(Joined):
    """x, with 0 in its gaps, and the mask → q(z|x_o)."""

    def forward(self, value: Tensor) -> object:
        require_fitting("x", value, self.known.shape, "the mask")
        return super().forward(value * self.known)


class IncompleteVAE(nn.Module):
    """A VAE that learns from rows with gaps.

    Args:
        encoder: Maps x, with 0 in its gaps, and its mask, (..., 2D), to q(z|x_o).
        decoder: Maps latents (..., L) to a likelihood over whole rows (..., D).
        data_dim: D.
        latent_dim: L.

    Source: eq-observed-elbo.
    """

    @takes()
    def __init__(
        self, encoder: nn.Module, decoder: nn.Module, data_dim: int, latent_dim: int
    ) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder, decoder
        self.data_dim, self.latent_dim = data_dim, latent_dim

    @takes(seen="B D")
    def given(self, seen: Tensor) -> VAE:
        """The VAE over the entries that were observed: ``elbo`` and all others take it.

        Args:
            seen: The mask, shape (B, D).

        Raises:
            ValueError: If it is no mask.

        Source: eq-observed-elbo.
        """
        require_mask(seen)
        require_data(seen, self.data_dim)
        encoder = _FilledEncoder(self.encoder, seen)
        decoder = _ObservedDecoder(self.decoder, seen)
        return VAE(encoder, decoder, self.data_dim, self.latent_dim).to(seen)


@takes(seen="B D")
def impute(
    model: GenerativeModel,
    x: Images,
    seen: Tensor,
    k: int = 100,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Fill the gaps with their mean given what was observed, by weighted draws of z.

    Args:
        model: What ``IncompleteVAE.given`` returns for the same mask.
        x: Data, shape (B, D).
        seen: The mask, shape (B, D).
        k: The number of draws for each row.
        generator: Source of the draws.

    Returns:
        x, with an estimate of E[x_m|x_o] in its gaps: shape (B, D).

    Raises:
        ValueError: If ``k`` is less than 1, ``seen`` is no mask, or the model refuses ``x``.

    Source: eq-imputation.
    """
    require_mask(seen)
    x = model.accept(x)
    require_fitting("x", x, seen.shape, "seen")
    require_finite_values("x, squared,", x**2)
    if k < 1:
        raise InputError(f"k is {k}: draw at least 1.")
    q = model.encode(x)
    noise = torch.randn(k, *q.mean.shape, generator=generator).to(x)
    share = torch.softmax(log_weights(model, x, k, q, noise), 0)  # (k, B)
    mean = (share.unsqueeze(-1) * model.decode(q.transform(noise)).mean).sum(0)
    return seen * x + (1 - seen) * mean
