"""The benchmarks: contestants train the same model, files have their shape, the page shows them."""

import json
import re

import pytest
import torch
from agreement import agree
from directives import cells, page
from vae_book import benchmarks as tables

from benchmarks import report
from benchmarks.contestants import Net, parameters
from benchmarks.floor import LAYERS
from benchmarks.images import synthetic
from benchmarks.ladder import RUNGS
from benchmarks.likelihood import difference_to_the_naive_sum
from benchmarks.profiles import GROUPS, REST, group_of
from tools.paths import ROOT
from vae_lib.models import mlp_vae
from vae_lib.objectives import elbo

FILES = ["speed", "ladder", "likelihood", "scaling", "threads"]
SPREAD = {"median": 2.0, "min": 1.0, "max": 3.0}
MACHINE = {
    "cpu": "a",
    "architecture": "b",
    "system": "c",
    "threads": 2,
    "python": "d",
    "torch": "e",
}
GROUP_NAMES = ["element-wise work and sums", *GROUPS, REST]
PART = {
    "microseconds": dict.fromkeys(GROUP_NAMES, 1.0),
    "step_under_the_profiler": 9.0,
    "step": 5.0,
}
RATIO = {"median": 3.28, "min": 3.1, "max": 3.409}
RACER = {"seconds": SPREAD, "times_faster": RATIO, "times_the_floor": SPREAD}
RACER |= {"first_epoch_seconds": 1.0}
RACER |= {"elbo": {"mean": -100.0, "standard_error": 0.1, "each": [-100.1, -99.9]}}
GUESSER = {"seconds_per_image": SPREAD, "times_faster": 1.0, "log_likelihood": -90.0}
SWEEP = [{"value": 1, "seconds_per_step": SPREAD, "peak_mib": 300.0}]
ALONE = {"seconds": 1.0, "log_likelihood": -90.0, "peak_mib": 300.0, "images": 10}
TIMES = dict.fromkeys(["one", "all", "one_busy", "all_busy"], SPREAD)
SETTING = {"name": "784-400-20", "batch": 128, "weights": 652824, "work": 83561472}
SETTING |= TIMES | {"gain": RATIO}
SHAPE = {
    "speed": {
        "images": 1, "judged_images": 1, "kind": "MNIST", "test_images": 1,
        "batch_size": 128, "rounds": 1,
        "elbo_after_epochs": 3, "seeds": 2, "contestants": {"DataLoader loop": RACER},
        "floor": {"float32": {"seconds": SPREAD}, "bfloat16": {"seconds": SPREAD}},
        "profile": {"float32": PART, "bfloat16": PART},
    },
    "ladder": {
        "images": 1, "kind": "MNIST", "batch_size": 128, "rounds": 1,
        "contestants": {"fit": {"seconds": SPREAD, "times_faster": RATIO}},
        "fit_to_plain_fit": RATIO,
    },
    "likelihood": {
        "kind": "MNIST", "images": 1, "k": 5000, "rounds": 1, "difference_to_the_naive_sum": 0.0,
        "contestants": {"pythae": GUESSER | {"peak_mib": 1.0}}, "whole": {"vae_lib": ALONE},
    },
    "scaling": {
        "rounds": 1, "base": {}, "hidden": 400, "shared_batch": 256,
        "sweeps": {name: SWEEP for name in ["batch_size", "latent_dim", "images", "k"]},
        "sharing": [{"hidden": 400, "one": SPREAD, "two": SPREAD, "times_faster": 1.0}],
    },
    "threads": {"rounds": 7, "settings": [SETTING]},
}  # fmt: skip
each_file = pytest.mark.parametrize("name", FILES)


pytestmark = pytest.mark.usefixtures("single_precision")


def committed(name):
    results = tables.read(name)
    if results is None:
        pytest.skip(f"benchmarks/{name}.json: not measured yet")
    return results


def spreads(value):
    if isinstance(value, dict):
        if "median" in value:
            yield value
        else:
            for one in value.values():
                yield from spreads(one)
    elif isinstance(value, list):
        for one in value:
            yield from spreads(one)


@each_file
def test_a_committed_file_has_its_shape_and_names_no_place(name):
    results = committed(name)
    optional = {"whole"}
    assert results.keys() - optional == (SHAPE[name].keys() | {"machine", "command"}) - optional
    assert results["machine"].keys() == MACHINE.keys()
    assert results["command"].startswith(f"python -m benchmarks.{name}")
    assert not re.search(r"[/\\~]\w", json.dumps(results)), "a path of the machine is in the file"
    assert all(one["min"] <= one["median"] <= one["max"] for one in spreads(results))
    with_rows = {"contestants", "floor", "profile", "whole", "sharing", "settings"}
    for part in with_rows & results.keys():
        parts = results[part].values() if isinstance(results[part], dict) else results[part]
        (keys,) = {frozenset(one) for one in parts}
        shape = SHAPE[name][part]
        first = next(iter(shape.values())) if isinstance(shape, dict) else shape[0]
        assert keys == first.keys(), part


