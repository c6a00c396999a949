"""The training loop: it descends, repeats itself, reports what it did, and refuses bad settings."""

import math
import time

import pytest
import torch
from agreement import agree

from vae_lib import training
from vae_lib.checkpoints import read_checkpoint, write_checkpoint
from vae_lib.data import binarise
from vae_lib.engine.checks import Diverged
from vae_lib.engine.devices import Machine, pick_device
from vae_lib.engine.speed import choose_threads
from vae_lib.keeping import Keep
from vae_lib.linear import LinearGaussian
from vae_lib.models import mlp_vae
from vae_lib.objectives import elbo, importance_weighted_bound
from vae_lib.training import Bound, fit, plain_fit

pytestmark = pytest.mark.usefixtures("single_precision")


@pytest.fixture
def images():
    """200 images of 4 x 4 pixels: a bar in one of four rows."""
    rows = torch.arange(200) % 4
    return (
        torch.zeros(200, 4, 4).index_put_((torch.arange(200), rows), torch.tensor(0.9)).flatten(1)
    )


def small_model(seed=0):
    torch.manual_seed(seed)
    return mlp_vae(data_dim=16, latent_dim=2, hidden=(16,))


def train(model, images, device="cpu", precision="float32", checkpoint=None, resume=False, **more):
    settings = {"epochs": 3, "batch_size": 32, "learning_rate": 5e-3, **more}
    settings |= {"machine": Machine(device, precision), "keep": Keep(checkpoint, resume)}
    return fit(model, images[:160], images[160:], **settings)


def require_same_weights(model, other):
    for mine, theirs in zip(model.parameters(), other.parameters(), strict=True):
        assert torch.equal(mine, theirs)


def test_training_raises_the_bound_on_both_sets(images):
    history = train(small_model(), images, epochs=30)
    assert history.train_bound[-1] > history.train_bound[0] + 3
    assert history.validation_elbo[-1] > history.validation_elbo[0] + 1
    assert len(history.seconds) == len(history.train_kl) == 30


def test_same_seed_gives_the_same_numbers_twice(images):
    first, second = small_model(), small_model()
    one, two = train(first, images), train(second, images)
    assert one.train_bound == two.train_bound and one.validation_elbo == two.validation_elbo
    require_same_weights(first, second)
    assert train(small_model(), images, seed=1).train_bound != one.train_bound


def test_device_and_progress_are_shown(images, capsys):
    train(small_model(), images)
    shown = capsys.readouterr()
    assert "Training on cpu: 160 images, epochs: 3, batch size: 32" in shown.out
    for word in ("epochs: 100%", "loss", "log-lik.", "KL", "validation ELBO"):
        assert word in shown.err


@pytest.mark.equation("eq-gradient-step", oracle="finite differences")
def test_one_plain_step_lowers_the_loss_by_its_squared_gradient(generator):
    """A step η lowers J by η‖∇J‖² up to a term of order η²."""
    torch.set_default_dtype(torch.float64)
    model = LinearGaussian(torch.randn(5, 2), torch.zeros(5), torch.tensor(0.0))
    x = torch.randn(40, 5, generator=generator)
    step = 1e-5

    def loss():
        return -model.log_evidence(x).mean()

    slopes = torch.autograd.grad(loss(), list(model.parameters()))
    before = loss().item()
    with torch.no_grad():
        for weight, slope in zip(model.parameters(), slopes, strict=True):
            weight -= step * slope
    squared = sum((slope**2).sum().item() for slope in slopes)
    agree((before - loss().item()) / (step * squared), 1.0, atol=1e-3)


