"""What the four commands do: train, evaluate, sample, reproduce."""

import argparse
import json
import os
import shlex
import sys

import torch

from vae_lib.checkpoints import load_model, read_checkpoint
from vae_lib.cli.options import parser
from vae_lib.cli.reproduce import PAPER, RECIPES, plan_for, reproduce, shorter
from vae_lib.data import Dataset, load_mnist
from vae_lib.engine.checks import Diverged, InputError
from vae_lib.engine.devices import Machine, pick_device
from vae_lib.engine.mnist_files import DataUnavailable
from vae_lib.engine.processes import joined, rank_and_count
from vae_lib.evaluation import score_images
from vae_lib.keeping import Keep, require_place
from vae_lib.models import mlp_vae
from vae_lib.training import fit

INTERRUPTED = 130  # the exit status that shells give to a program ended by Ctrl-C


def train(options: argparse.Namespace) -> None:
    """Train a VAE on MNIST and keep it as a checkpoint."""
    data = _data(options)
    torch.manual_seed(options.seed)
    model = mlp_vae(latent_dim=options.latent_dim, hidden=options.hidden)
    history = fit(
        model, data.train, data.validation, epochs=options.epochs, batch_size=options.batch_size,
        learning_rate=options.learning_rate, weight_decay=options.weight_decay, k=options.k,
        seed=options.seed, machine=_machine(options),
        keep=Keep(options.checkpoint, options.resume),
    )  # fmt: skip
    if len(history.seconds) < options.epochs:
        print(f"Go on with: {_command(resume=True)}")
        raise SystemExit(INTERRUPTED)
    print(f"{history.seconds[-1]:.1f} s, {history}. The model is in {options.checkpoint}.")


def evaluate(options: argparse.Namespace) -> None:
    """Estimate log p(x) of a checkpoint's model on the test images."""
    model = load_model(options.checkpoint).to(pick_device(options.device))
    data = _data(options)
    images = data.test[: options.images]
    score = score_images(
        model, images, options.k, f"{data.name} test", seed=options.seed,
        precision=options.precision, threads=options.threads,
    )  # fmt: skip
    print(score)


def sample(options: argparse.Namespace) -> None:
    """Draw images from a checkpoint's model: z from the prior, then the pixels' probabilities."""
    from matplotlib.backend_bases import FigureCanvasBase  # the other commands need no matplotlib

    from vae_lib.plotting import image_grid, use_style

    suffix, known = options.image.suffix[1:], FigureCanvasBase.filetypes
    if suffix.lower() not in known:
        raise InputError(f"{options.image} is no picture: end its name in .{', .'.join(known)}.")
    model = load_model(options.checkpoint)
    generator = torch.Generator().manual_seed(options.seed)
    with torch.no_grad():
        z = model.prior.rsample((options.count,), generator)
        means = model.decode(z).mean
    use_style()
    image_grid(means, columns=max(1, round(options.count**0.5))).savefig(options.image)
    print(f"{options.count} decoder means, z from the prior, are in {options.image}.")


def reproduce_figure(options: argparse.Namespace) -> None:
    """Train and measure by a recipe: that of Burda et al. 2016, or the book's own."""
    recipe = RECIPES[options.what]
    require_place(options.checkpoint, options.resume)
    if options.json is not None and not options.json.parent.is_dir():
        raise InputError(f"{options.json} cannot be written: its folder does not exist.")
    data = load_mnist("full", options.folder)
    if options.epochs is not None:
        plan = shorter(recipe, options.epochs)
    elif options.budget is None:
        plan = PAPER
    elif options.resume and options.checkpoint.exists():
        plan = shorter(recipe, read_checkpoint(options.checkpoint)[1]["epochs"])
    else:
        plan = plan_for(recipe, options.budget, options.k_train, data, options.device)
    result = reproduce(
        recipe, data, options.k_train, plan, device=options.device, seed=options.seed,
        keep=Keep(options.checkpoint, options.resume),
    )  # fmt: skip
    if result is None:
        print(f"Go on with: {_command(resume=True)}")
        raise SystemExit(INTERRUPTED)
    score, about = result
    print(score)
    if about["published"] is not None:
        print(f"Published, after the paper's own schedule: {about['published']} nats")
    if options.json is not None and rank_and_count()[0] == 0:
        about["command"] = _command()
        options.json.write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")


def _command(resume: bool = False) -> str:
    """The line that was typed, or the one that goes on from the checkpoint."""
    count = os.environ.get("LOCAL_WORLD_SIZE")
    start = ["python"] if count is None else ["torchrun", f"--nproc-per-node={count}"]
    more = ["--resume"] if resume and "--resume" not in sys.argv else []
    return shlex.join([*start, "-m", "vae_lib", *sys.argv[1:], *more])


def _data(options: argparse.Namespace) -> Dataset:
    data = load_mnist(options.data, options.folder)
    print(data.about)
    return data


def _machine(options: argparse.Namespace) -> Machine:
    return Machine(options.device, options.precision, options.threads)


def main() -> None:
    """Run the command that was given.

    The exit status is 0; 2 after a mistake, which gets one sentence; 130 after Ctrl-C; 1 if the
    training diverged or another process of the run died.
    """
    top = parser()
    options = top.parse_args()
    if options.command is None:
        top.print_help()
        return
    commands = {"train": train, "evaluate": evaluate, "sample": sample}
    commands["reproduce"] = reproduce_figure
    try:
        with joined(getattr(options, "device", None)):
            commands[options.command](options)
    except (InputError, DataUnavailable, OSError) as error:
        print(f"python -m vae_lib: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except Diverged as error:
        print(f"python -m vae_lib: {error}", file=sys.stderr)
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None
