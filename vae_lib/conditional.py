"""Labels: a VAE p(x|z, y) with a label, and one that learns also where labels are missing."""

import math
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vae_lib.engine.arguments import takes
from vae_lib.engine.checks import InputError, require_data
from vae_lib.engine.door import Images
from vae_lib.gaussian import DiagonalGaussian
from vae_lib.likelihoods import Likelihood
from vae_lib.models import VAE
from vae_lib.networks import BernoulliDecoder, GaussianDecoder, GaussianEncoder, mlp
from vae_lib.objectives import elbo


class LabelledVAE(nn.Module):
    """p(y) p(z) p(x|z, y) with p(y) uniform over K labels, q(z|x, y) and a classifier q(y|x).

    Args:
        encoder: Maps x and y side by side (..., D + K) to q(z|x, y) over (..., L).
        decoder: Maps z and y side by side (..., L + K) to p(x|z, y) over (..., D).
        classifier: Maps x (..., D) to log q(y|x), up to a constant (..., K); only what sums over
            labels needs it.
        data_dim: D.
        latent_dim: L.
        classes: K.

    Source: Sohn et al. 2015; Kingma et al. 2014.
    """

    # equation: eq-conditional-joint

    @takes()
    def __init__(
        self,
        encoder: Callable[[Tensor], DiagonalGaussian],
        decoder: Callable[[Tensor], Likelihood],
        classifier: Callable[[Tensor], Tensor],
        data_dim: int,
        latent_dim: int,
        classes: int,
    ) -> None:
        super().__init__()
        if classes < 1:
            raise InputError(f"classes is {classes}: give at least 1.")
        self.encoder, self.decoder, self.classifier = encoder, decoder, classifier
        self.data_dim, self.latent_dim, self.classes = data_dim, latent_dim, classes

    def given(self, y: Tensor) -> VAE:
        """The VAE p(z) p(x|z, y) of these labels: every objective takes it.

        Args:
            y: Labels 0 … K - 1, whole numbers of shape (B,), for B data points; or one label, of
                shape (), for any number of them.

        Raises:
            ValueError: If ``y`` holds anything else.
        """
        y = self.accept(y)

        def beside(value: Tensor) -> Tensor:
            code = F.one_hot(y, self.classes).to(value)
            return torch.cat([value, code.expand(*value.shape[:-1], self.classes)], dim=-1)

        vae = VAE(
            lambda x: self.encoder(beside(x)), lambda z: self.decoder(beside(z)),
            self.data_dim, self.latent_dim,
        )  # fmt: skip
        return vae.to(next(self.parameters(), vae.zeros))

    def accept(self, y: Tensor) -> Tensor:
        """Let labels in.

        Raises:
            ValueError: If they are no whole numbers from 0 to K - 1.
        """
        good = isinstance(y, Tensor) and not (y.is_floating_point() or y.is_complex())
        if not good or y.numel() == 0 or y.min() < 0 or y.max() >= self.classes:
            raise InputError(
                f"y holds no labels: give a tensor of whole numbers from 0 to {self.classes - 1}."
            )
        return y.long()

    def log_label(self, x: Images) -> Tensor:
        """log q(y|x) of all labels for data (B, D): shape (B, K).

        Raises:
            ValueError: If ``x`` has the wrong shape, is empty, or holds NaN or infinite values.
        """
        x = self.given(torch.tensor(0)).accept(x)
        require_data(x, self.data_dim)
        return F.log_softmax(self.classifier(x), dim=-1)

    def labelled_bound(
        self, x: Images, y: Tensor, noise: Tensor | None = None,
        generator: torch.Generator | None = None,
    ) -> Tensor:  # fmt: skip
        """Estimate the bound on log p(x, y) of data (B, D) and labels (B,): shape (B,), in nats.

        Args:
            x: Data.
            y: Their labels.
            noise: ε in place of fresh draws, as in ``elbo``.
            generator: Source of the draws.

        Raises:
            ValueError: If the data, labels or noise cannot be used.
        """
        # equation: eq-labelled-bound
        terms = elbo(self.given(y), x, noise=noise, generator=generator)
        return terms.value - math.log(self.classes)

    def unlabelled_bound(
        self, x: Images, noise: Tensor | None = None, generator: torch.Generator | None = None
    ) -> Tensor:
        """Estimate the bound on log p(x) of data (B, D): shape (B,), in nats.

        The label is summed out exactly: Σ_y q(y|x) (bound on log p(x, y) - log q(y|x)).

        Args:
            x: Data.
            noise: ε in place of fresh draws, the same for all labels.
            generator: Source of the draws.

        Raises:
            ValueError: If the data or noise cannot be used.
        """
        # equation: eq-label-sum
        log_label = self.log_label(x)  # (B, K)
        bounds = [
            self.labelled_bound(x, torch.full((len(log_label),), label), noise, generator)
            for label in range(self.classes)
        ]
        return (log_label.exp() * (torch.stack(bounds, dim=-1) - log_label)).sum(-1)


