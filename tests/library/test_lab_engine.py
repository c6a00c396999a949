"""The laboratory's JavaScript against ``vae_lib``: the same equations, in the page.

Both compute in double precision with the same formulas, in another order of summation: for the
sizes here 1e-10 of a value is thousands of times what that can change. Where terms of size 1
cancel, an absolute 1e-12 stands beside it.
"""

import gzip
import json
import math
from collections import Counter

import pytest
import torch
from agreement import agree
from lab_engine import Engine

from tools.release.lab_networks import PACKED, RECIPES, pack, pack_digits, pack_samples, shrink
from vae_lib import evaluation, evidence, gradients, objectives
from vae_lib.checkpoints import load_pretrained
from vae_lib.data import binarise, load_mnist
from vae_lib.gaussian import DiagonalGaussian, best_diagonal, sigma_points
from vae_lib.lessons import wrong_losses
from vae_lib.lessons.wrong_losses import MISTAKES, make_bench, make_loss
from vae_lib.likelihoods import Bernoulli, Gaussian
from vae_lib.linear import LinearGaussian
from vae_lib.models import GenerativeModel, mlp_vae
from vae_lib.networks import mlp

CLOSE = {"rtol": 1e-10, "atol": 1e-12}
KINDS = [("bernoulli", "tanh"), ("bernoulli", "relu"), ("gaussian", "tanh"), ("gaussian", "relu")]
SEEDS = range(3)


@pytest.fixture(scope="module")
def engine():
    engine = Engine()
    yield engine
    engine.close()


def same(ours, theirs):
    agree(ours.reshape(theirs.shape), theirs, **CLOSE)


def normal(seed, *shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def written(q):
    """A Gaussian as the engine has it."""
    return {"mean": q.mean, "logVar": q.log_var, "size": q.mean.shape[-1]}


def random_gaussian(seed, *shape):
    mean, log_var = normal(seed, 2, *shape)
    return DiagonalGaussian(mean, log_var)


# The generator ----------------------------------------------------------------------------------


@pytest.mark.page("random.Random", "random.Random.uniform", "random.Random.bits")
@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1])
def test_uniform_numbers_are_pytorchs(engine, seed):
    """More than the 312 numbers after which the generator's state is renewed; all bits agree."""
    code = (
        "const r = new random.Random(v.seed);"
        "return Float64Array.from({length: 1000}, () => r.uniform());"
    )
    ours = engine(code, seed=seed)
    theirs = torch.rand(1000, generator=torch.Generator().manual_seed(seed))
    assert torch.equal(ours, theirs)


@pytest.mark.page("random.Random.normal", "random.Random.normals")
def test_normal_numbers_are_pytorchs(engine):
    """PyTorch draws fewer than 16 at a time in pairs, as the engine does."""
    ours = engine("new random.Random(7).normals(45)")
    generator = torch.Generator().manual_seed(7)
    same(ours, torch.cat([torch.randn(15, generator=generator) for _ in range(3)]))


@pytest.mark.page("random.Random.permutation", "training.batches")
def test_every_epoch_takes_every_row_once_in_an_order_of_its_own(engine):
    found = engine(
        "const b = training.batches(10, 4, new random.Random(0));"
        "return Array.from({length: 60}, () => b.next().value);"
    )
    sizes, epochs = [len(batch) for batch in found], []
    assert sizes == [4, 4, 2] * 20
    for start in range(0, 60, 3):
        epochs.append([row for batch in found[start : start + 3] for row in batch])
        assert sorted(epochs[-1]) == list(range(10))
    assert len({tuple(epoch) for epoch in epochs}) == 20
    # 20 epochs, so each row stands first twice on average; never in all 20 is out of the question.
    assert len({epoch[0] for epoch in epochs}) > 4 and len({epoch[-1] for epoch in epochs}) > 4


@pytest.mark.page("random.Random.permutation")
def test_every_order_is_as_likely(engine):
    """Of three things there are six orders: 1,200 draws find each 200 times, give or take 13."""
    found = engine(
        "const r = new random.Random(0);"
        "return Array.from({length: 1200}, () => r.permutation(3).join(''));"
    )
    counts = Counter(found)
    assert len(counts) == 6
    assert all(abs(count - 200) < 4 * 13 for count in counts.values()), counts


@pytest.mark.page("training.binarise")
def test_binarised_pixels_are_those_of_the_library(engine):
    grey = torch.rand(300, generator=torch.Generator().manual_seed(1))
    ours = engine("training.binarise(v.grey, new random.Random(3))", grey=grey)
    assert torch.equal(ours, binarise(grey, "dynamic", torch.Generator().manual_seed(3)))


@pytest.mark.page("training.take")
def test_rows_are_taken_in_the_order_asked_for(engine):
    ours = engine("training.take(v.rows, 3, [2, 0])", rows=torch.arange(12.0))
    assert ours.tolist() == [6, 7, 8, 0, 1, 2]


# Gaussians and likelihoods ----------------------------------------------------------------------


@pytest.mark.page("gaussian.logProb", "gaussian.draw")
@pytest.mark.parametrize("seed", SEEDS)
def test_gaussian_densities_and_draws(engine, seed):
    """Also where S draws of each of B rows meet the B rows, or one row meets all."""
    q, value = random_gaussian(seed, 4, 3), normal(seed + 9, 5, 4, 3)
    same(engine("gaussian.logProb(v.q, v.value)", q=written(q), value=value), q.log_prob(value))
    same(engine("gaussian.draw(v.q, v.value)", q=written(q), value=value), q.transform(value))
    one = normal(seed + 5, 3)
    same(engine("gaussian.logProb(v.q, v.value)", q=written(q), value=one), q.log_prob(one))
    same(engine("gaussian.draw(v.q, v.value)", q=written(q), value=one), q.transform(one))


