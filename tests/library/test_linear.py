"""Collapse in a linear VAE: forecast, trained, counted; against SciPy and the exact maximum."""

import math

import numpy as np
import pytest
import torch
from agreement import agree
from scipy.optimize import minimize
from scipy.stats import multivariate_normal

from vae_lib.gaussian import sigma_points
from vae_lib.latents import active_units, unit_variance
from vae_lib.lessons.em import em_step
from vae_lib.linear import (
    LinearGaussian,
    fixed_noise_maximum,
    forecast_unit_variance,
    rate_and_distortion,
    train_linear_vae,
)
from vae_lib.objectives import elbo

NOISE_LEVELS = [0.2, 0.5, 1.0, 2.0, 4.0, 7.0]


@pytest.fixture
def data():
    """400 points in 6 dimensions, the covariance's eigenvalues set to known numbers."""
    generator = torch.Generator().manual_seed(3)
    eigenvalues = torch.tensor([6.0, 3.0, 1.5, 0.8, 0.3, 0.1])
    white = torch.randn(400, 6, generator=generator)
    white = white - white.mean(0)
    white = white @ torch.linalg.inv(torch.linalg.cholesky(torch.cov(white.T, correction=0))).T
    turn, _ = torch.linalg.qr(torch.randn(6, 6, generator=generator))
    return white @ torch.diag(eigenvalues.sqrt()) @ turn.T + 1.0, eigenvalues


@pytest.mark.equation("eq-em-ascent", oracle="SciPy")
def test_em_climbs_as_scipy_says(random_linear):
    """SciPy's evidence before and after, and SciPy's search for the W of the highest bound."""
    model, x, _ = random_linear(4, 2)
    variance, bias = math.exp(model.log_var), model.bias.numpy()

    def evidence(weight):
        return multivariate_normal(bias, weight @ weight.T + variance * np.eye(4)).logpdf(x).sum()

    precision = np.eye(2) + model.weight.numpy().T @ model.weight.numpy() / variance
    covariance = np.linalg.inv(precision)
    mean = (x.numpy() - bias) @ model.weight.numpy() @ covariance / variance

    def bound(weight):
        """The sum over the data of E_q[log p(x|z)] - KL(q ‖ p(z)), q the posteriors before."""
        squares = ((x.numpy() - bias - mean @ weight.T) ** 2).sum()
        squares += 5 * np.trace(weight @ covariance @ weight.T)
        prior = 0.5 * ((mean**2).sum() + 5 * (np.trace(covariance) - 2))
        prior -= 2.5 * np.linalg.slogdet(covariance)[1]
        return -0.5 * squares / variance - 10 * math.log(2 * math.pi * variance) - prior

    after = em_step(model, x)
    best = minimize(lambda flat: -bound(flat.reshape(4, 2)), np.zeros(8), tol=1e-12)
    assert np.abs(after.weight.numpy() - best.x.reshape(4, 2)).max() < 1e-5  # where SciPy stops
    agree(bound(model.weight.numpy()), evidence(model.weight.numpy()), atol=1e-10)
    agree(model.log_evidence(x).sum().item(), bound(model.weight.numpy()), atol=1e-10)
    agree(bound(after.weight.numpy()), -best.fun, atol=1e-9)
    assert evidence(after.weight.numpy()) > bound(after.weight.numpy())
    assert bound(after.weight.numpy()) > bound(model.weight.numpy())
    agree(after.log_evidence(x).sum().item(), evidence(after.weight.numpy()), atol=1e-10)


def test_em_ends_at_the_best_evidence_for_its_noise(data):
    """From random W: b is the data's mean, σ² is given, and no step falls."""
    x, eigenvalues = data
    start = torch.randn(6, 3, generator=torch.Generator().manual_seed(5))
    model = LinearGaussian(start, x.mean(0), torch.tensor(math.log(0.5)))
    rise = []
    for _ in range(80):
        rise.append(model.log_evidence(x).mean().item())
        model = em_step(model, x)
    assert min(np.diff(rise)) > -1e-12
    assert rise[-1] == pytest.approx(fixed_noise_maximum(eigenvalues, 3, 0.5).item(), abs=1e-6)


@pytest.mark.equation("eq-fixed-noise-maximum", oracle="exact model")
@pytest.mark.parametrize("variance", [0.2, 1.0, 2.0, 7.0])
def test_best_evidence_at_fixed_noise_is_what_scipy_finds(data, variance):
    """L-BFGS-B over all of W from five starts, on NumPy's log density; it stops within 1e-6."""
    x, eigenvalues = data
    covariance = np.cov(x.T.numpy(), bias=True)

    def negative(flat):
        weight = flat.reshape(6, 3)
        total = weight @ weight.T + variance * np.eye(6)
        inverse = np.linalg.inv(total)
        value = 6 * math.log(2 * math.pi) + np.linalg.slogdet(total)[1]
        slope = (inverse - inverse @ covariance @ inverse) @ weight
        return 0.5 * (value + np.trace(inverse @ covariance)), slope.ravel()

    rng = np.random.default_rng(0)
    found = [
        minimize(negative, rng.normal(size=18), jac=True, method="L-BFGS-B", tol=1e-12).fun
        for _ in range(5)
    ]
    ours = fixed_noise_maximum(eigenvalues, 3, variance).item()
    agree(ours, -min(found), atol=1e-6)


