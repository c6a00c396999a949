"""The appendix's identities against SciPy, NumPy's linear algebra, quadrature and differences."""

import math

import numpy as np
import pytest
import torch
from agreement import agree
from scipy.integrate import quad
from scipy.stats import multivariate_normal, norm

from vae_lib.evidence import monte_carlo_relative_variance
from vae_lib.gaussian import DiagonalGaussian, FullGaussian, sigma_points
from vae_lib.lessons.identities import (
    conditional,
    entropy,
    expected_log_likelihood,
    low_rank_inverse,
    low_rank_log_det,
    product,
)
from vae_lib.linear import LinearGaussian

ROUNDING = 1e-11  # small matrices of moderate condition, in float64


def random_covariance(generator, size):
    factor = torch.randn(size, size, generator=generator)
    return factor @ factor.T + torch.eye(size)


def density(mean, covariance):
    """SciPy's N(mean, covariance)."""
    return multivariate_normal(mean.numpy(), covariance.numpy())


@pytest.mark.equation("eq-affine-map", oracle="SciPy")
def test_affine_map_of_noise_has_scipys_density(generator):
    """Change of variables: log density of μ + A ε is that of ε less log |det A|."""
    covariance, mean = random_covariance(generator, 3), torch.randn(3, generator=generator)
    p = FullGaussian(mean, torch.linalg.cholesky(covariance))
    noise = torch.randn(5, 3, generator=generator)
    _, log_det = np.linalg.slogdet(p.scale_tril.numpy())
    expected = density(torch.zeros(3), torch.eye(3)).logpdf(noise.numpy()) - log_det
    there = density(mean, covariance).logpdf(p.transform(noise).numpy())
    agree(there, expected, atol=ROUNDING)


@pytest.mark.equation("eq-gaussian-marginal", oracle="SciPy")
def test_marginal_of_the_joint_is_the_evidence(generator, random_linear):
    """The joint covariance of (z, x) in blocks; SciPy's density of the block of x."""
    model, x, _ = random_linear(4, 2)
    _, covariance = joint_of(model)
    expected = density(model.bias, covariance[2:, 2:]).logpdf(x.numpy())
    agree(model.log_evidence(x), expected, atol=ROUNDING)


@pytest.mark.equation("eq-gaussian-marginal", oracle="SciPy")
def test_marginal_density_is_the_integral_of_the_joint(generator):
    """Trapezoidal rule over the first coordinate, exponentially accurate for a smooth density."""
    covariance, mean = random_covariance(generator, 2), torch.randn(2, generator=generator)
    spread = 12 * math.sqrt(covariance[0, 0])
    first, step = np.linspace(-spread, spread, 2001, retstep=True)
    points = np.stack([mean[0].item() + first, np.full(2001, 0.4)], -1)
    integral = density(mean, covariance).pdf(points).sum() * step
    p = FullGaussian(mean[1:], torch.linalg.cholesky(covariance[1:, 1:]))
    ours = p.log_prob(torch.tensor([0.4])).exp().item()
    agree(ours, integral, atol=ROUNDING)


@pytest.mark.equation("eq-gaussian-conditional", oracle="SciPy")
def test_conditional_is_joint_over_marginal(generator):
    covariance, mean = random_covariance(generator, 5), torch.randn(5, generator=generator)
    value = torch.randn(6, 5, generator=generator)
    marginal = density(mean[3:], covariance[3:, 3:])
    expected = density(mean, covariance).logpdf(value) - marginal.logpdf(value[:, 3:])
    ours = torch.stack([conditional(mean, covariance, v[3:]).log_prob(v[:3]) for v in value])
    agree(ours, expected, atol=ROUNDING)


def joint_of(model):
    """Mean and covariance of (z, x) in a linear model."""
    size = model.latent_dim
    top = torch.cat([torch.eye(size), model.weight.T], 1)
    noise = model.log_var.exp() * torch.eye(len(model.bias))
    bottom = torch.cat([model.weight, model.weight @ model.weight.T + noise], 1)
    return torch.cat([torch.zeros(size), model.bias]), torch.cat([top, bottom])


