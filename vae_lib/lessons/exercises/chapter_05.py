"""The exercises of chapter 5, training on handwritten digits."""

import math

import torch
from torch import Tensor

from vae_lib.lessons.exercises.grading import Exercise
from vae_lib.objectives import ELBO

# Per pixel and per latent coordinate, for B = 3 images, D = 4 and L = 2.
PIXEL_TERMS = torch.tensor([[-0.3, -1.2, -0.1, -2.0], [-0.7, -0.2, -0.9, -0.4], [-1.5, -3, -1, -1]])
KL_TERMS = torch.tensor([[0.8, 1.9], [2.2, 0.1], [0.5, 3.0]])
BOUNDS = torch.tensor([-101.5, -87.0, -120.25, -95.5, -110.0, -99.75])
WHITE = torch.tensor([0.05, 0.5, 0.8, 0.3, 0.99])


def _loss(pixel_terms: Tensor, kl_terms: Tensor) -> Tensor:
    return ELBO(pixel_terms.sum(-1), kl_terms.sum(-1)).loss


def _mean_and_error(bounds: Tensor) -> tuple[Tensor, Tensor]:
    return bounds.mean(), bounds.std() / math.sqrt(len(bounds))


def _independent(white: Tensor) -> Tensor:
    return -torch.distributions.Bernoulli(white).entropy().sum()


EXERCISES = {
    "05-loss": Exercise(
        arguments=(PIXEL_TERMS, KL_TERMS),
        reference=_loss,
        mistakes={
            "The sign is wrong: this is the bound, and the loss is its negative.": lambda p, k: (
                -_loss(p, k)
            ),
            "You averaged over the pixels: their log-likelihoods are summed.": lambda p, k: (
                -(p.mean(-1) - k.sum(-1)).mean()
            ),
            "You averaged over pixels and latent coordinates: both are summed.": lambda p, k: (
                k.mean() - p.mean()
            ),
            "You averaged over the latent coordinates: their divergences are summed.": (
                lambda p, k: -(p.sum(-1) - k.mean(-1)).mean()
            ),
            "You forgot the KL.": lambda p, k: -p.sum(-1).mean(),
            "The KL has the wrong sign: it is added to the loss.": lambda p, k: (
                -(p.sum(-1) + k.sum(-1)).mean()
            ),
            "You summed over the batch: the loss is the mean over images.": lambda p, k: (
                _loss(p, k) * len(p)
            ),
            "You did not average over the batch: the loss is one number.": lambda p, k: (
                k.sum(-1) - p.sum(-1)
            ),
        },
    ),
    "05-standard-error": Exercise(
        arguments=(BOUNDS,),
        reference=_mean_and_error,
        mistakes={
            "The second number is the standard deviation of one image: divide it by √N.": (
                lambda v: (v.mean(), v.std())
            ),
            "Divide the standard deviation by √N, not by N.": lambda v: (
                v.mean(),
                v.std() / len(v),
            ),
            "The variance estimate divides by N - 1, not by N.": lambda v: (
                v.mean(),
                v.std(correction=0) / math.sqrt(len(v)),
            ),
            "This is the variance of the mean: take its square root.": lambda v: (
                v.mean(),
                v.var() / len(v),
            ),
            "You divided the variance by √N: take its square root first.": lambda v: (
                v.mean(),
                v.var() / math.sqrt(len(v)),
            ),
            "Return both numbers: the mean and its standard error.": lambda v: v.mean(),
            "Return both numbers, the mean first.": lambda v: v.std() / math.sqrt(len(v)),
            "The order is wrong: the mean comes first.": lambda v: _mean_and_error(v)[::-1],
            "The sum over images grows with N: report the mean.": lambda v: (
                v.sum(),
                v.std() / math.sqrt(len(v)),
            ),
        },
    ),
    "05-independent-pixels": Exercise(
        arguments=(WHITE,),
        reference=_independent,
        mistakes={
            "The sign is wrong: a log-probability is never positive.": lambda f: -_independent(f),
            "Only the white images are counted: the fraction 1 - f has that pixel black.": (
                lambda f: (f * torch.log(f)).sum()
            ),
            "You averaged over the pixels: they are summed.": lambda f: _independent(f) / len(f),
            "You did not sum over the pixels: an image has one log-likelihood.": lambda f: (
                f * torch.log(f) + (1 - f) * torch.log(1 - f)
            ),
            "The logarithm is natural: this is in bits.": lambda f: _independent(f) / math.log(2),
            "Each logarithm is weighted by the fraction of images in which that value occurs.": (
                lambda f: (torch.log(f) + torch.log(1 - f)).sum()
            ),
            "The two logarithms are exchanged: white pixels have probability f.": lambda f: (
                f * torch.log(1 - f) + (1 - f) * torch.log(f)
            ).sum(),
        },
    ),
}
