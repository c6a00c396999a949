"""Gaussian densities, samples and divergences against SciPy, torch.distributions and SymPy."""

import math

import numpy as np
import pytest
import scipy.stats
import sympy
import torch
from agreement import agree, agree_in_standard_errors
from scipy.integrate import quad
from torch.distributions import Independent, MultivariateNormal, Normal, kl_divergence

from vae_lib.gaussian import DiagonalGaussian, FullGaussian, sigma_points

ROUNDING = 1e-12  # a handful of float64 operations on numbers of order 1 to 100


def normal(q):
    """The same distribution, from torch.distributions."""
    return Independent(Normal(q.mean, torch.exp(q.log_var).sqrt()), 1)


def random_diagonal(generator, *shape):
    mean, log_var = torch.randn(2, *shape, generator=generator)
    return DiagonalGaussian(mean, log_var)


def random_full(generator, latent_dim):
    factor = torch.randn(latent_dim, latent_dim, generator=generator)
    covariance = factor @ factor.T + torch.eye(latent_dim)
    mean = torch.randn(latent_dim, generator=generator)
    return FullGaussian(mean, torch.linalg.cholesky(covariance)), covariance


@pytest.mark.equation("eq-prior", oracle="SciPy")
def test_prior_log_density_is_scipys():
    z = np.array([[0.3, -1.2, 2.0], [0.0, 0.0, 0.0]])
    prior = DiagonalGaussian(torch.zeros(3), torch.zeros(3))
    expected = scipy.stats.norm.logpdf(z).sum(-1)
    agree(prior.log_prob(torch.tensor(z)), expected, atol=ROUNDING)


@pytest.mark.equation("eq-gaussian-log-prob", oracle="torch.distributions")
def test_diagonal_log_prob_is_torch_distributions(generator):
    q = random_diagonal(generator, 7, 4)
    z = torch.randn(3, 7, 4, generator=generator)
    agree(q.log_prob(z), normal(q).log_prob(z), atol=1e-11)


@pytest.mark.equation("eq-log-var", oracle="NumPy")
def test_std_is_the_square_root_of_the_variance():
    log_var = torch.tensor([-3.0, 0.0, 1.5])
    expected = np.sqrt(np.exp(log_var.numpy()))
    agree(DiagonalGaussian(torch.zeros(3), log_var).std, expected, rtol=1e-15)


@pytest.mark.equation("eq-kl", oracle="quadrature")
@pytest.mark.equation("eq-kl-1d", oracle="quadrature")
@pytest.mark.parametrize(("mean", "log_var"), [(0.0, 0.0), (1.3, -0.7), (-2.0, 1.1), (0.4, -4.0)])
def test_kl_in_one_dimension_is_the_integral(mean, log_var):
    """quad's own error estimate is below 1e-8 for these smooth integrands."""
    q = scipy.stats.norm(mean, math.exp(log_var / 2))
    p = scipy.stats.norm()
    low, high = mean - 12 * q.std(), mean + 12 * q.std()
    integral, _ = quad(lambda z: q.pdf(z) * (q.logpdf(z) - p.logpdf(z)), low, high, limit=200)
    ours = DiagonalGaussian(torch.tensor([mean]), torch.tensor([log_var])).kl_to_standard()
    agree(ours.item(), integral, atol=1e-8)


@pytest.mark.equation("eq-kl-1d", oracle="SymPy")
def test_kl_in_one_dimension_follows_symbolically():
    """SymPy integrates the definition; nothing of the closed form goes in."""
    z, mu = sympy.symbols("z mu", real=True)
    sigma = sympy.symbols("sigma", positive=True)
    q = sympy.exp(-((z - mu) ** 2) / (2 * sigma**2)) / (sigma * sympy.sqrt(2 * sympy.pi))
    log_ratio = -((z - mu) ** 2) / (2 * sigma**2) - sympy.log(sigma) + z**2 / 2
    derived = sympy.integrate(sympy.expand(q * log_ratio), (z, -sympy.oo, sympy.oo))
    for mean, std in [(0.7, 0.3), (-1.5, 2.0)]:
        value = float(derived.subs({mu: mean, sigma: std}))
        log_var = torch.tensor([2 * math.log(std)])
        ours = DiagonalGaussian(torch.tensor([mean]), log_var).kl_to_standard().item()
        agree(ours, value, atol=ROUNDING)


