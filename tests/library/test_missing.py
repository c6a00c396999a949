"""A VAE for rows with gaps, against the linear model on the same rows, which is exact."""

import math

import pytest
import torch
from agreement import agree, agree_in_standard_errors

from vae_lib.factor_analysis import FactorAnalysis
from vae_lib.gaussian import DiagonalGaussian, sigma_points
from vae_lib.likelihoods import Bernoulli, Gaussian
from vae_lib.missing import IncompleteVAE, Observed, impute
from vae_lib.models import VAE
from vae_lib.networks import LinearDecoder
from vae_lib.objectives import elbo, importance_weighted_bound

D, L, B = 4, 2, 3


class ExactEncoder(torch.nn.Module):
    """x, 0 in its gaps, and the mask → the exact posterior of a linear model, or one near it."""

    def __init__(self, model, wider=0.0):
        super().__init__()
        self.model, self.wider = model, wider

    def forward(self, both):
        x, seen = both.split(D, -1)
        assert (x[seen == 0] == 0).all()
        exact = self.model.posterior(x, seen)
        log_var = exact.scale_tril.square().sum(-1).log()
        return DiagonalGaussian(exact.mean, log_var + self.wider)


def rows(generator):
    x = torch.randn(B, D, generator=generator)
    seen = torch.tensor([[1.0, 0, 1, 1], [0, 0, 1, 0], [1, 1, 0, 1]])
    return x, seen


def linear(generator, latent_dim):
    """The same linear model twice: as factor analysis, and as the decoder of a VAE with gaps."""
    weight, bias = (torch.randn(*n, generator=generator) for n in ((D, latent_dim), (D,)))
    log_var = torch.tensor(-0.4)
    return FactorAnalysis(weight, bias, log_var.expand(D).clone()), LinearDecoder(
        weight, bias, log_var
    )


@pytest.mark.equation("eq-observed-elbo", oracle="exact model")
def test_with_the_exact_posterior_the_bound_is_the_evidence_of_what_was_seen(generator):
    """L = 1, where a diagonal Gaussian holds the posterior; rounding alone."""
    exact, decoder = linear(generator, 1)
    x, seen = rows(generator)
    model = IncompleteVAE(ExactEncoder(exact), decoder, D, 1)
    value = elbo(model.given(seen), x, noise=sigma_points(1)).value
    agree(value, exact.log_evidence(x, seen), atol=1e-12)


@pytest.mark.parametrize("kind", ["bernoulli", "gaussian"])
@pytest.mark.equation("eq-observed-elbo", oracle="torch.distributions")
def test_the_likelihood_is_the_sum_over_what_was_seen(generator, kind):
    x, seen = rows(generator)
    numbers = torch.randn(5, B, D, generator=generator)
    if kind == "bernoulli":
        x, whole = (x > 0).double(), Bernoulli(numbers)
        each = torch.distributions.Bernoulli(logits=numbers).log_prob(x)
    else:
        whole = Gaussian(numbers, torch.tensor([0.3]))
        each = torch.distributions.Normal(numbers, math.exp(0.15)).log_prob(x)
    agree(Observed(whole, seen).log_prob(x), (each * seen).sum(-1), atol=1e-13)


@pytest.mark.equation("eq-imputation", oracle="Monte Carlo")
def test_weighted_draws_fill_the_gaps_with_the_conditional_mean(generator):
    """From a proposal that is too wide and upright; each run of 2000 draws, 200 runs.

    The estimate's bias falls as 1/k, its error over the runs as 1/√k: the latter is the larger.
    """
    exact, decoder = linear(generator, L)
    x, seen = rows(generator)
    model = IncompleteVAE(ExactEncoder(exact, wider=0.7), decoder, D, L)
    many = seen.repeat(200, 1)
    filled = impute(model.given(many), x.repeat(200, 1), many, k=2000, generator=generator)
    runs = filled.detach().reshape(200, B, D)
    mean, _ = exact.conditional(x, seen)
    gap = seen == 0
    error = runs.std(0) / math.sqrt(200)
    agree_in_standard_errors(runs.mean(0)[gap], mean[gap], error[gap])
    assert error[gap].max() < 0.01
    assert torch.equal(runs[0][~gap], x[~gap])


def test_the_draws_that_fill_are_the_draws_that_are_weighed(generator):
    """By hand, from the same three draws; rounding alone."""
    exact, decoder = linear(generator, L)
    x, seen = rows(generator)
    model = IncompleteVAE(ExactEncoder(exact, wider=0.7), decoder, D, L).given(seen)
    q = model.encode(x)
    noise = torch.randn(3, B, L, generator=torch.Generator().manual_seed(1))
    z = q.mean + q.std * noise
    weights = (model.log_joint(x, z) - q.log_prob(z)).exp()[..., None]
    expected = (weights * (z @ decoder.weight.T + decoder.bias)).sum(0) / weights.sum(0)
    filled = impute(model, x, seen, k=3, generator=torch.Generator().manual_seed(1))
    agree(filled, torch.where(seen > 0, x, expected), atol=1e-12)


def test_a_mask_is_no_weight_to_be_kept(generator):
    exact, decoder = linear(generator, L)
    _, seen = rows(generator)
    kept = IncompleteVAE(ExactEncoder(exact), decoder, D, L).given(seen).state_dict()
    assert not [name for name in kept if "seen" in name or "known" in name]


def test_the_bound_of_many_draws_closes_in_on_the_evidence_of_what_was_seen(generator):
    exact, decoder = linear(generator, L)
    x, seen = rows(generator)
    model = IncompleteVAE(ExactEncoder(exact, wider=0.7), decoder, D, L).given(seen)
    bound = importance_weighted_bound(model, x, 20_000, generator=generator)
    agree(bound.detach(), exact.log_evidence(x, seen), atol=0.03)


def test_what_stands_in_a_gap_is_never_read(generator):
    exact, decoder = linear(generator, L)
    x, seen = rows(generator)
    model = IncompleteVAE(ExactEncoder(exact), decoder, D, L).given(seen)
    other = torch.where(seen > 0, x, 99.0)
    noise = torch.randn(3, B, L, generator=generator)
    one, two = (elbo(model, given, noise=noise).value for given in (x, other))
    assert torch.equal(one, two)


def test_a_mask_of_other_rows_is_refused(generator):
    exact, decoder = linear(generator, L)
    x, seen = rows(generator)
    model = IncompleteVAE(ExactEncoder(exact), decoder, D, L)
    with pytest.raises(ValueError, match="x has the shape"):
        model.given(seen[:2]).encode(x)
    with pytest.raises(ValueError, match="neither 0 nor 1"):
        model.given(seen * 0.5)
    with pytest.raises(ValueError, match="k is 0"):
        impute(model.given(seen), x, seen, k=0)
    assert isinstance(model.given(seen), VAE)