def test_committed_ratios_are_those_of_the_medians():
    contestants = list(committed("likelihood")["contestants"].values())
    for one in contestants:
        agree(
            torch.tensor(
                contestants[0]["seconds_per_image"]["median"] / one["seconds_per_image"]["median"]
            ),
            torch.tensor(one["times_faster"]),
            atol=1e-3 * one["times_faster"],  # five digits are kept
        )


@pytest.mark.parametrize("name", ["speed", "ladder"])
def test_committed_ratios_of_rounds_enclose_that_of_the_medians(name):
    contestants = list(committed(name)["contestants"].values())
    for one in contestants:
        ratio = contestants[0]["seconds"]["median"] / one["seconds"]["median"]
        faster = one["times_faster"]
        assert faster["min"] * 0.999 <= ratio <= faster["max"] * 1.001  # five digits are kept


def test_no_contestant_bought_its_speed_with_a_worse_model():
    """One seed moves an ELBO after three epochs by some tenths of a nat; their mean by less."""
    elbos = {name: one["elbo"] for name, one in committed("speed")["contestants"].items()}
    for name, one in elbos.items():
        agree(torch.tensor(one["mean"]), torch.tensor(one["each"]).mean(), atol=0.02)  # 5 digits
        assert one["standard_error"] < 0.25, f"{name}: too few seeds to tell half a nat"
        for plain in ("DataLoader loop", "in-memory loop"):
            assert abs(one["mean"] - elbos[plain]["mean"]) < 0.5, (name, plain)


def test_the_fast_estimate_is_the_naive_sum():
    assert difference_to_the_naive_sum() < 1e-10  # measured 2e-15


@pytest.mark.parametrize("language", ["en", "zh-TW"])
def test_the_page_says_what_the_benchmarks_do(language):
    text = (ROOT / f"book/{language}/performance.md").read_text(encoding="utf-8")
    bold = re.findall(r"^- \*\*([\w -]+)\*\*[:：]", text, re.M)
    known = {"DataLoader loop", "pythae", "Pyro", "Lightning", "in-memory loop", "vae_lib"}
    assert set(bold) == known
    assert f" {3 * len(LAYERS) - 1} " in text
    results = tables.read("speed") or {"contestants": {}}
    for name in results["contestants"]:
        assert any(name.startswith(one) for one in bold), f"the page does not explain {name}"
    text += (ROOT / f"book/{language}/scaling.md").read_text(encoding="utf-8")
    used = re.findall(r"{benchmark-table} (\w+)", text)
    assert sorted(used) == sorted(tables.TABLES)


@pytest.fixture
def shown(tmp_path, monkeypatch):
    """A function from a table, a language and a file's content to the page and its warnings."""

    def show(table, language, results):
        monkeypatch.setattr(tables, "FOLDER", tmp_path)
        if results is not None:
            file = tables.TABLES[table][0]
            about = {"machine": MACHINE, "command": f"python -m benchmarks.{file}"}
            (tmp_path / f"{file}.json").write_text(json.dumps(results | about))
        return page(tmp_path / "book", f"benchmark-table:: {table}", language)

    return show


@pytest.mark.parametrize("language", ["en", "zh_TW"])
@pytest.mark.parametrize("table", tables.TABLES)
def test_each_table_has_a_cell_under_each_heading(shown, language, table):
    file = tables.TABLES[table][0]
    document, said = shown(table, language, SHAPE[file])
    headings, *rows = cells(document)
    assert rows and {len(row) for row in rows} == {len(headings)} and not said
    if table != "sharing":
        assert document.astext().endswith(f"python -m benchmarks.{file}")
    if language == "zh_TW":
        known = {"ELBO", "log p(x)", "float32", "bfloat16"}
        assert not [one for one in headings if one.isascii() and one not in known]
    if language == "zh_TW" and table == "profile":
        assert not [row[0] for row in rows if row[0].isascii()]


@pytest.mark.parametrize("table", tables.TABLES)
def test_table_of_what_was_not_measured_says_so(shown, table):
    document, said = shown(table, "en", None)
    file = tables.TABLES[table][0]
    sentence = f"has not been measured yet: python -m benchmarks.{file} writes the file"
    assert sentence in document.astext() and not cells(document) and not said