@pytest.mark.equation("eq-complete-square", oracle="exact model")
@pytest.mark.equation("eq-linear-posterior", oracle="exact model")
def test_completed_square_is_the_conditional(random_linear):
    """Two roads to one posterior: the square in z, and conditioning of the joint of (z, x)."""
    model, x, _ = random_linear(4, 2)
    for row in x:
        expected, ours = conditional(*joint_of(model), row), model.encode(row)
        agree(ours.mean, expected.mean, atol=ROUNDING)
        agree(ours.scale_tril, expected.scale_tril, atol=ROUNDING)


@pytest.mark.equation("eq-complete-square", oracle="exact model")
def test_completed_square_is_the_exponent_it_came_from(random_linear):
    """Differences of the posterior's log density are differences of the joint's."""
    model, x, _ = random_linear(4, 2)
    z = torch.randn(2, 5, 2, generator=torch.Generator().manual_seed(1))
    joint, posterior = model.log_joint(x, z), model.encode(x).log_prob(z)
    agree(joint[0] - joint[1], posterior[0] - posterior[1], atol=1e-10)


@pytest.mark.equation("eq-gaussian-product", oracle="SciPy")
def test_product_of_densities_is_scipys(generator):
    (a, b), value = torch.randn(2, 3, generator=generator), torch.randn(6, 3, generator=generator)
    first, second = random_covariance(generator, 3), random_covariance(generator, 3)
    log_scale, combined = product(a, first, b, second)
    expected = density(a, first).logpdf(value) + density(b, second).logpdf(value)
    agree(log_scale + combined.log_prob(value), expected, atol=1e-10)


@pytest.mark.equation("eq-gaussian-product", oracle="SciPy")
def test_integral_of_a_product_is_the_evidence():
    """With W = I the likelihood is a density in z: p(x) is the number before the product."""
    model = LinearGaussian(torch.eye(3), torch.zeros(3), torch.tensor(-0.4)).requires_grad_(False)
    x = torch.tensor([0.3, -1.1, 0.8])
    log_scale, _ = product(x, model.log_var.exp() * torch.eye(3), torch.zeros(3), torch.eye(3))
    agree(log_scale.item(), model.log_evidence(x).item(), atol=ROUNDING)


@pytest.mark.equation("eq-gaussian-square", oracle="SciPy")
def test_square_of_a_density_is_scipys(generator):
    covariance, mean = random_covariance(generator, 3), torch.randn(3, generator=generator)
    value = torch.randn(6, 3, generator=generator)
    expected = 2 * density(mean, covariance).logpdf(value)
    half = density(mean, covariance / 2).logpdf(value)
    _, log_det = np.linalg.slogdet(4 * math.pi * covariance.numpy())
    agree(half - log_det / 2, expected, atol=ROUNDING)
    log_scale, combined = product(mean, covariance, mean, covariance)
    agree(log_scale + combined.log_prob(value), expected, atol=1e-10)


@pytest.mark.equation("eq-gaussian-square", oracle="SciPy")
def test_relative_variance_follows_from_square_and_product():
    """E[p(x|z)²] and E[p(x|z)] by the two identities, one coordinate at a time."""
    x, variance = torch.tensor([0.4, -1.0]), torch.tensor(0.3)
    prior, spread = torch.eye(2), variance * torch.eye(2)
    log_front = -torch.log(4 * math.pi * variance)  # 2 coordinates: twice the half
    log_square = log_front + product(x, spread / 2, torch.zeros(2), prior)[0]
    log_mean = product(x, spread, torch.zeros(2), prior)[0]
    expected = torch.expm1(log_square - 2 * log_mean) / 7
    ours = monte_carlo_relative_variance(x, variance.log(), samples=7)
    agree(ours, expected, rtol=1e-12, atol=0)