@pytest.mark.page("gaussian.logProb", "gaussian.draw", "gaussian.klTo")
def test_rows_may_share_their_variances(engine):
    """One row of variances serves all, and one row of noise, too."""
    mean, p_mean, log_var, noise, value = normal(1, 4, 3), *normal(2, 4, 3).split([1, 1, 1, 1])
    q, p = DiagonalGaussian(mean, log_var[0]), DiagonalGaussian(p_mean[0], value[0])
    ours = {"mean": mean, "logVar": log_var, "size": 3}
    many = {"mean": mean.flip(0), "logVar": value, "size": 3}
    same(engine("gaussian.logProb(v.q, v.value)", q=ours, value=noise), q.log_prob(noise))
    same(engine("gaussian.draw(v.q, v.noise)", q=ours, noise=noise), q.transform(noise))
    same(engine("gaussian.klTo(v.q, v.p)", q=written(p), p=ours), p.kl_to(q))
    theirs = p.kl_to(DiagonalGaussian(mean.flip(0), value[0]))
    same(engine("gaussian.klTo(v.q, v.p)", q=written(p), p=many), theirs)


@pytest.mark.page("gaussian.standard")
def test_the_prior_is_standard_normal(engine):
    value = normal(0, 6, 2)
    theirs = DiagonalGaussian.standard(torch.zeros(2)).log_prob(value)
    same(engine("gaussian.logProb(gaussian.standard(2), v.value)", value=value), theirs)


@pytest.mark.page("gaussian.klTo", "gaussian.klToStandard", "gaussian.klGradients")
@pytest.mark.parametrize("seed", SEEDS)
def test_divergences_and_their_derivatives(engine, seed):
    q, p, one = random_gaussian(seed, 4, 3), random_gaussian(seed + 5, 4, 3), random_gaussian(9, 3)
    same(engine("gaussian.klTo(v.q, v.p)", q=written(q), p=written(p)), q.kl_to(p))
    same(engine("gaussian.klTo(v.q, v.p)", q=written(q), p=written(one)), q.kl_to(one))
    same(engine("gaussian.klTo(v.q, v.p)", q=written(one), p=written(q)), one.kl_to(q))
    same(engine("gaussian.klToStandard(v.q)", q=written(q)), q.kl_to_standard())
    leaves = [q.mean.clone().requires_grad_(), q.log_var.clone().requires_grad_()]
    slopes = torch.autograd.grad(DiagonalGaussian(*leaves).kl_to_standard().sum(), leaves)
    ours = engine("gaussian.klGradients(v.q)", q=written(q))
    same(ours["mean"], slopes[0])
    same(ours["logVar"], slopes[1])


@pytest.mark.page("likelihoods.sigmoid", "likelihoods.softplus")
def test_logits_of_any_size(engine):
    logits = torch.tensor([-800.0, -40, -3, -1e-9, 0, 1e-9, 2, 40, 800])
    same(engine("v.x.map(likelihoods.sigmoid)", x=logits), torch.sigmoid(logits))
    theirs = torch.logaddexp(logits, torch.zeros(()))
    same(engine("v.x.map(likelihoods.softplus)", x=logits), theirs)


@pytest.mark.page("likelihoods.bernoulliLogProb", "likelihoods.bernoulliGradient")
@pytest.mark.parametrize("seed", SEEDS)
def test_bernoulli(engine, seed):
    """Each of B images meets S times B logits."""
    logits = (5 * normal(seed, 3, 4, 6)).requires_grad_()
    x = (normal(seed + 1, 4, 6) > 0).double()
    theirs = Bernoulli(logits).log_prob(x)
    same(engine("likelihoods.bernoulliLogProb(v.logits, v.x, 6)", logits=logits, x=x), theirs)
    (slope,) = torch.autograd.grad(theirs.sum(), logits)
    same(engine("likelihoods.bernoulliGradient(v.logits, v.x)", logits=logits, x=x), slope)
    one = logits[0, :1].detach()
    ours = engine("likelihoods.bernoulliLogProb(v.logits, v.x, 6)", logits=one, x=x)
    same(ours, Bernoulli(one).log_prob(x))


@pytest.mark.page("likelihoods.gaussianLogProb", "likelihoods.gaussianGradients")
@pytest.mark.parametrize("seed", SEEDS)
def test_gaussian_likelihood(engine, seed):
    mean = normal(seed, 3, 4, 6).requires_grad_()
    log_var = (0.7 * normal(seed + 2)).requires_grad_()
    x = normal(seed + 1, 4, 6)
    theirs = Gaussian(mean, log_var).log_prob(x)
    values = {"mean": mean, "log": log_var.item(), "x": x}
    same(engine("likelihoods.gaussianLogProb(v.mean, v.log, v.x, 6)", **values), theirs)
    slopes = torch.autograd.grad(theirs.sum(), [mean, log_var])
    ours = engine("likelihoods.gaussianGradients(v.mean, v.log, v.x)", **values)
    same(ours["mean"], slopes[0])
    agree(ours["logVar"], slopes[1].item(), **CLOSE)


# Networks ---------------------------------------------------------------------------------------


@pytest.mark.page(
    "matrices.addProduct", "matrices.transposed", "cholesky.cholesky", "cholesky.solve"
)
@pytest.mark.page("cholesky.inverse")
@pytest.mark.parametrize("inner", range(1, 10))
def test_matrices(engine, inner):
    """Both for numbers of columns that are a multiple of four and others."""
    a, b, c = normal(1, 3, inner), normal(2, inner, 5), normal(3, 3, 5)
    ours = engine("matrices.addProduct(v.c, v.a, v.b, v.inner)", a=a, b=b, c=c, inner=inner)
    same(ours, c + a @ b)
    same(engine("matrices.transposed(v.b, 5)", b=b), b.T)
    square = torch.eye(inner) + a.T @ a
    root = torch.linalg.cholesky(square)
    same(engine("cholesky.cholesky(v.m, v.n)", m=square, n=inner), root)
    same(engine("cholesky.solve(v.root, v.b)", root=root, b=a[0]), torch.linalg.solve(square, a[0]))
    ours = engine("cholesky.inverse(v.root, v.n)", root=root, n=inner)
    same(ours, torch.cholesky_inverse(root))


