"""Learning rates per epoch: against the published tables and PyTorch's own schedule."""

import numpy as np
import pytest
import torch

from vae_lib.engine.checks import InputError
from vae_lib.engine.devices import Machine
from vae_lib.models import mlp_vae
from vae_lib.schedules import BurdaStages, OneCycle, rates_of
from vae_lib.training import fit


def test_one_cycle_rises_to_its_peak_and_falls_to_nearly_nothing():
    cycle = OneCycle(3e-3, 100, warm_up=0.2)
    rates = [cycle(epoch) for epoch in range(100)]
    peak = rates.index(max(rates))
    assert peak in (19, 20) and max(rates) == pytest.approx(3e-3, rel=0.01)
    assert rates[: peak + 1] == sorted(rates[: peak + 1])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert 3e-7 <= rates[0] < 3e-3 * 0.01 and 3e-7 <= rates[-1] < 3e-3 * 0.01
    assert min(rates) > 0


@pytest.mark.parametrize("epochs", [1, 2, 3, 10, 219])
@pytest.mark.parametrize("warm_up", [0.0, 0.1, 1.0])
def test_one_cycle_stays_between_its_bounds(epochs, warm_up):
    rates = [OneCycle(1e-2, epochs, warm_up)(epoch) for epoch in range(epochs)]
    assert all(1e-6 <= rate <= 1e-2 for rate in rates)


def test_one_cycle_is_pytorch_s_at_the_middle_of_each_epoch():
    """PyTorch's, in twenty steps an epoch, of which the tenth counts."""
    epochs, fine = 50, 20
    weight = torch.nn.Parameter(torch.zeros(1))
    optimiser = torch.optim.SGD([weight], 1.0)
    theirs = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, 2e-3, total_steps=epochs * fine + 1, pct_start=0.1, div_factor=1e4,
        final_div_factor=1, cycle_momentum=False,
    )  # fmt: skip
    rates = []
    for _ in range(epochs * fine):
        rates.append(theirs.get_last_lr()[0])
        optimiser.step()
        theirs.step()
    ours = [OneCycle(2e-3, epochs)(epoch) for epoch in range(epochs)]
    # PyTorch's peak comes one fine step early, and its lowest rate is added, not a bound.
    assert ours == pytest.approx(rates[fine // 2 :: fine], abs=2e-3 * 0.02)


def test_one_cycle_by_hand():
    """Two epochs up and two down, each at its middle: sin² of π/8 and 3π/8 of the peak."""
    low, high = (2 - 2**0.5) / 4, (2 + 2**0.5) / 4
    cycle = OneCycle(0.5, 4, warm_up=0.5)
    expected = [0.5 * low, 0.5 * high, 0.5 * high, 0.5 * low]
    assert [cycle(epoch) for epoch in range(4)] == pytest.approx(expected, rel=1e-14)
    # An epoch from either end of a long cycle the cosine is below the least rate.
    long = OneCycle(0.5, 1000)
    assert long(0) == long(999) == 0.5 * 1e-4


def test_burda_s_stages_are_the_published_ones():
    """3^i epochs at 0.001 * 10^(-i/7): the rates of the paper, by hand."""
    stages = BurdaStages()
    assert stages.epochs == 3280
    expected = [1e-3, 7.1969e-4, 5.1795e-4, 3.7276e-4, 2.6827e-4, 1.9307e-4, 1.3895e-4, 1e-4]
    first = 0
    for stage, rate in enumerate(expected):
        last = first + 3**stage - 1
        assert stages(first) == pytest.approx(rate, rel=1e-4)
        assert stages(last) == stages(first)
        first = last + 1
    assert first == 3280


@pytest.mark.parametrize("schedule", [OneCycle(1e-3, 5), BurdaStages(2)])
def test_schedule_that_is_too_short_is_refused_before_any_step(schedule):
    with pytest.raises(ValueError, match=f"schedule of {schedule.epochs} epochs"):
        schedule(schedule.epochs)
    with pytest.raises(ValueError, match="Epoch -1"):
        schedule(-1)
    torch.set_default_dtype(torch.float32)
    model = mlp_vae(data_dim=16, latent_dim=2, hidden=(8,))
    before = [weight.clone() for weight in model.parameters()]
    epochs = schedule.epochs + 1
    with pytest.raises(ValueError, match="choose a longer schedule"):
        fit(model, torch.rand(8, 16), epochs=epochs, batch_size=4, learning_rate=schedule)
    assert all(torch.equal(*pair) for pair in zip(before, model.parameters(), strict=True))


def test_schedule_reaches_the_optimiser(monkeypatch):
    torch.set_default_dtype(torch.float32)
    used = []
    step = torch.optim.AdamW.step

    def watched(self, *arguments):
        used.append(self.param_groups[0]["lr"])
        return step(self, *arguments)

    monkeypatch.setattr(torch.optim.AdamW, "step", watched)
    cycle = OneCycle(1e-2, 3)
    model = mlp_vae(data_dim=16, latent_dim=2, hidden=(8,))
    images = torch.rand(8, 16)
    fit(model, images, epochs=3, batch_size=4, learning_rate=cycle, machine=Machine("cpu"))
    assert used == [cycle(0)] * 2 + [cycle(1)] * 2 + [cycle(2)] * 2


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: OneCycle(0.0, 10), "peak is 0.0: choose a positive number"),
        (lambda: OneCycle(float("nan"), 10), "peak is nan"),
        (lambda: OneCycle(float("inf"), 10), "peak is inf"),
        (lambda: OneCycle(10**400, 10), "peak is 1"),
        (lambda: OneCycle(1.5e30, 10), "peak is 1.5e[+]30"),
        (lambda: OneCycle("0.1", 10), "peak is '0.1'"),
        (lambda: OneCycle(1e-3, 0), "epochs is 0: choose 1 or more"),
        (lambda: OneCycle(1e-3, None), "epochs is None"),
        (lambda: OneCycle(1e-3, 10, -0.1), r"warm_up is -0.1: choose a share"),
        (lambda: OneCycle(1e-3, 10, 1.5), r"warm_up is 1.5"),
        (lambda: BurdaStages(0), "stages is 0: choose 1 to 20"),
        (lambda: BurdaStages(10**9), "stages is 1000000000"),
        (lambda: rates_of(None, 2), "learning_rate is None: give one positive number"),
        (lambda: rates_of("fast", 2), "learning_rate is 'fast'"),
        (lambda: rates_of(torch.ones(2), 2), "learning_rate is tensor"),
        (lambda: rates_of(lambda epoch: [0.1, None][epoch], 2), "rate of epoch 1 is None"),
    ],
)  # fmt: skip
def test_schedule_that_cannot_be_is_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_numbers_of_numpy_and_single_tensors_are_numbers():
    assert OneCycle(np.float32(0.5), np.int64(1))(0) == pytest.approx(OneCycle(0.5, 1)(0))
    assert rates_of(np.float64(0.25), 2) == [0.25, 0.25]
    assert rates_of(lambda epoch: torch.tensor(0.25), 1) == [0.25]
