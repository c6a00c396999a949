"""Draw the pictures of the chapters' cards: ``python -m tools.site.cards``.

Each picture is computed with ``vae_lib``, without words and without a background, so that one file
serves both languages, in light and in dark. The files in ``book/_static/cards`` are committed.
"""

import math
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from PIL import Image
from torch import Tensor

from tools.paths import ROOT
from vae_lib.data import load_mnist
from vae_lib.evidence import quadrature_evidence
from vae_lib.gaussian import DiagonalGaussian, sigma_points
from vae_lib.gradients import pathwise_gradients, score_function_gradients
from vae_lib.lessons.wrong_losses import make_loss
from vae_lib.likelihoods import Gaussian
from vae_lib.linear import LinearGaussian
from vae_lib.models import GenerativeModel, mlp_vae
from vae_lib.objectives import elbo, importance_weighted_bound
from vae_lib.plotting import use_style
from vae_lib.training import fit

CARDS = ROOT / "book/_static/cards"
INK = (0x00, 0x72, 0xB2)  # the figures' first colour, strong enough on white and on black
GREY = "#7a828c"


def bent_model() -> GenerativeModel:
    """The model of chapter 1: x is Gaussian around 2 tanh(2z)."""
    log_var = torch.tensor(2 * math.log(0.4))
    return GenerativeModel(lambda z: Gaussian(2 * torch.tanh(2 * z), log_var), latent_dim=1)


def linear_model() -> tuple[LinearGaussian, Tensor]:
    """A linear model with D = 3 and L = 2, and one data point, shape (1, 3)."""
    weight = torch.tensor([[1.0, 0.5], [0.6, 0.9], [0.2, 0.8]])
    model = LinearGaussian(weight, torch.zeros(3), torch.tensor(2 * math.log(0.5)))
    return model.requires_grad_(False), torch.tensor([[1.2, 1.5, 0.9]])


def generative_model(ax: Axes) -> None:
    """Samples of a model, and the density that quadrature finds for them."""
    model, x = bent_model(), torch.linspace(-4, 4, 161)[:, None]
    samples = model.sample(20_000, torch.Generator().manual_seed(0))
    ax.hist(samples[:, 0], bins=32, range=(-4, 4), density=True, alpha=0.35)
    ax.plot(x, quadrature_evidence(model, x).exp())


def variational_inference(ax: Axes) -> None:
    """A posterior, and a Gaussian that does not quite match it."""
    z = torch.linspace(-0.8, 2.6, 201)[:, None]
    x = torch.tensor([[1.4]])
    posterior = (bent_model().log_joint(x, z) - quadrature_evidence(bent_model(), x)).exp()
    q = DiagonalGaussian(torch.tensor([0.65]), torch.tensor([2 * math.log(0.3)]))
    ax.fill_between(z[:, 0], posterior, color="C1", alpha=0.4, lw=0)
    ax.plot(z[:, 0], q.log_prob(z).exp())


def gaussian_posterior(ax: Axes) -> None:
    """The rings of a correlated posterior, and of the diagonal Gaussian nearest to it."""
    model, x = linear_model()
    covariance = torch.linalg.inv(torch.eye(2) + model.weight.T @ model.weight / 0.25)
    mean = model.encode(x).mean[0]
    nearest = torch.diag(1 / torch.linalg.inv(covariance).diagonal())
    angle = torch.linspace(0, 2 * math.pi, 121)
    circle = torch.stack([angle.cos(), angle.sin()])
    for colour, spread in (("C1", covariance), ("C0", nearest)):
        for radius in (0.7, 1.4, 2.1):
            ring = mean[:, None] + radius * torch.linalg.cholesky(spread) @ circle
            ax.plot(ring[0], ring[1], color=colour, alpha=1.15 - 0.35 * radius)
    ax.set_aspect("equal")


def gradients(ax: Axes) -> None:
    """Running means of two estimates of one derivative: score function and, calmer, pathwise."""
    q = DiagonalGaussian(torch.tensor([1.5]), torch.tensor([2 * math.log(0.6)]))
    noise = torch.randn(300, 1, generator=torch.Generator().manual_seed(5))
    count = torch.arange(1, 301)
    ax.axhline(3, color=GREY, ls="--")  # the derivative of E[z²] in the mean
    for colour, estimate in (("C1", score_function_gradients), ("C0", pathwise_gradients)):
        draws = estimate(lambda z: (z**2).sum(-1), q, noise)[:, 0, 0]
        ax.plot(count[8:], (draws.cumsum(0) / count)[8:], color=colour)