def test_file_with_a_number_for_a_spread_is_an_error_of_the_page(shown):
    old = {"fit": {"seconds": SPREAD, "times_faster": 3.28}}
    document, said = shown("ladder", "en", SHAPE["ladder"] | {"contestants": old})
    assert "ERROR: ladder.json lacks a spread (median, min, max)" in said and not cells(document)
    assert "measure again with `python -m benchmarks.ladder`" in said


def test_ratios_are_shown_with_the_range_of_their_rounds(shown):
    document, _ = shown("threads", "en", SHAPE["threads"])
    assert cells(document) == [
        ["Model, batch", "One thread", "All threads", "One, a core busy", "All, a core busy",
         "Gain of all when quiet"],
        ["784-400-20, 128", *["2.00 (1.00–3.00)"] * 4, "3.28 (3.10–3.41)"],
    ]  # fmt: skip


def test_tables_and_chart_hold_the_files_numbers(tmp_path):
    results = json.loads(json.dumps(SHAPE["speed"]))
    results["contestants"]["DataLoader loop"]["seconds"] = {"median": 4.5678, "min": 4, "max": 5}
    row = tables.speed(results | {"machine": MACHINE, "command": ""}).rows[0]
    assert row == [
        "DataLoader loop", "4.57", "4.00–5.00", "3.28 (3.10–3.41)", "2.00 (1.00–3.00)", "1.00",
        "−100.00 ± 0.10",
    ]  # fmt: skip
    assert "DataLoader loop 4.57" in tables.describe(results)
    tables.draw(results, tmp_path / "chart.png")
    assert (tmp_path / "chart.png").stat().st_size > 5000


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1234.5, "1,230"),
        (56.78, "56.8"),
        (9.996, "10.0"),
        (0.01234, "0.0123"),
        (0.5, "0.500"),
        (0, "0.00"),
    ],
)
def test_numbers_are_shown_with_three_digits(value, shown):
    assert tables.number(value) == shown


def test_the_plain_model_maximises_the_same_bound():
    net, model = Net(), mlp_vae()
    with torch.no_grad():
        for mine, theirs in zip(parameters(model), net.parameters(), strict=True):
            mine.copy_(theirs)
    x = synthetic(16, 0)
    torch.manual_seed(1)
    loss = net.loss(x)
    torch.manual_seed(1)
    bound = elbo(model, x, noise=torch.randn(1, 16, 20))
    agree(-bound.value.sum(), loss, atol=0.02)  # single precision, a sum of about 9,000


@pytest.mark.parametrize("contestant", RUNGS.values(), ids=RUNGS)
def test_a_contestant_begins_each_epoch_and_trains_nothing_before(contestant):
    seen = []
    torch.manual_seed(1)
    contestant(
        synthetic(256, 0), 3, lambda parameters: seen.append([p.clone() for p in parameters])
    )
    assert len(seen) == 3
    torch.manual_seed(1)
    for one, other in zip(seen[0], Net().parameters(), strict=True):
        assert torch.equal(one, other), "the first epoch begins with trained weights"
    assert not any(torch.equal(one, other) for one, other in zip(seen[0], seen[1], strict=True))


def test_synthetic_images_are_binary_and_always_the_same():
    images = synthetic(1500, 3)
    assert images.shape == (1500, 784) and set(images.unique().tolist()) == {0.0, 1.0}
    assert torch.equal(images, synthetic(1500, 3))


def test_the_command_is_kept_without_the_folder(monkeypatch):
    monkeypatch.setattr("sys.argv", ["/somewhere/benchmarks/speed.py"])
    kept = report.command(["--folder", "/somewhere/mnist", "--output", "/x.json", "--rounds", "5"])
    assert kept == "python -m benchmarks.speed --folder MNIST --rounds 5"


@pytest.mark.parametrize(
    ("operation", "group"),
    [
        ("aten::addmm", "matrix products"),
        ("aten::_fused_adamw_", "optimiser"),
        ("aten::copy_", "conversions and copies"),
        ("aten::index", "random numbers and gathering"),
        ("aten::softplus", "element-wise work and sums"),
        ("aten::sum", "element-wise work and sums"),
        ("aten::view", "views, memory, bookkeeping"),
        ("autograd::engine::evaluate_function: MmBackward0", "views, memory, bookkeeping"),
    ],
)
def test_operations_are_grouped(operation, group):
    assert group_of(operation) == group
