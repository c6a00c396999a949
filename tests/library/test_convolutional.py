"""Convolutional networks of any size, and the linear one against its dense form."""

import numpy as np
import pytest
import scipy.signal
import scipy.stats
import torch
from agreement import agree

from vae_lib.architectures import build
from vae_lib.convolutional import conv_vae, halved, linear_convolution
from vae_lib.engine.checks import InputError
from vae_lib.objectives import elbo
from vae_lib.training import fit


@pytest.mark.parametrize("shape", [(3, 32, 32), (1, 28, 28), (3, 7, 10), (4, 1, 5), (2, 33, 17)])
@pytest.mark.parametrize("channels", [(3,), (3, 5), (2, 3, 4)])
def test_pictures_of_any_size_go_in_and_come_out(shape, channels):
    torch.manual_seed(0)
    model = conv_vae(shape, 2, channels)
    x = torch.randint(256, (3, int(np.prod(shape)))) / 255
    bound = elbo(model, x, samples=4)
    assert bound.value.shape == (3,) and bound.value.isfinite().all()
    assert model.sample(2).shape == x[:2].shape


def test_neighbours_in_a_picture_are_neighbours_for_the_network():
    """A pixel that changes moves features near it only: rows are (C, H, W), flattened."""
    torch.manual_seed(0)
    encoder = conv_vae((3, 16, 16), 2, (4,)).encoder
    x = torch.zeros(1, 3, 16, 16)
    moved = x.clone()
    moved[0, 1, 0, 0] = 1
    body = encoder.body[:2]
    changed = (body(2 * x - 1) - body(2 * moved - 1)).abs().amax((0, 1))
    assert changed[0, 0] > 0 and (changed > 0).sum() == 1
    features = encoder.body(2 * moved - 1) @ encoder.mean.weight.T + encoder.mean.bias
    agree(encoder(moved.flatten(1)).mean.detach(), features.detach(), rtol=1e-12)


def test_sides_are_halved_upwards():
    assert halved(32, 3) == [32, 16, 8, 4]
    assert halved(7, 2) == [7, 4, 2]


def test_training_makes_the_bound_better():
    torch.manual_seed(0)
    x = torch.zeros(64, 3, 8, 8)
    for number in range(64):
        x[number, number % 3, 2:6, number % 5 :] = 1
    model = conv_vae((3, 8, 8), 2, (8,))
    history = fit(model, x.flatten(1), epochs=15, batch_size=16, learning_rate=0.01)
    assert history.train_bound[-1] > history.train_bound[0] + 50


def test_a_shared_scale_is_one_number_for_all_pixels_and_is_learned():
    torch.manual_seed(0)
    x = torch.randint(256, (32, 48)) / 255
    model = conv_vae((3, 4, 4), 2, (4,), shared_scale=True)
    before = model.decode(torch.randn(5, 2)).log_scale.clone()  # a view of the weight
    assert before.unique().numel() == 1
    fit(model, x, epochs=2, batch_size=16, learning_rate=0.01)
    after = model.decode(torch.randn(5, 2)).log_scale
    assert after.unique().numel() == 1 and after[0, 0] != before[0, 0]
    apart = conv_vae((3, 4, 4), 2, (4,)).decode(torch.randn(5, 2)).log_scale
    assert apart.unique().numel() > 1


def test_a_model_with_a_shared_scale_is_built_again_and_an_earlier_one_has_none():
    model = conv_vae((3, 4, 4), 2, (4,), shared_scale=True)
    assert build(model.config).state_dict().keys() == model.state_dict().keys()
    earlier = dict(conv_vae((3, 4, 4), 2, (4,)).config)
    del earlier["shared_scale"]
    assert build(earlier).decoder.log_scale is None


KERNEL = torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def exact():
    return linear_convolution(KERNEL, (3, 8, 10), 2, torch.tensor(-0.5))


@pytest.mark.equation("eq-linear-convolution", oracle="SciPy")
def test_the_dense_matrix_is_scipy_s_full_convolution_of_spread_latents(generator):
    model = exact()
    z = torch.randn(2, 3, 4, generator=generator)
    spread = np.zeros((2, 5, 7))
    spread[:, ::2, ::2] = z.numpy()
    expected = np.stack(
        [
            sum(scipy.signal.convolve2d(spread[a], KERNEL[a, c].numpy()) for a in range(2))
            for c in range(3)
        ]
    )
    agree(model.decode(z.flatten()[None]).mean[0].detach(), expected.reshape(-1), atol=1e-12)


@pytest.mark.equation("eq-linear-convolution", oracle="SciPy")
def test_the_exact_evidence_is_the_dense_gaussian_s(generator):
    model = exact()
    x = model.sample(3, generator).detach()
    weight = model.weight.detach().numpy()
    covariance = weight @ weight.T + np.exp(-0.5) * np.eye(len(weight))
    expected = scipy.stats.multivariate_normal(np.zeros(len(weight)), covariance).logpdf(x.numpy())
    agree(model.log_evidence(x).detach(), expected, rtol=1e-9)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: conv_vae((3, 0, 8)), r"shape is \(3, 0, 8\)"),
        (lambda: conv_vae((8, 8)), r"shape is \(8, 8\)"),
        (lambda: conv_vae((3, 8, 8), channels=()), r"channels \(\)"),
        (lambda: conv_vae((3, 8, 8), 0), "latent_dim is 0"),
        (lambda: conv_vae((3, 8, 8), levels=1), "levels 1"),
        (lambda: linear_convolution(KERNEL, (3, 8, 9), 2, torch.zeros(())), "sides 8 and 9"),
        (lambda: linear_convolution(KERNEL, (1, 8, 8), 2, torch.zeros(())), "3 colours"),
        (lambda: linear_convolution(KERNEL, (3, 8, 8), 0, torch.zeros(())), "stride 0"),
        (lambda: linear_convolution(KERNEL, (3, 2, 8), 2, torch.zeros(())), "sides 2 and 8"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()