def test_plain_fit_is_the_loop_of_the_book(images):
    """The same epoch by hand: same shuffling, same draws, same optimiser."""
    model, twin = small_model(), small_model()
    means = plain_fit(model, images[:160], 1, 32, 5e-3, weight_decay=0.1)
    generator = torch.Generator().manual_seed(0)
    optimiser = torch.optim.AdamW(twin.parameters(), 5e-3, weight_decay=0.1, fused=True)
    total = 0.0
    for rows in torch.randperm(160, generator=generator).split(32):
        x = (torch.rand(len(rows), 16, generator=generator) < images[rows]).float()
        bound = elbo(twin, x, generator=generator)
        optimiser.zero_grad()
        bound.loss.backward()
        optimiser.step()
        total += bound.value.sum().item()
    assert means[0] == pytest.approx(total / 160, rel=1e-5)
    require_same_weights(model, twin)


@pytest.mark.parametrize("batch_size", [32, 37], ids=["even", "a smaller last batch"])
@pytest.mark.parametrize("validate", [False, True])
def test_fit_is_plain_fit_to_the_last_bit(images, batch_size, validate):
    """Whatever else fit does, such as validation, must not touch weights, draws or means."""
    model, twin = small_model(), small_model()
    means = plain_fit(model, images[:160], 4, batch_size, 5e-3, weight_decay=0.1, seed=3)
    history = fit(
        twin, images[:160], images[160:] if validate else None, epochs=4, batch_size=batch_size,
        learning_rate=5e-3, weight_decay=0.1, seed=3, machine=Machine("cpu"),
    )  # fmt: skip
    assert history.train_bound == means
    require_same_weights(model, twin)


@pytest.mark.parametrize("k", [1, 2])
@pytest.mark.parametrize("rank", [0, 1])
def test_each_process_takes_its_rows_of_a_batch_and_twice_its_share(images, monkeypatch, rank, k):
    """One of two processes, the other left out: DDP would halve the sum of their gradients.

    In double precision, with the defaults elsewhere: a step's tensors are the model's own kind.
    """
    monkeypatch.setattr(training, "rank_and_count", lambda: (rank, 2))
    monkeypatch.setattr(training, "with_shared_gradients", lambda module: module)
    monkeypatch.setattr(training, "add_up", lambda sums: sums)
    model, twin = small_model().double(), small_model().double()
    with torch.device("meta"):
        history = fit(
            model, images[:34], epochs=1, batch_size=17, k=k, machine=Machine("cpu"), seed=3
        )
    generator = torch.Generator().manual_seed(3)
    rows = torch.randperm(34, generator=generator)  # one batch of 2 * 17
    x = images[rows].double()
    x = (torch.rand(x.shape, generator=generator, dtype=torch.float64) < x).double()[rank::2]
    noise = torch.randn((k, 34, 2), generator=generator, dtype=torch.float64)[:, rank::2]
    q = twin.encode(x)
    if k == 1:
        bound = elbo(twin, x, q=q, noise=noise).value
    else:
        bound = importance_weighted_bound(twin, x, k, q=q, noise=noise)
    slopes = torch.autograd.grad(-2 * bound.sum() / 34, list(twin.parameters()))
    for weight, slope in zip(model.parameters(), slopes, strict=True):
        agree(weight.grad, slope, atol=1e-12)  # rounding of sums of 17 terms
    agree(history.train_bound[0], bound.sum().item() / 34, atol=1e-12)
    agree(history.train_kl[0], q.kl_to_standard().sum().item() / 34, atol=1e-12)


@pytest.mark.parametrize("k", [1, 2])
def test_process_without_rows_has_no_bound_and_gradients_of_zero(k):
    bound = Bound(small_model(), k)
    value, kl = bound(torch.zeros(0, 16), torch.zeros(k, 0, 2))
    assert value.shape == kl.shape == (0,)
    value.sum().backward()
    assert not any(weight.grad.any() for weight in bound.parameters())


