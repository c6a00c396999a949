"""The options of the command line."""

import argparse
from pathlib import Path
from typing import NoReturn, get_args

from vae_lib.cli.reproduce import PUBLISHED, RECIPES
from vae_lib.data import Source
from vae_lib.engine.checks import Precision


class Parser(argparse.ArgumentParser):
    """A parser that answers a mistake with one sentence, not with the list of all options."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and end with exit status 2."""
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


def parser() -> argparse.ArgumentParser:
    """Describe the four commands and their options."""
    top = Parser(
        prog="python -m vae_lib",
        description="Train a variational autoencoder (VAE) on handwritten digits, measure it, and "
        "look at what it draws. Start with: python -m vae_lib train",
        epilog="python -m vae_lib COMMAND --help explains a command's options. To train on "
        "several GPUs or CPUs: torchrun --nproc-per-node=2 -m vae_lib train ...",
    )
    commands = top.add_subparsers(dest="command", metavar="COMMAND", title="commands")

    def command(name: str, text: str, more: str) -> argparse.ArgumentParser:
        description = f"{text[0].upper()}{text[1:]}. {more}"
        return commands.add_parser(name, help=text, description=description)

    train = command(
        "train", "train a VAE on MNIST",
        "The model is saved after every epoch. Ctrl-C stops the training and prints the command "
        "that goes on from there, without loss.",
    )  # fmt: skip
    _data_options(train, "embedded: 4,000 images that need no network; full: 55,000")
    _number(train, "--latent-dim", 20, "L", "length of z")
    train.add_argument(
        "--hidden", type=int, nargs="+", default=[400], metavar="N",
        help="sizes of the encoder's hidden layers; the decoder mirrors them (%(default)s)",
    )  # fmt: skip
    _number(train, "--epochs", 20, "N", "passes over the images")
    _number(train, "--batch-size", 128, "B", "images per step, in each process")
    _number(train, "--learning-rate", 1e-3, "R", "Adam's step size")
    _number(train, "--weight-decay", 0.0, "R", "AdamW's decay of the weights")
    _number(train, "--k", 1, "K", "draws of z per image: 1 is the ELBO, more is IWAE's bound")
    _processor(train)
    _checkpoint(train, "vae.safetensors")
    _machine(train)

    evaluate = command(
        "evaluate", "estimate log p(x) of a trained model",
        "Prints the importance-weighted bound on the test images, in nats per image, with its "
        "standard error; higher is better.",
    )  # fmt: skip
    evaluate.add_argument("checkpoint", type=Path, help="a file that train wrote")
    _data_options(evaluate, "embedded: 500 test images; full: 10,000")
    _number(evaluate, "--k", 5000, "K", "importance samples per image")
    evaluate.add_argument("--images", type=_count, metavar="N", help="only the first N test images")
    _processor(evaluate)
    _machine(evaluate)

    sample = command(
        "sample", "draw images from a trained model",
        "Draws z from the prior N(0, I) and writes a picture of the pixels' probabilities.",
    )  # fmt: skip
    sample.add_argument("checkpoint", type=Path, help="a file that train wrote")
    sample.add_argument(
        "--count", type=_count, default=64, metavar="N", help="number of images (%(default)s)"
    )
    sample.add_argument(
        "--image", type=Path, default=Path("samples.png"), metavar="FILE",
        help="picture to write (%(default)s)",
    )  # fmt: skip
    _seed(sample)

    reproduce = command(
        "reproduce", "train and measure again what was published",
        "Trains on the full MNIST and measures log p(x) as Burda et al. 2016 do. The paper trains "
        "for 3280 epochs, which takes long: --budget and --epochs take a shorter schedule.",
    )  # fmt: skip
    reproduce.add_argument(
        "what", choices=RECIPES, help="burda: the paper's model with one stochastic layer; book: "
        "the model that comes with the book",
    )  # fmt: skip
    reproduce.add_argument(
        "--k-train", type=int, default=1, choices=PUBLISHED,
        help="draws per image: 1 is the VAE (%(default)s)",
    )  # fmt: skip
    length = reproduce.add_mutually_exclusive_group()
    length.add_argument(
        "--budget", type=float, metavar="MINUTES", help="train about so long: larger batches, one "
        "cycle of rates, bfloat16; two epochs are timed before, measuring comes after",
    )  # fmt: skip
    length.add_argument(
        "--epochs", type=int, metavar="N", help="as --budget, but so many epochs: repeats its run"
    )
    reproduce.add_argument(
        "--json", type=Path, metavar="FILE", help="write the figure and its protocol there"
    )
    _folder(reproduce)
    _checkpoint(reproduce, "reproduced.safetensors")
    _machine(reproduce)
    return top


def _data_options(command: argparse.ArgumentParser, sizes: str) -> None:
    command.add_argument(
        "--data", default="embedded", choices=get_args(Source),
        help=f"{sizes}; auto: full if there is a GPU (%(default)s)",
    )  # fmt: skip
    _folder(command)


def _folder(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--folder", type=Path, help="where the four files of the full MNIST are; without it they "
        "are downloaded once",
    )  # fmt: skip


def _processor(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--precision", default="float32", choices=get_args(Precision),
        help="of the matrix products; bfloat16 is faster on processors that know it (%(default)s)",
    )  # fmt: skip
    command.add_argument(
        "--threads", type=_count, metavar="N", help="of the CPU; by default few for a small model"
    )


def _checkpoint(command: argparse.ArgumentParser, name: str) -> None:
    command.add_argument(
        "--checkpoint", type=Path, default=Path(name), metavar="FILE",
        help="written after every epoch; an existing file is not overwritten (%(default)s)",
    )  # fmt: skip
    command.add_argument(
        "--resume", action="store_true", help="go on from the checkpoint, with the same options"
    )


def _machine(command: argparse.ArgumentParser) -> None:
    command.add_argument("--device", help="cuda, mps or cpu; by default the best there is")
    _seed(command)


def _seed(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--seed", type=_seed_number, default=0, metavar="N",
        help="where the random numbers start (%(default)s)",
    )  # fmt: skip


def _number(
    command: argparse.ArgumentParser, name: str, default: float, metavar: str, text: str
) -> None:
    command.add_argument(
        name, type=type(default), default=default, metavar=metavar, help=f"{text} (%(default)s)"
    )


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number: give 1 or more")
    return int(text)


def _seed_number(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**63:
        raise argparse.ArgumentTypeError(f"{text!r} is no seed: give a whole number from 0 on")
    return int(text)
