"""What the five commands do: train, evaluate, sample, reconstruct, reproduce."""

import argparse
import io
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import torch

from vae_lib.checkpoints import load_model
from vae_lib.cli.options import parser
from vae_lib.cli.output import one_line, spoken
from vae_lib.cli.own_data import (
    OWN_PICTURES,
    builder_of,
    model_for,
    own_data,
    reconstruct_own,
    require_kind,
    require_suffix,
    sample_own,
)
from vae_lib.cli.places import require_writable
from vae_lib.cli.reproduce import PAPER, RECIPES, plan_for, reproduce, shorter
from vae_lib.data import Dataset, load_mnist
from vae_lib.discretised import bits_per_dimension
from vae_lib.engine.checks import Diverged, InputError
from vae_lib.engine.devices import Machine, pick_device
from vae_lib.engine.memory import is_out_of_memory, require_room
from vae_lib.engine.mnist_files import DataUnavailable
from vae_lib.engine.processes import joined, rank_and_count
from vae_lib.engine.speed import COPIES
from vae_lib.engine.stopping import Stop, answering
from vae_lib.engine.writing import write_whole
from vae_lib.evaluation import score_images
from vae_lib.images import ImageData
from vae_lib.keeping import Keep, read_run, require_place
from vae_lib.models import count_weights, mlp_vae
from vae_lib.tables import TableData
from vae_lib.training import fit

INTERRUPTED = 130  # the exit status that shells give to a program ended by Ctrl-C
PICTURES = ("png", "pdf", "svg", "jpg", "jpeg", "webp", "tif", "tiff", "eps", "ps")
LARGEST_SET = 60_000  # images


def train(options: argparse.Namespace) -> None:
    """Train a VAE on MNIST or on a reader's own data and keep it as a checkpoint."""
    require_place(options.checkpoint, options.resume)
    if options.shared_scale and options.images is None:
        raise InputError("--shared-scale is for pictures: give --images FOLDER, too.")
    own = own_data(options)
    batch_size = options.batch_size
    if own is None:
        options.hidden = [400] if options.hidden is None else options.hidden
        _require_room(options)
        data: Dataset | ImageData | TableData = _data(options)
        torch.manual_seed(options.seed)
        model = mlp_vae(latent_dim=options.latent_dim, hidden=options.hidden)
    else:
        data, batch_size = own, min(batch_size, len(own.train))
        torch.manual_seed(options.seed)
        model = model_for(own, options.latent_dim, options.hidden, options.shared_scale)
    try:
        history = fit(
            model, data.train, data.validation, epochs=options.epochs,
            batch_size=batch_size, learning_rate=options.learning_rate,
            weight_decay=options.weight_decay, k=options.k, seed=options.seed,
            machine=Machine(options.device, options.precision, options.threads),
            keep=Keep(options.checkpoint, options.resume),
        )  # fmt: skip
    except Diverged as error:
        advice = f"For example: --learning-rate {options.learning_rate / 10:g}."
        raise Diverged(f"{error} {advice}") from None
    if len(history.seconds) < options.epochs:
        _say_farewell()
    print(f"{history.seconds[-1]:.1f} s, {history}. The model is in {options.checkpoint}.")


def _require_room(options: argparse.Namespace) -> None:
    """Refuse a model or a step that cannot fit into memory."""
    with torch.device("meta"):  # sizes without numbers
        weights = count_weights(mlp_vae(latent_dim=options.latent_dim, hidden=options.hidden))
    rows = options.k * min(options.batch_size, LARGEST_SET)
    layers = 2 * (sum(options.hidden) + options.latent_dim) + COPIES * 784
    # A weight, its gradient, Adam's two averages; the checkpoint's bytes hold all but the gradient.
    values = 7 * weights + rows * layers
    cure = "a smaller --hidden, --latent-dim, --batch-size or --k"
    require_room(4 * values, pick_device(options.device), cure)


def evaluate(options: argparse.Namespace) -> None:
    """Estimate log p(x) of a checkpoint's model on the test images, or on own test data."""
    model = load_model(options.checkpoint).to(pick_device(options.device))
    require_kind(model, options)
    own = own_data(options, model)
    data: Dataset | ImageData | TableData = _data(options) if own is None else own
    name = data.name if isinstance(data, Dataset) else str(options.images or options.table)
    score = score_images(
        model, data.test[: options.count], options.k or (5000 if own is None else 200),
        f"{name} test", seed=options.seed, precision=options.precision, threads=options.threads,
    )  # fmt: skip
    print(score)
    if isinstance(own, ImageData):
        bits = bits_per_dimension(score.values, own.train.shape[1]).mean().item()
        print(f"At most {bits:.3f} bits per dimension.")