@pytest.mark.equation("eq-kl-diagonal", oracle="torch.distributions")
def test_kl_to_standard_is_torch_distributions(generator):
    q = random_diagonal(generator, 9, 6)
    standard = Independent(Normal(torch.zeros(6), torch.ones(6)), 1)
    agree(q.kl_to_standard(), kl_divergence(normal(q), standard), atol=ROUNDING)


@pytest.mark.equation("eq-kl-two-gaussians", oracle="torch.distributions")
def test_kl_between_diagonals_is_torch_distributions(generator):
    q, p = random_diagonal(generator, 9, 6), random_diagonal(generator, 6)
    agree(q.kl_to(p), kl_divergence(normal(q), normal(p).expand((9,))), atol=1e-11)


@pytest.mark.equation("eq-kl-full", oracle="torch.distributions")
def test_kl_between_full_gaussians_is_torch_distributions(generator):
    (q, q_covariance), (p, p_covariance) = random_full(generator, 4), random_full(generator, 4)
    expected = kl_divergence(
        MultivariateNormal(q.mean, q_covariance), MultivariateNormal(p.mean, p_covariance)
    )
    agree(q.kl_to(p), expected, atol=1e-11)


@pytest.mark.equation("eq-kl-full", oracle="torch.distributions")
def test_kl_from_diagonal_to_full_and_back(generator):
    q = random_diagonal(generator, 4)
    p, covariance = random_full(generator, 4)
    theirs = MultivariateNormal(p.mean, covariance)
    ours_q = MultivariateNormal(q.mean, torch.diag(q.log_var.exp()))
    agree(q.kl_to(p), kl_divergence(ours_q, theirs), atol=1e-11)
    agree(p.kl_to(q), kl_divergence(theirs, ours_q), atol=1e-11)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_rounding_never_makes_kl_negative(dtype):
    """Written with exp(log σ²) - 1, near σ = 1 it does."""
    log_var = torch.linspace(-1, 1, 100_001, dtype=dtype)[:, None] * 1e-4
    assert (log_var.exp() - 1 - log_var).min() < 0
    q, prior = DiagonalGaussian(torch.zeros_like(log_var), log_var), torch.zeros(1, dtype=dtype)
    assert q.kl_to_standard().min() == 0
    assert q.kl_to(DiagonalGaussian(prior, prior)).min() == 0
    as_full = FullGaussian(prior.expand(len(log_var), 1), q.std[..., None])
    assert as_full.kl_to(FullGaussian(prior, torch.eye(1, dtype=dtype))).min() >= 0


@pytest.mark.equation("eq-kl-nonnegative", oracle="torch.distributions")
def test_kl_is_zero_at_equality_and_positive_elsewhere(generator):
    q = random_diagonal(generator, 1000, 3)
    p = random_diagonal(generator, 1000, 3)
    """1e-11, because the largest of the 1,000 divergences exceeds 100."""
    assert (q.kl_to(p) > 0).all()
    agree(q.kl_to(q), torch.zeros(1000), atol=ROUNDING)
    agree(q.kl_to(p), kl_divergence(normal(q), normal(p)), atol=1e-11)


def test_full_log_prob_is_scipys(generator):
    p, covariance = random_full(generator, 4)
    z = torch.randn(6, 4, generator=generator)
    expected = scipy.stats.multivariate_normal(p.mean.numpy(), covariance.numpy()).logpdf(z.numpy())
    np.testing.assert_allclose(p.log_prob(z), expected, rtol=0, atol=1e-11)


@pytest.mark.equation("eq-reparameterisation", oracle="Monte Carlo")
def test_transformed_noise_has_the_distribution_of_q():
    """Mean and variance within four standard errors, and the shape by Kolmogorov-Smirnov.

    The chance of a false alarm is 1e-3 for the latter; the seed is fixed.
    """
    q = DiagonalGaussian(torch.tensor([1.5]), torch.tensor([-1.2]))
    draws = q.rsample((20_000,), torch.Generator().manual_seed(3))[:, 0]
    result = scipy.stats.kstest(draws.numpy(), scipy.stats.norm(1.5, math.exp(-0.6)).cdf)
    assert result.pvalue > 1e-3
    variance = math.exp(-1.2)
    moments = torch.stack([draws.mean(), ((draws - 1.5) ** 2).mean()])
    errors = torch.tensor([variance**0.5, variance * 2**0.5]) / math.sqrt(20_000)
    agree_in_standard_errors(moments, torch.tensor([1.5, variance]), errors)


