"""The code behind the VAE book: one concept a file, every formula tested.

What a first program needs is offered here; everything else is imported from its module, such as
``from vae_lib.gaussian import DiagonalGaussian``. The mathematics stands in front; ``lessons`` is
what only the book needs, ``engine`` what makes the rest fast and safe, ``cli`` the command line.

Logarithms are natural; every ELBO, KL divergence and log-likelihood is in nats per image.
"""

import sys

from vae_lib.engine.stopping import end_quietly_while_loading

# Python marks by "-m" alone that it is loading a package for `-m`; that of another is its own.
if sys.argv[:1] == ["-m"] and "-m vae_lib" in " ".join(sys.orig_argv[1:]):
    end_quietly_while_loading()

from vae_lib.checkpoints import load_model, load_pretrained
from vae_lib.convolutional import conv_vae
from vae_lib.data import binarise, load_mnist
from vae_lib.evaluation import log_likelihood
from vae_lib.images import load_images
from vae_lib.keeping import Keep
from vae_lib.models import VAE, mlp_vae
from vae_lib.objectives import elbo, importance_weighted_bound
from vae_lib.table_models import table_vae
from vae_lib.tables import load_table
from vae_lib.training import fit, plain_fit

__version__ = "0.1.0"
__all__ = [
    "VAE",
    "Keep",
    "binarise",
    "conv_vae",
    "elbo",
    "fit",
    "importance_weighted_bound",
    "load_images",
    "load_mnist",
    "load_model",
    "load_pretrained",
    "load_table",
    "log_likelihood",
    "mlp_vae",
    "plain_fit",
    "table_vae",
]