@pytest.mark.equation("eq-rate-distortion", oracle="SciPy")
@pytest.mark.parametrize("beta", [0.2, 1.0, 4.0])
def test_rate_and_distortion_are_those_that_scipy_finds(data, beta):
    """L-BFGS-B over W, A and v of any linear VAE; a gradient below 1e-7 leaves less than 1e-6."""
    x, eigenvalues = data
    covariance, variance = torch.cov(x.T, correction=0), 0.5

    def terms(flat):
        weight, encoder, log_var = flat[:18].reshape(6, 3), flat[18:36].reshape(3, 6), flat[36:]
        left = torch.eye(6, dtype=x.dtype) - weight @ encoder
        error = torch.trace(left @ covariance @ left.T)
        error = error + (log_var.exp() * weight.square().sum(0)).sum()
        square = torch.trace(encoder @ covariance @ encoder.T)
        rate = 0.5 * (square + log_var.exp().sum() - 3 - log_var.sum())
        return rate, 3 * math.log(2 * math.pi * variance) + error / (2 * variance)

    def objective(flat):
        leaf = torch.from_numpy(flat).requires_grad_()
        rate, distortion = terms(leaf)
        (distortion + beta * rate).backward()
        return (distortion + beta * rate).item(), leaf.grad.numpy()

    rng = np.random.default_rng(0)
    tight = {"maxiter": 5000, "ftol": 1e-16, "gtol": 1e-7}
    runs = [
        minimize(objective, rng.normal(size=39), jac=True, method="L-BFGS-B", options=tight)
        for _ in range(5)
    ]
    found = terms(torch.from_numpy(min(runs, key=lambda run: run.fun).x))
    for ours, theirs in zip(
        rate_and_distortion(eigenvalues, 3, variance, beta), found, strict=True
    ):
        agree(ours, theirs, atol=1e-5)


@pytest.mark.equation("eq-rate-distortion", oracle="SciPy")
@pytest.mark.parametrize("beta", [0.1, 0.6, 1.5, 6.0])
def test_rate_with_all_directions_is_shannons_function(beta):
    """SciPy shares an allowed error among six Gaussians so that the fewest nats describe them.

    The minimum of Σ ½ log(λ_j / d_j), with no d_j above λ_j and their sum given; SLSQP's 1e-6.
    """
    eigenvalues, variance = torch.tensor([6.0, 3.0, 1.5, 0.8, 0.3, 0.1]), 0.5
    rate, distortion = rate_and_distortion(eigenvalues, 6, variance, beta)
    error = 2 * variance * (distortion - 3 * math.log(2 * math.pi * variance)).item()
    values = eigenvalues.numpy()
    found = minimize(
        lambda log_share: 0.5 * (np.log(values) - log_share).sum(),
        np.log(values * error / values.sum()),
        bounds=[(None, log) for log in np.log(values)],
        constraints={"type": "eq", "fun": lambda log_share: np.exp(log_share).sum() - error},
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 500},
    )
    agree(rate.item(), found.fun, atol=1e-6)
    agree(np.exp(found.x), np.minimum(values, beta * variance), atol=1e-4)