@pytest.mark.page("network.forward", "network.backward", "network.parameters")
@pytest.mark.parametrize("activation", ["tanh", "relu", "identity"])
def test_networks_both_ways(engine, activation):
    kinds = {"tanh": torch.nn.Tanh, "relu": torch.nn.ReLU, "identity": torch.nn.Identity}
    torch.manual_seed(1)
    body = mlp((5, 7, 3), kinds[activation]).double()
    layers = [
        {"weight": one.weight, "bias": one.bias, "activation": activation}
        for one in body
        if isinstance(one, torch.nn.Linear)
    ]
    x, gradient = normal(2, 4, 5).requires_grad_(), normal(3, 4, 3)
    found = engine(
        "const seen = network.forward(v.layers, v.x);"
        "const back = network.backward(v.layers, seen, v.gradient);"
        "return {seen, weights: back.weights, input: back.input(),"
        " all: network.parameters(v.layers)}",
        layers=layers, x=x, gradient=gradient,
    )  # fmt: skip
    for ours, theirs in zip(found["seen"], [x, body[:2](x), body(x)], strict=True):
        same(ours, theirs)
    slopes = torch.autograd.grad((body(x) * gradient).sum(), [x, *body.parameters()])
    for ours, theirs in zip([found["input"], *found["weights"]], slopes, strict=True):
        same(ours, theirs)
    for ours, theirs in zip(found["all"], body.parameters(), strict=True):
        same(ours, theirs)


@pytest.mark.page("network.layer", "vae.makeVae")
def test_fresh_weights_are_spread_as_pytorchs(engine):
    """Even within ±1/√inputs: of 2,000 the extremes and the mean square say so within 5 %."""
    vae = engine("vae.makeVae(20, [100, 10], 3, 'bernoulli', 'tanh', new random.Random(0))")
    model = mlp_vae(20, 3, (100, 10), activation="tanh")
    theirs = {"encoder": _layers(model.encoder), "decoder": _layers(model.decoder)}
    for side, shapes in theirs.items():
        ours = [(len(one["bias"]), len(one["weight"])) for one in vae[side]]
        assert ours == shapes
        assert [one["activation"] for one in vae[side]] == ["tanh", "tanh", "identity"]
    weight = vae["encoder"][0]["weight"] * math.sqrt(20)
    assert 0.95 < weight.max() <= 1 and -1 <= weight.min() < -0.95
    agree(weight.square().mean(), torch.tensor(1 / 3), rtol=0.05)
    assert vae["encoder"][0]["bias"].std() * math.sqrt(20) > 0.4
    assert vae["logVar"].tolist() == [0.0]
    assert (vae["dataSize"], vae["latentSize"], vae["likelihood"]) == (20, 3, "bernoulli")


def _layers(side):
    """Outputs and weights of each layer, the two heads of an encoder taken for one."""
    own = [one for one in side.modules() if isinstance(one, torch.nn.Linear)]
    shapes = [(one.out_features, one.weight.numel()) for one in own]
    if hasattr(side, "log_var") and isinstance(side.log_var, torch.nn.Linear):
        shapes[-2:] = [(2 * shapes[-1][0], 2 * shapes[-1][1])]
    return shapes


# The VAE ----------------------------------------------------------------------------------------


class Case:
    """A random VAE in both worlds, with data for it."""

    def __init__(self, engine, likelihood, activation, seed=0, hidden=(7, 5), data=6, latent=2):
        torch.manual_seed(seed)
        self.model = mlp_vae(data, latent, hidden, likelihood, activation=activation)
        with torch.no_grad():
            for weight in self.model.parameters():
                weight.add_(0.2 * torch.randn(weight.shape))
        self.data, self.latent = data, latent
        x = torch.randn(4, data)
        self.x = (x > 0).double() if likelihood == "bernoulli" else x
        self.engine, self.activation = engine, activation

    def __call__(self, code, **values):
        """Evaluate code that sees the VAE as ``own`` and the data as ``v.x``."""
        return self.engine(
            "const own = vae.fromStateDict(v.state, v.activation);" + code,
            state=dict(self.model.state_dict()), activation=self.activation, x=self.x, **values,
        )  # fmt: skip

    def gradients(self, value):
        """Autograd's, in the engine's order: an encoder's two heads are one layer."""
        slopes = torch.autograd.grad(value, list(self.model.parameters()), allow_unused=True)
        named = {
            name: torch.zeros_like(one) if slope is None else slope
            for (name, one), slope in zip(self.model.named_parameters(), slopes, strict=True)
        }
        return self.ordered(named)

    @staticmethod
    def ordered(named):
        ordered = []
        for name, slope in sorted(named.items(), key=lambda pair: pair[0].startswith("decoder")):
            if name.startswith("encoder.mean."):
                name = name.replace("mean", "log_var")
                ordered.append(torch.cat([slope, named[name]]))
            elif not name.startswith("encoder.log_var") and name != "decoder.log_var":
                ordered.append(slope)
        return ordered + [slope for name, slope in named.items() if name == "decoder.log_var"]


