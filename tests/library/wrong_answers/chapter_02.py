import math

import torch

WRONG_ANSWERS = {
    "02-elbo": {
        "sign is wrong": lambda log_joint, log_q: (log_q - log_joint).mean(0),
        "forgot q": lambda log_joint, log_q: log_joint.mean(0),
        "added log q": lambda log_joint, log_q: (log_joint + log_q).mean(0),
        "forgot the average 1/K": lambda log_joint, log_q: (log_joint - log_q).sum(0),
        "averages logarithms": lambda log_joint, log_q: (log_joint - log_q).exp().mean(0).log(),
        "over the batch": lambda log_joint, log_q: (log_joint - log_q).mean(),
        "over the data points": lambda log_joint, log_q: (log_joint - log_q).mean(-1),
        "once more": lambda log_joint, log_q: (log_q.exp() * (log_joint - log_q)).sum(0),
    },
    "02-best-diagonal": {
        "best diagonal q is narrower": lambda precision: torch.linalg.inv(precision).diag(),
        "These are precisions": lambda precision: precision.diag(),
        "standard deviations": lambda precision: 1 / precision.diag().sqrt(),
        "log variances": lambda precision: torch.log(1 / precision.diag()),
        "both terms carry the ½": lambda precision: 1 / (2 * precision.diag()),
        "whole covariance": lambda precision: torch.linalg.inv(precision),
    },
    "02-gap-prior": {
        "½ is missing": lambda m, lam: lam * (1 + m**2) - 1 - torch.log(lam),
        "never negative": lambda m, lam: 0.5 * (1 + torch.log(lam) - lam * (1 + m**2)),
        "expectation is under q": lambda m, lam: 0.5 * (1 / lam + m**2 - 1 + torch.log(lam)),
        "multiply m² by λ": lambda m, lam: 0.5 * (lam + m**2 - 1 - torch.log(lam)),
        "wrong sign": lambda m, lam: 0.5 * (lam * (1 + m**2) - 1 + torch.log(lam)),
        "it is the precision": lambda m, lam: 0.5 * ((1 + m**2) / lam - 1 + torch.log(lam)),
        "term -1": lambda m, lam: 0.5 * (lam * (1 + m**2) - torch.log(lam)),
        "A constant is wrong": lambda m, lam: (
            0.5 * (lam * (1 + m**2) - 1 - torch.log(lam)) + math.log(2 * math.pi)
        ),
    },
}
