"""The generative model and the exactly solvable one, against SciPy, quadrature and SymPy."""

import numpy as np
import pytest
import scipy.stats
import sympy
import torch
from agreement import agree, agree_in_standard_errors
from scipy.integrate import dblquad

from vae_lib.likelihoods import Bernoulli, Gaussian
from vae_lib.linear import LinearGaussian
from vae_lib.models import VAE, GenerativeModel, mlp_vae
from vae_lib.objectives import elbo


@pytest.mark.equation("eq-joint", oracle="quadrature")
def test_joint_density_integrates_to_one():
    """dblquad's error estimate is below 1e-7 on this smooth integrand."""
    model = GenerativeModel(lambda z: Gaussian(torch.sin(2 * z), torch.tensor([-1.0])), 1)

    def density(x, z):
        return model.log_joint(torch.tensor([x]), torch.tensor([z])).exp().item()

    area, _ = dblquad(density, -6, 6, -5, 5, epsabs=1e-5)
    agree(area, 1.0, atol=1e-5)


@pytest.mark.equation("eq-joint", oracle="Monte Carlo")
@pytest.mark.equation("eq-linear-model", oracle="Monte Carlo")
def test_samples_of_the_linear_model_have_its_moments(random_linear, generator):
    """Moments of 200,000 draws, within four standard errors."""
    model, _, _ = random_linear(3, 2)
    draws = model.sample(200_000, generator)
    covariance = model.weight @ model.weight.T + model.log_var.exp() * torch.eye(3)
    variances = covariance.diagonal()
    errors = ((torch.outer(variances, variances) + covariance**2) / 200_000).sqrt()
    agree_in_standard_errors(torch.cov(draws.T), covariance, errors)
    errors = (variances / 200_000).sqrt()
    agree_in_standard_errors(draws.mean(0), model.bias, errors)


@pytest.mark.equation("eq-linear-evidence", oracle="SciPy")
@pytest.mark.parametrize(("data_dim", "latent_dim"), [(1, 1), (4, 2), (20, 5)])
def test_evidence_is_scipys_marginal(random_linear, data_dim, latent_dim):
    model, x, _ = random_linear(data_dim, latent_dim)
    weight = model.weight.numpy()
    covariance = weight @ weight.T + np.exp(model.log_var.item()) * np.eye(data_dim)
    expected = scipy.stats.multivariate_normal(model.bias.numpy(), covariance).logpdf(x.numpy())
    agree(model.log_evidence(x), np.atleast_1d(expected), atol=1e-10)


@pytest.mark.equation("eq-bayes", oracle="exact model")
@pytest.mark.equation("eq-linear-posterior", oracle="exact model")
@pytest.mark.parametrize(("data_dim", "latent_dim"), [(1, 1), (4, 2), (20, 5)])
def test_posterior_is_joint_over_evidence(random_linear, generator, data_dim, latent_dim):
    """Bayes' rule at random points, the evidence taken from SciPy's marginal (test above)."""
    model, x, _ = random_linear(data_dim, latent_dim)
    z = torch.randn(5, latent_dim, generator=generator)
    expected = model.log_joint(x, z) - model.log_evidence(x)
    agree(model.encode(x).log_prob(z), expected, atol=1e-10)


@pytest.mark.equation("eq-linear-posterior", oracle="SymPy")
def test_posterior_follows_symbolically():
    """SymPy completes the square of the log joint for D = L = 1."""
    z = sympy.symbols("z", real=True)
    w, b, variance, x = sympy.Rational(3, 2), sympy.Rational(1, 5), sympy.Rational(1, 2), 2
    log_joint = -((x - w * z - b) ** 2) / (2 * variance) - z**2 / 2
    mean = sympy.solve(sympy.diff(log_joint, z), z)[0]
    spread = -1 / sympy.diff(log_joint, z, 2)
    model = LinearGaussian(torch.tensor([[1.5]]), torch.tensor([0.2]), torch.tensor(0.5).log())
    posterior = model.encode(torch.tensor([[2.0]]))
    agree(posterior.mean.item(), float(mean), atol=1e-12)
    agree(posterior.scale_tril.item() ** 2, float(spread), atol=1e-12)


