"""The ELBO and its relatives, against the exactly solvable model and quadrature."""

import math

import numpy as np
import pytest
import torch
from agreement import agree, agree_in_standard_errors
from scipy.integrate import quad
from scipy.stats import multivariate_normal, norm

from vae_lib.evaluation import log_likelihood
from vae_lib.gaussian import DiagonalGaussian, sigma_points, weight_variance
from vae_lib.likelihoods import Bernoulli
from vae_lib.models import VAE, GenerativeModel, mlp_vae
from vae_lib.objectives import elbo, importance_weighted_bound, log_weights

EXACT = 1e-10  # float64 rounding through a Cholesky factor and a triangular solve
SIZES = [(1, 1), (2, 1), (5, 3), (12, 4), (20, 5)]


def exact_elbo(model, x, q):
    """E_q[log p(x|z)] from the moments of q, less the KL: NumPy only, no draws."""
    weight, variance = model.weight.numpy(), math.exp(model.log_var.item())
    rows = []
    for i in range(len(x)):
        mean, spread = q.mean[i].numpy(), np.exp(q.log_var[i].numpy())
        residual = x[i].numpy() - weight @ mean - model.bias.numpy()
        squared = residual @ residual + np.trace(weight @ np.diag(spread) @ weight.T)
        expected = -0.5 * (len(residual) * math.log(2 * math.pi * variance) + squared / variance)
        kl = 0.5 * (mean @ mean + spread.sum() - len(mean) - np.log(spread).sum())
        rows.append(expected - kl)
    return torch.tensor(np.array(rows))


def exact_gap(model, x, q):
    """KL(q || p(z|x)) from SciPy's entropy of q and NumPy's posterior."""
    weight, variance = model.weight.numpy(), math.exp(model.log_var.item())
    precision = np.eye(weight.shape[1]) + weight.T @ weight / variance
    covariance = np.linalg.inv(precision)
    rows = []
    for i in range(len(x)):
        mean, spread = q.mean[i].numpy(), np.diag(np.exp(q.log_var[i].numpy()))
        centre = covariance @ weight.T @ (x[i].numpy() - model.bias.numpy()) / variance
        cross = multivariate_normal(centre, covariance).logpdf(mean)
        cross -= 0.5 * np.trace(precision @ spread)
        rows.append(-multivariate_normal(mean, spread).entropy() - cross)
    return torch.tensor(np.array(rows))


@pytest.mark.equation("eq-elbo", oracle="exact model")
@pytest.mark.parametrize(("data_dim", "latent_dim"), SIZES)
def test_elbo_is_exact_with_sigma_points(random_linear, data_dim, latent_dim):
    model, x, q = random_linear(data_dim, latent_dim)
    ours = elbo(model, x, q=q, noise=sigma_points(latent_dim)).value
    agree(ours, exact_elbo(model, x, q), rtol=1e-12, atol=EXACT)


@pytest.mark.equation("eq-kl-identity", oracle="exact model")
@pytest.mark.equation("eq-gap", oracle="exact model")
@pytest.mark.parametrize(("data_dim", "latent_dim"), SIZES)
def test_evidence_is_elbo_plus_gap(random_linear, data_dim, latent_dim):
    model, x, q = random_linear(data_dim, latent_dim)
    bound = elbo(model, x, q=q, noise=sigma_points(latent_dim)).value
    gap = q.kl_to(model.encode(x))
    scale = gap.max().item() + 1
    agree(gap, exact_gap(model, x, q), atol=EXACT * scale, of="eq-gap")
    assert (gap > 0).all()
    agree(bound + gap, model.log_evidence(x), atol=EXACT)


@pytest.mark.equation("eq-gap", oracle="exact model")
@pytest.mark.parametrize(("data_dim", "latent_dim"), SIZES)
def test_elbo_at_the_exact_posterior_is_the_evidence(random_linear, data_dim, latent_dim):
    model, x, _ = random_linear(data_dim, latent_dim)
    bound = elbo(model, x, noise=sigma_points(latent_dim)).value
    agree(bound, model.log_evidence(x), atol=EXACT)


