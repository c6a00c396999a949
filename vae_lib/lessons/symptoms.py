"""The symptoms that readers report, each reproduced in seconds and then cured.

Each function returns two numbers: what is seen with the fault, and what after the cure.
"""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from vae_lib.data import binarise
from vae_lib.discretised import log_var_above
from vae_lib.engine.speed import choose_threads, computing
from vae_lib.evaluation import Score, effective_sample_size
from vae_lib.gaussian import DiagonalGaussian, best_diagonal
from vae_lib.latents import active_units, aggregate_split
from vae_lib.lessons.wrong_losses import (
    Loss,
    floor_check,
    kl_weight_to_beta,
    make_bench,
    make_loss,
    variance_to_kl_weight,
)
from vae_lib.likelihoods import Bernoulli, Gaussian
from vae_lib.linear import LinearGaussian, rate_and_distortion, train_linear_vae
from vae_lib.models import mlp_vae
from vae_lib.objectives import elbo, log_weights
from vae_lib.training import plain_fit

Pair = tuple[float, float]


def _seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _truth() -> LinearGaussian:
    """Six pixels: two show a coarse cause of variance 8, two a fine one of variance 2; σ = 0.3."""
    weight = torch.zeros(6, 2, dtype=torch.float64)
    weight[:2, 0], weight[2:4, 1] = 2.0, 1.0
    log_var = torch.tensor(math.log(0.09), dtype=torch.float64)
    return LinearGaussian(weight, weight.new_zeros(6), log_var).requires_grad_(False)


def _data(count: int = 400, seed: int = 0) -> Tensor:
    return _truth().sample(count, _seeded(seed))


def _after_descent(loss: Loss) -> tuple[float, float]:
    """What 100 steps in q's own μ and log σ² make of the loss above -log p(x), and of the KL."""
    bench = make_bench()
    values = [part.clone().requires_grad_() for part in (bench.q.mean, bench.q.log_var)]
    optimiser = torch.optim.Adam(values, lr=0.1)
    for _ in range(100):
        optimiser.zero_grad()
        loss(bench.model, bench.x, DiagonalGaussian(*values), bench.noise).sum().backward()
        optimiser.step()
    q = DiagonalGaussian(*values)
    excess = loss(bench.model, bench.x, q, bench.noise) + bench.model.log_evidence(bench.x)
    return excess.mean().item(), q.kl_to_standard().mean().item()


# While training


def negative_loss() -> Pair:
    """-log density of 256-level pixels in nats per image, and -log of the levels' probability."""
    gray = 0.5 + 0.05 * torch.randn(100, 16, generator=_seeded(), dtype=torch.float64)
    x = (255 * gray).round() / 255
    log_var = x.new_tensor(2 * math.log(0.05))
    log_density = Gaussian(torch.full_like(x, 0.5), log_var).log_prob(x).mean()
    return -log_density.item(), -(log_density + 16 * math.log(1 / 255)).item()


def loss_is_nan() -> Pair:
    """The loss of a white pixel at the logit 200: from the probability, and from the logit."""
    x, logit = torch.tensor([1.0]), torch.tensor([200.0])
    share = torch.sigmoid(logit)
    from_share = -(x * share.log() + (1 - x) * (1 - share).log()).sum()
    return from_share.item(), -Bernoulli(logit).log_prob(x).item()


def nan_after_some_steps() -> Pair:
    """The loss ½ (100 σ² - log σ²) after 200 steps of size 0.05: in σ, and in log σ²."""

    def descend(start: float, log_var: Callable[[Tensor], Tensor]) -> float:
        output = torch.tensor(start, requires_grad=True)
        for _ in range(200):
            loss = 0.5 * (100 * log_var(output).exp() - log_var(output))
            (slope,) = torch.autograd.grad(loss, output)
            output = (output - 0.05 * slope).detach().requires_grad_()
        return loss.item()

    return descend(1.0, lambda sigma: 2 * sigma.log()), descend(0.0, lambda ell: ell)


def falling_loss() -> Pair:
    """By how much the loss ends above -log p(x): with the bound minimized, and with -bound."""
    return _after_descent(make_loss("ELBO minimised"))[0], _after_descent(make_loss())[0]


