"""Active units and the aggregate posterior: against SciPy, NumPy and quadrature."""

import math

import numpy as np
import pytest
import torch
from agreement import agree, agree_in_standard_errors
from scipy.integrate import quad
from scipy.special import logsumexp
from scipy.stats import multivariate_normal, norm
from torch.utils._python_dispatch import TorchDispatchMode

from vae_lib import latents
from vae_lib.engine.speed import CPU_BUDGET
from vae_lib.gaussian import DiagonalGaussian
from vae_lib.latents import active_units, aggregate_split, linear_aggregate, unit_variance


@pytest.mark.equation("eq-active-units", oracle="NumPy")
def test_active_units_are_those_whose_mean_moves(generator):
    """Variances just above and below the threshold; a large constant mean is not activity."""
    n = 1000
    wave = torch.linspace(-1, 1, n)
    wave = wave / np.std(wave.numpy())  # variance 1, divisor N
    scale = torch.tensor([0.0101, 0.0099, 1.0, 0.0]).sqrt()
    mean = wave[:, None] * scale + torch.tensor([0.0, 0.0, -2.0, 5.0])
    q = DiagonalGaussian(mean, torch.randn(n, 4, generator=generator))
    agree(unit_variance(q), [0.0101, 0.0099, 1.0, 0.0], atol=1e-12)
    assert active_units(q).tolist() == [True, False, True, False]
    assert active_units(q, threshold=0.001).tolist() == [True, True, True, False]


@pytest.mark.equation("eq-aggregate-posterior", oracle="quadrature")
@pytest.mark.equation("eq-kl-mutual-information", oracle="quadrature")
def test_average_kl_is_information_plus_divergence_of_the_mixture(generator):
    """Three Gaussians in one dimension, SciPy's integrals; draws within four standard errors."""
    means, stds = [-1.5, 0.1, 1.0], [0.4, 0.9, 0.3]

    def mixture(z):
        return np.mean([norm.pdf(z, m, s) for m, s in zip(means, stds, strict=True)])

    def integral(f):
        return quad(f, -9, 9, points=means, limit=400)[0]

    divergence = integral(lambda z: mixture(z) * (np.log(mixture(z)) - norm.logpdf(z)))
    parts = [(norm(m, s), norm(m, s).entropy()) for m, s in zip(means, stds, strict=True)]
    entropy = integral(lambda z: -mixture(z) * np.log(mixture(z)))
    information = entropy - np.mean([h for _, h in parts])
    average = np.mean(
        [integral(lambda z, p=p: p.pdf(z) * (p.logpdf(z) - norm.logpdf(z))) for p, _ in parts]
    )
    agree(information + divergence, average, atol=1e-7)

    q = DiagonalGaussian(torch.tensor(means)[:, None], 2 * torch.tensor(stds)[:, None].log())
    split = aggregate_split(q, samples=20_000, generator=generator)
    agree(split.average_kl, average, atol=1e-7)
    agree(split.mutual_information, information, atol=4 * split.standard_error)
    agree(split.kl_to_prior, divergence, atol=4 * split.standard_error)
    total = split.mutual_information + split.kl_to_prior
    agree(total, average, atol=4 * split.standard_error)
    assert split.standard_error < 0.01


@pytest.mark.equation("eq-kl-mutual-information", oracle="Monte Carlo")
@pytest.mark.parametrize(
    ("means", "std"), [([-3.0, -1.0, 0.0, 4.0], 0.2), ([-1.0, 1.0], 1.0)], ids=["far", "near"]
)
def test_standard_error_of_the_split_is_the_spread_over_repetitions(means, std):
    """400 repetitions, five draws each: far apart, means differ more than draws; near, the sum
    of both parts varies most. A standard deviation of 400 values is good to 1/√800, or 3.5%.
    """
    means = torch.tensor(means)[:, None]
    q = DiagonalGaussian(means, torch.full_like(means, 2 * math.log(std)))
    runs = [
        aggregate_split(q, samples=5, generator=torch.Generator().manual_seed(seed))
        for seed in range(400)
    ]
    parts = torch.tensor([[run.mutual_information, run.kl_to_prior] for run in runs])
    spread = torch.cat([parts, parts.sum(1, keepdim=True)], dim=1).std(0).max()
    claimed = torch.tensor([run.standard_error for run in runs]).square().mean().sqrt()
    agree_in_standard_errors(claimed, spread, spread / math.sqrt(800))


