"""The helper that compares with an oracle, and the report that it leaves for the index."""

import agreement
import pytest
import torch
from agreement import agree, agree_in_standard_errors, reached


@pytest.fixture(autouse=True)
def _nothing_recorded():
    agreement.recorded.clear()


def test_the_widest_difference_is_kept():
    agree(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.25]), atol=0.5)
    agree(3.0, 3.125, rtol=0.1)
    assert reached("eq-a", "SciPy").difference == 0.25
    assert reached("eq-a", "Monte Carlo") is None


def test_monte_carlo_counts_standard_errors():
    agree_in_standard_errors([1.0, 5.0], [1.5, 5.0], 0.25)
    assert reached("eq-a", "Monte Carlo") == (None, 2.0, 0.25, 4.0)
    assert reached("eq-a", "SciPy") is None


def test_a_comparison_may_be_of_one_equation_only():
    agree(1.0, 1.5, atol=1, of="eq-a")
    assert reached("eq-a", "SciPy").difference == 0.5
    assert reached("eq-b", "SciPy") is None


@pytest.mark.parametrize(
    ("compare", "message"),
    [
        (lambda: agree(1.0, 1.1, atol=0.05), "differs from the oracle's 1.1 by 1.0e-01, allowed"),
        (lambda: agree([1.0, 9.0], [1.0, 2.0], rtol=0.5), r"at \(1,\); 1 of 2 are too far off"),
        (lambda: agree(float("nan"), 1.0, atol=1), "nan differs"),
        (lambda: agree([1.0], 1.0), r"shape is \(1,\), and the oracle's is \(\)"),
        (lambda: agree([], []), "nothing is compared"),
        (lambda: agree(torch.ones(1), torch.ones(1).float()), "float64 is compared with"),
        (lambda: agree_in_standard_errors(1.0, 2.0, 0.25), "allowed 1.0e"),
        (lambda: agree_in_standard_errors(1.0, 1.0, 0.0), "error is not positive"),
    ],
)
def test_what_does_not_agree_is_refused(compare, message):
    with pytest.raises(AssertionError, match=message):
        compare()