@pytest.mark.page("vae.fromStateDict", "vae.encode", "vae.posteriorOf", "vae.decode", "vae.picture")
@pytest.mark.page("vae.logLikelihood", "vae.logJoint", "vae.learned")
@pytest.mark.parametrize(("likelihood", "activation"), KINDS)
def test_vae(engine, likelihood, activation):
    case = Case(engine, likelihood, activation)
    model, x, z = case.model, case.x, normal(3, 3, 4, 2)
    q, p = model.encode(x), model.decode(z)
    found = case(
        "return {q: vae.encode(own, v.x), outputs: vae.decode(own, v.z),"
        " picture: vae.picture(own, v.z), joint: vae.logJoint(own, v.x, v.z),"
        " likelihood: vae.logLikelihood(own, vae.decode(own, v.z), v.x), all: vae.learned(own),"
        " sizes: [own.dataSize, own.latentSize, own.likelihood, ...own.logVar]}",
        z=z,
    )
    same(found["q"]["mean"], q.mean)
    same(found["q"]["logVar"], q.log_var)
    same(found["outputs"], p.logits if likelihood == "bernoulli" else p.mean)
    same(found["picture"], p.mean)
    same(found["likelihood"], p.log_prob(x))
    same(found["joint"], model.log_joint(x, z))
    weights = case.ordered(dict(model.named_parameters()))
    for ours, theirs in zip(found["all"], weights, strict=True):
        same(ours, theirs)
    noise = getattr(model.decoder, "log_var", torch.zeros(1)).tolist()
    assert found["sizes"] == [6, 2, likelihood, *noise]


@pytest.mark.page("vae.fromStateDict", "vae.encode", "vae.picture")
def test_the_packages_own_model(engine, single_precision):
    """PyTorch computes in single precision here: 1e-5 is what some hundred of its roundings do."""
    model, _ = load_pretrained()
    x = binarise(load_mnist().test[:3], "fixed")
    found = engine(
        "const own = vae.fromStateDict(v.state, v.activation); const q = vae.encode(own, v.x);"
        "return {q, picture: vae.picture(own, q.mean)}",
        state=dict(model.state_dict()), activation=model.config["activation"], x=x,
    )  # fmt: skip
    with torch.no_grad():
        q = model.encode(x)
        theirs = {"mean": q.mean, "logVar": q.log_var}
        picture = model.decode(q.mean).mean
    for name, values in theirs.items():
        agree(found["q"][name].reshape(3, -1), values.double(), atol=1e-5, rtol=1e-5)
    agree(found["picture"].reshape(3, -1), picture.double(), atol=1e-5)


@pytest.mark.page("objectives.elbo", "objectives.terms", "objectives.lossGradient")
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("likelihood", "activation"), KINDS)
def test_elbo_and_its_gradient(engine, likelihood, activation, seed):
    """Against autograd, for three draws of each of four data points."""
    case = Case(engine, likelihood, activation, seed)
    noise = normal(seed, 3, 4, 2)
    theirs = objectives.elbo(case.model, case.x, noise=noise)
    found = case(
        "return {elbo: objectives.elbo(own, v.x, v.noise),"
        " ...objectives.lossGradient(own, v.x, v.noise)}",
        noise=noise,
    )
    for terms in (found["elbo"], found["terms"]):
        same(terms["logLikelihood"], theirs.log_likelihood)
        same(terms["kl"], theirs.kl)
        same(terms["value"], theirs.value)
    agree(found["loss"], theirs.loss.item(), **CLOSE)
    for ours, slope in zip(found["gradient"], case.gradients(theirs.loss), strict=True):
        same(ours, slope)


@pytest.mark.page("objectives.elbo")
def test_elbo_of_another_q(engine):
    case, q, noise = Case(engine, "bernoulli", "tanh"), random_gaussian(3, 4, 2), normal(1, 2, 4, 2)
    ours = case("return objectives.elbo(own, v.x, v.noise, v.q)", noise=noise, q=written(q))
    same(ours["value"], objectives.elbo(case.model, case.x, q, noise=noise).value)


@pytest.mark.page("objectives.lossGradient")
@pytest.mark.parametrize(("likelihood", "activation"), [KINDS[0], KINDS[3]])
def test_gradient_of_the_engine_is_its_own_slope(engine, likelihood, activation):
    """Central differences of the engine's loss, step 1e-5: their error is of order 1e-10."""
    case = Case(engine, likelihood, activation)
    found = case(
        "const loss = () => objectives.lossGradient(own, v.x, v.noise).loss;"
        "const slopes = vae.learned(own).map((values) => values.map((value, i) => {"
        "  values[i] = value + 1e-5; const above = loss();"
        "  values[i] = value - 1e-5; const below = loss();"
        "  values[i] = value; return (above - below) / 2e-5; }));"
        "return {slopes, gradient: objectives.lossGradient(own, v.x, v.noise).gradient}",
        noise=normal(1, 2, 4, 2),
    )
    for ours, slope in zip(found["gradient"], found["slopes"], strict=True):
        agree(ours, slope, atol=1e-7)


@pytest.mark.page("wrong_losses.ruleOf", "objectives.lossGradient")
@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
@pytest.mark.parametrize(
    "mistakes",
    [
        ["ELBO minimised"],
        ["KL sign"],
        ["mean over pixels"],
        ["σ in the draw"],
        ["σ in the KL"],
        ["squared error"],
        ["KL sign", "σ in the draw", "σ in the KL", "ELBO minimised"],
    ],
)
def test_wrong_losses_are_as_wrong_as_the_librarys(engine, mistakes, likelihood):
    case, noise = Case(engine, likelihood, "tanh"), normal(2, 2, 4, 2)
    loss = make_loss(*mistakes)(case.model, case.x, case.model.encode(case.x), noise).mean()
    found = case(
        "const rule = wrong_losses.ruleOf(v.mistakes, 6);"
        "return {names: wrong_losses.MISTAKES,"
        " ...objectives.lossGradient(own, v.x, v.noise, rule)}",
        noise=noise, mistakes=mistakes,
    )  # fmt: skip
    assert set(mistakes) <= set(found["names"]) and len(found["names"]) == 6
    agree(found["loss"], loss.item(), **CLOSE)
    for ours, slope in zip(found["gradient"], case.gradients(loss), strict=True):
        same(ours, slope)


CHECKS = {
    "floor": "floor",
    "exact posterior": "posterior",
    "blind decoder": "blind",
    "pixels doubled": "doubled",
    "units changed": "units",
    "slope in log σ²": "slope",
}


