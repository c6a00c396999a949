"""A score refuses to be compared with one that was made in another way."""

import math

import pytest
import torch

from vae_lib.evaluation import Score


def test_scores_carry_their_protocol_and_refuse_to_be_mixed():
    one = Score(torch.tensor([-90.0, -100.0, -95.0]), 5000, "MNIST test", "fixed")
    other = Score(torch.tensor([-91.0, -102.0, -95.0]), 5000, "MNIST test", "fixed")
    assert str(one) == (
        "log p(x) ≥ -95.00 ± 2.89 nats per image "
        "(k = 5000, 3 images: MNIST test, binarisation: fixed)"
    )
    difference, error = one.minus(other)
    assert difference == pytest.approx(1.0) and error == pytest.approx(1 / math.sqrt(3))
    for k, data, mode in [
        (100, "MNIST test", "fixed"),
        (5000, "embedded", "fixed"),
        (5000, "MNIST test", "dynamic"),
    ]:
        with pytest.raises(ValueError, match="made in the same way"):
            one.minus(Score(other.values, k, data, mode))
    with pytest.raises(ValueError, match="made in the same way"):
        one.minus(Score(other.values[:2], 5000, "MNIST test", "fixed"))