@pytest.mark.equation("eq-elbo-joint", oracle="quadrature")
@pytest.mark.equation("eq-elbo", oracle="quadrature")
@pytest.mark.equation("eq-kl-identity", oracle="quadrature")
def test_forms_of_the_bound_agree_by_quadrature():
    """A Bernoulli decoder, where nothing is linear: SciPy integrates over z."""
    slope, x = torch.tensor([1.4, -0.6, 2.0]), np.array([1.0, 0.0, 1.0])
    mean, std = 0.3, 0.8

    def log_joint(z):
        probability = 1 / (1 + np.exp(-slope.numpy() * z))
        return norm.logpdf(z) + np.log(np.where(x == 1, probability, 1 - probability)).sum()

    def integral(f):
        return quad(lambda z: norm.pdf(z, mean, std) * f(z), mean - 9, mean + 9, limit=200)[0]

    by_joint = integral(lambda z: log_joint(z) - norm.logpdf(z, mean, std))
    evidence = math.log(quad(lambda z: math.exp(log_joint(z)), -9, 9, limit=200)[0])
    gap = integral(lambda z: norm.logpdf(z, mean, std) - log_joint(z) + evidence)
    agree(by_joint + gap, evidence, atol=1e-8, of="eq-kl-identity")

    model = VAE(lambda x: None, lambda z: Bernoulli(z * slope), data_dim=3, latent_dim=1).double()
    q = DiagonalGaussian(torch.tensor([mean]), torch.tensor([2 * math.log(std)]))
    data = torch.tensor(x)[None]
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    z = q.transform(torch.tensor(nodes)[:, None, None])
    terms, weights = model.decode(z).log_prob(data)[:, 0], torch.tensor(weights / weights.sum())
    mean_term = (weights * terms).sum()
    agree((mean_term - q.kl_to_standard()).item(), by_joint, atol=1e-7)
    draws = elbo(model, data, q=q, samples=200_000, generator=torch.Generator().manual_seed(0))
    error = math.sqrt((weights * (terms - mean_term) ** 2).sum() / 200_000)
    assert draws.value.item() == pytest.approx(by_joint, abs=4 * error)


@pytest.mark.equation("eq-importance-sampling", oracle="quadrature")
@pytest.mark.equation("eq-importance-variance", oracle="quadrature")
def test_mean_and_variance_of_the_weights_by_quadrature():
    """A Bernoulli decoder: the library's weights at the nodes of a rule, and SciPy's integrals.

    60 Gauss-Hermite nodes leave 1e-9 of the mean and 1e-7 of the variance.
    """
    slope, x = torch.tensor([1.4, -0.6, 2.0]), np.array([1.0, 0.0, 1.0])
    mean, std = 0.3, 1.1

    def joint(z):
        probability = 1 / (1 + np.exp(-slope.numpy() * z))
        return norm.pdf(z) * np.where(x == 1, probability, 1 - probability).prod()

    evidence = quad(joint, -9, 9, epsabs=1e-13)[0]
    posterior_over_q = quad(lambda z: joint(z) ** 2 / norm.pdf(z, mean, std), -12, 12)[0]
    model = GenerativeModel(lambda z: Bernoulli(z * slope), latent_dim=1).double()
    q = DiagonalGaussian(torch.tensor([[mean]]), torch.tensor([[2 * math.log(std)]]))
    nodes, rule = np.polynomial.hermite_e.hermegauss(60)
    rule = torch.tensor(rule / rule.sum())
    noise = torch.tensor(nodes)[:, None, None]
    weights = log_weights(model, torch.tensor(x)[None], 60, q=q, noise=noise).exp()[:, 0]
    average = (rule * weights).sum()
    agree(average.item(), evidence, atol=1e-8, of="eq-importance-sampling")
    variance = (rule * (weights - average) ** 2).sum() / average**2
    agree(
        variance.item(), posterior_over_q / evidence**2 - 1, atol=1e-6, of="eq-importance-variance"
    )


@pytest.mark.equation("eq-best-proposal", oracle="SciPy")
def test_each_weight_of_the_posterior_is_the_evidence(random_linear, generator):
    """And no other proposal has weights without variance."""
    model, x, q = random_linear(8, 3)
    weights = log_weights(model, x, 20, generator=generator)
    weight, noise = model.weight.numpy(), math.exp(model.log_var)
    exact = multivariate_normal(model.bias, weight @ weight.T + noise * np.eye(8)).logpdf(x)
    agree(weights, np.broadcast_to(exact, (20, 5)), atol=EXACT)
    assert (weight_variance(q, model.encode(x)) > 0).all()
    assert (log_weights(model, x, 20, q=q, generator=generator).std(0) > 0.1).all()