@pytest.mark.page("checks.lossOf", "checks.violations")
@pytest.mark.parametrize("mistakes", [(), *((one,) for one in MISTAKES), ("KL sign", "no noise")])
@pytest.mark.parametrize("seed", SEEDS)
def test_checks_of_a_loss_find_what_the_librarys_find(engine, mistakes, seed):
    """The slope is a finite difference of numbers near 100: 1e-14 of them over 1e-4 is 1e-8."""
    bench = make_bench(5, 2, 3, seed)
    model = bench.model
    found = engine(
        "checks.violations(checks.lossOf(v.mistakes), {model: v.model, x: v.x, q: v.q})",
        mistakes=list(mistakes), x=bench.x, q=written(bench.q),
        model={"weight": model.weight, "bias": model.bias, "logVar": model.log_var.item()},
    )  # fmt: skip
    loss = make_loss(*mistakes)
    for name, check in wrong_losses.CHECKS.items():
        tolerance = 1e-7 if name.startswith("slope") else 1e-10
        assert found[CHECKS[name]] == pytest.approx(check(loss, bench), rel=1e-7, abs=tolerance)


@pytest.mark.page("objectives.lossGradient")
def test_a_weight_beta_of_the_kl_term(engine):
    case, noise = Case(engine, "bernoulli", "tanh"), normal(2, 1, 4, 2)
    terms = objectives.elbo(case.model, case.x, noise=noise)
    found = case(
        "return objectives.lossGradient(own, v.x, v.noise, {...objectives.RIGHT, klWeight: 4})",
        noise=noise,
    )
    slopes = case.gradients((4 * terms.kl - terms.log_likelihood).mean())
    for ours, slope in zip(found["gradient"], slopes, strict=True):
        same(ours, slope)


# Importance weights -----------------------------------------------------------------------------


@pytest.mark.page("objectives.logWeights", "objectives.importanceWeightedBound")
@pytest.mark.page("objectives.effectiveSampleSize")
@pytest.mark.parametrize(("likelihood", "activation"), KINDS)
def test_importance_weights(engine, likelihood, activation):
    case, noise = Case(engine, likelihood, activation), normal(4, 9, 4, 2)
    model, x = case.model, case.x
    found = case(
        "const weights = objectives.logWeights(own, v.x, v.noise);"
        "return {weights, bound: objectives.importanceWeightedBound(weights, 4),"
        " size: objectives.effectiveSampleSize(weights, 4),"
        " own: objectives.logWeights(own, v.x, v.noise, v.q)}",
        noise=noise, q=written(random_gaussian(1, 4, 2)),
    )  # fmt: skip
    theirs = objectives.log_weights(model, x, 9, noise=noise)
    same(found["weights"], theirs)
    same(found["bound"], objectives.importance_weighted_bound(model, x, 9, noise=noise))
    same(found["size"], evaluation.effective_sample_size(theirs))
    q = random_gaussian(1, 4, 2)
    same(found["own"], objectives.log_weights(model, x, 9, q=q, noise=noise))


@pytest.mark.page("objectives.logSumExp", "objectives.importanceWeightedBound")
@pytest.mark.page("objectives.effectiveSampleSize")
def test_one_column_of_weights_far_from_one(engine):
    """Weights whose exponentials overflow, or are all 0."""
    for offset in (0.0, 2000.0, -2000.0):
        weights = normal(3, 40) + offset
        same(engine("objectives.logSumExp(v.w)", w=weights), weights.logsumexp(0)[None])
        ours = engine("objectives.importanceWeightedBound(v.w)", w=weights)
        same(ours, (weights.logsumexp(0) - math.log(40))[None])
        theirs = evaluation.effective_sample_size(weights[:, None])
        agree(engine("objectives.effectiveSampleSize(v.w)", w=weights), theirs, rtol=1e-9)
    nothing = torch.full((3,), -torch.inf)
    assert engine("objectives.logSumExp(v.w)", w=nothing).tolist() == [-math.inf]


# Gradients of an expectation --------------------------------------------------------------------


@pytest.mark.page(
    "gradients.scoreFunctionGradients", "gradients.pathwiseGradients", "gradients.draws"
)
@pytest.mark.page("gradients.bestBaseline")
@pytest.mark.parametrize("seed", SEEDS)
def test_both_estimators_of_a_gradient(engine, seed):
    q, noise = random_gaussian(seed, 1), normal(seed + 1, 30, 1)
    values = {"q": {"mean": q.mean.item(), "logVar": q.log_var.item()}, "noise": noise}

    def f(z):
        return (z[:, 0] ** 2 + torch.sin(3 * z[:, 0])).squeeze(-1)

    found = engine(
        "const f = (z) => z * z + Math.sin(3 * z);"
        "const best = gradients.bestBaseline(f, v.q, v.noise);"
        "return {z: gradients.draws(v.q, v.noise), best,"
        " score: gradients.scoreFunctionGradients(f, v.q, v.noise),"
        " less: gradients.scoreFunctionGradients(f, v.q, v.noise, best),"
        " path: gradients.pathwiseGradients((z) => 2 * z + 3 * Math.cos(3 * z), v.q, v.noise)}",
        **values,
    )
    same(found["z"], q.transform(noise))
    baseline = gradients.best_baseline(f, q, noise)  # (2, 1)
    ones = gradients.score_function_gradients(lambda z: torch.ones(len(z)), q, noise)
    theirs = {
        "score": gradients.score_function_gradients(f, q, noise),
        "path": gradients.pathwise_gradients(f, q, noise),
    }
    theirs["less"] = theirs["score"] - baseline * ones
    for row, name in enumerate(("mean", "logVar")):
        agree(found["best"][name], baseline[row].item(), **CLOSE)
        for kind, estimates in theirs.items():
            same(found[kind][name], estimates[:, row, 0])


# Exact models -----------------------------------------------------------------------------------


def as_linear(model):
    return {"weight": model.weight, "bias": model.bias, "logVar": model.log_var.item()}


