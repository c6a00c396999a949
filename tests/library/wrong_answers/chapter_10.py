import torch

WRONG_ANSWERS = {
    "10-label": {
        "NaN where": lambda b, q: (q * b - q * q.log()).sum(1),
        "entropy of q(y|x) is missing": lambda b, q: (b * q).sum(-1),
        "sign of the entropy": lambda b, q: (q * b + torch.xlogy(q, q)).sum(1),
        "best q(y|x)": lambda b, q: b.exp().sum(1).log(),
        "over the pictures": lambda b, q: (q * b - torch.xlogy(q, q)).sum(0),
    },
    "10-fill": {
        "left out what the observed": lambda x, s, b, c: torch.where(s > 0, x, b),
        "add the mean of the missing": lambda x, s, b, c: torch.where(
            s > 0,
            x,
            c[:, s > 0] @ torch.linalg.inv(c[s > 0][:, s > 0]) @ (x - b)[s > 0],
        ),
        "subtract the mean": lambda x, s, b, c: torch.where(
            s > 0, x, b + c[:, s > 0] @ torch.linalg.inv(c[s > 0][:, s > 0]) @ x[s > 0]
        ),
        "did not divide": lambda x, s, b, c: torch.where(s > 0, x, b + c @ (s * (x - b))),
    },
    "10-auc": {
        "A tie": lambda o, u: _told((o[:, None] > u).to(o)),
        "turn it round": lambda o, u: _told((u[:, None] > o) + 0.5 * (u[:, None] == o)),
        "independent": lambda o, u: (
            _told(_wins(o, u))[0],
            (_wins(o, u).var() / _wins(o, u).numel()).sqrt(),
        ),
        "variance": lambda o, u: (_told(_wins(o, u))[0], _told(_wins(o, u))[1].square()),
    },
}


def _wins(o, u):
    return (o[:, None] > u) + 0.5 * (o[:, None] == u)


def _told(v):
    return v.mean(), (v.mean(1).var() / v.shape[0] + v.mean(0).var() / v.shape[1]).sqrt()
