"""The options of the command line."""

import argparse
import math
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, get_args

from vae_lib.cli.output import one_line
from vae_lib.cli.reproduce import PUBLISHED, RECIPES
from vae_lib.data import Source
from vae_lib.engine.arguments import MOST
from vae_lib.engine.checks import InputError, Precision
from vae_lib.engine.devices import pick_device

EPOCHS, MINUTES = 10**6, 366 * 24 * 60
THREADS = 256  # more of them than a system may allow end the process
IMAGES = 2_500  # in one picture, 3,250 pixels a side: that takes 1 GB


class Parser(argparse.ArgumentParser):
    """A parser that answers a mistake with one sentence, not with the list of all options."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and end with exit status 2."""
        self.exit(2, f"{self.prog}: {one_line(message)}; see {self.prog} --help\n")


def parser() -> argparse.ArgumentParser:
    """Describe the five commands and their options."""
    top = Parser(
        prog="python -m vae_lib",
        description="Train a variational autoencoder (VAE) on handwritten digits, on pictures or a "
        "table of your own, measure it, and look at what it draws. Start with: python -m vae_lib "
        "train",
        epilog="python -m vae_lib COMMAND --help explains a command's options. To train on "
        "several GPUs or CPUs: torchrun --nproc-per-node=2 -m vae_lib train ...",
    )
    commands = top.add_subparsers(dest="command", metavar="COMMAND", title="commands")

    def command(name: str, text: str, more: str) -> argparse.ArgumentParser:
        description = f"{text[0].upper()}{text[1:]}. {more}"
        return commands.add_parser(name, help=text, description=description)

    train = command(
        "train", "train a VAE on MNIST or on your own data",
        "The model is saved after every epoch. Ctrl-C stops the training and prints the command "
        "that goes on from there, without loss.",
    )  # fmt: skip
    _own_data(_data_options(train, "embedded: 4,000 images that need no network; full: 55,000"))
    _size(train)
    size = _whole(1, MOST)
    _number(train, "--latent-dim", size, 20, "L", "length of z")
    train.add_argument(
        "--hidden", type=size, nargs="*", metavar="N",
        help="sizes of the encoder's hidden layers, which the decoder mirrors; without a size both "
        "networks are linear (400; with --table 64; with --images 32 64, channels of convolutions)",
    )  # fmt: skip
    train.add_argument(
        "--shared-scale", action="store_true", help="with --images: one learned scale for all "
        "pixels; colours and shapes are copied better, at the price of more bits",
    )  # fmt: skip
    _number(train, "--epochs", _whole(1, EPOCHS), 20, "N", "passes over the images")
    _number(train, "--batch-size", size, 128, "B", "images per step, in each process")
    _number(train, "--learning-rate", _positive, 1e-3, "R", "Adam's step size")
    _number(train, "--weight-decay", _zero_or_more, 0.0, "R", "AdamW's decay of the weights")
    text = "draws of z per image: 1 is the ELBO, more is IWAE's bound"
    _number(train, "--k", size, 1, "K", text)
    _processor(train)
    _checkpoint(train, "vae.safetensors")
    _machine(train)

    evaluate = command(
        "evaluate", "estimate log p(x) of a trained model",
        "Prints the importance-weighted bound on the test images, in nats per image, with its "
        "standard error; higher is better.",
    )  # fmt: skip
    evaluate.add_argument("checkpoint", type=_file, help="a file that train wrote")
    _own_data(_data_options(evaluate, "embedded: 500 test images; full: 10,000"))
    _size(evaluate)
    evaluate.add_argument(
        "--k", type=size, metavar="K", help="importance samples per image (5000; of your own "
        "data 200)",
    )  # fmt: skip
    evaluate.add_argument("--count", type=size, metavar="N", help="only the first N test images")
    _processor(evaluate)
    _machine(evaluate)

    sample = command(
        "sample", "draw images or rows from a trained model",
        "Draws z from the prior N(0, I) and writes one picture of the decoder's means, or a CSV "
        "file of rows.",
    )  # fmt: skip
    sample.add_argument("checkpoint", type=_file, help="a file that train wrote")
    _number(sample, "--count", _whole(1, IMAGES), 64, "N", "number of images")
    sample.add_argument(
        "--image", "--rows", dest="out", type=_file, metavar="FILE",
        help="picture or table to write, in place of an older one (samples.png or samples.csv)",
    )  # fmt: skip
    _seed(sample)

    reconstruct = command(
        "reconstruct", "send pictures or rows of your own through a trained model",
        "Writes one picture, each of your pictures above what the decoder makes of its code, or a "
        "CSV file in which every cell, also a missing one, is the decoder's mean.",
    )  # fmt: skip
    reconstruct.add_argument("checkpoint", type=_file, help="a file that train wrote")
    _own_data(reconstruct.add_mutually_exclusive_group(required=True))
    _size(reconstruct)
    _number(reconstruct, "--count", _whole(1, IMAGES), 32, "N", "number of pictures")
    reconstruct.add_argument(
        "--out", type=_file, metavar="FILE", help="picture or table to write, in place of an older "
        "one (reconstructions.png or reconstructions.csv)",
    )  # fmt: skip

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
        "--budget", type=_minutes, metavar="MINUTES", help="train about so long: larger batches, "
        "one cycle of rates, bfloat16; two epochs are timed before, measuring comes after",
    )  # fmt: skip
    length.add_argument(
        "--epochs", type=_whole(1, EPOCHS), metavar="N", help="as --budget, but so many epochs: "
        "repeats its run",
    )  # fmt: skip
    reproduce.add_argument(
        "--json", type=_file, metavar="FILE", help="write the figure and its protocol there; an "
        "existing file is not overwritten",
    )  # fmt: skip
    _folder(reproduce)
    _checkpoint(reproduce, "reproduced.safetensors")
    _machine(reproduce)
    return top


