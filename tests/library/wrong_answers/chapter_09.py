import math

import torch


def difference(x, mean, scale, half):
    return torch.sigmoid((x + half - mean) / scale) - torch.sigmoid((x - half - mean) / scale)


def density(x, mean, scale):
    t = (x - mean) / scale
    return -t - 2 * torch.nn.functional.softplus(-t) - torch.log(scale)


def safe(x, mean, scale, step):
    upper, lower = (x + step / 2 - mean) / scale, (x - step / 2 - mean) / scale
    return (
        upper
        - torch.nn.functional.softplus(upper)
        - torch.nn.functional.softplus(lower)
        + (torch.log(1 - torch.exp(lower - upper)))
    )


def summed(x, mean, step):
    return torch.log(sum((a - b) ** 2 + step**2 / 12 for a, b in zip(x, mean, strict=True)))


def cut_off(x, mean, step):
    return torch.log(torch.maximum(((x - mean) ** 2).mean(), torch.tensor(step**2 / 12)))


WRONG_ANSWERS = {
    "09-mass": {
        "logarithm -∞": lambda x, m, s, d: torch.log(difference(x, m, s, d / 2)),
        "This is the mass": lambda x, m, s, d: torch.exp(safe(x, m, s, d)),
        "Δ/2 to each side": lambda x, m, s, d: torch.log(difference(x, m, s, d)),
        "log density at": lambda x, m, s, d: density(x, m, s),
        "density times Δ": lambda x, m, s, d: density(x, m, s) + math.log(d),
    },
    "09-bits": {
        "nats per dimension": lambda n, d, step: -n / d - math.log(step),
        "masses only": lambda n, d, step: -n / (d * math.log(2)),
        "once for each": lambda n, d, step: -(n + math.log(step)) / d / math.log(2),
        "bits per picture": lambda n, d, step: -(n + d * math.log(step)) / math.log(2),
        "sign of log Δ": lambda n, d, step: -(n / d - math.log(step)) / math.log(2),
    },
    "09-floor": {
        "is missing": lambda x, m, d: torch.log(((x - m) ** 2).mean()),
        "its logarithm": lambda x, m, d: ((x - m) ** 2).mean() + d**2 / 12,
        "not Δ².": lambda x, m, d: torch.log(((x - m) ** 2).mean() + d**2),
        "not Δ²/4": lambda x, m, d: torch.log(((x - m) ** 2).mean() + (d / 2) ** 2),
        "you summed": summed,
        "cut off": cut_off,
    },
}
