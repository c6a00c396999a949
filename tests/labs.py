"""What the labs show, computed by ``vae_lib`` and PyTorch alone.

Each function takes a lab's settings, and gives some of its numbers, in double precision, which must
be PyTorch's default.
"""

import base64
import functools
import itertools
import math

import numpy as np
import torch
from torch import Tensor

from tools.release.lab_networks import networks
from vae_lib.evaluation import effective_sample_size
from vae_lib.evidence import posterior_chi_square, quadrature_evidence
from vae_lib.gaussian import DiagonalGaussian
from vae_lib.gradients import pathwise_gradients, score_function_gradients
from vae_lib.lab import lab
from vae_lib.lessons.wrong_losses import Mistake, make_loss
from vae_lib.likelihoods import Gaussian
from vae_lib.linear import LinearGaussian
from vae_lib.models import VAE, GenerativeModel, mlp_vae
from vae_lib.objectives import elbo

RATE = 0.05  # of the climb
LONGEST = 400  # its steps
FLAT = 1e-3  # a gradient that ends it
ENDS = (2, 5)  # of the walk: numbers of samples


def double(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def draws(seed: int, count: int) -> Tensor:
    """So many draws from N(0, 1), one at a time, as the labs take them."""
    generator = torch.Generator().manual_seed(seed)
    one = [torch.randn(1, dtype=torch.float64, generator=generator) for _ in range(count)]
    return torch.cat(one)


def bent(slope: float | Tensor) -> GenerativeModel:
    """Chapter 2's decoder."""
    log_var = double(2 * math.log(0.4)).squeeze()
    return GenerativeModel(lambda z: Gaussian(2 * torch.tanh(slope * z), log_var), latent_dim=1)


def bound(mean: Tensor, log_var: Tensor, slope: float | Tensor) -> Tensor:
    """The ELBO at x = 1.8, by a sum over a grid that is finer than the lab's, and wider."""
    z = torch.linspace(-10, 10, 5001, dtype=torch.float64)[:, None]
    log_q = DiagonalGaussian(mean, log_var).log_prob(z)
    log_joint = bent(slope).log_joint(double(1.8)[None], z)
    return (log_q.exp() * (log_joint - log_q)).sum() * (z[1, 0] - z[0, 0])


def climb(mean: float, width: float, slope: float) -> dict[str, float]:
    evidence = quadrature_evidence(bent(slope), double(1.8)[None]).item()
    elbo = bound(double(mean), double(2 * math.log(width)), slope).item()
    return {"evidence": evidence, "elbo": elbo, "gap": evidence - elbo}


def climbed(mean: float, width: float, slope: float) -> dict[str, float]:
    """Where torch's Adam and automatic differentiation take q."""
    place = [double(mean).requires_grad_(), double(2 * math.log(width)).requires_grad_()]
    ascend(place, lambda: bound(*place, slope))
    return {"mean": place[0].item(), "width": place[1].mul(0.5).exp().item()}


def learned(mean: float, width: float, slope: float) -> dict[str, float]:
    """Where they take the slope."""
    q, log_slope = (double(mean), double(2 * math.log(width))), double(math.log(slope))
    log_slope.requires_grad_()
    ascend([log_slope], lambda: bound(*q, log_slope.exp()), math.log(0.5), math.log(8))
    return {"slope": log_slope.exp().item()}


def ascend(place: list[Tensor], height, low=-math.inf, high=math.inf) -> None:
    """Climb until the gradient is flat, a limit is met or the steps are used up."""
    adam = torch.optim.Adam(place, lr=RATE, maximize=True)
    for _ in range(LONGEST):
        adam.zero_grad()
        height().backward()
        adam.step()
        with torch.no_grad():
            for one in place:
                one.clamp_(low, high)
        if torch.cat([one.grad for one in place]).norm() <= FLAT:
            return
        if not all(low < one.item() < high for one in place):
            return


def miss(x: float, noise: float, count: int = 100) -> dict[str, float]:
    line = LinearGaussian(
        double(1)[:, None], double(0), double(2 * math.log(noise)).squeeze()
    ).requires_grad_(False)
    at = double(x)[None]
    posterior = line.encode(at)
    mean, std = posterior.mean.item(), posterior.scale_tril.item()
    z = draws(5, count)
    weights = (line.decode(z[:, None]).log_prob(at) - line.log_evidence(at)).exp()
    chi_square = posterior_chi_square(line, at, points=8001).item()
    near = int(((z - mean).abs() < 2 * std).sum())
    return {"chi_square": chi_square, "near": near, "ratio": weights.mean().item()}


def noise(sigma: float, baseline: bool, count: int) -> dict[str, float]:
    mu, less = 1.5, (1.5**2 + 3 * sigma**2) * baseline
    q = DiagonalGaussian(double(mu), double(2 * math.log(sigma)))
    z = draws(0, count)[:, None]
    by_value = score_function_gradients(lambda z: (z**2).sum(-1) - less, q, z)[:, 0, 0]
    by_slope = pathwise_gradients(lambda z: (z**2).sum(-1), q, z)[:, 0, 0]
    return {
        "score": by_value.mean().item(),
        "pathwise": by_slope.mean().item(),
        "last_score": by_value[-1].item(),
        "last_pathwise": by_slope[-1].item(),
    }


def weights(k: int, mean: float, width: float) -> dict[str, float]:
    z = draws(2, 100 * 300).reshape(100, 300, 1).transpose(0, 1)
    q = DiagonalGaussian(double(mean), double(2 * math.log(width)))
    z = q.mean + q.std * z
    log_weights = (bent(1.0).log_joint(double(1.8)[None], z) - q.log_prob(z))[:k]
    estimates = log_weights.logsumexp(0) - math.log(k)
    ess = effective_sample_size(log_weights[:, :1]).item()
    return {"ess": ess, "bound": estimates.mean().item(), "scatter": estimates.std().item()}


def linear_data() -> Tensor:
    """The linear lab's data, 60 rows of 3."""
    weight = double(1.5, 1.1, 0.4, 1.2, -0.6, 0.5).reshape(3, 2)
    rows = draws(3, 60 * 5).reshape(60, 5)
    return rows[:, :2] @ weight.T + 0.5 * rows[:, 2:]


def linear() -> dict[str, float]:
    """The highest mean log p(x) that any linear model reaches: probabilistic PCA's."""
    x = linear_data()
    return {"evidence": LinearGaussian.maximum_likelihood(x, 2).log_evidence(x).mean().item()}


def digits(lab_name: str = "train", name: str = "digits") -> tuple[Tensor, Tensor]:
    """The digits that travel with a lab, grey, and their labels."""
    packed = lab(lab_name).packed[name]
    pairs = np.frombuffer(base64.b64decode(packed["bytes"]), dtype=np.uint8)
    grey = np.stack([pairs >> 4, pairs & 15], axis=1).reshape(-1, packed["side"] ** 2) / 15
    return torch.from_numpy(grey), torch.tensor([int(label) for label in packed["labels"]])


@functools.cache
def packed_model(lab_name: str, name: str) -> VAE:
    """The library's model with the weights that travel with a lab."""
    packed = lab(lab_name).packed[name]
    inputs, *hidden, _ = packed["encoder"]
    model = mlp_vae(inputs, packed["decoder"][0], hidden).requires_grad_(False)
    content = base64.b64decode(packed["bytes"])
    for layers in itertools.chain(*networks(model)):
        inputs, outputs = layers[0].in_features, sum(one.out_features for one in layers)
        scale, bias = np.frombuffer(content, "<f4", 2 * outputs).reshape(2, outputs)
        content = content[8 * outputs :]
        whole = np.frombuffer(content, np.int8, inputs * outputs).reshape(outputs, inputs)
        content = content[inputs * outputs :]
        weight = torch.from_numpy(whole.astype(np.float64) * scale[:, None])
        bias = torch.from_numpy(bias.astype(np.float64))
        start = 0
        for one in layers:
            own = slice(start, start := start + one.out_features)
            one.weight.copy_(weight[own])
            one.bias.copy_(bias[own])
    return model


def plane_posterior(x: Tensor) -> DiagonalGaussian:
    """What the packed encoder says of images (B, 196)."""
    return packed_model("draw", "plane").encode(x)


def drawn(label: int, after: int = -1) -> tuple[dict[str, list[float]], int]:
    """What the lab shows of the next known digit of a kind, and that digit's number."""
    images, labels = digits()
    chosen = next(i for i in range(after + 1, 1000) if labels[i] == label)
    q = plane_posterior(images[chosen : chosen + 1])
    distances = (plane_posterior(images).mean - q.mean).norm(dim=1)
    distances[chosen] = math.inf
    return {
        "mean": q.mean[0].tolist(),
        "std": q.std[0].tolist(),
        "kl": q.kl_to_standard().item(),
        "nearest": labels[distances.argsort()[:3]].tolist(),
    }, chosen


def walk(
    t: float, rank: int, value: float, samples: tuple[int, int] = ENDS
) -> tuple[dict[str, object], dict[str, Tensor]]:
    """What the lab shows between two samples, by their numbers; and its three large pictures."""
    model = packed_model("walk", "traverse")
    images, labels = digits("walk", "samples")
    known = model.encode(images)
    average = torch.stack(
        [
            DiagonalGaussian(mean[:, None], log_var[:, None]).kl_to_standard().mean()
            for mean, log_var in zip(known.mean.T, known.log_var.T, strict=True)
        ]
    )
    chosen = average.argsort(descending=True)[rank - 1]
    ends = model.encode(images[list(samples)])
    code = torch.lerp(*ends.mean, t)
    changed = code.clone()
    changed[chosen] = value
    seen = torch.stack([model.decode(code).mean, torch.lerp(*images[list(samples)], t)])
    uniform = torch.rand(10, 784, generator=torch.Generator().manual_seed(7))
    noise = draws(8, 10 * 10).reshape(1, 10, 10)
    bounds = [elbo(model, (uniform < grey).double(), noise=noise).value.mean() for grey in seen]
    return {
        "labels": labels[list(samples)].tolist(),
        "kl": ends.kl_to_standard().tolist(),
        "elbo_decoded": bounds[0].item(),
        "elbo_mixed": bounds[1].item(),
        "kl_rank": average[chosen].item(),
        "here": code[chosen].item(),
    }, {"decoded": seen[0], "mixed": seen[1], "changed": model.decode(changed).mean}


def permutation(generator: torch.Generator) -> list[int]:
    """The order of one epoch."""
    order = list(range(800))
    for i in range(799, 0, -1):
        j = int(torch.rand(1, generator=generator).item() * (i + 1))
        order[i], order[j] = order[j], order[i]
    return order


def train(*mistakes: Mistake, epochs: int = 30) -> dict[str, float]:
    """Train by PyTorch with the lab's weights, order, pixels and noise."""
    weights, order, pixels, test = (torch.Generator().manual_seed(seed) for seed in (0, 1, 2, 4))
    images, _ = digits()
    held_out = (torch.rand(200, 196, generator=test) < images[800:]).double()
    held_out_noise = draws(5, 400).reshape(1, 200, 2)
    noise = draws(3, epochs * 16 * 100).reshape(-1, 1, 50, 2)
    model = mlp_vae(196, 2, (100,), activation="tanh")
    encoder, decoder = model.encoder, model.decoder
    with torch.no_grad():
        for heads in (
            [encoder.body[0]], [encoder.mean, encoder.log_var], [decoder.body[0]], [decoder.logits]
        ):  # fmt: skip
            inputs = heads[0].in_features
            for kind, shape in (("weight", (-1, inputs)), ("bias", (-1,))):
                count = sum(getattr(head, kind).numel() for head in heads)
                even = (2 * torch.rand(count, generator=weights) - 1) / math.sqrt(inputs)
                parts = even.reshape(shape).chunk(len(heads))
                for head, part in zip(heads, parts, strict=True):
                    getattr(head, kind).copy_(part)
    loss, adam = make_loss(*mistakes), torch.optim.Adam(model.parameters(), 3e-3)
    for epoch in range(epochs):
        rows, losses, divergences = permutation(order), [], []
        for batch in range(16):
            grey = images[rows[50 * batch : 50 * (batch + 1)]]
            x = (torch.rand(50, 196, generator=pixels) < grey).double()
            q = model.encode(x)
            value = loss(model, x, q, noise[16 * epoch + batch]).mean()
            adam.zero_grad()
            value.backward()
            adam.step()
            losses.append(value.item())
            divergences.append(q.kl_to_standard().mean().item())
    with torch.no_grad():
        reached = elbo(model, held_out, noise=held_out_noise).value.mean().item()
    loss_, kl = sum(losses) / 16, sum(divergences) / 16
    return {"step": 16 * epochs, "loss": loss_, "kl": kl, "held_out": reached}
