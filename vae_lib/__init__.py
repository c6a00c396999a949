"""The code behind the VAE book: one concept a file, every formula tested.

Import from the modules, one way: ``from vae_lib.objectives import elbo``.
Logarithms are natural; every ELBO, KL divergence and log-likelihood is in nats per image.
"""

__version__ = "0.1.0"