def test_validation_is_the_elbo_of_a_fixed_draw(images):
    """Both terms by hand after the last epoch, with the draws of the run's own seed."""
    model = small_model()
    history = train(model, images, seed=5)
    x = binarise(images[160:], "fixed")
    with torch.no_grad():
        bound = elbo(model, x, generator=torch.Generator().manual_seed(5))
    expected = [bound.log_likelihood.mean().item(), bound.kl.mean().item()]
    found = [history.validation_log_likelihood[-1], history.validation_kl[-1]]
    assert found == pytest.approx(expected, rel=1e-5)  # single precision


def test_seconds_are_counted_from_the_start(images):
    start = time.perf_counter()
    seconds = train(small_model(), images).seconds
    assert 0 < seconds[0] < seconds[1] < seconds[2] < time.perf_counter() - start


def test_plain_fit_computes_where_the_model_is(images):
    """Whatever the default device: "meta" holds no numbers."""
    model = small_model()
    with torch.device("meta"):
        means = plain_fit(model, images, 1, 32)
    assert math.isfinite(means[0])


def test_named_epochs_leave_a_copy_of_the_model(images, tmp_path):
    """Each copy is the model of a run that ended there; training does not change it afterwards."""
    keep = Keep(tmp_path / "run", snapshots=[1, 3])
    model = small_model()
    fit(model, images, epochs=4, batch_size=32, machine=Machine("cpu"), keep=keep)
    assert sorted(keep.models) == [1, 3]
    for epochs, copy in keep.models.items():
        shorter = small_model()
        fit(shorter, images, epochs=epochs, batch_size=32, machine=Machine("cpu"))
        require_same_weights(shorter, copy)


def test_something_can_be_done_after_each_epoch(images):
    seen = []

    def look(history):
        seen.append((len(history.seconds), history.train_bound[-1]))

    history = train(small_model(), images, each_epoch=look)
    assert seen == list(enumerate(history.train_bound, start=1))


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def threads_seen(images, machine, model=None, **settings):
    seen = []
    model = model or small_model()
    encode = model.encode

    def watched(x):
        seen.append(torch.get_num_threads())
        return encode(x)

    model.encode = watched
    fit(model, images, epochs=2, batch_size=32, machine=machine, **settings)
    return set(seen[1:])  # the first call looks at the images, before any step


def test_small_step_takes_one_thread_and_gives_the_others_back(two_threads, images):
    assert threads_seen(images, Machine("cpu")) == {1}
    assert torch.get_num_threads() == 2
    assert threads_seen(images, Machine("cpu", threads=2)) == {2}
    with pytest.raises(ZeroDivisionError):
        train(small_model(), images, each_epoch=lambda _: 1 / 0)
    assert torch.get_num_threads() == 2


def test_large_step_takes_all_threads(two_threads):
    weights, rows = 10**6, 128
    assert choose_threads(weights, rows) == 1
    assert choose_threads(weights, 1000 * rows) == 2


def test_resumed_run_takes_the_threads_that_it_began_with(two_threads, images, tmp_path):
    path = tmp_path / "run"
    train(small_model(), images, epochs=1, checkpoint=path)
    kept = read_checkpoint(path)[1]["settings"]
    assert kept["threads"] == 1
    tensors, about = read_checkpoint(path)
    about["settings"]["threads"] = 2
    write_checkpoint(path, tensors, about)
    same = {"learning_rate": 5e-3, "keep": Keep(path, resume=True)}
    model = small_model()
    assert threads_seen(images[:160], Machine("cpu"), model, validation=images[160:], **same) == {2}
    with pytest.raises(ValueError, match="was made with threads = 2 and not 1"):
        threads_seen(images[:160], Machine("cpu", threads=1), validation=images[160:], **same)


def test_every_kind_of_binarisation_trains(images):
    for mode in ("dynamic", "fixed"):
        assert math.isfinite(train(small_model(), images, binarisation=mode).train_bound[-1])
    grey = mlp_vae(data_dim=16, latent_dim=2, hidden=(16,), allow_grey=True)
    assert math.isfinite(train(grey, images, binarisation="none").train_bound[-1])