def sample(options: argparse.Namespace) -> None:
    """Draw images from a checkpoint's model: z from the prior, then the pixels' probabilities."""
    if options.out is not None:
        require_suffix(options.out, (*PICTURES, "csv"))
        require_writable(options.out, options.checkpoint)
    model = load_model(options.checkpoint)
    if builder_of(model) != "mlp_vae":
        print(sample_own(model, options.count, options.out, options.checkpoint, options.seed))
        return
    options.out = options.out or Path("samples.png")
    require_suffix(options.out, PICTURES)
    require_writable(options.out, options.checkpoint)
    os.environ["MPLBACKEND"] = "agg"  # a file needs no window, whatever the shell says
    from vae_lib.plotting import image_grid, use_style  # the other commands need no matplotlib

    generator = torch.Generator().manual_seed(options.seed)
    with torch.no_grad():
        z = model.prior.rsample((options.count,), generator)
        means = model.decode(z).mean
    use_style()
    picture = io.BytesIO()
    figure = image_grid(means, columns=max(1, round(options.count**0.5)))
    figure.savefig(picture, format=options.out.suffix[1:].lower())
    write_whole(options.out, picture.getvalue())
    print(f"{options.count} decoder means, z from the prior, are in {options.out}.")


def reconstruct(options: argparse.Namespace) -> None:
    """Write what a checkpoint's model makes of a reader's own data."""
    if options.out is not None:
        require_suffix(options.out, OWN_PICTURES if options.images else ("csv",))
        require_writable(options.out, options.checkpoint)
    model = load_model(options.checkpoint)
    require_kind(model, options)
    data = own_data(options, model)
    assert data is not None  # one of both options is required
    print(reconstruct_own(model, data, options.count, options.out, options.checkpoint))


def reproduce_figure(options: argparse.Namespace) -> None:
    """Train and measure by a recipe: that of Burda et al. 2016, or the book's own."""
    recipe = RECIPES[options.what]
    require_place(options.checkpoint, options.resume)
    if options.json is not None:
        require_writable(options.json, options.checkpoint)
        if options.json.exists():
            raise InputError(f"{options.json} exists: choose another name, or delete it.")
    data = load_mnist("full", options.folder)
    if options.epochs is not None:
        plan = shorter(recipe, options.epochs)
    elif options.budget is None:
        plan = PAPER
    elif options.resume and options.checkpoint.exists():
        plan = shorter(recipe, read_run(options.checkpoint)["epochs"])
    else:
        plan = plan_for(recipe, options.budget, options.k_train, data, options.device)
    result = reproduce(
        recipe, data, options.k_train, plan, device=options.device, seed=options.seed,
        keep=Keep(options.checkpoint, options.resume),
    )  # fmt: skip
    if result is None:
        _say_farewell()
    score, about = result
    if options.json is not None and rank_and_count()[0] == 0:
        about["command"] = _as_typed()
        write_whole(options.json, (json.dumps(about, indent=2) + "\n").encode("utf-8"))
    print(score)
    if about["published"] is not None:
        print(f"Published, after the paper's own schedule: {about['published']} nats")


def _as_typed() -> str:
    """The line that was typed, as any machine repeats it."""
    count = os.environ.get("LOCAL_WORLD_SIZE")
    start = ["python"] if count is None else ["torchrun", f"--nproc-per-node={count}"]
    return shlex.join([*start, "-m", "vae_lib", *sys.argv[1:]])


def _say_farewell() -> NoReturn:
    """Print the line that goes on from the checkpoint here, and leave the rest to ``main``."""
    count = os.environ.get("LOCAL_WORLD_SIZE")
    several = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={count}"]
    more = [] if "--resume" in sys.argv else ["--resume"]
    start = [sys.executable, *(several if count else []), "-m", "vae_lib"]
    words = [*start, *sys.argv[1:], *more]
    line = subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)
    print(f"Go on with: {line}")
    raise KeyboardInterrupt


def _data(options: argparse.Namespace) -> Dataset:
    data = load_mnist(options.data, options.folder)
    print(data.about)
    return data


def main() -> None:
    """Run the command that was given.

    The exit status is 0; 2 after a mistake, which gets one sentence; 130 after Ctrl-C and 143
    after SIGTERM; 1 if the training diverged or another process of the run died.
    """
    stop = Stop()
    try:
        with spoken(), answering(stop):
            _run()
    except KeyboardInterrupt:
        raise SystemExit(stop.status or INTERRUPTED) from None


def _run() -> None:
    top = parser()
    options = top.parse_args()
    if options.command is None:
        top.print_help()
        return
    commands = {"train": train, "evaluate": evaluate, "sample": sample}
    commands |= {"reconstruct": reconstruct, "reproduce": reproduce_figure}
    try:
        with joined(getattr(options, "device", None)):
            commands[options.command](options)
        sys.stdout.flush()
    except (InputError, DataUnavailable) as error:
        _end(2, str(error))
    except OSError as error:
        place = error.filename or "The output"
        _end(2, f"{place} cannot be used: {error.strerror}." if error.strerror else str(error))
    except Diverged as error:
        _end(1, str(error))
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        _end(2, "The memory is not enough: choose a smaller batch, k, count or model.")


def _end(status: int, message: str) -> NoReturn:
    print(f"python -m vae_lib: {one_line(message)}", file=sys.stderr)
    raise SystemExit(status) from None