@pytest.mark.equation("eq-ppca-maximum", oracle="NumPy")
def test_maximum_likelihood_is_stationary_and_unbeaten(generator):
    """No gradient is left, the closed form is met, and 200 perturbed models are worse."""
    x = torch.randn(300, 6, generator=generator) @ torch.randn(6, 6, generator=generator)
    model = LinearGaussian.maximum_likelihood(x, latent_dim=2)
    best = model.log_evidence(x).mean()
    for slope in torch.autograd.grad(best, list(model.parameters())):
        assert slope.abs().max() < 1e-9
    values = np.sort(np.linalg.eigvalsh(np.cov(x.T.numpy(), bias=True)))[::-1]
    noise = values[2:].mean()
    formula = -0.5 * (6 * np.log(2 * np.pi) + np.log(values[:2]).sum() + 4 * np.log(noise) + 6)
    agree(best.item(), formula, atol=1e-10)
    for _ in range(200):
        other = LinearGaussian(
            model.weight + 0.1 * torch.randn(6, 2, generator=generator),
            model.bias + 0.1 * torch.randn(6, generator=generator),
            model.log_var + 0.1 * torch.randn((), generator=generator),
        )
        assert other.log_evidence(x).mean() < best


@pytest.mark.equation("eq-amortised-posterior", oracle="SciPy")
def test_encoder_gives_each_image_its_own_diagonal_gaussian():
    """SciPy's density, from the weights by hand; each image alone gets the same as in a batch."""
    torch.manual_seed(0)
    model = mlp_vae(data_dim=16, latent_dim=3, hidden=(8,)).double()
    x = torch.rand(5, 16)
    together = model.encode(x)
    for i in range(5):
        alone = model.encode(x[i : i + 1])
        torch.testing.assert_close(alone.mean[0], together.mean[i], rtol=0, atol=1e-12)
        torch.testing.assert_close(alone.log_var[0], together.log_var[i], rtol=0, atol=1e-12)
    assert together.mean.shape == together.log_var.shape == (5, 3)

    def layer(module, inputs):
        return inputs @ module.weight.detach().numpy().T + module.bias.detach().numpy()

    hidden = np.maximum(layer(model.encoder.body[0], x.numpy()), 0)
    mean, log_var = layer(model.encoder.mean, hidden), layer(model.encoder.log_var, hidden)
    z = torch.randn(5, 3)
    expected = scipy.stats.norm(mean, np.exp(log_var / 2)).logpdf(z.numpy()).sum(-1)
    agree(together.log_prob(z), expected, atol=1e-12)
    assert not torch.allclose(together.mean[0], together.mean[1])


def test_decoders_give_the_likelihood_asked_for():
    z = torch.zeros(4, 2)
    assert isinstance(mlp_vae(9, 2, (5,)).double().decode(z), Bernoulli)
    gaussian = mlp_vae(9, 2, (5,), likelihood="gaussian").double().decode(z)
    assert isinstance(gaussian, Gaussian) and gaussian.mean.shape == (4, 9)
    grey = mlp_vae(9, 2, (5,), allow_grey=True).double().decode(z)
    assert grey.log_prob(torch.full((4, 9), 0.5)).shape == (4,)


def test_prior_follows_the_model_to_its_precision():
    assert mlp_vae(9, 2, (5,)).float().prior.mean.dtype == torch.float32
    assert mlp_vae(9, 2, (5,)).double().prior.mean.dtype == torch.float64


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: mlp_vae(latent_dim=0), "latent_dim is 0: a latent space needs at least 1"),
        (lambda: GenerativeModel(lambda z: Bernoulli(z), -2), "latent_dim is -2"),
        (lambda: mlp_vae(hidden=(0,)), r"sizes \(784, 0\): every size must be at least 1"),
        (lambda: mlp_vae(likelihood="poisson"), "'poisson': give 'bernoulli' or 'gaussian'"),
        (
            lambda: LinearGaussian(torch.zeros(3, 2), torch.zeros(2), torch.tensor(0.0)),
            r"bias has the shape \(2,\): give it the shape \(D\) with D = 3, as in weight",
        ),
        (lambda: LinearGaussian.maximum_likelihood(torch.rand(9, 3), 3), "choose 1 to 2"),
    ],
)
def test_impossible_models_are_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()