@pytest.mark.page(
    "linear.logEvidence", "linear.posterior", "linear.precision", "linear.decodeLinear"
)
@pytest.mark.page(
    "linear.exactElbo", "linear.bestDiagonal", "linear.gapParts", "linear.sigmaPoints"
)
@pytest.mark.parametrize(("data", "latent"), [(4, 1), (5, 2), (7, 4)])
def test_linear_model(engine, random_linear, data, latent):
    model, x, q = random_linear(data, latent)
    found = engine(
        "const exact = linear.posterior(v.m, v.x);"
        "return {exact, evidence: linear.logEvidence(v.m, v.x),"
        " elbo: linear.exactElbo(v.m, v.x, v.q), best: linear.bestDiagonal(exact),"
        " parts: linear.gapParts(v.m, v.x, v.q),"
        " decoded: linear.decodeLinear(v.m, v.q.mean), points: linear.sigmaPoints(v.q.size, 5)}",
        m=as_linear(model), x=x, q=written(q),
    )  # fmt: skip
    posterior, evidence = model.encode(x), model.log_evidence(x)
    same(found["exact"]["mean"], posterior.mean)
    same(found["exact"]["precision"], model.precision)
    same(found["exact"]["covariance"], torch.linalg.inv(model.precision))
    same(found["evidence"], evidence)
    same(found["decoded"], model.decode(q.mean).mean)
    points = sigma_points(latent)
    theirs = objectives.elbo(model, x, q=q, noise=points)
    same(found["elbo"]["logLikelihood"], theirs.log_likelihood)
    same(found["elbo"]["kl"], theirs.kl)
    same(found["elbo"]["value"], theirs.value)
    same(found["points"], points.expand(-1, 5, -1))
    best = best_diagonal(posterior)
    same(found["best"]["mean"], best.mean)
    agree(found["best"]["logVar"].expand(5, latent), best.log_var.expand(5, latent), **CLOSE)
    highest = objectives.elbo(model, x, q=best, noise=points).value
    agree(found["parts"]["family"], evidence - highest, atol=1e-10)
    agree(found["parts"]["encoder"], highest - theirs.value, rtol=1e-10, atol=1e-10)


@pytest.mark.page("quadrature.grid", "quadrature.logIntegral", "quadrature.posteriorDensity")
@pytest.mark.page("quadrature.priorChiSquare", "quadrature.elboOnGrid")
def test_one_dimension_on_a_grid(engine):
    """A bent decoder; the bound of a Gaussian q against 200 Gauss–Hermite points and autograd."""
    model = GenerativeModel(
        lambda z: Gaussian(torch.cat([z, torch.sin(2 * z)], -1), torch.tensor(-1.0)), 1
    ).double()
    x = torch.tensor([[0.8, -0.4]])
    z = torch.linspace(-8, 8, 2001)
    joint = model.log_joint(x, z[:, None])
    found = engine(
        "const z = quadrature.grid(2001, 8);"
        "return {z, evidence: quadrature.logIntegral(z, v.joint),"
        " density: quadrature.posteriorDensity(z, v.joint),"
        " chi: quadrature.priorChiSquare(z, v.joint),"
        " elbo: quadrature.elboOnGrid(z, v.joint, v.q)}",
        joint=joint, q={"mean": 0.3, "logVar": -1.2},
    )  # fmt: skip
    same(found["z"], z)
    evidence_there = evidence.quadrature_evidence(model, x)
    agree(found["evidence"], evidence_there.item(), **CLOSE)
    same(found["density"], torch.exp(joint - evidence_there))
    agree(found["chi"], evidence.posterior_chi_square(model, x).item(), **CLOSE)
    leaves = [torch.tensor([0.3], requires_grad=True), torch.tensor([-1.2], requires_grad=True)]
    places, weights = torch.as_tensor(_hermite(200)).unbind()
    q = DiagonalGaussian(*leaves)
    draws = q.transform(places[:, None])
    value = (weights * (model.log_joint(x, draws) - q.log_prob(draws))).sum()
    slopes = torch.autograd.grad(value, leaves)
    agree(found["elbo"]["value"], value.item(), atol=1e-9)
    agree(found["elbo"]["mean"], slopes[0].item(), atol=1e-9)
    agree(found["elbo"]["logVar"], slopes[1].item(), atol=1e-9)


@pytest.mark.page("quadrature.logIntegral", "quadrature.elboOnGrid")
def test_the_ends_of_a_grid_count_half(engine):
    """PyTorch's trapezoidal rule, where what lies at the ends is not small."""
    z, joint = torch.linspace(-1, 1, 7), normal(4, 7)
    ours = engine("quadrature.logIntegral(v.z, v.joint)", z=z, joint=joint)
    agree(ours, torch.trapezoid(joint.exp(), z).log().item(), **CLOSE)
    mean = torch.tensor([-0.9], requires_grad=True)
    log_q = DiagonalGaussian(mean, torch.tensor([-0.5])).log_prob(z[:, None])
    found = engine(
        "quadrature.elboOnGrid(v.z, v.joint, {mean: -0.9, logVar: -0.5})", z=z, joint=joint
    )
    part = log_q.detach().exp() * (joint - log_q.detach())
    agree(found["value"], torch.trapezoid(part, z).item(), **CLOSE)
    slope = torch.trapezoid(part * (z + 0.9) * math.exp(0.5), z).item()
    agree(found["mean"], slope, **CLOSE)


def _hermite(count):
    import numpy as np

    places, weights = np.polynomial.hermite_e.hermegauss(count)
    return np.stack([places, weights / math.sqrt(2 * math.pi)])


# What travels with the book ---------------------------------------------------------------------


