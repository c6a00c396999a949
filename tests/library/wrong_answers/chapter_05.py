import math

import torch

WRONG_ANSWERS = {
    "05-loss": {
        "sign is wrong": lambda ll, kl: (ll.sum(1) - kl.sum(1)).mean(),
        "averaged over the pixels": lambda ll, kl: (kl.sum(1) - ll.mean(1)).mean(),
        "averaged over pixels and latent": lambda ll, kl: -ll.mean() + kl.mean(),
        "averaged over the latent": lambda ll, kl: (kl.mean(1) - ll.sum(1)).mean(),
        "forgot the KL": lambda ll, kl: -ll.sum(1).mean(),
        "KL has the wrong sign": lambda ll, kl: -(ll.sum(1) + kl.sum(1)).mean(),
        "summed over the batch": lambda ll, kl: kl.sum() - ll.sum(),
        "did not average over the batch": lambda ll, kl: kl.sum(1) - ll.sum(1),
    },
    "05-standard-error": {
        "divide it by √N": lambda v: (v.mean(), v.std()),
        "not by N.": lambda v: (v.mean(), v.std() / len(v)),
        "N - 1": lambda v: (v.mean(), ((v - v.mean()) ** 2).mean().sqrt() / len(v) ** 0.5),
        "variance of the mean": lambda v: (v.mean(), v.var() / len(v)),
        "take its square root first": lambda v: (v.mean(), v.var() / math.sqrt(len(v))),
        "Return both numbers: ": lambda v: v.mean(),
        "the mean first": lambda v: v.std() / math.sqrt(len(v)),
        "order is wrong": lambda v: (v.std() / math.sqrt(len(v)), v.mean()),
        "report the mean": lambda v: (v.sum(), v.std() / math.sqrt(len(v))),
    },
    "05-independent-pixels": {
        "never positive": lambda f: -(f * f.log() + (1 - f) * (1 - f).log()).sum(),
        "Only the white": lambda f: (f * f.log()).sum(),
        "averaged over the pixels": lambda f: (f * f.log() + (1 - f) * (1 - f).log()).mean(),
        "did not sum": lambda f: f * f.log() + (1 - f) * (1 - f).log(),
        "bits": lambda f: (f * f.log2() + (1 - f) * (1 - f).log2()).sum(),
        "weighted by": lambda f: (f.log() + (1 - f).log()).sum(),
        "exchanged": lambda f: (f * torch.log(1 - f) + (1 - f) * torch.log(f)).sum(),
    },
}