@takes()
def labelled_vae(
    data_dim: int,
    classes: int,
    latent_dim: int = 10,
    hidden: Sequence[int] = (200,),
    binary: bool = True,
) -> LabelledVAE:
    """Build a VAE with labels from three multilayer perceptrons.

    Args:
        data_dim: D.
        classes: K.
        latent_dim: L.
        hidden: Sizes of the hidden layers of encoder and classifier; the decoder mirrors them.
        binary: Bernoulli pixels, else Gaussian ones with one learned σ².

    Raises:
        ValueError: If a size is less than 1.
    """
    if min(classes, latent_dim) < 1:
        raise InputError(f"classes is {classes} and latent_dim {latent_dim}: each at least 1.")
    kind = BernoulliDecoder if binary else GaussianDecoder
    decoder = kind(latent_dim + classes, tuple(reversed(hidden)), data_dim)
    encoder = GaussianEncoder(data_dim + classes, hidden, latent_dim)
    sizes = (data_dim, *hidden)
    classifier = nn.Sequential(mlp(sizes), nn.Linear(sizes[-1], classes))
    return LabelledVAE(encoder, decoder, classifier, data_dim, latent_dim, classes)


@takes()
def fit_labelled(
    model: LabelledVAE,
    x: Tensor,
    y: Images,
    epochs: int,
    batch_size: int = 128,
    learning_rate: float = 1e-3,
    weight: float = 1.0,
    seed: int = 0,
) -> list[float]:
    """Train in place on data some of which have labels: the sum of both bounds, by Adam.

    Args:
        model: What is trained.
        x: Data, shape (N, D).
        y: Labels 0 … K - 1, or -1 where there is none, shape (N,).
        epochs: Passes over the data.
        batch_size: B.
        learning_rate: Adam's step size.
        weight: What a labelled point's log q(y|x) counts beside the bounds.
        seed: Of the shuffling and the latent noise.

    Returns:
        The mean of what is maximised, of each epoch, in nats per data point.

    Raises:
        ValueError: If data, labels or settings cannot be used.

    Source: Kingma et al. 2014, equations 6 to 9.
    """
    # equation: eq-semi-supervised
    y = torch.as_tensor(y)
    if y.shape != x.shape[:1] or y.is_floating_point() or len(y) == 0:
        raise InputError(
            f"x has the shape {tuple(x.shape)} and y {tuple(y.shape)} of {y.dtype}: give a whole "
            "number for each data point, -1 where there is no label."
        )
    if (
        min(epochs, batch_size) < 1
        or not 0 < learning_rate < math.inf
        or not 0 <= weight < math.inf
    ):
        raise InputError(
            f"epochs is {epochs}, batch_size {batch_size}, learning_rate {learning_rate} and "
            f"weight {weight}: give positive numbers."
        )
    if (y >= 0).any():
        model.accept(y[y >= 0])
    optimiser = torch.optim.Adam(model.parameters(), learning_rate)
    generator = torch.Generator().manual_seed(seed)
    means = []
    for _ in range(epochs):
        total = 0.0
        for rows in torch.randperm(len(x), generator=generator).split(batch_size):
            known, unknown = rows[y[rows] >= 0], rows[y[rows] < 0]
            parts = []
            if len(known):
                label = y[known].long()
                own = model.log_label(x[known]).gather(1, label[:, None])[:, 0]
                bound = model.labelled_bound(x[known], label, generator=generator)
                parts.append(bound + weight * own)
            if len(unknown):
                parts.append(model.unlabelled_bound(x[unknown], generator=generator))
            value = torch.cat(parts)
            optimiser.zero_grad()
            (-value.mean()).backward()
            optimiser.step()
            total += value.sum().item()
        means.append(total / len(x))
    return means
