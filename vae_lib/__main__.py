"""The library from a terminal: ``python -m vae_lib train`` (evaluate, sample, reproduce)."""

import argparse
import json
import shlex
import sys
from pathlib import Path

import torch

from vae_lib.checkpoints import load_model
from vae_lib.data import Dataset, binarise, load_mnist
from vae_lib.devices import pick_device
from vae_lib.mnist_files import DataUnavailable
from vae_lib.models import mlp_vae
from vae_lib.objectives import log_likelihood
from vae_lib.plotting import image_grid, use_style
from vae_lib.reproduce import PAPER, plan_for, reproduce_burda
from vae_lib.scores import Score
from vae_lib.training import fit
from vae_lib.workers import joined


def train(options: argparse.Namespace) -> None:
    """Train a VAE on MNIST and keep it as a checkpoint."""
    data = _data(options)
    torch.manual_seed(options.seed)
    model = mlp_vae(latent_dim=options.latent_dim, hidden=options.hidden)
    history = fit(
        model, data.train, data.validation, epochs=options.epochs, batch_size=options.batch_size,
        learning_rate=options.learning_rate, weight_decay=options.weight_decay, k=options.k,
        precision=options.precision, compiled=options.compile, device=options.device,
        seed=options.seed, checkpoint=options.checkpoint, resume=options.resume,
    )  # fmt: skip
    if history.seconds:
        print(f"{history.seconds[-1]:.1f} s, {history}. The model is in {options.checkpoint}.")


def evaluate(options: argparse.Namespace) -> None:
    """Estimate log p(x) of a checkpoint's model on the test images."""
    place = pick_device(options.device)
    model = load_model(options.checkpoint).to(place)
    data = _data(options)
    test = binarise(data.test[: options.images], "fixed").to(place)
    generator = torch.Generator(place).manual_seed(options.seed)
    values = log_likelihood(
        model, test, options.k, generator=generator, precision=options.precision, progress=True
    )
    print(Score(values.cpu(), options.k, data.about.split(",")[0] + " test", "fixed"))


def sample(options: argparse.Namespace) -> None:
    """Draw images from a checkpoint's model: z from the prior, then the pixels' probabilities."""
    model = load_model(options.checkpoint)
    generator = torch.Generator().manual_seed(options.seed)
    with torch.no_grad():
        z = model.prior.rsample((options.count,), generator)
        means = model.decode(z).mean
    use_style()
    image_grid(means, columns=max(1, round(options.count**0.5))).savefig(options.image)
    print(f"{options.count} decoder means, z from the prior, are in {options.image}.")


def reproduce(options: argparse.Namespace) -> None:
    """Train and measure by the protocol of Burda et al. 2016, one stochastic layer."""
    data = load_mnist("full", options.folder)
    plan = PAPER
    if options.budget is not None:
        plan = plan_for(options.budget, options.k_train, data, options.device)
    score, about = reproduce_burda(
        data, options.k_train, plan, device=options.device, seed=options.seed,
        checkpoint=options.checkpoint, resume=options.resume,
    )  # fmt: skip
    print(f"{score}; published: {about['published']}")
    if options.json is not None:
        about["command"] = shlex.join(["python", "-m", "vae_lib", *sys.argv[1:]])
        options.json.write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")


def parser() -> argparse.ArgumentParser:
    """Describe the four commands and their options."""
    top = argparse.ArgumentParser(prog="python -m vae_lib", description="Variational autoencoders.")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    def command(function, text: str) -> argparse.ArgumentParser:  # type: ignore[no-untyped-def]
        new = commands.add_parser(
            function.__name__, help=text, description=text + ".",
            formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        )  # fmt: skip
        new.set_defaults(run=function)
        new.add_argument("--device", help="cuda, mps or cpu; by default the best there is")
        new.add_argument("--seed", type=int, default=0, help="of everything that is drawn")
        new.add_argument("--folder", type=Path, help="where the four files of the full MNIST are")
        return new

    one = command(train, "train a VAE on MNIST; Ctrl-C keeps a checkpoint to go on from")
    one.add_argument("--data", default="embedded", help="embedded (4,000 images), full or auto")
    one.add_argument("--latent-dim", type=int, default=20, help="size L of the latent space")
    one.add_argument("--hidden", type=int, nargs="+", default=[400], help="hidden layers' sizes")
    one.add_argument("--epochs", type=int, default=20, help="passes over the images")
    one.add_argument("--batch-size", type=int, default=128, help="images per step and process")
    one.add_argument("--learning-rate", type=float, default=1e-3, help="Adam's step size")
    one.add_argument("--weight-decay", type=float, default=0.0, help="AdamW's decay")
    one.add_argument("--k", type=int, default=1, help="draws of z per image; above 1: IWAE")
    one.add_argument("--compile", action="store_true", help="fuse kernels; pays in long runs")
    _precision(one)
    _checkpoint(one, "vae.safetensors")

    two = command(evaluate, "estimate log p(x) of a trained model on the test images, in nats")
    two.add_argument("checkpoint", type=Path, help="a file that train wrote")
    two.add_argument("--data", default="embedded", help="embedded (500 test images), full or auto")
    two.add_argument("--k", type=int, default=5000, help="importance samples per image")
    two.add_argument("--images", type=int, help="only the first so many test images")
    _precision(two)

    three = command(sample, "draw images from a trained model")
    three.add_argument("checkpoint", type=Path, help="a file that train wrote")
    three.add_argument("--count", type=int, default=64, help="number of images")
    three.add_argument("--image", type=Path, default=Path("samples.png"), help="picture to write")

    four = command(reproduce, "train and measure again what was published; needs the full MNIST")
    four.add_argument("what", choices=["burda"], help="Burda et al. 2016, one stochastic layer")
    four.add_argument("--k-train", type=int, default=1, help="1 (VAE), 5 or 50 (IWAE)")
    four.add_argument("--budget", type=float, help="minutes of training, in place of 3280 epochs")
    four.add_argument("--json", type=Path, help="file for the figure and its protocol")
    _checkpoint(four, "burda.safetensors")
    return top


def _precision(command: argparse.ArgumentParser) -> None:
    command.add_argument("--precision", default="float32", help="float32 or bfloat16 (faster)")


def _checkpoint(command: argparse.ArgumentParser, name: str) -> None:
    command.add_argument("--checkpoint", type=Path, default=Path(name), help="written every epoch")
    command.add_argument("--resume", action="store_true", help="go on from the checkpoint")


def _data(options: argparse.Namespace) -> Dataset:
    data = load_mnist(options.data, options.folder)
    print(data.about)
    return data


def main() -> None:
    """Run the command that was given; a mistake in it gets one sentence and exit status 2."""
    options = parser().parse_args()
    try:
        with joined():
            options.run(options)
    except (ValueError, DataUnavailable, OSError) as error:
        print(f"python -m vae_lib: {error}", file=sys.stderr)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