@pytest.mark.equation("eq-maximum-likelihood", oracle="quadrature")
@pytest.mark.parametrize(("mean", "std"), [(0.7, 1.3), (-0.4, 0.5), (0.0, 1.0)])
def test_expected_log_likelihood_is_scipys_integral(mean, std):
    """The integral of p_data log p itself, no entropy or divergence in it; off by 1e-12 here."""
    expected, _ = quad(
        lambda x: norm.pdf(x, 0.3, 0.8) * norm.logpdf(x, mean, std), -10, 10, epsabs=1e-12
    )
    data, model = (
        FullGaussian(torch.tensor([m]), torch.tensor([[s]])) for m, s in ((0.3, 0.8), (mean, std))
    )
    agree(expected_log_likelihood(data, model), expected, atol=1e-10)


@pytest.mark.equation("eq-maximum-likelihood", oracle="SciPy")
def test_expected_log_likelihood_is_an_average_over_moments(generator):
    """A quadratic has the mean of its values at m ± √n times the columns of a factor of S."""
    mean, covariance = torch.randn(3, generator=generator), random_covariance(generator, 3)
    centre, spread = torch.randn(3, generator=generator), random_covariance(generator, 3)
    factor = torch.linalg.cholesky(covariance)
    points = torch.cat([mean + math.sqrt(3) * factor.T, mean - math.sqrt(3) * factor.T])
    expected = density(centre, spread).logpdf(points.numpy()).mean()
    ours = expected_log_likelihood(
        FullGaussian(mean, factor), FullGaussian(centre, torch.linalg.cholesky(spread))
    )
    agree(ours, expected, atol=ROUNDING)


@pytest.mark.equation("eq-quadratic-form", oracle="quadrature")
def test_expected_quadratic_form_is_gauss_hermites(generator):
    """Gauss-Hermite with 4 nodes an axis is exact for polynomials up to degree 7.

    ``kl_to`` holds the formula: with its logarithms and L taken away, the form is left.
    """
    covariance, mean, centre = (
        random_covariance(generator, 2),
        torch.randn(2, generator=generator),
        torch.randn(2, generator=generator),
    )
    other = random_covariance(generator, 2)
    nodes, weights = np.polynomial.hermite_e.hermegauss(4)
    weights = weights / weights.sum()
    noise = np.stack(np.meshgrid(nodes, nodes), -1).reshape(-1, 2)
    z = mean.numpy() + noise @ np.linalg.cholesky(covariance.numpy()).T - centre.numpy()
    form = np.einsum("ni,ij,nj->n", z, np.linalg.inv(other.numpy()), z)
    expected = form @ np.outer(weights, weights).ravel()
    q = FullGaussian(mean, torch.linalg.cholesky(covariance))
    p = FullGaussian(centre, torch.linalg.cholesky(other))
    log_ratio = np.linalg.slogdet(other.numpy())[1] - np.linalg.slogdet(covariance.numpy())[1]
    agree(2 * q.kl_to(p).item() + 2 - log_ratio, expected, atol=ROUNDING)


@pytest.mark.equation("eq-gaussian-entropy", oracle="SciPy")
def test_entropy_is_scipys(generator):
    covariance = random_covariance(generator, 4)
    p = FullGaussian(torch.zeros(4), torch.linalg.cholesky(covariance))
    expected = density(torch.zeros(4), covariance).entropy()
    agree(entropy(p).item(), expected, atol=ROUNDING)


@pytest.mark.equation("eq-gaussian-entropy", oracle="SciPy")
def test_kl_is_cross_entropy_less_entropy(generator):
    """KL to N(0, I) in closed form against the entropy and a second moment."""
    mean, log_var = torch.randn(2, 3, generator=generator)
    q = DiagonalGaussian(mean, log_var)
    second_moment = (mean**2 + log_var.exp()).sum()
    cross = 0.5 * (3 * math.log(2 * math.pi) + second_moment)
    ours = cross - entropy(FullGaussian(mean, q.scale_tril))
    agree(q.kl_to_standard(), ours, atol=ROUNDING)


