"""Convolutional networks for pictures of any size, and the linear one that is solved exactly."""

import itertools
import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from vae_lib.discretised import DiscretisedLogistic
from vae_lib.engine.arguments import takes
from vae_lib.engine.checks import InputError
from vae_lib.engine.memory import require_room
from vae_lib.gaussian import DiagonalGaussian
from vae_lib.linear import LinearGaussian
from vae_lib.models import VAE


def halved(size: int, times: int) -> list[int]:
    """Return a side's length before and after each layer of stride 2: each rounds up."""
    return list(itertools.accumulate(range(times), lambda side, _: -(-side // 2), initial=size))


def _sides(shape: Sequence[int], channels: Sequence[int]) -> tuple[list[int], list[int]]:
    if len(shape) != 3 or min(shape, default=0) < 1 or min(channels, default=0) < 1:
        raise InputError(
            f"shape is {tuple(shape)} and channels {tuple(channels)}: give (C, H, W) and one "
            "number for each layer, each at least 1."
        )
    heights, widths = (halved(side, len(channels)) for side in shape[1:])
    require_room(4 * math.prod(shape) * channels[0], torch.device("cpu"), "smaller pictures")
    return heights, widths


class ConvolutionalEncoder(nn.Module):
    """x → q(z|x) by layers that look at 3 x 3 neighbours and halve the picture's sides.

    Args:
        shape: (C, H, W); a row of x is a picture of that shape, flattened.
        channels: Of each layer.
        latent_dim: L.

    Raises:
        ValueError: If a size is less than 1.
    """

    @takes()
    def __init__(self, shape: Sequence[int], channels: Sequence[int], latent_dim: int) -> None:
        super().__init__()
        heights, widths = _sides(shape, channels)
        layers: list[nn.Module] = []
        for before, after in itertools.pairwise((shape[0], *channels)):
            layers += [nn.Conv2d(before, after, 3, stride=2, padding=1), nn.SiLU()]
        self.shape = tuple(shape)
        self.body = nn.Sequential(*layers, nn.Flatten(-3))
        features = channels[-1] * heights[-1] * widths[-1]
        self.mean, self.log_var = (nn.Linear(features, latent_dim) for _ in range(2))

    def forward(self, x: Tensor) -> DiagonalGaussian:
        """Map data (..., D) to a posterior over latents (..., L)."""
        pictures = x.reshape(-1, *self.shape)
        features = self.body(2 * pictures - 1).unflatten(0, x.shape[:-1])
        return DiagonalGaussian(self.mean(features).to(x.dtype), self.log_var(features).to(x.dtype))


class ConvolutionalDecoder(nn.Module):
    """z → p(x|z), the encoder's layers backwards; each pixel a discretised logistic.

    Args:
        latent_dim: L.
        channels: Of the encoder's layers.
        shape: (C, H, W).
        levels: How many values a pixel may have.
        shared_scale: Whether all pixels of all pictures share one scale, a weight; by default the
            network says one for each pixel, which it can widen where it does not know the mean.

    Raises:
        ValueError: If a size is less than 1.
    """

    @takes()
    def __init__(
        self,
        latent_dim: int,
        channels: Sequence[int],
        shape: Sequence[int],
        levels: int = 256,
        shared_scale: bool = False,
    ) -> None:
        super().__init__()
        heights, widths = _sides(shape, channels)
        self.shape, self.levels = tuple(shape), levels
        self.smallest = (channels[-1], heights[-1], widths[-1])
        self.first = nn.Linear(latent_dim, math.prod(self.smallest))
        layers: list[nn.Module] = []
        outputs = (*reversed(channels[:-1]), channels[0])
        for layer, after in enumerate(outputs):
            # Twice the side, or one less: what the encoder rounded up.
            target = (heights[-2 - layer], widths[-2 - layer])
            odd = (target[0] % 2, target[1] % 2)
            before = channels[-1 - layer]
            layers += [
                nn.SiLU(),
                nn.ConvTranspose2d(
                    before, after, 3, stride=2, padding=1, output_padding=(1 - odd[0], 1 - odd[1])
                ),
            ]
        self.body = nn.Sequential(*layers, nn.SiLU())
        self.head = nn.Conv2d(channels[0], (1 if shared_scale else 2) * shape[0], 3, padding=1)
        self.log_scale = nn.Parameter(torch.tensor(-3.5)) if shared_scale else None
        nn.init.zeros_(self.head.bias)  # type: ignore[arg-type]

    def forward(self, z: Tensor) -> DiscretisedLogistic:
        """Map latents (..., L) to a likelihood over data (..., D)."""
        small = self.first(z.reshape(-1, z.shape[-1])).unflatten(-1, self.smallest)
        both = self.head(self.body(small)).to(z.dtype)
        both = both.unflatten(0, z.shape[:-1])
        if self.log_scale is None:
            mean, raw = (part.flatten(-3) for part in both.chunk(2, dim=-3))
            log_scale = raw - 2.5
        else:
            mean = both.flatten(-3)
            log_scale = self.log_scale.to(z.dtype).expand_as(mean)
        return DiscretisedLogistic(0.5 + 0.5 * mean, log_scale, self.levels)


@takes()
def conv_vae(
    shape: Sequence[int],
    latent_dim: int = 16,
    channels: Sequence[int] = (32, 64),
    levels: int = 256,
    shared_scale: bool = False,
) -> VAE:
    """Build a VAE for pictures from two convolutional networks, the decoder mirroring the encoder.

    Args:
        shape: (C, H, W).
        latent_dim: L.
        channels: Of each layer; each halves the picture's sides.
        levels: How many values a pixel may have.
        shared_scale: Whether all pixels share one learned scale, or each has its own.

    Raises:
        ValueError: If a size is less than 1, or there are fewer than 2 levels.
    """
    if latent_dim < 1 or levels < 2:
        raise InputError(
            f"latent_dim is {latent_dim} and levels {levels}: at least 1 and 2 are needed."
        )
    encoder = ConvolutionalEncoder(shape, channels, latent_dim)
    decoder = ConvolutionalDecoder(latent_dim, channels, shape, levels, shared_scale)
    model = VAE(encoder, decoder, math.prod(shape), latent_dim)
    sizes = {"shape": list(shape), "latent_dim": latent_dim, "channels": list(channels)}
    model.config = {"builder": "conv_vae", **sizes, "levels": levels, "shared_scale": shared_scale}
    return model


@takes(kernel="A C K K", log_var="")
def linear_convolution(
    kernel: Tensor, shape: Sequence[int], stride: int, log_var: Tensor
) -> LinearGaussian:
    """The linear model whose decoder is one transposed convolution, as the dense matrix that it is.

    Every column of W is the kernel laid where its latent stands: the same weights again and again.

    Args:
        kernel: A latent channels, C colours, K x K pixels.
        shape: (C, H, W) of the pictures; H and W must be K plus a multiple of the stride.
        stride: How far apart the latents stand, in pixels.
        log_var: log σ² of the noise, shape ().

    Raises:
        ValueError: If the kernel does not cover the picture, or its colours are others.

    Source: eq-linear-convolution (Dumoulin & Visin 2016, section 4).
    """
    layers, colours, size, _ = kernel.shape
    if len(shape) != 3 or stride < 1 or shape[0] != colours:
        raise InputError(
            f"shape is {tuple(shape)} and stride {stride} for a kernel of {colours} colours: give "
            "(C, H, W) with that C, and a stride of at least 1."
        )
    if min(shape[1:]) < size or any((side - size) % stride for side in shape[1:]):
        raise InputError(
            f"The sides {shape[1]} and {shape[2]} are not {size} plus a multiple of the stride "
            f"{stride}: choose others."
        )
    down, right = ((side - size) // stride + 1 for side in shape[1:])
    require_room(8 * math.prod(shape) * layers * down * right, kernel.device, "a smaller picture")
    weight = kernel.new_zeros(*shape, layers, down, right)
    for row, column in itertools.product(range(down), range(right)):
        top, left = row * stride, column * stride
        laid = kernel.permute(1, 2, 3, 0)  # (C, K, K, A)
        weight[:, top : top + size, left : left + size, :, row, column] = laid
    dense = weight.reshape(math.prod(shape), -1)
    return LinearGaussian(dense, dense.new_zeros(len(dense)), log_var)