@pytest.mark.page("packed.unpackVae")
def test_a_packed_network_is_the_rounded_one(engine, single_precision):
    """Rounding is at most half of 1/127 of a unit's largest weight; no other digit is lost."""
    torch.manual_seed(2)
    model = mlp_vae(16, 3, (9, 5))
    packed, rounded = pack(model)
    for ours, theirs in zip(rounded.parameters(), model.parameters(), strict=True):
        if ours.dim() == 2:
            largest = theirs.abs().amax(1, keepdim=True)
            assert ((ours - theirs).abs() <= largest / 253).all()
    found = engine(
        "const own = packed.unpackVae(v.packed);"
        "return {all: vae.learned(own),"
        " own: [own.dataSize, own.latentSize, own.likelihood, ...own.logVar],"
        " after: [...own.encoder, ...own.decoder].map((one) => one.activation)}",
        packed=packed,
    )
    weights = Case.ordered(dict(rounded.double().named_parameters()))
    for ours, theirs in zip(found["all"], weights, strict=True):
        agree(ours.reshape(theirs.shape), theirs, rtol=1e-7)
    assert found["own"] == [16, 3, "bernoulli", 0]
    assert found["after"] == ["relu", "relu", "identity"] * 2


@pytest.mark.page("packed.unpackDigits")
def test_packed_digits_are_those_of_the_library(engine, single_precision):
    packed = pack_digits(14)
    found = engine("packed.unpackDigits(v.packed)", packed=packed)
    assert sorted(found["labels"]) == [digit for digit in range(10) for _ in range(100)]
    assert found["side"] == 14
    data = load_mnist()
    images = found["images"].reshape(1000, 196)
    distance = torch.cdist(images[:20], shrink(data.train, 14).double(), p=torch.inf)
    nearest, where = distance.min(1)
    assert nearest.max() <= 0.5 / 15 + 1e-6
    assert data.train_labels[where].tolist() == found["labels"][:20]
    samples = engine("packed.unpackDigits(v.packed)", packed=pack_samples())
    assert samples["labels"] == 3 * list(range(10)) and samples["side"] == 28
    distance = torch.cdist(samples["images"].reshape(30, 784), data.train.double(), p=torch.inf)
    nearest, where = distance.min(1)
    assert nearest.max() <= 0.5 / 15 + 1e-6 and len(set(where.tolist())) == 30
    assert data.train_labels[where].tolist() == samples["labels"]


@pytest.mark.page("packed.unpackVae", "packed.unpackDigits", "objectives.elbo")
def test_what_travels_is_what_was_measured(engine, single_precision):
    """All of it in 400 kB; eight bits cost less than half a nat; the networks know digits.

    Of a hundred other images the mean scatters by 3 nats, and the ELBO lies 5 below the measured
    log-likelihood; rows of weights in the wrong place would cost dozens.
    """
    figures = json.loads((PACKED / "figures.json").read_text("utf-8"))
    scripts = {path.stem: path.read_text("utf-8") for path in PACKED.glob("*.js")}
    assert scripts.keys() == {*RECIPES, "digits", "samples"}
    bytes_ = sum(len(gzip.compress(text.encode(), 9)) for text in scripts.values())
    assert bytes_ <= 400_000, f"{bytes_:,} bytes"
    for text in scripts.values():
        engine("(0, eval)(v.text) && 0", text=text)
    assert engine("packed.unpackDigits(globalThis.vaeLab.digits).labels.length") == 1000
    assert json.loads(engine("JSON.stringify(globalThis.vaeLab.samples)")) == pack_samples()
    test = load_mnist().test[:100]
    for name, recipe in RECIPES.items():
        about = figures[name]
        assert about["log_likelihood"] - about["log_likelihood_in_eight_bits"] < 0.5
        x = binarise(shrink(test, recipe.side), "fixed")
        found = engine(
            "const own = packed.unpackVae(globalThis.vaeLab[v.name]);"
            "const noise = new random.Random(0).normals(100 * own.latentSize);"
            "return {elbo: objectives.elbo(own, v.x, noise).value, size: own.latentSize}",
            name=name, x=x,
        )  # fmt: skip
        assert found["size"] == recipe.latent_dim
        assert abs(found["elbo"].mean() - about["log_likelihood"]) < 15, name


# Training ---------------------------------------------------------------------------------------


@pytest.mark.page("adam.Adam", "adam.Adam.step")
@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_adam_is_pytorchs(engine, decay):
    weights = [normal(1, 5).requires_grad_(), normal(2, 3).requires_grad_()]
    slopes = [
        [normal(10 * step + i, len(one)) for i, one in enumerate(weights)] for step in range(30)
    ]
    settings = {"learningRate": 0.03, "betas": [0.8, 0.95], "epsilon": 1e-3, "weightDecay": decay}
    found = engine(
        "const a = new adam.Adam(v.weights, v.settings); v.slopes.forEach((s) => a.step(s));"
        "return v.weights",
        weights=weights, slopes=slopes, settings=settings,
    )  # fmt: skip
    plain = engine(
        "const a = new adam.Adam(v.weights); v.slopes.forEach((s) => a.step(s)); return v.weights",
        weights=weights, slopes=slopes,
    )  # fmt: skip
    copies = [weight.detach().clone().requires_grad_() for weight in weights]
    named = torch.optim.AdamW(weights, 0.03, (0.8, 0.95), 1e-3, decay)
    for optimiser, mine in ((named, weights), (torch.optim.Adam(copies), copies)):
        for step in slopes:
            for weight, slope in zip(mine, step, strict=True):
                weight.grad = slope
            optimiser.step()
    for ours, theirs in zip([*found, *plain], [*weights, *copies], strict=True):
        same(ours, theirs)


