"""Latent-variable models: the generative model and the VAE."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn

from vae_lib.engine.arguments import takes
from vae_lib.engine.checks import InputError, require_data, require_fitting
from vae_lib.engine.door import Images, as_tensor
from vae_lib.engine.memory import require_room
from vae_lib.gaussian import DiagonalGaussian, LatentGaussian
from vae_lib.likelihoods import Bernoulli, Likelihood
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

    @takes()
    def __init__(self, decoder: Callable[[Tensor], Likelihood], latent_dim: int) -> None:
        super().__init__()
        if latent_dim < 1:
            raise InputError(f"latent_dim is {latent_dim}: a latent space needs at least 1.")
        require_room(8 * latent_dim, torch.device("cpu"), "a smaller latent_dim")
        self.decoder = decoder
        self.latent_dim = latent_dim
        self.register_buffer("zeros", torch.zeros(latent_dim), persistent=False)

    @property
    def device(self) -> torch.device:
        """Where the model is, and its data must be."""
        return self.zeros.device

    @property
    def prior(self) -> DiagonalGaussian:
        """p(z) = N(0, I) over latents (L,).

        Source: eq-prior.
        """
        return DiagonalGaussian.standard(self.zeros)

    def accept(self, x: Images) -> Tensor:
        """Let a reader's data in: as a tensor of the model's dtype, on its device.

        Raises:
            ValueError: If they are no numbers that stand for data, see ``engine.door``.
        """
        dtype = next(self.parameters(), self.zeros).dtype
        return as_tensor(x, dtype, self.device)

    @takes()
    def decode(self, z: Tensor) -> Likelihood:
        """p(x|z) for latents (..., L); NaN gives NaN.

        Raises:
            ValueError: If the last dimension is not L, or the dtype or device another one.
        """
        require_fitting("z", z, self.zeros.shape, "the latent space")
        return self.decoder(z)

    def encode(self, x: Images) -> LatentGaussian:
        """q(z|x) for data (..., D); a model without an encoder has none.

        Raises:
            ValueError: Always; ``VAE`` and ``LinearGaussian`` have one.
        """
        raise InputError(
            f"{type(self).__name__} has no encoder: pass q to the objective, or use a VAE."
        )

    @property
    def binary(self) -> bool:
        """Whether its pixels are 0 or 1, as a Bernoulli likelihood has them."""
        with torch.no_grad():
            return isinstance(self.decode(self.zeros[None]), Bernoulli)

    def log_joint(self, x: Images, z: Tensor) -> Tensor:
        """log p(x, z), in nats: the broadcast shape of x (..., D) and z (..., L) less its last.

        Source: eq-joint.
        """
        return self.prior.log_prob(z) + self.decode(z).log_prob(x)

    @takes()
    def sample(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        """Draw z from the prior, then x from p(x|z): data of shape (count, D).

        Raises:
            ValueError: If ``count`` is less than 1.

        Source: eq-joint.
        """
        if count < 1:
            raise InputError(f"count is {count}: draw at least 1 data point.")
        return self.decode(self.prior.rsample((count,), generator)).sample(generator)


@takes()
def count_weights(model: nn.Module) -> int:
    """Return how many numbers the model's parameters hold."""
    return sum(weight.numel() for weight in model.parameters())


class VAE(GenerativeModel):
    """A generative model with an encoder that proposes q(z|x).

    Args:
        encoder: Maps data (..., D) to a ``DiagonalGaussian`` over latents (..., L).
        decoder: Maps latents (..., L) to a likelihood over data (..., D).
        data_dim: D.
        latent_dim: L.

    Source: eq-amortised-posterior (Kingma & Welling 2014).
    """

    @takes()
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

    def encode(self, x: Images) -> DiagonalGaussian:
        """q(z|x) for data (..., D).

        Raises:
            ValueError: If ``x`` has the wrong shape, is empty, or holds NaN or infinite values.

        Source: eq-amortised-posterior.
        """
        x = self.accept(x)
        require_data(x, self.data_dim)
        return self.encoder(x)


@takes()
def mlp_vae(
    data_dim: int = 784,
    latent_dim: int = 20,
    hidden: Sequence[int] = (400,),
    likelihood: Literal["bernoulli", "gaussian"] = "bernoulli",
    allow_grey: bool = False,
    activation: Literal["relu", "tanh"] = "relu",
) -> VAE:
    """Build a VAE from two multilayer perceptrons, the decoder mirroring the encoder.

    Args:
        data_dim: D.
        latent_dim: L.
        hidden: Sizes of the encoder's hidden layers; without one both networks are linear.
        likelihood: ``"bernoulli"`` (pixels 0 or 1) or ``"gaussian"`` (one learned σ²).
        allow_grey: Let a Bernoulli likelihood accept pixels strictly between 0 and 1.
        activation: ``"relu"`` or ``"tanh"``, after each hidden layer.

    Raises:
        ValueError: If a size is less than 1, or ``likelihood`` or ``activation`` is unknown.
    """
    config = locals().copy()
    if latent_dim < 1:
        raise InputError(f"latent_dim is {latent_dim}: a latent space needs at least 1.")
    after = ACTIVATIONS[activation]
    encoder = GaussianEncoder(data_dim, hidden, latent_dim, after)
    mirrored = tuple(reversed(hidden))
    decoder: nn.Module
    if likelihood == "bernoulli":
        decoder = BernoulliDecoder(latent_dim, mirrored, data_dim, allow_grey, after)
    else:
        decoder = GaussianDecoder(latent_dim, mirrored, data_dim, after)
    model = VAE(encoder, decoder, data_dim, latent_dim)
    model.config = config | {"hidden": list(hidden)}
    return model