@pytest.mark.equation("eq-elbo-estimate", oracle="Monte Carlo")
def test_one_draw_is_unbiased(random_linear, generator):
    """The mean of 20,000 one-draw estimates lies within four of its standard errors."""
    model, x, q = random_linear(5, 3)
    estimates = torch.stack([elbo(model, x, q=q, generator=generator).value for _ in range(20_000)])
    error = estimates.std(0) / math.sqrt(20_000)
    agree_in_standard_errors(estimates.mean(0), exact_elbo(model, x, q), error)


@pytest.mark.equation("eq-loss", oracle="exact model")
@pytest.mark.equation("eq-minibatch", oracle="exact model")
def test_loss_is_the_batch_mean_of_the_negative_bound(random_linear):
    model, x, q = random_linear(5, 3)
    loss = elbo(model, x, q=q, noise=sigma_points(3)).loss
    agree(loss.item(), -exact_elbo(model, x, q).numpy().sum() / 5, rtol=1e-12)


@pytest.mark.equation("eq-jensen", oracle="Monte Carlo")
def test_bound_is_below_the_evidence_and_rises_with_k(random_linear, generator):
    """10,000 repetitions; a step counts as a rise only beyond four standard errors."""
    model, x, q = random_linear(3, 2)
    x, q = x[:1].expand(10_000, 3), DiagonalGaussian(q.mean[:1], q.log_var[:1])
    q = DiagonalGaussian(q.mean.expand(10_000, 2), q.log_var.expand(10_000, 2))
    means, errors = [], []
    for k in (1, 4, 16, 64):
        bound = importance_weighted_bound(model, x, k, q=q, generator=generator)
        means.append(bound.mean().item())
        errors.append(bound.std().item() / 100)
    agree_in_standard_errors(means[0], exact_elbo(model, x[:1], q).item(), errors[0])
    for i in range(3):
        assert means[i + 1] - means[i] > 4 * math.hypot(errors[i], errors[i + 1])
    assert means[3] < model.log_evidence(x[:1]).item() + 4 * errors[3]


def test_importance_weights_at_the_exact_posterior_are_constant(random_linear, generator):
    """Every weight is p(x) itself, so one draw gives the evidence without any variance."""
    model, x, _ = random_linear(8, 3)
    bound = importance_weighted_bound(model, x, 1, generator=generator)
    torch.testing.assert_close(bound, model.log_evidence(x), rtol=0, atol=EXACT)


@pytest.mark.parametrize(
    ("k", "chunk", "at_once", "sizes"),
    [
        (70, None, 4, (70,)),
        (70, 280, 4, (70,)),
        (70, 140, 2, (70,)),
        (70, 30, 1, (30, 30, 10)),
        (150, 400, 4, (100, 50)),
    ],
)
def test_log_likelihood_in_chunks_is_the_naive_sum(k, chunk, at_once, sizes):
    """Whole, in blocks of images, and in parts of the draws: the naive sum over the same draws."""
    torch.manual_seed(0)
    model = mlp_vae(data_dim=9, latent_dim=2, hidden=(5,)).double()
    x = torch.bernoulli(torch.full((4, 9), 0.5))
    ours = log_likelihood(model, x, k, chunk=chunk, generator=torch.Generator().manual_seed(1))
    generator = torch.Generator().manual_seed(1)
    naive = []
    for images in x.split(at_once):
        q = model.encode(images)
        z = torch.cat([q.rsample((size,), generator) for size in sizes])
        naive.append((model.log_joint(images, z) - q.log_prob(z)).exp().mean(0).log())
    torch.testing.assert_close(ours, torch.cat(naive), rtol=0, atol=1e-12)


def test_bar_of_the_log_likelihood_is_shown_only_if_asked_for(capsys):
    model = mlp_vae(data_dim=9, latent_dim=2, hidden=(5,)).double()
    log_likelihood(model, torch.zeros(2, 9), 10)
    assert not capsys.readouterr().err
    log_likelihood(model, torch.zeros(2, 9), 10, progress=True)
    shown = capsys.readouterr().err
    assert "log-likelihood: 100%" in shown and "block/s" in shown


