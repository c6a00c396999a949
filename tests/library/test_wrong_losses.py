"""Each check is green on the right loss and red on its mistake; each identity has an oracle."""

import itertools
import math
from typing import get_args

import numpy as np
import pytest
import torch
from agreement import agree
from scipy.stats import norm
from torch.distributions import Independent, Normal, kl_divergence

from vae_lib.gaussian import DiagonalGaussian, sigma_points
from vae_lib.lessons.wrong_losses import (
    CAUGHT_BY,
    CHECKS,
    MISTAKES,
    Mistake,
    grey_mass,
    kl_weight_to_beta,
    make_bench,
    make_loss,
    mass_check,
    missing_variance,
    report_check,
    slope_check,
    total_variance,
    variance_to_kl_weight,
)
from vae_lib.likelihoods import Bernoulli, Gaussian
from vae_lib.linear import LinearGaussian
from vae_lib.models import GenerativeModel
from vae_lib.objectives import elbo, log_weights

ROUNDING = 1e-10  # sums of a few dozen doubles of size 10
DIFFERENCES = 1e-6  # central differences with step 1e-4: error about step²


@pytest.fixture
def bench():
    return make_bench(data_dim=5, latent_dim=1)


def oracle_loss(model, x, q):
    """J for L = 1 with torch.distributions, and Gauss-Hermite quadrature for the expectation."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(12)
    std = torch.exp(q.log_var / 2)
    z = q.mean + std * torch.tensor(nodes)[:, None, None]  # (12, B, 1)
    mean = z * model.weight[:, 0] + model.bias
    log_prob = Normal(mean, torch.exp(model.log_var / 2)).log_prob(x).sum(-1)
    expected = (torch.tensor(weights / weights.sum())[:, None] * log_prob).sum(0)
    return -expected + oracle_kl(q)


def oracle_kl(q):
    prior = Normal(torch.zeros_like(q.mean), torch.ones_like(q.mean))
    own = Normal(q.mean, torch.exp(q.log_var / 2))
    return kl_divergence(Independent(own, 1), Independent(prior, 1))


def right(model, x, q):
    return make_loss()(model, x, q, sigma_points(model.latent_dim))


def test_right_loss_is_minus_the_librarys_elbo_and_the_oracles(bench):
    value = right(bench.model, bench.x, bench.q)
    same = elbo(bench.model, bench.x, bench.q, noise=bench.noise).value
    agree(value, -same, atol=ROUNDING)
    agree(value, oracle_loss(bench.model, bench.x, bench.q), atol=ROUNDING)


def test_bench_is_drawn_from_its_seed_alone():
    """The same draws by hand, in float64 whatever the default is; W has singular values 1 … L."""
    torch.set_default_dtype(torch.float32)
    bench, generator = make_bench(5, 3, count=4, seed=7), torch.Generator().manual_seed(7)

    def draw(*shape):
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    columns, _ = np.linalg.qr(draw(5, 3).numpy())
    agree(bench.model.weight, columns * [1, 2, 3], atol=ROUNDING)
    agree(bench.model.bias, draw(5), atol=0)
    agree(bench.model.log_var, 0.3 * draw(), atol=0)
    z, noise = draw(4, 3), draw(4, 5)
    x = z @ bench.model.weight.T + bench.model.bias + torch.exp(bench.model.log_var / 2) * noise
    agree(bench.x, x, atol=ROUNDING)
    agree(bench.q.mean, draw(4, 3), atol=0)
    agree(bench.q.log_var, draw(3).expand(4, 3), atol=0)
    assert not any(weight.requires_grad for weight in bench.model.parameters())


def test_bench_posterior_is_the_exact_one_also_in_more_dimensions():
    bench = make_bench(data_dim=6, latent_dim=3)
    exact = bench.model.encode(bench.x)
    assert bench.posterior.kl_to(exact).abs().max() < ROUNDING


@pytest.mark.parametrize("name", CHECKS)
@pytest.mark.parametrize("seed", range(3))
def test_each_check_is_green_on_the_right_loss(name, seed):
    assert CHECKS[name](make_loss(), make_bench(seed=seed)) < DIFFERENCES


def test_an_editor_completes_every_mistake():
    assert set(get_args(Mistake)) == MISTAKES.keys() == CAUGHT_BY.keys()


@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.parametrize("seed", range(3))
def test_each_mistake_is_caught_by_its_check(mistake, seed):
    violation = CHECKS[CAUGHT_BY[mistake]](make_loss(mistake), make_bench(seed=seed))
    assert violation > 0.05  # nats: far above rounding


@pytest.mark.parametrize("mistake", MISTAKES)
def test_each_mistake_is_the_one_it_is_called(mistake, generator):
    """The same slip in a loss by NumPy and SciPy, for any noise."""
    bench = make_bench(6, 2, count=4)
    noise = torch.randn(3, 4, 2, generator=generator)
    ours = make_loss(mistake)(bench.model, bench.x, bench.q, noise)

    x, mean, log_var = bench.x.numpy(), bench.q.mean.numpy(), bench.q.log_var.numpy()
    std = np.exp(log_var if mistake == "σ in the draw" else log_var / 2)
    z = mean + (0 if mistake == "no noise" else std) * noise.numpy()
    decoded = z @ bench.model.weight.numpy().T + bench.model.bias.numpy()
    cost = -norm.logpdf(x, decoded, math.exp(bench.model.log_var / 2)).sum(-1).mean(0)
    if mistake == "squared error":
        cost = ((x - decoded) ** 2).sum(-1).mean(0)
    if mistake == "mean over pixels":
        cost = cost / 6
    log_var = 2 * log_var if mistake == "σ in the KL" else log_var
    kl = 0.5 * (mean**2 + np.exp(log_var) - 1 - log_var).sum(-1)
    expected = cost - kl if mistake == "KL sign" else cost + kl
    agree(ours, -expected if mistake == "ELBO minimised" else expected, atol=ROUNDING)


def test_checks_ask_for_no_gradients_and_compute_in_double_precision():
    found = {name: check(make_loss(), make_bench()) for name, check in CHECKS.items()}
    torch.set_default_dtype(torch.float32)

    def watched(model, x, q, noise):
        value = make_loss()(model, x, q, noise)
        assert not value.requires_grad and value.dtype == torch.float64
        return value

    for name, check in CHECKS.items():
        assert check(watched, make_bench()) == found[name]  # the default is asked nowhere
    density = Gaussian(torch.tensor([0.4]).double(), torch.tensor([-2.0]).double())
    assert mass_check(density.log_prob, -6, 7) < 1e-8


@pytest.mark.parametrize("mistake", MISTAKES)
def test_exact_posterior_catches_every_mistake(mistake):
    assert CHECKS["exact posterior"](make_loss(mistake), make_bench()) > 0.05


@pytest.mark.parametrize(("shift", "violation"), [(-3.0, 3.0), (0.0, 0.0), (3.0, 0.0)])
def test_floor_check_measures_how_far_below_minus_log_p(shift, violation):
    bench = make_bench()
    found = CHECKS["floor"](lambda model, x, q, noise: shift - model.log_evidence(x), bench)
    assert math.isclose(found, violation, abs_tol=ROUNDING)


def test_unknown_mistake_and_bench_are_refused():
    with pytest.raises(ValueError, match="There is no mistake 'typo': choose from"):
        make_loss("typo")
    with pytest.raises(ValueError, match="latent_dim is 7: choose 1 to 6"):
        make_bench(6, 7)


def test_both_confusions_of_sigma_together_only_rename_the_output():
    bench = make_bench()
    log_std = DiagonalGaussian(bench.q.mean, bench.q.log_var / 2)
    both = make_loss("σ in the draw", "σ in the KL")
    value = both(bench.model, bench.x, log_std, bench.noise)
    agree(value, right(bench.model, bench.x, bench.q), atol=ROUNDING)


@pytest.mark.equation("eq-loss-floor", oracle="exact model")
def test_floor_is_minus_log_p_and_the_posterior_reaches_it(random_linear):
    model, x, _ = random_linear(4, 1)
    covariance = model.weight @ model.weight.T + model.log_var.exp() * torch.eye(4)
    log_p = torch.distributions.MultivariateNormal(model.bias, covariance).log_prob(x)
    grid = itertools.product(np.linspace(-4, 4, 41), np.linspace(-4, 2, 31))
    values = [
        right(model, x, DiagonalGaussian(torch.full((5, 1), m), torch.full((5, 1), v)))
        for m, v in grid
    ]
    assert (torch.stack(values) >= -log_p - ROUNDING).all()
    exact = model.encode(x)
    posterior = DiagonalGaussian(exact.mean, 2 * exact.scale_tril[..., 0].log().expand(5, 1))
    agree(right(model, x, posterior), -log_p, atol=ROUNDING)


@pytest.mark.equation("eq-blind-decoder", oracle="exact model")
def test_blind_decoder_leaves_only_the_kl_term(bench):
    blind = LinearGaussian(0 * bench.model.weight, bench.model.bias, bench.model.log_var)
    like_prior = DiagonalGaussian(torch.zeros(5, 1), torch.zeros(5, 1))
    cost = right(blind, bench.x, bench.q) - right(blind, bench.x, like_prior)
    agree(cost, oracle_kl(bench.q), atol=ROUNDING)
    assert (cost >= 0).all()


@pytest.mark.equation("eq-doubling", oracle="exact model")
def test_doubled_pixels_double_all_but_the_kl_term(bench):
    model = bench.model
    twice = LinearGaussian(model.weight.repeat(2, 1), model.bias.repeat(2), model.log_var)
    double = oracle_loss(twice, bench.x.repeat(1, 2), bench.q)
    expected = 2 * right(model, bench.x, bench.q) - oracle_kl(bench.q)
    agree(double, expected, atol=ROUNDING)


@pytest.mark.equation("eq-rescaling", oracle="exact model")
@pytest.mark.parametrize("factor", [0.1, 255.0])
def test_new_units_add_d_log_c(bench, factor):
    model = bench.model
    scaled = LinearGaussian(
        factor * model.weight, factor * model.bias, model.log_var + 2 * math.log(factor)
    )
    change = oracle_loss(scaled, factor * bench.x, bench.q) - right(model, bench.x, bench.q)
    agree(change, torch.full((5,), 5 * math.log(factor)), atol=ROUNDING)


@pytest.mark.equation("eq-slope", oracle="autograd")
def test_slope_in_log_variance_is_that_of_autograd(bench):
    log_var = bench.q.log_var.clone().requires_grad_()
    loss = oracle_loss(bench.model, bench.x, DiagonalGaussian(bench.q.mean, log_var))
    (slope,) = torch.autograd.grad(loss.sum(), log_var)
    by_formula = 0.5 * (bench.precision * bench.q.log_var.exp() - 1)
    agree(slope, by_formula, atol=ROUNDING)
    assert slope_check(lambda m, x, q, noise: oracle_loss(m, x, q), bench) < DIFFERENCES


@pytest.mark.equation("eq-reduction-beta", oracle="autograd")
@pytest.mark.parametrize(
    ("a", "r", "b", "s"), [(1, 1, 1, 1), (0.5, 1, 1, 1), (1, 784, 1, 1), (3, 784, 0.2, 20)]
)
def test_programs_gradient_is_that_of_the_elbo_with_the_claimed_variance(a, r, b, s, generator):
    """Both gradients in the reconstruction and in q must be parallel."""
    x, x_hat = torch.rand(2, 784, generator=generator)
    mean, log_var = torch.randn(2, 20, generator=generator)
    beta = kl_weight_to_beta(b, a, r, s)
    claimed = torch.tensor(beta / 2)
    inputs = [v.requires_grad_() for v in (x_hat, mean, log_var)]
    squared_error = ((x - x_hat) ** 2).sum()
    kl = -0.5 * (1 + log_var - mean**2 - log_var.exp()).sum()
    program = torch.autograd.grad(a * squared_error / r + b * kl / s, inputs, retain_graph=True)
    prior = Normal(torch.zeros(20), torch.ones(20))
    own = kl_divergence(Normal(mean, torch.exp(log_var / 2)), prior).sum()
    bound = torch.autograd.grad(own - Normal(x_hat, claimed.sqrt()).log_prob(x).sum(), inputs)
    ratio = torch.cat(program) / torch.cat(bound)
    agree(ratio, ratio[0].expand_as(ratio), rtol=1e-8)
    assert math.isclose(variance_to_kl_weight(claimed.item(), a, r, s), b, rel_tol=1e-12)


def test_calculator_knows_the_usual_programs_and_refuses_nonsense():
    assert kl_weight_to_beta() == 1  # sum of squares + KL
    assert kl_weight_to_beta(error_divisor=784) == 784  # mean of squares + KL
    assert kl_weight_to_beta(error_weight=0.5) == 2  # half the sum: σ² = 1
    for function in (kl_weight_to_beta, variance_to_kl_weight):
        with pytest.raises(ValueError, match="positive"):
            function(-1.0)


@pytest.mark.equation("eq-grey-mass", oracle="quadrature")
def test_mass_of_the_bernoulli_formula_over_grey_values_by_quadrature():
    for a in (-8.0, -1.0, -0.002, 0.0, 0.0005, 0.5, 3.0, 12.0):
        likelihood = Bernoulli(torch.tensor([a]), allow_grey=True)
        grid = torch.linspace(0, 1, 20_001)
        area = torch.trapezoid(likelihood.log_prob(grid[:, None]).exp(), grid)
        # the trapezoidal rule's error is about a² step² / 12
        agree(grey_mass(torch.tensor(a)), area, rtol=1e-7, atol=1e-8)


@pytest.mark.equation("eq-grey-binarised", oracle="torch.distributions")
def test_grey_value_is_the_mean_over_all_binarisations(generator):
    logits, grey = torch.randn(4, generator=generator), torch.rand(4, generator=generator)
    total = 0.0
    for bits in itertools.product([0.0, 1.0], repeat=4):
        b = torch.tensor(bits)
        weight = torch.prod(torch.where(b == 1, grey, 1 - grey))
        total += weight * torch.distributions.Bernoulli(logits=logits).log_prob(b).sum()
    agree(Bernoulli(logits, allow_grey=True).log_prob(grey), total, atol=ROUNDING)


def test_mass_check_is_green_on_densities_and_red_on_grey_bernoulli():
    grey = Bernoulli(torch.tensor([1.5]), allow_grey=True)
    assert mass_check(grey.log_prob, 0, 1) > 0.5
    density = Gaussian(torch.tensor([0.4]), torch.tensor([-2.0]))
    assert mass_check(density.log_prob, -6, 7) < 1e-8


@pytest.mark.equation("eq-total-variance", oracle="exact model")
def test_total_variance_of_the_linear_model_and_of_black_and_white_pixels(generator):
    model = make_bench(data_dim=5, latent_dim=2).model
    decoded = model.decode(sigma_points(2)[:, 0])  # four draws with the prior's exact moments
    covariance = model.weight @ model.weight.T + model.log_var.exp() * torch.eye(5)
    agree(total_variance(decoded), torch.diagonal(covariance), atol=ROUNDING)
    logits = torch.randn(30, 5, generator=generator)
    white = torch.sigmoid(logits).mean(0)  # a 0/1 variable's variance follows from its mean
    agree(total_variance(Bernoulli(logits)), white * (1 - white), atol=ROUNDING)


def test_means_lack_variance_and_samples_do_not(generator):
    model = make_bench().model
    decoded = model.decode(model.prior.rsample((20_000,), generator).detach())
    share = model.log_var.exp() * 6 / total_variance(decoded).sum()
    assert math.isclose(missing_variance(decoded.mean, decoded), share, rel_tol=1e-6)
    assert missing_variance(decoded.mean, decoded) > 0.1
    # The standard error of a variance from 20,000 draws is 1 % of it; that of six together is less.
    assert abs(missing_variance(decoded.sample(generator), decoded)) < 3 * (2 / 20_000) ** 0.5


@pytest.mark.equation("eq-two-reports", oracle="torch.distributions")
def test_two_reports_differ_by_their_gaps(random_linear):
    model, x, q = random_linear(4, 2)
    other = DiagonalGaussian(0.3 * q.mean, q.log_var + 0.7)
    posterior = model.encode(x)
    full = torch.distributions.MultivariateNormal(posterior.mean, scale_tril=posterior.scale_tril)
    gaps = [
        kl_divergence(torch.distributions.MultivariateNormal(p.mean, scale_tril=p.scale_tril), full)
        for p in (q, other)
    ]
    difference = right(model, x, q) - right(model, x, other)
    agree(difference, gaps[0] - gaps[1], atol=ROUNDING)


def test_report_check_is_red_on_the_elbo_and_green_on_the_evidence():
    bench = make_bench()
    points = bench.noise
    assert report_check(lambda m, x, q: elbo(m, x, q, noise=points).value, bench) > 0.5
    assert report_check(lambda m, x, q: m.log_evidence(x), bench) == 0

    errors = []

    def many_draws(model: GenerativeModel, x, q):
        wide = DiagonalGaussian(q.mean, q.log_var + 1)  # wide enough: the weights are bounded
        generator = torch.Generator().manual_seed(0)
        weights = log_weights(model, x, 50_000, q=wide, generator=generator)
        bound = torch.logsumexp(weights, 0) - math.log(50_000)
        errors.append((weights - bound).exp().std(0) / math.sqrt(50_000))
        return bound

    largest = report_check(many_draws, bench)
    assert largest < 4 * torch.hypot(*errors).max() < 0.1
