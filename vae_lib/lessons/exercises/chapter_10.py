"""The exercises of chapter 10, labels, gaps and outliers."""

import torch
from torch import Tensor

from vae_lib.lessons.exercises.grading import Exercise

BOUNDS = torch.tensor(
    [[-21.0, -23.5, -30.2], [-18.4, -18.9, -17.7], [-40.1, -25.3, -26.0], [-22.2, -22.2, -22.2]]
)
LABEL_Q = torch.tensor([[0.9, 0.1, 0.0], [0.2, 0.3, 0.5], [0.0, 0.6, 0.4], [0.5, 0.25, 0.25]])
ROW = torch.tensor([1.2, 0.0, -0.7, 0.0, 2.1])
SEEN = torch.tensor([1.0, 0.0, 1.0, 0.0, 1.0])
MEAN = torch.tensor([0.5, 1.0, -1.0, 0.3, 1.5])
_FACTOR = torch.tensor([[1.0, 0.2], [0.8, -0.5], [-0.3, 0.9], [0.5, 0.5], [0.1, 1.1]])
COVARIANCE = _FACTOR @ _FACTOR.T + torch.diag(torch.tensor([0.3, 0.4, 0.5, 0.2, 0.6]))
STRANGE = torch.tensor([2.0, 5.0, 3.0, 1.0, 4.0, 4.0, 0.0, 6.0])
USUAL = torch.tensor([1.0, 0.0, 2.0, 1.5, 3.0, 0.5, 2.0, -1.0, 4.0, 0.2])


def _label_bound(bounds: Tensor, q: Tensor) -> Tensor:
    return (q * bounds + torch.special.entr(q)).sum(1)


def _fill(x: Tensor, seen: Tensor, b: Tensor, covariance: Tensor) -> Tensor:
    o, m = seen == 1, seen == 0
    filled = x.clone()
    gain = torch.linalg.solve(covariance[o][:, o], x[o] - b[o])
    filled[m] = b[m] + covariance[m][:, o] @ gain
    return filled


def _fill_by(x: Tensor, seen: Tensor, value: Tensor) -> Tensor:
    return seen * x + (1 - seen) * value


def _pairs(outliers: Tensor, usual: Tensor) -> Tensor:
    pairs = outliers[:, None] - usual
    return (pairs > 0) + 0.5 * (pairs == 0)


def _area(outliers: Tensor, usual: Tensor) -> tuple[Tensor, Tensor]:
    return _summary(_pairs(outliers, usual))


def _summary(v: Tensor) -> tuple[Tensor, Tensor]:
    h, g = v.mean(1), v.mean(0)
    return v.mean(), (h.var() / len(h) + g.var() / len(g)).sqrt()


def _as_if_independent(v: Tensor) -> tuple[Tensor, Tensor]:
    return v.mean(), v.std() / v.numel() ** 0.5


EXERCISES = {
    "10-label": Exercise(
        arguments=(BOUNDS, LABEL_Q),
        reference=_label_bound,
        mistakes={
            "Your values are NaN where a q(y|x) is 0: q log q is 0 there, see "
            "torch.special.entr.": lambda b, q: (q * (b - q.log())).sum(1),
            "The entropy of q(y|x) is missing: subtract log q(y|x) inside the sum.": (
                lambda b, q: (q * b).sum(1)
            ),
            "The sign of the entropy is wrong: it raises the bound.": lambda b, q: (
                (q * b - torch.special.entr(q)).sum(1)
            ),
            "That is the bound with the best q(y|x): use the one that is given.": (
                lambda b, q: b.logsumexp(1)
            ),
            "You summed over the pictures: the labels stand along the second dimension.": (
                lambda b, q: (q * b + torch.special.entr(q)).sum(0)
            ),
        },
    ),
    "10-fill": Exercise(
        arguments=(ROW, SEEN, MEAN, COVARIANCE),
        reference=_fill,
        mistakes={
            "You filled in the mean and left out what the observed entries tell.": (
                lambda x, s, b, c: _fill_by(x, s, b)
            ),
            "You forgot to subtract the mean from the observed entries.": lambda x, s, b, c: (
                _fill_by(x, s, _fill(x + s * b, s, b, c))
            ),
            "You forgot to add the mean of the missing entries.": lambda x, s, b, c: (
                _fill_by(x, s, _fill(x, s, b, c) - b)
            ),
            "You did not divide by the covariance of the observed entries.": lambda x, s, b, c: (
                _fill_by(x, s, b + c @ (s * (x - b)))
            ),
            "You returned the gaps alone: return the whole row.": lambda x, s, b, c: _fill(
                x, s, b, c
            )[s == 0],
        },
    ),
    "10-auc": Exercise(
        arguments=(STRANGE, USUAL),
        reference=_area,
        mistakes={
            "A tie counts as half.": lambda o, u: _summary((o[:, None] > u).to(o)),
            "Your area is the chance that a usual point scores higher: turn it round.": (
                lambda o, u: _summary(_pairs(u, o))
            ),
            "You took the pairs for independent, and your error is too small: average over one "
            "index first.": lambda o, u: _as_if_independent(_pairs(o, u)),
            "That is the variance: its square root is asked for.": lambda o, u: (
                _area(o, u)[0], _area(o, u)[1] ** 2
            ),
        },
    ),
}  # fmt: skip
