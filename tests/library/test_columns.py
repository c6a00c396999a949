"""Likelihoods of a table's rows, against torch.distributions; and a VAE for incomplete rows."""

import numpy as np
import pytest
import torch
from agreement import agree
from torch import distributions as td

from vae_lib.columns import Categorical, GaussianMixture, TableRow, parameter_count, start_of
from vae_lib.engine.checks import InputError
from vae_lib.objectives import elbo
from vae_lib.table_models import table_vae
from vae_lib.tables import Column, load_table
from vae_lib.training import fit

COLUMNS = (Column("a", step=0.3), Column("b", categories=("x", "y", "z")), Column("c", step=0.1))


@pytest.mark.equation("eq-mixture", oracle="torch.distributions")
def test_a_mixture_of_gaussians_is_torch_distributions(generator):
    logits, mean, log_var = torch.randn(3, 6, 4, 3, generator=generator)
    x = torch.randn(6, 4, generator=generator)
    parts = td.Normal(mean, (log_var / 2).exp())
    law = td.MixtureSameFamily(td.Categorical(logits=logits), parts)
    ours = GaussianMixture(logits, mean, log_var)
    agree(ours.log_prob(x), law.log_prob(x).sum(-1), rtol=1e-12)
    agree(ours.mean, law.mean, rtol=1e-12)


@pytest.mark.equation("eq-categorical", oracle="torch.distributions")
def test_a_categorical_is_torch_distributions(generator):
    logits = torch.randn(6, 4, generator=generator)
    law = td.OneHotCategorical(logits=logits)
    x = law.sample()
    agree(Categorical(logits).log_prob(x), law.log_prob(x), rtol=1e-12)
    agree(Categorical(logits).mean, law.probs, rtol=1e-12)


def test_samples_have_the_mean_and_the_variance(generator):
    """Four standard errors of 100,000 draws."""
    count = 100_000
    given = torch.tensor([[0.0, 1.0], [-2.0, 1.0], [0.5, -1.0]])[:, None]
    law = GaussianMixture(*given.expand(count, 3, 1, 2).unbind(1))
    drawn = law.sample(generator)
    truth = td.MixtureSameFamily(
        td.Categorical(logits=given[0]), td.Normal(given[1], (given[2] / 2).exp())
    )
    error = (truth.variance / count).sqrt()
    assert (drawn.mean(0) - truth.mean).abs() < 4 * error
    assert drawn.var().item() == pytest.approx(truth.variance.item(), rel=0.02)
    logits = torch.tensor([0.2, -1.0, 1.0]).expand(count, 3)
    found = Categorical(logits).sample(generator).mean(0)
    assert ((found - logits[0].softmax(-1)).abs() < 4 * 0.5 / count**0.5).all()


def row(generator, count=5, components=2):
    parameters = torch.randn(count, parameter_count(COLUMNS, components), generator=generator)
    law = TableRow(parameters, COLUMNS, components)
    return parameters, law, law.sample(generator)


@pytest.mark.equation("eq-observed-likelihood", oracle="torch.distributions")
def test_a_row_is_the_product_of_its_seen_cells(generator):
    parameters, law, x = row(generator)
    x[:, 5:] = torch.tensor(
        [[1, 1, 1, 1, 1], [0, 1, 1, 1, 1], [1, 0, 0, 0, 1], [1, 1, 1, 1, 0], [0] * 5]
    )
    a, b, c = parameters.split([6, 3, 6], dim=-1)

    def mixture(part, step):
        logits, mean, raw = part.unflatten(-1, (3, 2)).unbind(-2)
        variance = raw.exp() + step**2 / 12
        return td.MixtureSameFamily(td.Categorical(logits=logits), td.Normal(mean, variance.sqrt()))

    cells = torch.stack(
        [
            mixture(a, 0.3).log_prob(x[:, 0]),
            td.OneHotCategorical(logits=b).log_prob(x[:, 1:4]),
            mixture(c, 0.1).log_prob(x[:, 4]),
        ],
        dim=1,
    )
    expected = (cells * x[:, [5, 6, 9]]).sum(1)
    agree(law.log_prob(x), expected, atol=1e-12)


def test_what_stands_in_a_gap_does_not_count(generator):
    _, law, x = row(generator)
    x[:, 5] = 0
    other = x.clone()
    other[:, 0] = 77.0
    assert torch.equal(law.log_prob(x), law.log_prob(other))


def test_a_drawn_row_and_the_mean_are_rows_with_everything_seen(generator):
    _, law, x = row(generator)
    for whole in (x, law.mean):
        assert whole.shape == (5, 10)
        assert (whole[:, 5:] == 1).all()
        agree(whole[:, 1:4].sum(1), torch.ones(5), rtol=1e-12)


def test_where_a_decoder_starts_the_gaussians_stand_apart():
    start = TableRow(start_of(COLUMNS, 3)[None], COLUMNS, 3)
    assert start.kinds[0].means.flatten().tolist() == [-1, 0, 1]
    agree(start.mean[0, 1:4], torch.full((3,), 1 / 3), rtol=1e-12)
    assert len(start_of(COLUMNS, 1)) == parameter_count(COLUMNS, 1) == 9


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: TableRow(torch.zeros(2, 8), COLUMNS), "give 9 for each row"),
        (lambda: parameter_count((), 1), "0 columns and 1 components"),
        (lambda: parameter_count(COLUMNS, 0), "3 columns and 0 components"),
        (lambda: Categorical(torch.zeros(())), "single number"),
        (lambda: Categorical(torch.zeros(3)).log_prob(torch.ones(3)), "one 1 among zeros"),
        (lambda: GaussianMixture(*torch.zeros(3, 2)), "give all the same"),
        (lambda: row(torch.Generator())[1].log_prob(torch.zeros(5, 9)), r"\(\.\.\., 10\)"),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_a_vae_learns_from_incomplete_rows():
    """Two columns are one, with gaps: the model ends better than without what they share."""
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    shared = rng.gamma(1.0, size=400)
    values = np.stack([shared, shared + 0.1 * rng.normal(size=400), rng.normal(size=400)], 1)
    values[rng.random((400, 3)) < 0.2] = np.nan
    data = load_table(values)
    model = table_vae(data.columns, latent_dim=2, hidden=(16,))
    before = elbo(model, data.test, samples=50).value.mean()
    history = fit(model, data.train, data.validation, epochs=30, learning_rate=0.01)
    after = elbo(model, data.test, samples=50).value.mean()
    assert np.isfinite(history.train_bound).all()
    assert after > before + 0.5
    assert len(data.to_rows(model.sample(7))) == 7
