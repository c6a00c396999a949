"""Masses, mixtures, dequantisation, bits and the variance floor, against SciPy and quadrature."""

import math

import numpy as np
import pytest
import scipy.integrate
import scipy.stats
import torch
from agreement import agree, agree_in_standard_errors

from vae_lib.discretised import (
    DiscretisedLogistic,
    bits_per_dimension,
    dequantise,
    log_var_above,
)
from vae_lib.engine.checks import InputError

LEVELS = torch.arange(256, dtype=torch.float64) / 255


def masses(mean, log_scale, levels=256):
    grid = torch.arange(levels)[:, None] / (levels - 1)
    one = DiscretisedLogistic(torch.tensor([mean]), torch.tensor([log_scale]), levels)
    return one.log_prob(grid)


@pytest.mark.equation("eq-discretised-logistic", oracle="SciPy")
@pytest.mark.parametrize("mean", [-3.0, 0.0, 0.3, 0.501, 1.0, 8.0])
@pytest.mark.parametrize("log_scale", [-40.0, -9.0, -4.0, -1.0, 3.0, 20.0])
def test_the_256_masses_sum_to_one(mean, log_scale):
    """Rounding of 256 terms: below 1e-12."""
    agree(masses(mean, log_scale).exp().sum(), 1.0, atol=1e-12)


@pytest.mark.equation("eq-discretised-logistic", oracle="SciPy")
@pytest.mark.parametrize("mean", [0.2, 0.77])
@pytest.mark.parametrize("log_scale", [-4.0, -1.5, 0.5])
def test_each_mass_is_a_difference_of_two_cdfs(mean, log_scale):
    """Differences of two numbers near 1 are good to 1e-16, and the masses are above 1e-9."""
    law = scipy.stats.logistic(mean, math.exp(log_scale))
    edges = (np.arange(1, 256) - 0.5) / 255
    lower, upper = np.array([-np.inf, *edges]), np.array([*edges, np.inf])
    left = law.cdf(upper) - law.cdf(lower)
    right = law.sf(lower) - law.sf(upper)
    ours = masses(mean, log_scale).exp().numpy()
    agree(ours, np.where(upper < mean, left, right), rtol=1e-9, atol=1e-16)


def test_a_mass_far_in_the_tail_is_right_and_has_a_gradient():
    """mpmath-free: log(σ(b) - σ(a)) ≈ b + log(1 - exp(a - b)) where both are far below 0."""
    mean = torch.tensor([1.0], requires_grad=True)
    law = DiscretisedLogistic(mean, torch.tensor([-6.0]))
    value = law.log_prob(torch.tensor([[100 / 255]]))
    b = (100.5 / 255 - 1) * math.exp(6)
    expected = b + math.log(-math.expm1(-math.exp(6) / 255))
    agree(value.detach(), [expected], rtol=1e-12)
    value.sum().backward()
    agree(mean.grad, [-math.exp(6)], rtol=1e-12)


@pytest.mark.equation("eq-mixture", oracle="NumPy")
def test_a_mixture_is_the_weighted_sum_of_its_parts(generator):
    mean, log_scale, logits = torch.randn(3, 4, 5, 3, generator=generator)
    x = LEVELS[torch.randint(256, (4, 5), generator=generator)]
    weights = np.exp(logits.numpy())
    weights /= weights.sum(-1, keepdims=True)
    parts = np.stack(
        [
            [
                [
                    masses(m.item(), s.item())[round(v.item() * 255)].exp()
                    for m, s in zip(*pair, strict=True)
                ]
                for v, *pair in zip(*row, strict=True)
            ]
            for row in zip(x, mean, log_scale, strict=True)
        ]
    )
    expected = np.log((weights * parts).sum(-1)).sum(-1)
    agree(DiscretisedLogistic(mean, log_scale, 256, logits).log_prob(x), expected, rtol=1e-12)


def test_the_mean_of_a_mixture_is_weighted_and_cut_off():
    weight = torch.tensor([[0.25, 0.75]])
    law = DiscretisedLogistic(torch.tensor([[0.2, 0.6]]), torch.zeros(1, 2), 256, weight.log())
    agree(law.mean, [0.5], rtol=1e-14)
    several = DiscretisedLogistic(*torch.full((2, 3, 4, 2), 0.25))
    assert several.mean.shape == (3, 4, 2)
    several = DiscretisedLogistic(*torch.full((2, 3, 4, 2), 0.25), 256, torch.zeros(3, 4, 2))
    agree(several.mean, torch.full((3, 4), 0.25), rtol=1e-14)
    assert DiscretisedLogistic(torch.tensor([-1.0, 2.0]), torch.zeros(2)).mean.tolist() == [0, 1]