def test_full_transform_has_the_right_covariance(generator):
    """The mean square over the 2L sigma points is the covariance, exactly."""
    p, covariance = random_full(generator, 4)
    spread = p.transform(sigma_points(4)[:, 0]) - p.mean
    torch.testing.assert_close(spread.T @ spread / 8, covariance, rtol=0, atol=1e-11)


@pytest.mark.equation("eq-sigma-points", oracle="NumPy")
@pytest.mark.parametrize("latent_dim", [1, 2, 5])
def test_sigma_points_average_quadratics_exactly(latent_dim, generator):
    """E[ε'Aε + b'ε + c] = tr A + c for standard normal ε."""
    matrix = torch.randn(latent_dim, latent_dim, generator=generator)
    slope = torch.randn(latent_dim, generator=generator)
    points = sigma_points(latent_dim)[:, 0]
    average = ((points @ matrix * points).sum(-1) + points @ slope + 0.7).mean()
    agree(average.item(), np.trace(matrix.numpy()) + 0.7, atol=ROUNDING)


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"mean has shape \(3,\) and log_var \(2,\)"):
        DiagonalGaussian(torch.zeros(3), torch.zeros(2))
    with pytest.raises(ValueError, match="single numbers"):
        DiagonalGaussian(torch.tensor(0.0), torch.tensor(0.0))
    with pytest.raises(ValueError, match=r"scale_tril must end in \(3, 3\)"):
        FullGaussian(torch.zeros(3), torch.eye(2))


@pytest.mark.parametrize("last", [-1.0, 0.0])
def test_triangle_without_a_positive_diagonal_is_refused(last):
    """Though A Aᵀ is a covariance where A has -1 there."""
    with pytest.raises(ValueError, match="not lower-triangular with a positive diagonal"):
        FullGaussian(torch.zeros(2), torch.diag(torch.tensor([1.0, last])))


@pytest.mark.equation("eq-reparameterisation", oracle="NumPy")
def test_samples_are_mean_plus_scale_times_noise(generator):
    """NumPy multiplies; a minus sign gives draws with the same distribution, but other ones."""
    q, (p, covariance) = random_diagonal(generator, 5, 4), random_full(generator, 4)
    noise = torch.randn(3, 5, 4, generator=generator)
    diagonal = q.mean.numpy() + np.sqrt(np.exp(q.log_var.numpy())) * noise.numpy()
    full = p.mean.numpy() + noise.numpy() @ np.linalg.cholesky(covariance.numpy()).T
    agree(q.transform(noise), diagonal, atol=ROUNDING)
    agree(p.transform(noise), full, atol=ROUNDING)


def test_a_seed_repeats_the_draws_of_both_gaussians(generator):
    for q in (random_diagonal(generator, 5, 4), random_full(generator, 4)[0]):
        first, again, other = (
            q.rsample((2,), torch.Generator().manual_seed(seed)) for seed in (7, 7, 8)
        )
        assert torch.equal(first, again) and not torch.equal(first, other)


def test_noise_has_the_precision_and_the_device_of_the_gaussian():
    """The default precision is float64 in these tests; "meta" is a device that holds no numbers."""
    zeros = torch.zeros(3, dtype=torch.float32)
    assert DiagonalGaussian(zeros, zeros).rsample().dtype == torch.float32
    assert FullGaussian(zeros, torch.eye(3, dtype=torch.float32)).rsample().dtype == torch.float32
    assert sigma_points(3, torch.float32).dtype == torch.float32
    elsewhere = torch.zeros(3, device="meta")
    assert DiagonalGaussian(elsewhere, elsewhere).rsample().device.type == "meta"


def test_each_data_point_may_have_a_covariance_of_its_own(generator):
    factors = torch.randn(4, 3, 3, generator=generator).tril(-1) + 2 * torch.eye(3)
    mean, value = torch.randn(2, 4, 3, generator=generator)
    expected = MultivariateNormal(mean, scale_tril=factors).log_prob(value)
    agree(FullGaussian(mean, factors).log_prob(value), expected, atol=1e-11)