@pytest.mark.parametrize("at_once", [1, 7, 40, 1000])
def test_split_is_the_same_however_many_draws_meet_the_posteriors_at_once(
    monkeypatch, generator, at_once
):
    """The oracle lets all draws meet all posteriors, in SciPy's logsumexp."""
    q = DiagonalGaussian(*torch.randn(2, 40, 3, generator=generator))
    source = torch.Generator().manual_seed(1)
    z = torch.cat([q.rsample((), source), q.rsample((), source)]).numpy()
    mean, std = q.mean.numpy(), q.std.numpy()
    pairs = norm.logpdf(z[:, None], mean, std).sum(-1)  # (draws, posteriors)
    own = np.tile(np.eye(40, dtype=bool), (2, 1))
    expected = (pairs[own] - logsumexp(pairs, axis=1) + math.log(40)).mean()
    monkeypatch.setattr(latents, "affordable_draws", lambda _: at_once)
    split = aggregate_split(q, samples=2, generator=torch.Generator().manual_seed(1))
    agree(split.mutual_information, expected, atol=1e-12)


class LargestTensor(TorchDispatchMode):
    """Within it: the bytes of the largest tensor that any operation returns."""

    bytes = 0

    def __torch_dispatch__(self, function, types, arguments=(), named=None):
        result = function(*arguments, **(named or {}))
        for tensor in result if isinstance(result, tuple | list) else [result]:
            if isinstance(tensor, torch.Tensor):
                self.bytes = max(self.bytes, tensor.numel() * tensor.element_size())
        return result


def test_memory_of_the_split_does_not_grow_with_the_square_of_the_data():
    """All pairs at once would take 512 MB here: 4000 * 4000 * 4 values of eight bytes."""
    q = DiagonalGaussian(torch.zeros(4000, 4), torch.zeros(4000, 4))
    with LargestTensor() as largest:
        split = aggregate_split(q, samples=2)
    assert largest.bytes <= CPU_BUDGET
    agree([split.mutual_information, split.kl_to_prior], [0.0, 0.0], atol=1e-9)


@pytest.mark.equation("eq-aggregate-linear", oracle="SciPy")
def test_linear_aggregate_by_entropies_and_by_the_average_kl(generator):
    """Information from SciPy's entropies of x, z and the pair; then the identity of the parts."""
    weight = torch.randn(2, 4, generator=generator)
    root = torch.randn(4, 4, generator=generator)
    data, noise = root @ root.T, torch.diag(torch.tensor([0.4, 0.7]))
    aggregate, information = linear_aggregate(weight, noise, data)
    spread = (weight @ data @ weight.T + noise).numpy()
    cross = (weight @ data).numpy()
    pair = np.block([[data.numpy(), cross.T], [cross, spread]])
    entropy = [multivariate_normal(cov=c).entropy() for c in (data.numpy(), spread, pair)]
    agree(information.item(), entropy[0] + entropy[1] - entropy[2], atol=1e-9)
    agree(aggregate.scale_tril @ aggregate.scale_tril.T, torch.tensor(spread), atol=1e-10)

    means = (weight @ data @ weight.T).trace()
    average = 0.5 * (means + noise.trace() - 2 - torch.logdet(noise))
    prior = DiagonalGaussian(torch.zeros(2), torch.zeros(2))
    agree((information + aggregate.kl_to(prior)).item(), average.item(), atol=1e-9)


def test_linear_aggregate_is_of_its_arguments_kind_and_on_their_device(single_precision):
    """Whatever the defaults: "meta" is a device that holds no numbers."""
    weight, noise, data = (torch.eye(2, dtype=torch.float64) for _ in range(3))
    with torch.device("meta"):
        aggregate, information = linear_aggregate(weight, noise, data)
    for result in (aggregate.mean, aggregate.scale_tril, information):
        assert result.dtype == torch.float64 and result.device.type == "cpu"


def test_aggregate_of_the_exact_posterior_is_the_prior(random_linear):
    """Data from the model itself: then the average posterior is the prior, whatever W is."""
    model, x, _ = random_linear(5, 2)
    covariance = model.weight @ model.weight.T + model.log_var.exp() * torch.eye(5)
    posterior = model.encode(x)
    slope = model.encode(torch.eye(5) + model.bias).mean.T  # (L, D)
    noise = posterior.scale_tril @ posterior.scale_tril.T
    aggregate, _ = linear_aggregate(slope, noise, covariance)
    agree(aggregate.scale_tril @ aggregate.scale_tril.T, torch.eye(2), atol=1e-10)