def test_encoding_needs_an_encoder_and_fitting_data():
    with pytest.raises(ValueError, match="has no encoder: pass q"):
        GenerativeModel(lambda z: Bernoulli(z), 1).encode(torch.zeros(1, 1))
    model = mlp_vae(data_dim=16, latent_dim=2, hidden=(4,)).double()
    assert isinstance(model, VAE)
    with pytest.raises(
        ValueError, match=r"shape \(2, 4, 4\), but the model expects \(\.\.\., 16\)"
    ):
        model.encode(torch.zeros(2, 4, 4))
    with pytest.raises(ValueError, match="1 NaN or infinite values out of 16"):
        model.encode(torch.zeros(1, 16).index_fill(1, torch.tensor([3]), torch.nan))


def test_a_seed_repeats_the_samples_of_a_model(random_linear):
    model, _, _ = random_linear(3, 2)
    first, again, other = (
        model.sample(4, torch.Generator().manual_seed(seed)) for seed in (7, 7, 8)
    )
    assert torch.equal(first, again) and not torch.equal(first, other)


def test_saved_weights_hold_no_prior():
    """The prior has nothing to learn, so checkpoints of any age load."""
    assert not [name for name in mlp_vae(9, 2, (5,)).state_dict() if name.startswith("zeros")]


def test_linear_posterior_has_the_precision_and_the_device_of_the_model(monkeypatch):
    """The default precision is float64 here; "meta" is a device that holds no numbers."""
    weight, bias, log_var = torch.ones(3, 2), torch.zeros(3), torch.tensor(0.0)
    single = LinearGaussian(weight.float(), bias.float(), log_var.float())
    assert single.prior.mean.dtype == torch.float32
    assert single.encode(torch.ones(4, 3).float()).mean.dtype == torch.float32
    monkeypatch.setattr("vae_lib.linear.require_data", lambda x, data_dim: None)
    elsewhere = LinearGaussian(weight.to("meta"), bias.to("meta"), log_var.to("meta"))
    assert elsewhere.encode(torch.ones(4, 3, device="meta")).mean.device.type == "meta"


def test_one_latent_dimension_is_enough(generator):
    assert mlp_vae(9, 1, (5,)).latent_dim == 1
    x = torch.rand(9, 3, generator=generator)
    assert LinearGaussian.maximum_likelihood(x, 1).weight.shape == (3, 1)


def test_decoder_mirrors_the_encoder():
    model = mlp_vae(data_dim=9, latent_dim=2, hidden=(7, 5))

    def sizes(network):
        return [tuple(weight.shape) for weight in network.parameters() if weight.dim() == 2]

    assert sizes(model.encoder)[:2] == [(7, 9), (5, 7)]
    assert sizes(model.decoder) == [(5, 2), (7, 5), (9, 7)]


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_without_hidden_layers_both_networks_are_linear(generator, likelihood):
    """Affine maps f: f(x + y) + f(0) = f(x) + f(y)."""
    model = mlp_vae(data_dim=7, latent_dim=3, hidden=(), likelihood=likelihood)
    assert model.config["hidden"] == []

    def require_affine(f, size):
        x, y = torch.randn(2, 4, size, generator=generator)
        torch.testing.assert_close(f(x + y) + f(0 * x), f(x) + f(y))
        assert not torch.equal(f(x), f(y))

    require_affine(lambda x: model.encode(x).mean, 7)
    require_affine(lambda x: model.encode(x).log_var, 7)
    name = "logits" if likelihood == "bernoulli" else "mean"
    require_affine(lambda z: getattr(model.decode(z), name), 3)
    x = torch.bernoulli(torch.full((5, 7), 0.5), generator=generator)
    elbo(model, x, generator=generator).loss.backward()
    assert all(weight.grad.isfinite().all() for weight in model.parameters())


def test_linear_model_refuses_data_that_do_not_fit(random_linear):
    model, x, _ = random_linear(3, 2)
    for function in (model.encode, model.log_evidence):
        with pytest.raises(ValueError, match=r"expects \(\.\.\., 3\): flatten"):
            function(x[:, :1])
        with pytest.raises(ValueError, match="15 NaN or infinite values out of 15"):
            function(x * torch.nan)
