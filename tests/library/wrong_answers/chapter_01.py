import math

import torch


def rho_with_one_variance(sigma):
    density = 1 / torch.sqrt(2 * math.pi * (1 + sigma**2))
    return density / (2 * sigma * math.sqrt(math.pi) * density**2)


def rho_without_square(sigma):
    top = 1 / torch.sqrt(2 * math.pi * (1 + sigma**2 / 2))
    bottom = 1 / torch.sqrt(2 * math.pi * (1 + sigma**2))
    return top / (2 * sigma * math.sqrt(math.pi) * bottom)


def rho_without_rescaling(sigma):
    top = (2 * math.pi * (1 + sigma**2 / 2)) ** -0.5
    bottom = (2 * math.pi * (1 + sigma**2)) ** -0.5
    return top / bottom**2


def evidence_of_density(x, w, b, sigma):
    variance = w**2 + sigma**2
    return torch.exp(-((x - b) ** 2) / (2 * variance)) / torch.sqrt(2 * math.pi * variance)


def evidence_with_sigma(x, w, b, sigma):
    variance = w**2 + sigma
    return -0.5 * (torch.log(2 * math.pi * variance) + (x - b) ** 2 / variance)


def evidence_with_added_deviations(x, w, b, sigma):
    return torch.distributions.Normal(b, w + sigma).log_prob(x)


def evidence_without_half(x, w, b, sigma):
    variance = w**2 + sigma**2
    return -torch.log(2 * math.pi * variance) - (x - b) ** 2 / variance


WRONG_ANSWERS = {
    "01-rho": {
        "halves σ²": rho_with_one_variance,
        "denominator is squared": rho_without_square,
        "of step 3 is missing": rho_without_rescaling,
        "ρ(0)²": lambda sigma: (1 + sigma**2) ** 2 / (sigma**2 * (2 + sigma**2)),
        "σ → 0": lambda sigma: 1 / (sigma * 2**0.5),
        "σ where σ² stands": lambda sigma: (1 + sigma) / torch.sqrt(sigma * (2 + sigma)),
        "sign": lambda sigma: -(1 + sigma**2) / (sigma * torch.sqrt(2 + sigma**2)),
    },
    "01-log-mean": {
        "forgot the average 1/K": lambda v: v.logsumexp(dim=0),
        "averaged the logarithms": lambda v: v.mean(dim=0),
        "torch.logsumexp": lambda v: v.exp().mean(dim=0).log(),
        "forgot the logarithm": lambda v: v.exp().mean(dim=0),
        "over the data points": lambda v: v.logsumexp(dim=1) - math.log(3),
        "over all entries": lambda v: v.logsumexp(dim=(0, 1)) - math.log(12),
    },
    "01-linear-evidence": {
        "forgot the logarithm": evidence_of_density,
        "σ for σ²": evidence_with_sigma,
        "standard deviations do not": evidence_with_added_deviations,
        "½ is missing": evidence_without_half,
        "variance of w z is missing": lambda x, w, b, sigma: torch.distributions.Normal(
            b, sigma
        ).log_prob(x),
        "w for w²": lambda x, w, b, sigma: torch.distributions.Normal(
            b, torch.sqrt(w + sigma**2)
        ).log_prob(x),
        "mean is b": lambda x, w, b, sigma: torch.distributions.Normal(
            0.0, torch.sqrt(w**2 + sigma**2)
        ).log_prob(x),
        "normalising term": lambda x, w, b, sigma: -((x - b) ** 2) / (2 * (w**2 + sigma**2)),
        "sign": lambda x, w, b, sigma: (
            -torch.distributions.Normal(b, torch.sqrt(w**2 + sigma**2)).log_prob(x)
        ),
    },
}
