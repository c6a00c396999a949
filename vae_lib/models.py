"""Latent-variable models: the generative model, the VAE, and a linear one solved exactly."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from vae_lib.checks import require_data
from vae_lib.gaussian import DiagonalGaussian, FullGaussian, Gaussian
from vae_lib.likelihoods import Gaussian as GaussianLikelihood
from vae_lib.likelihoods import Likelihood
from vae_lib.networks import BernoulliDecoder, GaussianDecoder, GaussianEncoder

ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "tanh": nn.Tanh}


class GenerativeModel(nn.Module):
    """p(x, z) = p(z) p(x|z), with the prior p(z) = N(0, I).

    Args:
        decoder: Maps z (..., L) to a likelihood over x (..., D): a module or any function.
        latent_dim: L.

    Attributes:
        config: The arguments of ``mlp_vae`` that build this architecture again, or None.

    Raises:
        ValueError: If ``latent_dim`` is less than 1.

    Source: eq-joint, eq-prior.
    """

    zeros: Tensor
    config: dict[str, Any] | None = None

    def __init__(self, decoder: Callable[[Tensor], Likelihood], latent_dim: int) -> None:
        super().__init__()
        if latent_dim < 1:
            raise ValueError(f"latent_dim is {latent_dim}: a latent space needs at least 1.")
        self.decoder = decoder
        self.latent_dim = latent_dim
        self.register_buffer("zeros", torch.zeros(latent_dim), persistent=False)

    @property
    def prior(self) -> DiagonalGaussian:
        """p(z) = N(0, I) over latents (L,).

        Source: eq-prior.
        """
        return DiagonalGaussian(self.zeros, self.zeros)

    def decode(self, z: Tensor) -> Likelihood:
        """p(x|z) for latents (..., L)."""
        return self.decoder(z)

    def encode(self, x: Tensor) -> Gaussian:
        """q(z|x) for data (..., D); a model without an encoder has none.

        Raises:
            NotImplementedError: Always; ``VAE`` and ``LinearGaussian`` have one.
        """
        raise NotImplementedError(
            f"{type(self).__name__} has no encoder: pass q to the objective, or use a VAE."
        )

    def log_joint(self, x: Tensor, z: Tensor) -> Tensor:
        """log p(x, z), in nats: the broadcast shape of x (..., D) and z (..., L) less its last.

        Source: eq-joint.
        """
        return self.prior.log_prob(z) + self.decode(z).log_prob(x)

    def sample(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        """Draw z from the prior, then x from p(x|z): data of shape (count, D). Source: eq-joint."""
        return self.decode(self.prior.rsample((count,), generator)).sample(generator)


class VAE(GenerativeModel):
    """A generative model with an encoder that proposes q(z|x).

    Args:
        encoder: Maps data (..., D) to a ``DiagonalGaussian`` over latents (..., L).
        decoder: Maps latents (..., L) to a likelihood over data (..., D).
        data_dim: D.
        latent_dim: L.

    Source: eq-amortised-posterior (Kingma & Welling 2014).
    """

    def __init__(
        self,
        encoder: Callable[[Tensor], DiagonalGaussian],
        decoder: Callable[[Tensor], Likelihood],
        data_dim: int,
        latent_dim: int,
    ) -> None:
        super().__init__(decoder, latent_dim)
        self.encoder = encoder
        self.data_dim = data_dim

    def encode(self, x: Tensor) -> DiagonalGaussian:
        """q(z|x) for data (..., D).

        Raises:
            ValueError: If ``x`` has the wrong shape, is empty, or holds NaN or infinite values.

        Source: eq-amortised-posterior.
        """
        require_data(x, self.data_dim)
        return self.encoder(x)


def mlp_vae(
    data_dim: int = 784,
    latent_dim: int = 20,
    hidden: Sequence[int] = (400,),
    likelihood: str = "bernoulli",
    allow_grey: bool = False,
    activation: str = "relu",
) -> VAE:
    """Build a VAE from two multilayer perceptrons, the decoder mirroring the encoder.

    Args:
        data_dim: D.
        latent_dim: L.
        hidden: Sizes of the encoder's hidden layers.
        likelihood: ``"bernoulli"`` (pixels 0 or 1) or ``"gaussian"`` (one learned σ²).
        allow_grey: Let a Bernoulli likelihood accept pixels strictly between 0 and 1.
        activation: ``"relu"`` or ``"tanh"``, after each hidden layer.

    Raises:
        ValueError: If a size is less than 1, or ``likelihood`` or ``activation`` is unknown.
    """
    config = locals().copy()
    if latent_dim < 1:
        raise ValueError(f"latent_dim is {latent_dim}: a latent space needs at least 1.")
    if activation not in ACTIVATIONS:
        raise ValueError(f"activation is {activation!r}: choose one of {list(ACTIVATIONS)}.")
    after = ACTIVATIONS[activation]
    encoder = GaussianEncoder(data_dim, hidden, latent_dim, after)
    mirrored = tuple(reversed(hidden))
    decoder: nn.Module
    if likelihood == "bernoulli":
        decoder = BernoulliDecoder(latent_dim, mirrored, data_dim, allow_grey, after)
    elif likelihood == "gaussian":
        decoder = GaussianDecoder(latent_dim, mirrored, data_dim, after)
    else:
        raise ValueError(f"likelihood is {likelihood!r}: choose 'bernoulli' or 'gaussian'.")
    model = VAE(encoder, decoder, data_dim, latent_dim)
    model.config = config | {"hidden": list(hidden)}
    return model


class LinearGaussian(GenerativeModel):
    """x = W z + b + σ ε: the one latent-variable model here whose every quantity is exact.

    Args:
        weight: W, shape (D, L).
        bias: b, shape (D,).
        log_var: log σ² of the noise, a single number (shape ()).

    Raises:
        ValueError: If the shapes do not fit together.

    Source: eq-linear-model (probabilistic PCA, Tipping & Bishop 1999).
    """

    def __init__(self, weight: Tensor, bias: Tensor, log_var: Tensor) -> None:
        if weight.dim() != 2 or bias.shape != weight.shape[:1] or log_var.dim() != 0:
            raise ValueError(
                f"weight {tuple(weight.shape)}, bias {tuple(bias.shape)} and log_var "
                f"{tuple(log_var.shape)} do not fit: they must be (D, L), (D,) and ()."
            )
        super().__init__(self._likelihood, weight.shape[1])
        self.to(weight.dtype)
        self.weight = nn.Parameter(weight)
        self.bias = nn.Parameter(bias)
        self.log_var = nn.Parameter(log_var)

    @classmethod
    def maximum_likelihood(cls, x: Tensor, latent_dim: int) -> "LinearGaussian":
        """The linear model under which the data are most probable, in closed form.

        Args:
            x: Data, shape (N, D).
            latent_dim: L, less than D.

        Raises:
            ValueError: If L is not between 1 and D - 1.

        Source: eq-ppca-maximum (Tipping & Bishop 1999, section 3.2); the slope in W, by
        eq-log-det-derivative, is zero there.
        """
        data_dim = x.shape[1]
        if not 1 <= latent_dim < data_dim:
            raise ValueError(f"latent_dim is {latent_dim}: choose 1 to {data_dim - 1}.")
        values, vectors = torch.linalg.eigh(torch.cov(x.T, correction=0))  # ascending
        noise = values[: data_dim - latent_dim].mean()
        scale = torch.sqrt(values[data_dim - latent_dim :] - noise)
        weight = vectors[:, data_dim - latent_dim :] * scale
        return cls(weight, x.mean(0), noise.log())

    def _likelihood(self, z: Tensor) -> GaussianLikelihood:
        return GaussianLikelihood(z @ self.weight.T + self.bias, self.log_var)

    def encode(self, x: Tensor) -> FullGaussian:
        """The exact posterior p(z|x) for data (..., D).

        Raises:
            ValueError: If ``x`` has the wrong shape, is empty, or holds NaN or infinite values.

        Source: eq-bayes, eq-linear-posterior, by eq-complete-square.
        """
        require_data(x, self.weight.shape[0])
        identity = torch.eye(self.latent_dim, dtype=self.weight.dtype, device=self.weight.device)
        precision = identity + self.weight.T @ self.weight * torch.exp(-self.log_var)
        covariance = torch.linalg.inv(precision)
        mean = (x - self.bias) @ self.weight @ covariance * torch.exp(-self.log_var)
        return FullGaussian(mean, torch.linalg.cholesky(covariance))

    def log_evidence(self, x: Tensor) -> Tensor:
        """The exact log p(x) of data (..., D): shape (...), in nats.

        Raises:
            ValueError: If ``x`` has the wrong shape, is empty, or holds NaN or infinite values.

        Source: eq-linear-evidence, an instance of eq-gaussian-marginal.
        """
        require_data(x, self.weight.shape[0])
        noise = torch.diag(self.log_var.exp().expand(self.weight.shape[0]))
        scale_tril = torch.linalg.cholesky(self.weight @ self.weight.T + noise)
        return FullGaussian(self.bias, scale_tril).log_prob(x)
