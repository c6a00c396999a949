"""Encoder and decoder modules, linear ones and perceptrons, that end in a distribution."""

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from vae_lib.engine.arguments import takes
from vae_lib.engine.checks import InputError
from vae_lib.engine.memory import require_room
from vae_lib.gaussian import DiagonalGaussian
from vae_lib.likelihoods import Bernoulli, Gaussian


@takes()
def mlp(sizes: Sequence[int], activation: type[nn.Module] = nn.ReLU) -> nn.Sequential:
    """Linear layers of the given sizes, with ``activation`` after each.

    Args:
        sizes: Input size and then the size of each layer, e.g. (784, 400).
        activation: The module that follows each linear layer.

    Raises:
        ValueError: If there is no size, or one is less than 1.
    """
    if min(sizes, default=0) < 1:
        raise InputError(f"Layer sizes {tuple(sizes)}: every size must be at least 1.")
    layers: list[nn.Module] = []
    for size_in, size_out in itertools.pairwise(sizes):
        layers += [_linear(size_in, size_out), activation()]
    return nn.Sequential(*layers)


def _linear(size_in: int, size_out: int) -> nn.Linear:
    if min(size_in, size_out) < 1:
        raise InputError(f"Layer sizes {(size_in, size_out)}: every size must be at least 1.")
    require_room(4 * size_in * size_out, torch.device("cpu"), "smaller layers")
    return nn.Linear(size_in, size_out)


class GaussianEncoder(nn.Module):
    """x → q(z|x) = N(μ_φ(x), diag σ²_φ(x)).

    Args:
        data_dim: D.
        hidden: Sizes of the hidden layers.
        latent_dim: L.
        activation: The module that follows each hidden layer.

    Source: eq-amortised-posterior.
    """

    @takes()
    def __init__(
        self,
        data_dim: int,
        hidden: Sequence[int],
        latent_dim: int,
        activation: type[nn.Module] = nn.ReLU,
    ) -> None:
        super().__init__()
        self.body = mlp((data_dim, *hidden), activation)
        features = (data_dim, *hidden)[-1]
        self.mean = _linear(features, latent_dim)
        self.log_var = _linear(features, latent_dim)

    def forward(self, x: Tensor) -> DiagonalGaussian:
        """Map data (..., D) to a posterior over latents (..., L)."""
        features = self.body(x)
        mean, log_var = self.mean(features), self.log_var(features)
        return DiagonalGaussian(mean.to(x.dtype), log_var.to(x.dtype))  # bf16 ends at the layers


class BernoulliDecoder(nn.Module):
    """z → p(x|z) with independent Bernoulli pixels.

    Args:
        latent_dim: L.
        hidden: Sizes of the hidden layers.
        data_dim: D.
        allow_grey: Passed on to ``likelihoods.Bernoulli``.
        activation: The module that follows each hidden layer.

    Source: eq-bernoulli-logits.
    """

    @takes()
    def __init__(
        self,
        latent_dim: int,
        hidden: Sequence[int],
        data_dim: int,
        allow_grey: bool = False,
        activation: type[nn.Module] = nn.ReLU,
    ) -> None:
        super().__init__()
        self.body = mlp((latent_dim, *hidden), activation)
        self.logits = _linear((latent_dim, *hidden)[-1], data_dim)
        self.allow_grey = allow_grey

    def forward(self, z: Tensor) -> Bernoulli:
        """Map latents (..., L) to a likelihood over data (..., D)."""
        return Bernoulli(self.logits(self.body(z)).to(z.dtype), self.allow_grey)


class GaussianDecoder(nn.Module):
    """z → p(x|z) with independent Gaussian pixels that share one learned log σ².

    Args:
        latent_dim: L.
        hidden: Sizes of the hidden layers.
        data_dim: D.
        activation: The module that follows each hidden layer.

    Source: eq-gaussian-likelihood; the learned variance approaches eq-optimal-variance.
    """

    @takes()
    def __init__(
        self,
        latent_dim: int,
        hidden: Sequence[int],
        data_dim: int,
        activation: type[nn.Module] = nn.ReLU,
    ) -> None:
        super().__init__()
        self.body = mlp((latent_dim, *hidden), activation)
        self.mean = _linear((latent_dim, *hidden)[-1], data_dim)
        self.log_var = nn.Parameter(torch.zeros(1))

    def forward(self, z: Tensor) -> Gaussian:
        """Map latents (..., L) to a likelihood over data (..., D)."""
        return Gaussian(self.mean(self.body(z)).to(z.dtype), self.log_var)


class LinearEncoder(nn.Module):
    """q(z|x) = N(A x + a, diag(v)), the same variances v for every x.

    Args:
        data_dim: D.
        latent_dim: L.

    Source: eq-amortised-posterior.
    """

    @takes()
    def __init__(self, data_dim: int, latent_dim: int) -> None:
        super().__init__()
        self.mean = _linear(data_dim, latent_dim)
        self.log_var = nn.Parameter(torch.zeros(latent_dim))

    def forward(self, x: Tensor) -> DiagonalGaussian:
        """Map data (..., D) to a posterior over latents (..., L)."""
        return DiagonalGaussian(self.mean(x), self.log_var)


class LinearDecoder(nn.Module):
    """z → p(x|z) = N(W z + b, σ² I).

    Args:
        weight: W, shape (D, L).
        bias: b, shape (D,).
        log_var: log σ², a single number (shape ()).

    Raises:
        ValueError: If the shapes do not fit together, or a value is not finite.

    Source: eq-linear-model.
    """

    @takes(weight="D L", bias="D", log_var="")
    def __init__(self, weight: Tensor, bias: Tensor, log_var: Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight)
        self.bias = nn.Parameter(bias)
        self.log_var = nn.Parameter(log_var)

    def forward(self, z: Tensor) -> Gaussian:
        """Map latents (..., L) to a likelihood over data (..., D)."""
        return Gaussian(z @ self.weight.T + self.bias, self.log_var)