def vanishing_variance() -> Pair:
    """How the loss changes from log σ² = -30 to -60 at means that hit: bare, and with a floor."""
    x = torch.zeros(1, 16)

    def change(step: float) -> float:
        raw = torch.tensor([-30.0, -60.0])
        first, last = (-Gaussian(x, log_var_above(one, step)).log_prob(x) for one in raw)
        return (last - first).item()

    return change(0), change(1 / 255)


def exploding_kl() -> Pair:
    """KL after training q: with the KL term subtracted from the loss, and with it added."""
    return _after_descent(make_loss("KL sign"))[1], _after_descent(make_loss())[1]


def zero_kl() -> Pair:
    """Mean KL of a linear VAE: with σ² fixed at 9, and with σ² learned."""
    x = _data()
    fixed, _ = train_linear_vae(x, 2, variance=9.0, iterations=100, generator=_seeded())
    learned, _ = train_linear_vae(x, 2, iterations=100, generator=_seeded())
    return (
        fixed.encode(x).kl_to_standard().mean().item(),
        learned.encode(x).kl_to_standard().mean().item(),
    )


def pixel_average() -> Pair:
    """The best linear VAE's KL for 100 pixels: log p(x|z) averaged over them, and summed."""
    eigenvalues = torch.full((100,), 0.1, dtype=torch.float64)
    eigenvalues[:2] = torch.tensor([8.0, 2.0])
    averaged, summed = (rate_and_distortion(eigenvalues, 2, 0.1, beta)[0] for beta in (100.0, 1.0))
    return averaged.item(), summed.item()


def jumping_loss() -> Pair:
    """Standard deviation of one batch's loss over fresh draws: 1 draw per image, and 100."""
    bench, generator = make_bench(), _seeded()

    def spread(samples: int) -> float:
        terms = [
            elbo(bench.model, bench.x, bench.q, samples, generator=generator) for _ in range(200)
        ]
        return torch.stack([each.loss for each in terms]).std().item()

    return spread(1), spread(100)


def still_encoder() -> Pair:
    """Norm of the loss's gradient in μ and log σ² at the prior: z detached, and z = μ + σε."""
    bench = make_bench()
    values = [torch.zeros(5, 2, dtype=torch.float64, requires_grad=True) for _ in range(2)]
    q = DiagonalGaussian(*values)
    z = q.rsample((100,), _seeded())

    def norm(z: Tensor) -> float:
        loss = q.kl_to_standard() - bench.model.decode(z).log_prob(bench.x).mean(0)
        return torch.stack(torch.autograd.grad(loss.sum(), values)).norm().item()

    return norm(z.detach()), norm(z)


def validation_better() -> Pair:
    """Validation bound less training bound: of the epoch's steps, and of the weights after it."""
    images = 0.9 * (torch.arange(16) < 8) + 0.05 * torch.ones(1200, 1)
    train, validation = binarise(images, "dynamic", _seeded()).split(600)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = mlp_vae(16, 2, (32,))
    [during] = plain_fit(model, train, epochs=1, batch_size=20)
    after, held_out = (elbo(model, x, samples=50, generator=_seeded()) for x in (train, validation))
    best = held_out.value.mean().item()
    return best - during, best - after.value.mean().item()


# The numbers


def bound_above_evidence() -> Pair:
    """The most by which an estimate exceeds log p(x): of one draw, and averaged over 10,000."""
    bench = make_bench()
    wide = DiagonalGaussian(bench.posterior.mean, bench.posterior.log_var + 0.5)
    terms = log_weights(bench.model, bench.x, 10_000, wide, generator=_seeded())
    excess = terms - bench.model.log_evidence(bench.x)
    return excess.max().item(), excess.mean(0).max().item()


def negative_kl() -> Pair:
    """The least KL term of some images: from one draw each, and in closed form."""
    q = DiagonalGaussian(torch.full((100, 2), 0.1), torch.zeros(2))
    z = q.rsample((), _seeded())
    one_draw = q.log_prob(z) - DiagonalGaussian.standard(z).log_prob(z)
    return one_draw.min().item(), q.kl_to_standard().min().item()


def targets_outside() -> Pair:
    """The cross-entropy of a white pixel at the logit 50: standardized to 2, and left at 1."""
    logit = torch.tensor(50.0)
    outside, inside = (
        F.binary_cross_entropy_with_logits(logit, torch.tensor(white)) for white in (2.0, 1.0)
    )
    return outside.item(), inside.item()