@pytest.mark.equation("eq-rate-distortion", oracle="exact model")
def test_training_with_a_weight_ends_at_the_forecast(data):
    """The noise stays as given; the search ends within 1e-4 nats of both terms."""
    x, eigenvalues = data
    vae, student = train_linear_vae(x, 2, 0.5, 4.0, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        bound = elbo(vae, x, noise=sigma_points(2))
    rate, distortion = rate_and_distortion(eigenvalues, 2, 0.5, 4.0)
    agree(bound.kl.mean(), rate, atol=1e-4)
    agree(-bound.log_likelihood.mean(), distortion, atol=1e-4)
    agree(student.log_var.item(), math.log(0.5), atol=1e-15)


@pytest.mark.equation("eq-unit-forecast", oracle="exact model")
@pytest.mark.parametrize("variance", NOISE_LEVELS)
def test_predicted_and_counted_active_units_are_equal(data, variance):
    """The training ends within 1e-5 nats of the maximum, so its variances are good to 0.005."""
    x, eigenvalues = data
    vae, student = train_linear_vae(x, 4, variance, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        q = vae.encode(x)
        reached = elbo(vae, x, noise=sigma_points(4)).value.mean()
        evidence = student.log_evidence(x).mean()
    predicted = sum(value > variance for value in [6.0, 3.0, 1.5, 0.8])
    assert active_units(q).sum() == predicted
    found = unit_variance(q).sort(descending=True).values
    expected = [max(0.0, 1 - variance / value) for value in [6.0, 3.0, 1.5, 0.8]]
    agree(found, expected, atol=0.005)
    forecast = forecast_unit_variance(eigenvalues, 4, variance)
    agree(forecast, expected, atol=1e-12)
    best = fixed_noise_maximum(eigenvalues, 4, variance)
    assert -1e-10 < best - reached < 1e-5 and reached <= evidence + 1e-10


@pytest.mark.equation("eq-ppca-maximum", oracle="exact model")
@pytest.mark.parametrize("latent_dim", [1, 2, 4])
def test_learned_noise_reaches_the_exact_maximum(data, latent_dim):
    """0.01 nats are asked for; L-BFGS stops far closer, and never above the maximum."""
    x, _ = data
    vae, student = train_linear_vae(x, latent_dim, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        reached = elbo(vae, x, noise=sigma_points(latent_dim)).value.mean()
        best = LinearGaussian.maximum_likelihood(x, latent_dim)
        maximum = best.log_evidence(x).mean()
        assert -1e-10 < maximum - reached < 1e-4
    agree(student.log_var.item(), best.log_var.item(), atol=0.01)


def test_data_without_a_direction_have_a_maximum_without_weights():
    """Equal variances in all of four directions: for some, rounding lifts their mean above them."""
    points = torch.cat([torch.eye(4), -torch.eye(4)])
    for scale in torch.arange(0.1, 5, 0.1):
        best = LinearGaussian.maximum_likelihood(scale * points, 1)
        agree(best.log_var.exp(), scale**2 / 4, rtol=1e-14)
        agree(best.weight, torch.zeros(4, 1), atol=1e-7)  # the root of the rounding


@pytest.mark.equation("eq-linear-posterior", oracle="NumPy")
def test_posterior_precision_is_a_block_of_the_pairs(random_linear):
    """NumPy inverts the covariance of (z, x); its block for z is the precision of z given x."""
    model, _, _ = random_linear(5, 3)
    weight, variance = model.weight.numpy(), math.exp(model.log_var.item())
    pair = np.block([[np.eye(3), weight.T], [weight, weight @ weight.T + variance * np.eye(5)]])
    agree(model.precision, np.linalg.inv(pair)[:3, :3], rtol=1e-10)


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_order_of_eigenvalues_is_judged_by_their_size(scale):
    """NumPy's own, of a covariance without full rank, may rise or be negative by rounding."""
    root = np.random.default_rng(0).normal(size=(3, 8)) * math.sqrt(scale)
    rounded = torch.from_numpy(np.linalg.eigvalsh(root.T @ root)[::-1].copy())
    assert rounded[-1].abs() > 0 and (forecast_unit_variance(rounded, 3, scale) >= 0).all()
    for wrong in ([1.0, 1.01], [1.0, -0.01]):
        with pytest.raises(ValueError, match="in descending order"):
            forecast_unit_variance(scale * torch.tensor(wrong), 1, scale)


def test_solution_is_of_the_models_kind_and_on_its_device(random_linear):
    """Whatever the defaults: float64 is that of the tests, and "meta" holds no numbers."""
    model, x, _ = random_linear(5, 3)
    exact, single = model.encode(x), model.float()
    with torch.device("meta"):
        posterior, evidence = single.encode(x), single.log_evidence(x)
        precision = single.precision
    for result in (posterior.mean, posterior.scale_tril, evidence, precision):
        assert result.dtype == torch.float32 and result.device.type == "cpu"
    agree(posterior.mean.double(), exact.mean, atol=1e-5)  # rounding in float32


def test_training_starts_where_the_seed_says(data, monkeypatch):
    """Without a step of the search; the loss is asked for twice, its slopes are those of once."""
    x, _ = data

    class Still(torch.optim.LBFGS):
        def step(self, closure):
            assert closure() == closure()

    monkeypatch.setattr(torch.optim, "LBFGS", Still)
    torch.set_default_dtype(torch.float32)
    generator = torch.Generator().manual_seed(4)
    vae, student = train_linear_vae(x, 3, 0.5, generator=torch.Generator().manual_seed(4))
    start = torch.randn(6, 3, generator=generator, dtype=torch.float64)
    agree(student.weight, start, atol=0)
    agree(student.bias, torch.zeros(6).double(), atol=0)
    agree(student.log_var, math.log(0.5), atol=1e-15)
    agree(vae.encoder.mean.weight, 0.1 * start.T, atol=1e-15)
    agree(vae.encoder.mean.bias, torch.zeros(3).double(), atol=0)
    weights = [*vae.encoder.parameters()]
    loss = elbo(vae, x, noise=sigma_points(3)).loss
    for weight, slope in zip(weights, torch.autograd.grad(loss, weights), strict=True):
        agree(weight.grad, slope, rtol=1e-12)
    assert not any(weight.requires_grad for weight in student.parameters())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda v: fixed_noise_maximum(v, 7, 1.0), "latent_dim is 7: choose 1 to 6"),
        (lambda v: forecast_unit_variance(v, 2, 0.0), "noise variance is 0.0: choose a positive"),
        (lambda v: train_linear_vae(v[None], 2, -1.0), "noise variance is -1.0"),
        (lambda v: rate_and_distortion(v, 2, 1.0, 0.0), "beta is 0.0: choose a positive number"),
        (lambda v: train_linear_vae(v[None], 2, 1.0, math.inf), "beta is inf: choose a positive"),
    ],
)
def test_impossible_forecasts_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(torch.ones(6))