@pytest.mark.page("training.trainingStep")
@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_a_hundred_steps_of_training_are_pytorchs(engine, likelihood):
    """The same weights at the start, order and noise: 1e-6 is what the laboratory promises."""
    case = Case(engine, likelihood, "tanh", hidden=(12,), data=20)
    x = torch.randn(60, 20, generator=torch.Generator().manual_seed(5))
    x = (x > 0).double() if likelihood == "bernoulli" else x
    noise = normal(6, 100, 10, 2)
    found = case(
        "const optimizer = new adam.Adam(vae.learned(own), {learningRate: 0.01});"
        "const bounds = [];"
        "for (let step = 0; step < 100; step++) {"
        "  const rows = Array.from({length: 10}, (_, i) => (step * 10 + i) % 60);"
        "  const batch = training.take(v.all, 20, rows);"
        "  const noise = v.noise.subarray(step * 20, (step + 1) * 20);"
        "  const { terms, loss } = training.trainingStep(own, optimizer, batch, noise);"
        "  bounds.push(terms.value.reduce((sum, one) => sum + one, 0) / 10, -loss); }"
        "return {bounds: Float64Array.from(bounds), weights: vae.learned(own)}",
        all=x, noise=noise,
    )  # fmt: skip
    optimiser = torch.optim.AdamW(case.model.parameters(), 0.01, weight_decay=0.0, fused=True)
    means = []
    for step in range(100):
        rows = [(step * 10 + i) % 60 for i in range(10)]
        loss = objectives.elbo(case.model, x[rows], noise=noise[step : step + 1]).loss
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        means += [-loss.item()] * 2
    agree(found["bounds"], torch.tensor(means), atol=1e-6)
    weights = case.ordered(dict(case.model.named_parameters()))
    for ours, theirs in zip(found["weights"], weights, strict=True):
        agree(ours.reshape(theirs.shape), theirs, atol=1e-6)
    assert means[-1] > means[0] + 0.5, "nothing was learned"


@pytest.mark.page("training.trainingStep", "linear.sigmaPoints")
def test_a_linear_vae_climbs_to_the_exact_evidence(engine):
    """Within 0.01 nats of log p(x), and that of the best linear model there is for these data."""
    teacher = LinearGaussian(normal(1, 5, 2), normal(2, 5), torch.tensor(-1.0)).requires_grad_(
        False
    )
    x = teacher.sample(40, torch.Generator().manual_seed(3))
    found = engine(
        "const own = vae.makeVae(5, [], 2, 'gaussian', 'identity', new random.Random(0));"
        "const optimizer = new adam.Adam(vae.learned(own), {learningRate: 0.02});"
        "const noise = linear.sigmaPoints(2, 40);"
        "for (let step = 0; step < 3000; step++) {"
        "  optimizer.learningRate = 0.02 * (1 - step / 3000);"
        "  training.trainingStep(own, optimizer, v.x, noise); }"
        "const model = {weight: own.decoder[0].weight, bias: own.decoder[0].bias,"
        "  logVar: own.logVar[0]};"
        "const q = vae.encode(own, v.x);"
        "return {evidence: linear.logEvidence(model, v.x), parts: linear.gapParts(model, v.x, q),"
        "  elbo: linear.exactElbo(model, v.x, q).value,"
        "  same: objectives.elbo(own, v.x, noise).value}",
        x=x,
    )
    same(found["same"], found["elbo"])
    agree(found["elbo"].mean(), found["evidence"].mean(), atol=0.01)
    agree(
        found["evidence"],
        found["elbo"] + found["parts"]["family"] + found["parts"]["encoder"],
        atol=1e-9,
    )
    best = LinearGaussian.maximum_likelihood(x, 2).log_evidence(x).mean()
    agree(found["elbo"].mean(), best, atol=0.01)


HOST = (
    "let clock = 0, waiting = [], cancelled = [], count = 0; const log = [];"
    "const host = {schedule: (f) => (waiting.push([++count, f]), count),"
    "  cancel: (handle) => { waiting = waiting.filter(([own]) => own !== handle); },"
    "  now: () => clock};"
    "const frame = () => { const now = waiting; waiting = []; now.forEach(([, f]) => f()); };"
)


@pytest.mark.page("training.Loop", "training.Loop.start", "training.Loop.pause")
def test_the_loop_leaves_time_for_the_page(engine):
    """Steps of 3 ms within a budget of 10 ms: four before each picture; none while it pauses."""
    found = engine(
        HOST + "const loop = new training.Loop(() => { clock += 3; }, (n) => log.push(n), {host});"
        "const seen = [loop.running]; loop.start(); loop.start();"
        "seen.push(loop.running, waiting.length);"
        "frame(); frame(); loop.pause(); seen.push(loop.running, waiting.length); frame();"
        "loop.start(); frame(); return {log, seen, steps: loop.steps, finished: loop.finished}"
    )
    assert found == {
        "log": [4, 8, 12],
        "seen": [False, True, 1, False, 0],
        "steps": 12,
        "finished": False,
    }


@pytest.mark.page("training.Loop")
def test_the_loop_ends_with_its_last_step_or_when_a_step_pauses_it(engine):
    found = engine(
        HOST + "let left = 6;"
        "const loop = new training.Loop(() => { clock += 3; return --left > 0; },"
        "  (n) => log.push(n), {host, budget: 6});"
        "loop.start(); frame(); frame(); frame(); frame();"
        "const seen = [loop.finished, loop.running, waiting.length]; loop.start();"
        "seen.push(waiting.length);"
        "const other = new training.Loop(() => other.pause(), (n) => log.push(-n), {host});"
        "other.start(); frame(); frame();"
        "return {log, seen: [...seen, other.running, waiting.length]}"
    )
    assert found == {"log": [2, 4, 6, -1], "seen": [True, False, 0, 0, False, 0]}


@pytest.mark.page("training.page")
def test_in_a_page_the_loop_runs_on_animation_frames(engine):
    found = engine(
        "const seen = []; globalThis.requestAnimationFrame = (f) => (seen.push('asked'), f(), 7);"
        "globalThis.cancelAnimationFrame = (handle) => seen.push(handle);"
        "const host = training.page(); const handle = host.schedule(() => seen.push('called'));"
        "host.cancel(handle); return {seen, now: Math.abs(host.now() - performance.now()) < 1000}"
    )
    assert found == {"seen": ["asked", "called", 7], "now": True}