@pytest.mark.equation("eq-discretised-logistic", oracle="Monte Carlo")
def test_samples_have_the_masses(generator):
    """Four standard errors of 200,000 draws."""
    count, levels = 200_000, 4
    mean = torch.tensor([[0.1, 0.9]]).expand(count, 1, 2)
    logits = torch.tensor([[0.3, 0.7]]).log().expand(count, 1, 2)
    law = DiscretisedLogistic(mean, torch.full_like(mean, -2.0), levels, logits)
    drawn = (law.sample(generator) * (levels - 1)).round().flatten().long()
    found = torch.bincount(drawn, minlength=levels) / count
    one = DiscretisedLogistic(mean[:1], torch.full((1, 1, 2), -2.0), levels, logits[:1])
    truth = one.log_prob(torch.arange(levels)[:, None] / (levels - 1)).exp()
    agree_in_standard_errors(found, truth, (truth * (1 - truth) / count).sqrt())


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (torch.full((2, 3), 0.5), "between the 256 levels"),
        (torch.full((2, 3), 2.0), "must lie in"),
        (torch.zeros(2, 4), r"shape \(2, 4\)"),
        (torch.full((2, 3), torch.nan), "NaN"),
    ],
)
def test_pixels_that_are_no_levels_are_refused(x, message):
    with pytest.raises(InputError, match=message):
        DiscretisedLogistic(torch.zeros(2, 3), torch.zeros(2, 3)).log_prob(x)


def test_single_precision_levels_are_levels():
    x = (torch.arange(65536) / 65535).float()
    zeros = torch.zeros(65536)
    assert DiscretisedLogistic(zeros.float(), zeros.float(), 65536).log_prob(x).isfinite()


def test_shapes_that_do_not_fit_are_refused():
    for given in [(torch.zeros(2, 3), torch.zeros(2, 2)), (torch.zeros(()), torch.zeros(()))]:
        with pytest.raises(InputError, match="give all the same"):
            DiscretisedLogistic(*given)
    with pytest.raises(InputError, match="levels is 1"):
        DiscretisedLogistic(torch.zeros(2), torch.zeros(2), 1)


@pytest.mark.equation("eq-dequantisation", oracle="quadrature")
@pytest.mark.parametrize(("mean", "scale"), [(0.5, 0.001), (0.4, 0.01), (0.9, 1.0)])
def test_the_mean_log_density_of_dequantised_data_is_below_the_log_mass(mean, scale):
    """Jensen: equality is reached as the density becomes flat in the cell."""
    law, step, x = scipy.stats.logistic(mean, scale), 1 / 255, 120 / 255
    inside = scipy.integrate.quad(
        lambda u: law.logpdf(x + step * u), -0.5, 0.5, epsabs=1e-12, points=[0.0]
    )[0]
    grid = torch.tensor([[x]])
    mass = DiscretisedLogistic(torch.tensor([mean]), torch.tensor([scale]).log()).log_prob(grid)
    assert inside + math.log(step) < mass.item() + 1e-12
    if scale == 1.0:
        agree(mass, [inside + math.log(step)], atol=1e-5)


def test_dequantised_data_stay_in_their_cells_and_are_uniform_there(generator):
    x = LEVELS.expand(400, 256)
    u = (dequantise(x, 1 / 255, generator) - x) * 255
    assert u.min() >= -0.5 and u.max() < 0.5
    assert scipy.stats.kstest(u.flatten().numpy() + 0.5, "uniform").pvalue > 0.01
    agree_in_standard_errors(u.mean(), 0.0, (1 / 12 / u.numel()) ** 0.5)


@pytest.mark.equation("eq-bits-per-dimension", oracle="NumPy")
def test_bits_of_a_probability_and_of_a_density_agree():
    """256 levels as probable: 8 bits; a density on [0, 1] whose cells have the mass density Δ."""
    nats = torch.tensor([-12 * math.log(256.0)])
    agree(bits_per_dimension(nats, 12), [8.0], rtol=1e-14)
    agree(bits_per_dimension(torch.zeros(1), 12, 1 / 256), [8.0], rtol=1e-14)
    logs = np.random.default_rng(0).normal(size=5)
    expected = -np.log2(np.exp(logs / 12) / 255)
    agree(bits_per_dimension(torch.tensor(logs), 12, 1 / 255), expected, rtol=1e-13)


@pytest.mark.equation("eq-variance-floor", oracle="quadrature")
@pytest.mark.parametrize("step", [0.01, 0.5, 3.0])
def test_the_floor_is_the_best_variance_of_dequantised_data_whose_mean_is_exact(step):
    """The minimiser's own tolerance is 1e-10 in log σ²."""

    def loss(log_var):
        def log_density(u):
            return scipy.stats.norm.logpdf(step * u, scale=math.exp(log_var / 2))

        return -scipy.integrate.quad(log_density, -0.5, 0.5)[0]

    middle = 2 * math.log(step)
    found = scipy.optimize.minimize_scalar(
        loss, bounds=(middle - 6, middle + 2), method="bounded", options={"xatol": 1e-10}
    )
    floor = log_var_above(torch.tensor([-200.0]), step)
    agree(floor.exp(), [math.exp(found.x)], rtol=1e-6)
    agree(floor.exp(), [step**2 / 12], rtol=1e-12)


def test_above_the_floor_variances_add():
    raw = torch.tensor([-3.0, 0.0, 5.0])
    agree(log_var_above(raw, 0.6).exp(), np.exp(raw.numpy()) + 0.03, rtol=1e-13)
    assert torch.equal(log_var_above(raw, 0), raw)


@pytest.mark.parametrize("step", [-1.0, math.nan, math.inf])
def test_a_bad_step_is_refused(step):
    for call in (
        lambda: log_var_above(torch.zeros(1), step),
        lambda: dequantise(torch.zeros(1), step),
        lambda: bits_per_dimension(torch.zeros(1), 3, step),
    ):
        with pytest.raises(InputError, match="step is"):
            call()
    with pytest.raises(InputError, match="data_dim is 0"):
        bits_per_dimension(torch.zeros(1), 0)