def test_log_likelihood_reaches_the_evidence(random_linear, generator):
    """Four standard errors of the mean of 20 estimates; each is too low by half its variance."""
    model, x, _ = random_linear(4, 2)
    exact, evidence = model.encode(x), model.log_evidence(x)
    spread = exact.scale_tril.diagonal(dim1=-2, dim2=-1).log() * 2 + 0.7
    model.encode = lambda _: DiagonalGaussian(exact.mean, spread)  # wider than the posterior
    runs = torch.stack([log_likelihood(model, x, 2000, 500, generator) for _ in range(20)])
    error, bias = runs.std(0) / math.sqrt(20), runs.var(0) / 2
    assert ((runs.mean(0) + bias - evidence).abs() < 4 * error).all()


@pytest.mark.equation("eq-dataset-bound", oracle="exact model")
def test_bound_of_a_data_set_and_its_minibatches(random_linear):
    """All pairs of the five data points as batches: their mean loss is that of the whole set."""
    model, x, q = random_linear(6, 2)
    losses = []
    for i in range(5):
        for j in range(i):
            rows = [i, j]
            part = DiagonalGaussian(q.mean[rows], q.log_var[rows])
            losses.append(elbo(model, x[rows], q=part, noise=sigma_points(2)).loss)
    mean_bound = exact_elbo(model, x, q).mean()
    agree(-torch.stack(losses).mean(), mean_bound, rtol=1e-12)
    assert mean_bound < model.log_evidence(x).mean()


@pytest.mark.equation("eq-objective-split", oracle="exact model")
def test_mean_bound_splits_into_mean_evidence_and_mean_gap(random_linear):
    model, x, q = random_linear(6, 2)
    bound = elbo(model, x, q=q, noise=sigma_points(2)).value.mean()
    split = model.log_evidence(x).mean() - exact_gap(model, x, q).mean()
    agree(bound, split, atol=1e-9)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m, x: elbo(m, x, samples=0), "number of samples is 0"),
        (lambda m, x: importance_weighted_bound(m, x, k=0), "number of samples is 0"),
        (lambda m, x: log_likelihood(m, x, k=0), "k is 0 and chunk is"),
        (lambda m, x: log_likelihood(m, x, chunk=-1), "chunk is -1"),
        (lambda m, x: log_likelihood(m, x, precision="float8"), "precision is 'float8': give"),
        (lambda m, x: elbo(m, x[:0]), r"empty \(shape \(0, 9\)\)"),
        (lambda m, x: elbo(m, x[:, :8]), r"expects \(\.\.\., 9\): flatten"),
        (lambda m, x: elbo(m, x / 2 + 0.25), "grey: binarise"),
    ],
)
def test_unusable_input_is_refused(call, message):
    model = mlp_vae(data_dim=9, latent_dim=2, hidden=(5,)).double()
    with pytest.raises(ValueError, match=message):
        call(model, torch.ones(3, 9))


def test_one_draw_is_the_default_and_a_seed_repeats_it(random_linear):
    """One seeded draw, made here, goes in as the noise of the expected bound."""
    model, x, q = random_linear(5, 3)
    noise = torch.randn(1, 5, 3, generator=torch.Generator().manual_seed(7))
    drawn = elbo(model, x, q=q, generator=torch.Generator().manual_seed(7))
    given = elbo(model, x, q=q, noise=noise)
    assert torch.equal(drawn.log_likelihood, given.log_likelihood)


def test_importance_weighted_bound_of_given_noise_is_the_naive_mean(random_linear, generator):
    """NumPy averages the weights themselves; at these sizes none of them underflows."""
    model, x, q = random_linear(3, 2)
    noise = torch.randn(6, 5, 2, generator=generator)
    z = q.mean.numpy() + np.exp(q.log_var.numpy() / 2) * noise.numpy()
    weight, variance = model.weight.numpy(), math.exp(model.log_var.item())
    log_prior = norm.logpdf(z).sum(-1)
    centre = z @ weight.T + model.bias.numpy()
    log_pixels = norm.logpdf(x.numpy(), centre, math.sqrt(variance)).sum(-1)
    log_q = norm.logpdf(z, q.mean.numpy(), np.exp(q.log_var.numpy() / 2)).sum(-1)
    naive = np.log(np.exp(log_prior + log_pixels - log_q).mean(0))
    ours = importance_weighted_bound(model, x, 6, q=q, noise=noise)
    np.testing.assert_allclose(ours, naive, rtol=0, atol=1e-10)
