import torch

WRONG_ANSWERS = {
    "06-bound": {
        "averaged the logarithms": lambda w: w.mean(0),
        "subtract log k": lambda w: torch.logsumexp(w, 0),
        "over the images": lambda w: w.exp().mean(1).log(),
        "each image has its own": lambda w: (
            torch.logsumexp(w, 0) - torch.tensor(4.0).log()
        ).mean(),
        "formed the weights": lambda w: w.exp().mean(0).log(),
    },
    "06-active": {
        "standard deviation": lambda m: (m.std(0) > 0.01).sum(),
        "constant mean": lambda m: ((m * m).mean(0) > 0.01).sum(),
        "not active": lambda m: (m.var(0) <= 0.01).sum(),
        "counted data points": lambda m: (m.var(1) > 0.01).sum(),
    },
    "06-unit-kl": {
        "½": lambda v, s: torch.log(v / s).clamp(min=0),
        "below the noise": lambda v, s: (v / s).log() / 2,
        "sign": lambda v, s: (s / v).log().clamp(max=0) / 2,
        "variance of the posterior mean": lambda v, s: (1 - s / v).clamp(min=0),
    },
}