@pytest.mark.equation("eq-energy-entropy", oracle="exact model")
def test_entropy_less_mean_energy_is_evidence_less_gap(random_linear):
    """log p(x, z) is quadratic in z, so its mean over the sigma points is its mean over q."""
    model, x, q = random_linear(4, 2)
    z = q.transform(sigma_points(2))
    bound = model.log_joint(x, z).mean(0) + entropy(FullGaussian(q.mean, q.scale_tril))
    _, covariance = joint_of(model)
    evidence = density(model.bias, covariance[2:, 2:]).logpdf(x.numpy())
    agree(bound + q.kl_to(model.encode(x)), evidence, atol=ROUNDING)


@pytest.mark.equation("eq-log-det-derivative", oracle="finite differences")
def test_derivative_of_log_det_is_a_difference_quotient(generator):
    """Central differences with step 1e-5: their error is of order 1e-10."""
    matrix = random_covariance(generator, 3).numpy()
    expected = np.linalg.inv(matrix).T
    for i in range(3):
        for j in range(3):
            change = np.zeros((3, 3))
            change[i, j] = 1e-5
            up, down = (np.linalg.slogdet(matrix + s * change)[1] for s in (1, -1))
            agree((up - down) / 2e-5, expected[i, j], atol=1e-8)


@pytest.mark.equation("eq-log-det-derivative", oracle="finite differences")
def test_maximum_likelihood_has_no_slope_in_its_weights(generator):
    """Its condition, from the derivative of log det: C⁻¹ S C⁻¹ W = C⁻¹ W."""
    x = torch.randn(200, 5, generator=generator) @ torch.randn(5, 5, generator=generator)
    model = LinearGaussian.maximum_likelihood(x, 2).requires_grad_(False)
    sample = torch.cov(x.T, correction=0).numpy()
    weight = model.weight.numpy()
    inverse = np.linalg.inv(weight @ weight.T + model.log_var.exp().item() * np.eye(5))
    slope = inverse @ (sample - np.linalg.inv(inverse)) @ inverse @ weight
    agree(slope, np.zeros((5, 2)), atol=ROUNDING)


@pytest.mark.equation("eq-woodbury", oracle="NumPy")
def test_low_rank_inverse_is_numpys(generator):
    weight, log_var = torch.randn(7, 2, generator=generator), torch.tensor(-0.6)
    expected = np.linalg.inv((weight @ weight.T + log_var.exp() * torch.eye(7)).numpy())
    agree(low_rank_inverse(weight, log_var), expected, atol=ROUNDING)


def test_low_rank_inverse_is_of_its_arguments_kind_and_on_their_device(generator):
    """Whatever the defaults: float64 is that of the tests, and "meta" holds no numbers."""
    weight = torch.randn(7, 2, generator=generator).float()
    with torch.device("meta"):
        inverse = low_rank_inverse(weight, torch.tensor(-0.6, dtype=torch.float32, device="cpu"))
    assert inverse.dtype == torch.float32 and inverse.device.type == "cpu"


@pytest.mark.equation("eq-determinant-lemma", oracle="NumPy")
def test_low_rank_log_det_is_numpys(generator):
    weight, log_var = torch.randn(7, 2, generator=generator), torch.tensor(-0.6)
    covariance = weight @ weight.T + log_var.exp() * torch.eye(7)
    _, expected = np.linalg.slogdet(covariance.numpy())
    agree(low_rank_log_det(weight, log_var).item(), expected, atol=ROUNDING)


def test_both_make_the_evidence_cheap(random_linear):
    """The evidence from an L × L matrix is that from the D × D one."""
    model, x, _ = random_linear(7, 2)
    delta = x - model.bias
    squared = (delta @ low_rank_inverse(model.weight, model.log_var) * delta).sum(-1)
    log_det = low_rank_log_det(model.weight, model.log_var)
    ours = -0.5 * (7 * math.log(2 * math.pi) + log_det + squared)
    agree(ours, model.log_evidence(x), atol=1e-10)