def cross_entropy_floor() -> Pair:
    """The loss of gray pixels that are reconstructed exactly: as it is, and above its floor."""
    x = torch.linspace(0.1, 0.9, 9, dtype=torch.float64)
    loss = -Bernoulli(torch.logit(x), allow_grey=True).log_prob(x)
    floor = -(x * x.log() + (1 - x) * (1 - x).log()).sum()
    return loss.item(), (loss - floor).item()


def two_papers() -> Pair:
    """What one model's log p(x) differs by: pixels drawn against rounded, and both drawn."""
    images = torch.rand(1000, 16, generator=_seeded()) ** 3
    model = Bernoulli(torch.logit(images.mean(0)))
    rounded, drawn = (images > 0.5).float(), binarise(images, "fixed")
    again = binarise(images, "fixed")
    scores = [model.log_prob(x).mean().item() for x in (rounded, drawn, again)]
    return scores[0] - scores[1], scores[2] - scores[1]


def one_weight() -> Pair:
    """How many of 1,000 draws count, for the worst image: with some q, and with the posterior."""
    bench = make_bench()
    some, exact = (
        log_weights(bench.model, bench.x, 1000, q, generator=_seeded())
        for q in (bench.q, bench.posterior)
    )
    return effective_sample_size(some).min().item(), effective_sample_size(exact).min().item()


def iwae_encoder(k: int = 64) -> Pair:
    """Mean over deviation of the gradient in μ of the bound with k draws: plain, and DReG."""
    bench = make_bench(count=1)
    mean = (bench.posterior.mean + 0.5).expand(1000, -1).clone().requires_grad_()
    q = DiagonalGaussian(mean, bench.posterior.log_var)
    z = q.rsample((k,), _seeded())
    joint = bench.model.log_joint(bench.x, z)
    log_weight = joint - q.log_prob(z)
    through_z = joint - DiagonalGaussian(mean.detach(), q.log_var).log_prob(z)
    share = torch.softmax(log_weight, dim=0).detach()
    ratios = []
    for target in (torch.logsumexp(log_weight, dim=0), (share**2 * through_z).sum(0)):
        (slope,) = torch.autograd.grad(target.sum(), mean, retain_graph=True)  # (1000, L)
        ratios.append((slope.mean(0).abs() / slope.std(0)).mean().item())
    return ratios[0], ratios[1]


# The pictures


def gray_pictures() -> Pair:
    """How bright a black pixel is at the logit -20: sigmoid taken twice, and once."""
    logit = torch.tensor([-20.0])
    return Bernoulli(torch.sigmoid(logit)).mean.item(), Bernoulli(logit).mean.item()


def blurry_pictures() -> Pair:
    """The share of a fine detail's variance that reconstructions keep: σ² = 3, and learned."""
    x, shares = _data(), []
    for variance in (3.0, None):
        vae, _ = train_linear_vae(x, 2, variance, iterations=100, generator=_seeded())
        reconstruction = vae.decode(vae.encode(x).mean).mean
        shares.append((reconstruction[:, 2].var() / x[:, 2].var()).item())
    return shares[0], shares[1]


def same_picture() -> Pair:
    """The variance of the decoder's means over draws of z from the prior: β = 100, and β = 1."""
    variances = []
    for beta in (100.0, 1.0):
        vae, _ = train_linear_vae(_data(), 2, 0.09, beta, iterations=100, generator=_seeded())
        z = torch.randn(1000, 2, generator=_seeded(), dtype=torch.float64)
        variances.append(vae.decode(z).mean.var(0).sum().item())
    return variances[0], variances[1]


def smooth_samples() -> Pair:
    """The share of the data's variance that new pictures have: the decoder's means, and draws."""
    x = _data(4000)
    model = LinearGaussian.maximum_likelihood(x, 1)
    z = model.prior.rsample((4000,), _seeded())
    decoded = model.decode(z)
    total = x.var(0).sum()
    means, draws = decoded.mean, decoded.sample(_seeded(1))
    return (means.var(0).sum() / total).item(), (draws.var(0).sum() / total).item()