def evaluation(ax: Axes) -> None:
    """The importance-weighted bound climbs to the evidence as k grows."""
    model, x = linear_model()
    q = DiagonalGaussian(torch.zeros(4000, 2), torch.zeros(4000, 2))
    generator = torch.Generator().manual_seed(0)
    ks = [1, 2, 4, 8, 16, 32, 64, 128]
    bounds = [
        importance_weighted_bound(model, x.expand(4000, 3), k, q=q, generator=generator).mean()
        for k in ks
    ]
    ax.axhline(model.log_evidence(x).item(), color=GREY, ls="--")
    ax.semilogx(ks, bounds, "o-")


def wrong_losses(ax: Axes) -> None:
    """A wrong loss falls below the floor that the right one keeps to."""
    model, x = linear_model()
    scale = torch.linspace(-3.2, 0.4, 73)
    q = DiagonalGaussian(model.encode(x).mean.expand(73, 2), scale[:, None].expand(73, 2))
    data, noise = x.expand(73, 3), sigma_points(2)
    ax.axhline(-model.log_evidence(x).item(), color=GREY, ls="--")
    ax.plot(scale, make_loss("squared error")(model, data, q, noise), color="C1")
    ax.plot(scale, make_loss()(model, data, q, noise), color="C0")


def summary(ax: Axes) -> None:
    """Bound and gap share one sum, whatever q is."""
    model, x = linear_model()
    steps = torch.linspace(0.2, 1, 9)[:, None]
    exact = model.encode(x)
    q = DiagonalGaussian(steps * exact.mean, -torch.log(1 + steps * 4).expand(9, 2))
    bound, total = elbo(model, x, q=q, noise=sigma_points(2)).value, model.log_evidence(x)
    floor = bound.min() - 1
    ax.bar(range(9), bound - floor, color="C0")
    ax.bar(range(9), total - bound, bottom=bound - floor, color="C1", alpha=0.55)


PICTURES: dict[str, Callable[[Axes], None]] = {
    "01_generative_model": generative_model,
    "02_variational_inference": variational_inference,
    "03_gaussian_posterior": gaussian_posterior,
    "04_gradients": gradients,
    "06_evaluation": evaluation,
    "07_wrong_losses": wrong_losses,
    "08_summary": summary,
}


def draw(name: str) -> Path:
    """Draw one picture as SVG, the same bytes each time, and return its path."""
    figure, ax = plt.subplots(figsize=(3, 1.5))
    PICTURES[name](ax)
    ax.axis("off")
    path = CARDS / f"{name}.svg"
    with mpl.rc_context({"svg.hashsalt": name}):
        figure.savefig(path, transparent=True, metadata={"Date": None})
    plt.close(figure)
    return path


@torch.no_grad()
def decode_plane(rows: int = 5, columns: int = 10) -> Image.Image:
    """Train a VAE with two latent variables briefly; show digits of its plane as ink on nothing."""
    torch.manual_seed(0)
    mnist = load_mnist("embedded")
    model = mlp_vae(latent_dim=2, hidden=(400, 200))
    with torch.enable_grad():
        fit(model, mnist.train, mnist.validation, epochs=15, batch_size=64)
    across, down = (torch.special.ndtri((torch.arange(n) + 0.5) / n) for n in (columns, rows))
    plane = torch.stack(torch.meshgrid(across, -down, indexing="xy"), -1)
    strength = model.decode(plane).mean.reshape(rows, columns, 28, 28).permute(0, 2, 1, 3)
    alpha = Image.fromarray((255 * strength.sqrt().reshape(rows * 28, -1)).round().byte().numpy())
    picture = Image.new("RGBA", alpha.size, (*INK, 255))
    picture.putalpha(alpha)
    return picture


def main() -> None:
    """Draw all pictures and say what they weigh."""
    use_style()
    CARDS.mkdir(parents=True, exist_ok=True)
    digits = CARDS / "05_training.webp"
    decode_plane().save(digits, quality=60, alpha_quality=60, method=6)
    torch.set_default_dtype(torch.float64)
    paths = [digits, *(draw(name) for name in PICTURES)]
    total = sum(path.stat().st_size for path in paths)
    print(f"{len(paths)} pictures, {total / 1000:.0f} kB, in book/_static/cards")


if __name__ == "__main__":
    main()