Group = argparse._MutuallyExclusiveGroup


def _data_options(command: argparse.ArgumentParser, sizes: str) -> Group:
    which = command.add_mutually_exclusive_group()
    which.add_argument(
        "--data", default="embedded", choices=get_args(Source),
        help=f"{sizes}; auto: full if there is a GPU (%(default)s)",
    )  # fmt: skip
    _folder(command)
    return which


def _own_data(which: Group) -> None:
    which.add_argument("--images", type=_file, metavar="FOLDER", help="your own pictures")
    which.add_argument(
        "--table", type=_file, metavar="FILE", help="your own CSV file, its first line the names "
        "of the columns; empty cells are missing",
    )  # fmt: skip


def _size(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--size", type=_whole(1, 4096), metavar="N", help="with --images: cut out the middle "
        "square of each picture and bring it to N x N pixels",
    )  # fmt: skip


def _folder(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--folder", type=_file, help="where the four files of the full MNIST are; without it they "
        "are downloaded once",
    )  # fmt: skip


def _processor(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--precision", default="float32", choices=get_args(Precision),
        help="of the matrix products; bfloat16 is faster on processors that know it (%(default)s)",
    )  # fmt: skip
    command.add_argument(
        "--threads", type=_whole(1, THREADS), metavar="N", help="of the CPU; by default few for a "
        "small model",
    )  # fmt: skip


def _checkpoint(command: argparse.ArgumentParser, name: str) -> None:
    command.add_argument(
        "--checkpoint", type=_file, default=Path(name), metavar="FILE",
        help="written after every epoch; an existing file is not overwritten (%(default)s)",
    )  # fmt: skip
    command.add_argument(
        "--resume", action="store_true", help="go on from the checkpoint, with the same options"
    )


def _machine(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--device", type=_device, help="cuda, mps or cpu; by default the best there is"
    )
    _seed(command)


def _seed(command: argparse.ArgumentParser) -> None:
    _number(command, "--seed", _whole(0, 2**63 - 1), 0, "N", "where the random numbers start")


def _number(
    command: argparse.ArgumentParser,
    name: str,
    kind: Callable[[str], float],
    default: float,
    metavar: str,
    text: str,
) -> None:
    command.add_argument(
        name, type=kind, default=default, metavar=metavar, help=f"{text} (%(default)s)"
    )


def _whole(least: int, most: int) -> Callable[[str], int]:
    """Make a reader of whole numbers from ``least`` to ``most``."""

    def read(text: str) -> int:
        digits = text.isdecimal() and len(text) <= len(str(most))  # Python reads no endless ones
        if not (digits and least <= int(text) <= most):
            message = f"{text!r} is not a whole number from {least} to {most}"
            raise argparse.ArgumentTypeError(message)
        return int(text)

    return read


def _real(text: str) -> float:
    """Return the number, or NaN if it is none: no range holds NaN."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def _positive(text: str) -> float:
    if not 0 < _real(text) < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no positive number: give one like 0.001")
    return _real(text)


def _zero_or_more(text: str) -> float:
    if not 0 <= _real(text) < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r}: give 0 or a small positive number")
    return _real(text)


def _minutes(text: str) -> float:
    if not 0 < _real(text) <= MINUTES:
        message = f"{text!r} minutes are no budget: give a positive number up to {MINUTES}, a year"
        raise argparse.ArgumentTypeError(message)
    return _real(text)


def _file(text: str) -> Path:
    """Read a file's or a folder's name; PyTorch's and safetensors' own code wants UTF-8."""
    try:
        usable = bool(text.encode("utf-8")) and "\0" not in text
    except UnicodeEncodeError:
        usable = False
    if not usable:
        raise argparse.ArgumentTypeError(f"{text!r} is no file name in UTF-8: give another one")
    return Path(text)


def _device(text: str) -> str:
    try:
        pick_device(text)
    except InputError as error:
        raise argparse.ArgumentTypeError(str(error).rstrip(".")) from None
    return text