def only_reconstructs() -> Pair:
    """KL of the aggregate posterior to the prior: of an autoencoder's codes, and of a VAE's q."""
    x = _data()
    q = best_diagonal(LinearGaussian.maximum_likelihood(x, 2).encode(x))
    codes = DiagonalGaussian(5 * q.mean, torch.full_like(q.mean, math.log(0.01)))
    far, near = (aggregate_split(each, generator=_seeded()).kl_to_prior for each in (codes, q))
    return far, near


def holes() -> Pair:
    """The share of prior draws where q(z) < p(z) / 100: almost no noise in z, and the right σ."""
    x = _data()
    q = best_diagonal(LinearGaussian.maximum_likelihood(x, 2).encode(x))
    z = torch.randn(1000, 1, 2, generator=_seeded(), dtype=torch.float64)
    log_prior = DiagonalGaussian.standard(z).log_prob(z)[:, 0]
    shares = []
    for each in (DiagonalGaussian(q.mean, torch.full_like(q.mean, math.log(0.0004))), q):
        log_aggregate = torch.logsumexp(each.log_prob(z), dim=1) - math.log(len(x))
        shares.append((log_aggregate < log_prior - math.log(100)).double().mean().item())
    return shares[0], shares[1]


# Using it


def mean_or_sample() -> Pair:
    """By how many nats the bound of some image exceeds log p(x): at z = μ, and with z drawn."""
    bench = make_bench()
    return floor_check(make_loss("no noise"), bench), floor_check(make_loss(), bench)


def which_beta() -> Pair:
    """The noise σ of 784 pixels that is claimed by an averaged error + KL: bare, and weighted."""

    def claimed(kl_weight: float) -> float:
        return math.sqrt(kl_weight_to_beta(kl_weight, error_divisor=784) / 2)

    return claimed(1.0), claimed(variance_to_kl_weight(0.1**2, error_divisor=784))


def few_units() -> Pair:
    """Active units of a linear VAE with 2 latents: β = 40, and β = 1."""
    x, counts = _data(), []
    for beta in (40.0, 1.0):
        vae, _ = train_linear_vae(x, 2, 0.09, beta, iterations=100, generator=_seeded())
        counts.append(int(active_units(vae.encode(x)).sum()))
    return counts[0], counts[1]


def how_many_latents() -> Pair:
    """Test log p(x) lost against the true model: 1 latent, and as many as validation chooses."""
    train, validation, test = (_data(seed=seed) for seed in range(3))
    models = [LinearGaussian.maximum_likelihood(train, latents) for latents in range(1, 6)]
    chosen = max(models, key=lambda model: model.log_evidence(validation).mean().item())
    best = _truth().log_evidence(test).mean()
    one, right = ((best - m.log_evidence(test).mean()).item() for m in (models[0], chosen))
    return one, right


def another_winner() -> Pair:
    """Standard error of two models' difference in log p(x): each its own images, and the same."""
    truth = _truth()
    rival = LinearGaussian(truth.weight, truth.bias + 0.05, truth.log_var).requires_grad_(False)
    x, others = _data(seed=0), _data(seed=1)
    ours, apart, paired = (
        Score(model.log_evidence(images), 1, "simulated", "none")
        for model, images in ((truth, x), (rival, others), (rival, x))
    )
    return math.hypot(ours.standard_error, apart.standard_error), ours.minus(paired)[1]


def two_threads() -> Pair:
    """Threads of a small step: all that PyTorch was given, and what the library chooses."""
    with computing(2):
        return torch.get_num_threads(), choose_threads(weights=100_000, rows=100)


GROUPS: dict[str, list[Callable[[], Pair]]] = {
    "training": [
        negative_loss, loss_is_nan, nan_after_some_steps, falling_loss, vanishing_variance,
        exploding_kl, zero_kl, pixel_average, jumping_loss, still_encoder, validation_better,
    ],
    "numbers": [
        bound_above_evidence, negative_kl, targets_outside, cross_entropy_floor, two_papers,
        one_weight, iwae_encoder,
    ],
    "pictures": [
        gray_pictures, blurry_pictures, same_picture, smooth_samples, only_reconstructs, holes,
    ],
    "use": [
        mean_or_sample, which_beta, few_units, how_many_latents, another_winner, two_threads,
    ],
}  # fmt: skip
