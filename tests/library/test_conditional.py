"""A VAE with labels, against a mixture of Gaussians whose every quantity SciPy knows."""

import math

import numpy as np
import pytest
import torch
from agreement import agree
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from vae_lib.conditional import ConditionalVAE, Joined, label_bounds, label_summed_out
from vae_lib.gaussian import sigma_points
from vae_lib.networks import LinearDecoder, LinearEncoder
from vae_lib.objectives import elbo

D, L, C = 4, 2, 3


@pytest.fixture
def mixture(generator):
    """x = W z + b_y + σ ε with Wᵀ W diagonal, so that a linear encoder holds the posterior.

    Returns the model with the exact encoder, five points, and SciPy's log p(x, y) of each label.
    """
    turn, _ = torch.linalg.qr(torch.randn(D, D, generator=generator))
    weight = turn[:, :L] * torch.tensor([1.5, 0.6])
    centers = torch.randn(D, C, generator=generator)
    log_var, log_prior = torch.tensor(-0.7), torch.tensor([0.2, 0.3, 0.5]).log()
    variance = log_var.exp()
    decoder = LinearDecoder(torch.cat([weight, centers], 1), torch.zeros(D), log_var)
    encoder = LinearEncoder(D + C, L)
    precision = 1 + weight.square().sum(0) / variance  # diagonal
    project = weight.T / variance / precision[:, None]
    with torch.no_grad():
        encoder.mean.weight.copy_(torch.cat([project, -project @ centers], 1))
        encoder.mean.bias.zero_()
        encoder.log_var.copy_(-precision.log())
    model = ConditionalVAE(encoder, decoder, D, L, log_prior).requires_grad_(False)
    x = torch.randn(5, D, generator=generator)
    covariance = weight.numpy() @ weight.numpy().T + variance.item() * np.eye(D)
    joint = np.stack(
        [
            multivariate_normal(centers[:, y].numpy(), covariance).logpdf(x.numpy())
            + math.log((0.2, 0.3, 0.5)[y])
            for y in range(C)
        ],
        -1,
    )
    return model, x, joint


@pytest.mark.equation("eq-conditional-elbo", oracle="SciPy")
def test_with_the_exact_encoder_the_bound_is_the_joint_density(mixture):
    """Rounding alone: the sigma points are exact for a quadratic."""
    model, x, joint = mixture
    agree(label_bounds(model, x, noise=sigma_points(L)), joint, atol=1e-12)


def test_each_point_is_told_its_own_label(mixture):
    model, x, joint = mixture
    labels = [2, 0, 1, 1, 0]
    value = elbo(model.given(labels), x, noise=sigma_points(L)).value
    agree(value + model.log_prior[labels], joint[range(5), labels], atol=1e-12)
    tensor = elbo(model.given(torch.tensor(labels)), x, noise=sigma_points(L)).value
    assert torch.equal(value, tensor)


def test_a_worse_encoder_gives_a_lower_bound_for_every_label(mixture):
    model, x, joint = mixture
    with torch.no_grad():
        model.encoder.log_var += 0.3
    bounds = label_bounds(model, x, noise=sigma_points(L)).numpy()
    gap = 0.5 * L * (math.exp(0.3) - 1 - 0.3)  # KL of two Gaussians with the same mean
    agree(joint - bounds, np.full((5, C), gap), atol=1e-12)


@pytest.mark.equation("eq-label-summed-out", oracle="SciPy")
@pytest.mark.equation("eq-best-label", oracle="SciPy")
def test_with_the_label_summed_out_the_bound_reaches_the_evidence_and_never_exceeds_it(
    mixture, generator
):
    """At q(y|x) = softmax of the bounds; elsewhere short by KL(q(y|x) ‖ p(y|x)), by hand."""
    model, x, joint = mixture
    bounds = label_bounds(model, x, noise=sigma_points(L))
    evidence = logsumexp(joint, -1)
    best = torch.log_softmax(bounds, -1)
    agree(label_summed_out(bounds, best), evidence, atol=1e-12)
    other = torch.log_softmax(torch.randn(5, C, generator=generator), -1)
    exact = joint - evidence[:, None]
    gap = (np.exp(other.numpy()) * (other.numpy() - exact)).sum(-1)
    assert (gap > 0).all()
    agree(label_summed_out(bounds, other), evidence - gap, atol=1e-12)


def test_all_labels_share_the_noise_of_a_point(mixture, generator):
    """Label by label, with the same noise, and with the same draws; rounding alone."""
    model, x, _ = mixture
    noise = torch.randn(3, 5, L, generator=generator)
    one_by_one = [elbo(model.given([y]), x, noise=noise).value for y in range(C)]
    expected = torch.stack(one_by_one, 1) + model.log_prior
    agree(label_bounds(model, x, noise=noise), expected, atol=1e-12)
    draws = torch.randn(4, 5 * C, L, generator=torch.Generator().manual_seed(1))
    labels = [y for y in range(C) for _ in range(5)]
    together = elbo(model.given(labels), x.repeat(C, 1), noise=draws).value
    seeded = label_bounds(model, x, samples=4, generator=torch.Generator().manual_seed(1))
    agree(seeded, together.reshape(C, 5).T + model.log_prior, atol=1e-12)


def test_samples_follow_the_label(mixture, generator):
    """Four standard errors of the mean of 20,000 draws."""
    model, *_ = mixture
    draws = model.given([1]).sample(20_000, generator)
    error = draws.std(0) / math.sqrt(20_000)
    assert ((draws.mean(0) - model.decoder.weight[:, L + 1]).abs() < 4 * error).all()


def test_gradients_reach_the_shared_networks(mixture):
    model, x, _ = mixture
    model.requires_grad_()
    label_bounds(model, x, samples=3).sum().backward()
    assert all(
        weight.grad.abs().sum() > 0 for weight in (model.decoder.weight, model.encoder.log_var)
    )


@pytest.mark.parametrize("labels", [[3], [-1], [0.5], "cat", [], [[1]], None])
def test_labels_that_are_none_are_refused(mixture, labels):
    with pytest.raises(ValueError, match="whole numbers from 0 to 2"):
        mixture[0].given(labels)


def test_labels_of_other_points_are_refused(mixture):
    with pytest.raises(ValueError, match="for the same points"):
        mixture[0].given([0, 1]).encode(mixture[1])


def test_what_is_no_distribution_over_labels_is_refused(mixture):
    model, *_ = mixture
    with pytest.raises(ValueError, match=r"has the sum 1\.5"):
        ConditionalVAE(model.encoder, model.decoder, D, L, torch.tensor([0.5, 1.0]).log())
    with pytest.raises(ValueError, match="log_softmax"):
        label_summed_out(torch.zeros(2, 3), torch.zeros(2, 3))
    with pytest.raises(ValueError, match="log_softmax"):
        label_summed_out(torch.zeros(2, 3), torch.full((2, 3), -2.0))


def test_what_is_known_stands_behind_the_networks_own_input():
    joined = Joined(torch.nn.Identity(), torch.tensor([[7.0, 8.0]]))
    assert joined(torch.zeros(2, 3, 1)).shape == (2, 3, 3)
    assert joined(torch.ones(1, 1)).tolist() == [[1.0, 7.0, 8.0]]
    assert Joined(torch.nn.Identity(), torch.ones(2))(torch.zeros(3, 1)).shape == (3, 3)
    assert not joined.state_dict()
