import math

import torch


def bernoulli_with_probabilities(x, logits):
    pi = 1 / (1 + torch.exp(-logits))
    return (x * pi.log() + (1 - x) * (1 - pi).log()).sum(-1)


WRONG_ANSWERS = {
    "03-kl": {
        "½ is missing": lambda m, v: (m**2 + v.exp() - 1 - v).sum(-1),
        "sign is wrong": lambda m, v: 0.5 * (1 + v - m**2 - v.exp()).sum(-1),
        "averaged over the latent": lambda m, v: 0.5 * (m**2 + v.exp() - 1 - v).mean(-1),
        "reduced over the batch": lambda m, v: 0.5 * (m**2 + v.exp() - 1 - v).sum(-1).mean(),
        "summed over the batch": lambda m, v: 0.5 * torch.sum(m**2 + v.exp() - 1 - v),
        "did not sum": lambda m, v: 0.5 * (m**2 + v.exp() - 1 - v),
        "as if it were σ:": lambda m, v: 0.5 * (m**2 + v**2 - 1 - (v**2).log()).sum(-1),
        "as if it were σ²:": lambda m, v: 0.5 * (m**2 + v - 1 - v.log()).sum(-1),
        "as if it were log σ": lambda m, v: 0.5 * (m**2 + (2 * v).exp() - 1 - 2 * v).sum(-1),
        "mean is squared": lambda m, v: 0.5 * (m + v.exp() - 1 - v).sum(-1),
        "term -1": lambda m, v: 0.5 * (m**2 + v.exp() - v).sum(-1),
        "Your result has shape": lambda m, v: 0.5 * (m**2 + v.exp() - 1 - v).sum(0),
    },
    "03-bernoulli": {
        "work with the logits": bernoulli_with_probabilities,
        "F.softplus": lambda x, a: (x * a - (1 + a.exp()).log()).sum(-1),
        "never positive": lambda x, a: torch.nn.functional.binary_cross_entropy_with_logits(
            a, x, reduction="none"
        ).sum(-1),
        "averaged over the pixels": lambda x, a: (x * a - torch.nn.functional.softplus(a)).mean(-1),
        "reduced over the batch": lambda x, a: (
            (x * a - torch.nn.functional.softplus(a)).sum(-1).mean()
        ),
        "Only the white": lambda x, a: (x * torch.nn.functional.logsigmoid(a)).sum(-1),
        "added softplus": lambda x, a: (x * a + torch.nn.functional.softplus(a)).sum(-1),
    },
    "03-best-likelihood": {
        "sign is wrong": lambda s, d: d / 2 * (torch.log(2 * math.pi * s / d) + 1),
        "-D/2 is missing": lambda s, d: -d / 2 * torch.log(2 * math.pi * s / d),
        "S for σ²": lambda s, d: -d / 2 * torch.log(2 * math.pi * s) - s / (2 * s),
        "mean over the pixels": lambda s, d: -0.5 * torch.log(2 * math.pi * s / d) - 0.5,
        "½ is missing": lambda s, d: -d * torch.log(2 * math.pi * s / d) - d,
        "left out 2π": lambda s, d: -d / 2 * torch.log(s / d) - d / 2,
        "multiply its logarithm by D": lambda s, d: -0.5 * torch.log(2 * math.pi * s / d) - d / 2,
        "best variance: put": lambda s, d: s / d,
    },
}
