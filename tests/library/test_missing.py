"""Factor analysis with gaps, against the dense Gaussian's conditional and scikit-learn."""

import numpy as np
import pytest
import scipy.stats
import torch
from agreement import agree
from sklearn.datasets import load_wine
from sklearn.decomposition import FactorAnalysis as Peer

from vae_lib.columns import TableRow
from vae_lib.engine.checks import InputError
from vae_lib.missing import FactorAnalysis, with_mask
from vae_lib.models import VAE
from vae_lib.objectives import log_weights
from vae_lib.tables import Column

GAP = torch.nan


@pytest.fixture
def model(generator):
    draw = [torch.randn(*shape, generator=generator) for shape in ((5, 2), (5,), (5,))]
    return FactorAnalysis(*draw)


@pytest.fixture
def rows(generator):
    """Rows with no, some and all values missing."""
    x = torch.randn(6, 5, generator=generator)
    for row, gaps in enumerate([[], [0], [1, 4], [0, 1, 2], [0, 1, 2, 3], [0, 1, 2, 3, 4]]):
        x[row, gaps] = GAP
    return x


def dense(model):
    weight = model.weight.detach().numpy()
    return model.bias.detach().numpy(), weight @ weight.T + np.diag(model.log_var.exp().tolist())


# equation: eq-gaussian-imputation, eq-observed-posterior, oracle NumPy
def test_what_is_imputed_is_the_dense_conditional(model, rows):
    mean, covariance = dense(model)
    filled, variance = (part.numpy() for part in model.impute(rows))
    for number, row in enumerate(rows.numpy()):
        gap, seen = np.isnan(row), ~np.isnan(row)
        np.testing.assert_array_equal(filled[number][seen], row[seen])
        assert (variance[number][seen] == 0).all()
        if seen.all():
            continue
        gain = covariance[np.ix_(gap, seen)] @ np.linalg.inv(covariance[np.ix_(seen, seen)])
        expected = mean[gap] + gain @ (row[seen] - mean[seen])
        left = covariance[np.ix_(gap, gap)] - gain @ covariance[np.ix_(seen, gap)]
        agree(filled[number][gap], expected, atol=1e-11)
        agree(variance[number][gap], np.diag(left), atol=1e-11)


# equation: eq-observed-evidence, eq-factor-analysis, oracle SciPy
def test_the_evidence_is_the_marginal_of_what_was_seen(model, rows):
    mean, covariance = dense(model)
    ours = model.log_evidence(rows)
    for value, row in zip(ours, rows.numpy(), strict=True):
        seen = ~np.isnan(row)
        expected = 0.0
        if seen.any():
            law = scipy.stats.multivariate_normal(mean[seen], covariance[np.ix_(seen, seen)])
            expected = law.logpdf(row[seen])
        agree(value, expected, atol=1e-11)


def test_no_step_of_the_fit_makes_the_evidence_less(rows, generator):
    x = torch.randn(60, 5, generator=generator) @ torch.randn(5, 5, generator=generator)
    x[torch.rand(60, 5, generator=generator) < 0.25] = GAP
    reached = [
        FactorAnalysis.maximum_likelihood(x, 2, steps).log_evidence(x).mean().item()
        for steps in range(1, 12)
    ]
    assert (np.diff(reached) > 0).all()


def test_at_its_end_no_nudge_of_a_weight_makes_the_evidence_more(generator):
    """A nudge of 0.01 costs 1e-5 nats; what 1,000 steps leave of the slopes is far less."""
    z = torch.randn(200, 1, generator=generator)
    x = z + torch.randn(200, 6, generator=generator) + 3
    x[torch.rand(200, 6, generator=generator) < 0.2] = GAP
    model = FactorAnalysis.maximum_likelihood(x, 1, 1000)
    best = model.log_evidence(x).mean().item()
    for weight in model.parameters():
        for place in range(weight.numel()):
            for step in (0.01, -0.01):
                with torch.no_grad():
                    weight.view(-1)[place] += step
                    assert model.log_evidence(x).mean().item() < best
                    weight.view(-1)[place] -= step


def test_without_gaps_it_is_scikit_learn_s():
    x = scipy.stats.zscore(load_wine().data)
    model = FactorAnalysis.maximum_likelihood(torch.as_tensor(x), 2, 500)
    peer = Peer(2, tol=1e-10, max_iter=5000, svd_method="lapack").fit(x)
    agree(model.log_evidence(torch.as_tensor(x)).mean(), peer.score(x), atol=1e-4)


def test_gaps_are_filled_better_than_by_the_mean():
    x = torch.as_tensor(scipy.stats.zscore(load_wine().data))
    hidden = torch.rand(x.shape, generator=torch.Generator().manual_seed(0)) < 0.2
    given = torch.where(hidden, GAP, x)
    filled, _ = FactorAnalysis.maximum_likelihood(given, 3, 100).impute(given)
    mean = given.nanmean(0).expand_as(x)
    error, plain = (((part - x)[hidden] ** 2).mean() for part in (filled, mean))
    assert error < 0.7 * plain


def test_a_table_s_likelihood_with_the_exact_posterior_gives_the_exact_evidence(model, rows):
    """Each importance weight is p(x) itself where q is the posterior: any draw says so."""
    columns = [Column(str(number)) for number in range(5)]

    def decoder(z):
        mean = z @ model.weight.detach().T + model.bias.detach()
        raw = model.log_var.detach().expand_as(mean)
        parts = torch.stack([torch.zeros_like(mean), mean, raw], dim=-1)
        return TableRow(parts.flatten(-2), columns)

    vae = VAE(lambda x: None, decoder, 10, 2)
    weights = log_weights(vae, with_mask(rows), 3, q=model.posterior(rows))
    agree(weights, model.log_evidence(rows).expand(3, 6), atol=1e-11)


def test_gaps_become_zeros_and_a_mask(rows):
    values, mask = with_mask(rows).chunk(2, dim=1)
    assert torch.equal(mask == 1, ~rows.isnan())
    assert torch.equal(values, rows.nan_to_num(0.0))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda model: model.impute(torch.zeros(2, 4)), "give rows of 5 values"),
        (lambda model: model.impute(torch.zeros(5)), "give rows of 5 values"),
        (lambda model: model.impute(torch.zeros(0, 5)), "give rows of 5 values"),
        (lambda model: model.impute(torch.zeros(2, 5).float()), "give rows of 5 values"),
        (lambda model: model.log_evidence(torch.full((2, 5), torch.inf)), "infinite"),
        (lambda _: FactorAnalysis.maximum_likelihood(torch.zeros(5, 3), 1), "leave it out"),
        (lambda _: FactorAnalysis.maximum_likelihood(torch.full((5, 3), GAP), 1), "leave it out"),
        (lambda _: FactorAnalysis.maximum_likelihood(torch.ones(5, 3), 3), "latent_dim is 3"),
        (lambda _: FactorAnalysis.maximum_likelihood(torch.ones(5), 1), r"shape \(5,\)"),
        (lambda _: FactorAnalysis.maximum_likelihood(torch.ones(5, 3), 1, 0), "iterations 0"),
        (lambda _: FactorAnalysis(torch.zeros(5, 2), torch.zeros(4), torch.zeros(5)), "D = 5"),
        (lambda _: with_mask(torch.zeros(3)), "give finite rows"),
        (lambda _: with_mask(torch.full((3, 2), torch.inf)), "give finite rows"),
    ],
)
def test_what_does_not_fit_is_refused(call, message, model):
    with pytest.raises(InputError, match=message):
        call(model)
