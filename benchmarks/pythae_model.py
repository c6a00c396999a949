"""The same VAE as pythae's users build it."""

import torch
from pythae.models import VAE, VAEConfig
from pythae.models.base.base_utils import ModelOutput
from pythae.models.nn import BaseDecoder, BaseEncoder
from torch import Tensor

from benchmarks.contestants import Net


class PythaeEncoder(BaseEncoder):
    """The encoder's half of ``Net`` behind pythae's interface."""

    def __init__(self, net: Net) -> None:
        BaseEncoder.__init__(self)
        self.hidden, self.mean, self.log_var = net.hidden, net.mean, net.log_var

    def forward(self, x: Tensor) -> ModelOutput:
        """Images (B, 1, 28, 28) to the posterior's mean and log variance."""
        features = torch.relu(self.hidden(x.reshape(-1, 784)))
        return ModelOutput(embedding=self.mean(features), log_covariance=self.log_var(features))


class PythaeDecoder(BaseDecoder):
    """The decoder's half of ``Net`` behind pythae's interface."""

    def __init__(self, net: Net) -> None:
        BaseDecoder.__init__(self)
        self.widen, self.logits = net.widen, net.logits

    def forward(self, z: Tensor) -> ModelOutput:
        """Latents (B, 20) to probabilities (B, 1, 28, 28)."""
        probabilities = torch.sigmoid(self.logits(torch.relu(self.widen(z))))
        return ModelOutput(reconstruction=probabilities.reshape(-1, 1, 28, 28))


def pythae_vae(net: Net) -> VAE:
    """Return pythae's VAE with the layers of ``net``."""
    config = VAEConfig(input_dim=(1, 28, 28), latent_dim=20, reconstruction_loss="bce")
    return VAE(config, encoder=PythaeEncoder(net), decoder=PythaeDecoder(net))
