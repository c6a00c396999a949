"""What the exercises hold to be right, against something that was derived in another way."""

import math
import statistics

import numpy as np
import torch

from vae_lib.gaussian import DiagonalGaussian, FullGaussian
from vae_lib.gradients import score_function_gradients
from vae_lib.lessons.exercises import EXERCISES
from vae_lib.likelihoods import Gaussian


def right(name, *arguments):
    return EXERCISES[name].reference(*arguments)


def normal(value, variance):
    return torch.exp(-0.5 * value**2 / variance) / math.sqrt(2 * math.pi * variance)


def test_rho_at_zero_is_the_ratio_of_two_integrals():
    z = torch.linspace(-9, 9, 20_001)
    for sigma in (0.1, 0.6, 2.0):
        likelihood, prior = normal(z, sigma**2), normal(z, 1)
        squared = torch.trapezoid(likelihood**2 * prior, z)
        ratio = squared / torch.trapezoid(likelihood * prior, z) ** 2
        # The trapezoidal rule is exact to rounding for a smooth function that ends at zero.
        assert torch.isclose(right("01-rho", torch.tensor(sigma)), ratio, rtol=1e-10)


def test_log_mean_is_the_logarithm_of_the_mean_where_exp_can_be_taken():
    values = torch.tensor([[-1.0, -3.0], [-2.0, 0.5], [0.3, -1.5]])
    plain = [math.log(statistics.fmean(map(math.exp, column))) for column in values.T.tolist()]
    assert torch.allclose(right("01-log-mean", values), torch.tensor(plain), rtol=1e-14)


def test_the_evidence_on_a_line_is_the_integral_over_z():
    x, w, b, sigma = (a.double() for a in EXERCISES["01-linear-evidence"].arguments)
    z = torch.linspace(-9, 9, 20_001)[:, None]
    integral = torch.trapezoid(normal(x - w * z - b, sigma**2) * normal(z, 1), z, dim=0)
    given = right("01-linear-evidence", x, w, b, sigma)
    assert torch.allclose(given, integral.log(), rtol=1e-10)


def test_the_elbo_of_draws_is_exact_where_the_ratio_is_constant(generator):
    """With q equal to the posterior every draw gives log p(x)."""
    log_q = torch.randn(7, 3, generator=generator)
    assert torch.allclose(right("02-elbo", log_q - 4.5, log_q), torch.full((3,), -4.5))


def test_no_small_change_of_the_best_diagonal_lowers_the_divergence(generator):
    (precision,) = (argument.double() for argument in EXERCISES["02-best-diagonal"].arguments)
    tril = torch.linalg.cholesky(torch.linalg.inv(precision))
    posterior = FullGaussian(torch.zeros(3), tril)
    log_var = right("02-best-diagonal", precision).log().requires_grad_()
    divergence = DiagonalGaussian(torch.zeros(3), log_var).kl_to(posterior)
    (slope,) = torch.autograd.grad(divergence, log_var)
    assert slope.abs().max() < 1e-14
    for _ in range(20):
        moved = DiagonalGaussian(
            torch.zeros(3), log_var.detach() + 0.1 * torch.randn(3, generator=generator)
        )
        assert moved.kl_to(posterior) > divergence


def test_the_gap_of_the_prior_is_the_integral_of_the_log_ratio():
    z = torch.linspace(-9, 9, 20_001)
    for mean, precision in ((0.5, 1.5), (-1.2, 4.0)):
        log_ratio = torch.log(normal(z, 1)) - torch.log(normal(z - mean, 1 / precision))
        gap = torch.trapezoid(normal(z, 1) * log_ratio, z)
        given = right("02-gap-prior", torch.tensor([mean]), torch.tensor([precision]))
        assert torch.isclose(given[0], gap, rtol=1e-10)


def test_no_other_variance_makes_a_residual_more_probable(generator):
    residual = torch.randn(10, generator=generator)
    best = right("03-best-likelihood", (residual**2).sum()[None], 10)
    for log_var in torch.linspace(-3, 3, 601):
        assert Gaussian(torch.zeros(10), log_var).log_prob(residual) <= best + 1e-12


def test_the_score_estimate_is_the_librarys(generator):
    q = DiagonalGaussian(torch.tensor([0.4]), torch.tensor([-0.7]))
    noise = torch.randn(50, 1, generator=generator)
    z = q.transform(noise)[:, 0]
    by_library = score_function_gradients(lambda z: z.sin().sum(-1), q, noise)[:, 1, 0].mean()
    ours = right("04-score", z.sin(), z, torch.tensor(0.4), torch.tensor(-0.7))
    assert torch.isclose(ours, by_library, rtol=1e-12)


def test_the_variance_in_log_var_by_gauss_hermite_quadrature():
    """Exact for polynomials up to degree 19; the mean square has degree 4."""
    points, weights = np.polynomial.hermite_e.hermegauss(10)
    weights = weights / weights.sum()
    for mean, sigma in ((0.0, 0.7), (-0.8, 1.2)):
        draw = 2 * (mean + sigma * points) * 0.5 * sigma * points
        variance = (weights * draw**2).sum() - (weights * draw).sum() ** 2
        given = right("04-variance", torch.tensor(mean), torch.tensor(sigma))
        assert math.isclose(given, variance, rel_tol=1e-12)


def test_the_loss_of_one_image_is_the_sum_of_its_terms():
    loss = right("05-loss", torch.tensor([[-1.0, -2.0], [-3.0, -5.0]]), torch.tensor([[2.0], [4]]))
    assert loss == ((1 + 2 + 2) + (3 + 5 + 4)) / 2


def test_the_standard_error_is_how_far_means_spread():
    values = [3.0, 5.0, 10.0, 4.0]
    mean, error = right("05-standard-error", torch.tensor(values))
    assert mean == statistics.fmean(values)
    assert math.isclose(error, statistics.stdev(values) / 2, rel_tol=1e-14)


def test_independent_pixels_are_best_at_the_fractions(generator):
    images = torch.bernoulli(torch.tensor([0.2, 0.5, 0.8]).expand(40, 3), generator=generator)
    fraction = images.mean(0)

    def average(probability):
        return torch.distributions.Bernoulli(probability).log_prob(images).sum(-1).mean()

    best = right("05-independent-pixels", fraction)
    assert torch.isclose(average(fraction), best, rtol=1e-12)
    for _ in range(50):
        assert average(torch.rand(3, generator=generator)) < best