def test_interruption_keeps_weights_and_history(images, capsys, monkeypatch):
    model = small_model()
    counter = iter(range(1000))
    encode = model.encode

    def interrupted(x):
        if next(counter) == 14:  # in the third epoch: 1 + 2 * (5 batches + 1 validation) = 13
            raise KeyboardInterrupt
        return encode(x)

    monkeypatch.setattr(model, "encode", interrupted)
    history = train(model, images, epochs=50)
    assert len(history.seconds) == 2
    assert "Interrupted after 2 full epochs" in capsys.readouterr().out


@pytest.mark.parametrize("rate", [1e30, lambda epoch: 5e-3 if epoch < 2 else 1e30])
def test_diverged_run_stops_and_keeps_the_last_good_epoch(images, tmp_path, rate):
    path = tmp_path / "run"
    with pytest.raises(Diverged, match=r"in epoch \d: .* Begin anew with a smaller learning rate"):
        train(small_model(), images, epochs=9, learning_rate=rate, checkpoint=path)
    if callable(rate):
        tensors, about = read_checkpoint(path)
        assert len(about["history"]["seconds"]) == 2
        assert all(
            value.isfinite().all() for value in tensors.values() if value.is_floating_point()
        )
    else:
        assert not path.exists()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"epochs": -3}, "epochs is -3: train for at least 1"),
        ({"epochs": 0}, "epochs is 0"),
        ({"batch_size": 161}, "batch_size is 161 with 160 training images: choose 1 to 160"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"learning_rate": 0.0}, "learning_rate is 0.0: choose a positive number"),
        ({"learning_rate": math.inf}, "learning_rate is inf: choose"),
        ({"learning_rate": lambda epoch: 1e-3 - epoch * 1e-3}, "learning_rate is 0.0 in epoch 1"),
        ({"weight_decay": -1.0}, "weight_decay is -1.0: choose"),
        ({"epsilon": math.nan}, "epsilon is nan: choose"),
        ({"epsilon": 0.0}, "epsilon is 0.0: choose"),
        ({"precision": "float8"}, "precision is 'float8': give 'float32' or 'bfloat16'"),
        ({"device": "tpu"}, "device is 'tpu': this machine offers .*cpu"),
        ({"device": "cuda:99"}, "device is 'cuda:99': this machine offers"),
        ({"binarisation": "otsu"}, "binarisation is 'otsu': give"),
        ({"binarisation": "none"}, "grey: binarise them"),
    ],
)
def test_bad_settings_are_refused_before_any_step(images, settings, message):
    model = small_model()
    before = [weight.clone() for weight in model.parameters()]
    with pytest.raises(ValueError, match=message):
        train(model, images, **settings)
    for old, new in zip(before, model.parameters(), strict=True):
        assert torch.equal(old, new)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (lambda x: x.reshape(-1, 4, 4), r"images.reshape\(len\(images\), -1\)"),
        (lambda x: torch.where(x > 0, torch.nan, x), "NaN"),
        (lambda x: x * 255, r"must lie in \[0, 1\]"),
    ],
)
def test_bad_images_are_refused_before_any_step(images, broken, message):
    with pytest.raises(ValueError, match=message):
        fit(small_model(), broken(images), images, epochs=1, machine=Machine("cpu"))
    with pytest.raises(ValueError, match=message):
        fit(small_model(), images, broken(images), epochs=1, machine=Machine("cpu"))


def test_empty_data_is_refused(images):
    with pytest.raises(ValueError, match=r"empty \(shape \(0, 16\)\)"):
        fit(small_model(), images[:0], images[160:], epochs=1)
    with pytest.raises(ValueError, match="The data is empty"):
        fit(small_model(), images, images[:0], epochs=1)


def test_device_is_the_best_there_is(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert pick_device().type == "cuda" and pick_device("cpu").type == "cpu"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert pick_device().type == "cpu"
