"""Checkpoints made to do harm, each with a valid checksum; ``test_hostile`` starts this file.

Run alone, ``python tests/processes/hostile.py FOLDER``, it writes each file there, loads it and
goes on from it, and ends with exit status 1 if anything but a refusal in one sentence comes of it.
"""

import contextlib
import io
import json
import random
import resource
import sys
from pathlib import Path

import torch
from safetensors.torch import save

from vae_lib import checkpoints
from vae_lib.checkpoints import CheckpointError, load_model, read_checkpoint
from vae_lib.engine.devices import Machine
from vae_lib.keeping import Keep
from vae_lib.models import mlp_vae
from vae_lib.training import fit

MEMORY = 4 * 2**30  # bytes of addresses, PyTorch's own included
WEIGHT = "model.encoder.body.0.weight"
SPELLINGS = ["\n\x1b[31m", "\u202e", "x" * 10**5, "{}", "%s"]  # of names, to be shown in a sentence
STRANGE = [None, True, -1, 0, 1.5, 10**9, 10**30, "8", [], {}, [[8]]]


def write(path, tensors, text, **header):
    """Write as ``write_checkpoint`` does, but any text; ``header`` replaces what belongs there."""
    about = {"format": checkpoints.FORMAT, "about": text}
    about["sha256"] = checkpoints._digest(tensors, text)
    path.write_bytes(save(tensors, metadata=about | header))


def run(path, resume, model=None):
    """Train a small model for an epoch, or go on from that for a second one."""
    torch.manual_seed(0)
    model = mlp_vae(data_dim=16, latent_dim=2, hidden=(8,)) if model is None else model
    images = torch.rand(24, 16, generator=torch.Generator().manual_seed(1))
    keep, machine = Keep(path, resume), Machine("cpu", threads=None if resume else 1)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        fit(
            model, images[:16], images[16:], epochs=1 + resume, batch_size=8, keep=keep,
            machine=machine,
        )  # fmt: skip


def changed_tensors(good):
    """Name, tensors, and whether the model may still be loaded."""
    for name in (WEIGHT, "model.decoder.logits.bias"):
        value = good[name]
        bad = value.clone()
        bad.view(-1)[3] = torch.nan
        yield f"{name} dropped", {n: t for n, t in good.items() if n != name}, False
        others = {
            "NaN": bad, "infinite": torch.full_like(value, -torch.inf), "none": value[:0],
            "longer": torch.cat([value, value]), "number": torch.tensor(1.0),
            "deeper": value[None], "flat": value.flatten()[:-1],
        }  # fmt: skip
        others |= {str(dtype): value.to(dtype) for dtype in (torch.int64, torch.bool, torch.uint8)}
        others |= {"complex": value.to(torch.complex64), "tiny": value.to(torch.float8_e5m2)}
        for kind, other in others.items():
            yield f"{name} {kind}", good | {name: other}, False
        for dtype in (torch.float64, torch.float16, torch.bfloat16):
            yield f"{name} {dtype}", good | {name: value.to(dtype)}, True
    huge = good[WEIGHT].double() * 1e300
    yield "too large for single precision", good | {WEIGHT: huge}, False
    yield "model.extra added", good | {"model.extra": torch.zeros(3)}, False
    yield "no tensors", {}, False
    yield "only weights", {n: t for n, t in good.items() if n.startswith("model.")}, True
    for name in ("", "x", "optimiser", "optimiser.", "optimiser.0", "optimiser.99.step"):
        yield f"{name!r} added", good | {name: torch.zeros(())}, True
    for name in ("optimiser.-1.step", "optimiser.0.max_exp_avg_sq", "optimiser.00.exp_avg"):
        yield f"{name!r} added", good | {name: torch.zeros(8, 16)}, True
    for text in SPELLINGS:
        value = torch.full((3,), torch.nan)
        yield f"model.{text[:9]!r} added", good | {f"model.{text}": torch.zeros(3)}, False
        yield f"model.{text[:9]!r} added, NaN", good | {f"model.{text}": value}, False
        yield f"optimiser.{text[:9]!r} added", good | {f"optimiser.{text}": value}, True
    without = {n: t for n, t in good.items() if not n.startswith("optimiser.3.")}
    yield "optimiser.3 dropped", without, True
    for number in (0, 5):
        for key in ("step", "exp_avg", "exp_avg_sq"):
            name = f"optimiser.{number}.{key}"
            value = good[name]
            others = {
                "none": torch.zeros(0), "square": torch.zeros(1, 1), "large": torch.ones(99, 99),
                "double": value.double(), "whole": value.long(), "NaN": value * torch.nan,
                "twice": torch.stack([value, value]),
            }  # fmt: skip
            if key != "exp_avg":
                others["negative"] = -1 - value
            if key != "exp_avg_sq":
                others["infinite"] = value + torch.inf
            yield f"{name} dropped", {n: t for n, t in good.items() if n != name}, True
            for kind, other in others.items():
                yield f"{name} {kind}", good | {name: other}, True
    yield from changed_generators(good)


def changed_generators(good):
    """Random numbers in a state in which PyTorch would read beyond its own."""
    state = good["generator"]

    def at(place, dtype, number):
        part = torch.tensor([number], dtype=dtype).view(torch.uint8)
        return torch.cat([state[:place], part, state[place + len(part) :]])

    others = {
        "none": state[:0], "short": state[:-1], "long": torch.cat([state, state]),
        "zeros": torch.zeros_like(state), "ones": torch.full_like(state, 255),
        "numbers": torch.zeros(len(state)), "another kind's": state[:16],
        "unused": at(8, torch.int32, 624), "negative": at(8, torch.int32, -5),
        "not seeded": at(12, torch.int32, 0), "beyond": at(16, torch.int64, 624),
        "far beyond": at(16, torch.int64, 2**40), "before": at(16, torch.int64, -1),
    }  # fmt: skip
    yield "generator dropped", {n: t for n, t in good.items() if n != "generator"}, True
    for kind, other in others.items():
        yield f"generator {kind}", good | {"generator": other}, True


def changed_about(good):
    """Name, text, and whether the model may still be loaded."""

    def with_part(part, value):
        return json.dumps(good | {part: value})

    for part in ("model", "settings", "history", "epochs"):
        others = {name: value for name, value in good.items() if name != part}
        yield f"{part} dropped", json.dumps(others), part != "model"
        for value in STRANGE:
            if (part, value) != ("epochs", 10**9) and (part, value) != ("epochs", 10**30):
                yield f"{part} = {value}", with_part(part, value), part != "model"
    for part in ("model", "settings", "history"):
        inner = good[part]
        for name in inner:
            less = {other: value for other, value in inner.items() if other != name}
            yield f"{part} without {name}", with_part(part, less), part != "model"
            for value in STRANGE:
                legal = name == "allow_grey" and value is True
                if value != inner[name]:  # True is 1
                    yield (
                        f"{part}.{name} = {value}",
                        with_part(part, inner | {name: value}),
                        part != "model" or legal,
                    )
        yield f"{part} with more", with_part(part, inner | {"more": 1}), part != "model"
        for text in SPELLINGS:
            more = inner | {text: text, **{name: text for name in list(inner)[:1]}}
            yield f"{part} with {text[:9]!r}", with_part(part, more), part != "model"
    for hidden in (
        [10**9],
        [10**9] * 3,
        [8] * 10**5,
        [9.0],
        ["8"],
        [True],
        [-8],
        [0],
        [16],
        [8, 8],
    ):
        text = with_part("model", good["model"] | {"hidden": hidden})
        yield f"hidden = {str(hidden)[:40]}", text, False
    for name, word in (("likelihood", "gaussian"), ("likelihood", "x" * 10**6), ("activation", "")):
        yield f"{name} = {word[:9]}", with_part("model", good["model"] | {name: word}), False
    yield "tanh", with_part("model", good["model"] | {"activation": "tanh"}), True
    for name, values in good["history"].items():
        for kind, other in {
            "shorter": [], "longer": [*values, *values], "whole": [1], "word": ["1"],
            "true": [True], "nested": [[1.0]], "none": [None],
        }.items():  # fmt: skip
            text = with_part("history", good["history"] | {name: other})
            yield f"history.{name} {kind}", text, True
    yield "no epoch", with_part("history", {name: [] for name in good["history"]}), True
    two = {name: [*values, values[0] - 1.0] for name, values in good["history"].items()}
    yield "time runs back", json.dumps(good | {"history": two, "epochs": 2}), True
    unwatched = {n: [] if "validation" in n else v for n, v in good["history"].items()}
    yield "validation dropped", with_part("history", unwatched), True
    for threads in (2000, 10**9, 10**30, -1, True, "1"):
        text = with_part("settings", good["settings"] | {"threads": threads})
        yield f"threads = {threads}", text, True


def texts(good):
    """Name and text that is not what a run writes, or no JSON at all; no model may be loaded."""
    text = json.dumps(good)
    deep = {"lists": "[" * 10**5 + "]" * 10**5, "objects": '{"a":' * 10**5 + "1" + "}" * 10**5}
    for name, value in deep.items():
        yield f"deep {name}", value
        yield f"deep {name} inside", text[:-1] + f', "more": {value}' + "}"
    for value in ("", "5", "[]", "null", '"x"', "{", text[:-1], text + text, "\ufeff" + text):
        yield f"text {value[:20]!r}", value
    for value in ("NaN", "Infinity", "-Infinity", "9" * 5000, "01", "nul"):
        yield f"number {value[:10]}", text[:-1] + f', "more": {value}' + "}"
    yield "a name twice", text[:-1] + ', "epochs": 1}'
    yield "a model twice", '{"model": {"hidden": [1000000000]}, ' + text[1:]


def infinite_figures(good):
    """Name and text of figures that no JSON should hold."""
    for word in ("NaN", "Infinity", "1e999", "-1e999"):
        for name, values in good["history"].items():
            text = json.dumps(good)
            shown = json.dumps({name: values})[1:-1]
            assert shown in text
            yield f"{name} = {word}", text.replace(shown, f'"{name}": [{word}]')


def cases(tensors, about):
    """Name, function that writes the file, and whether the model may be loaded."""
    text = json.dumps(about)
    for name, changed, loads in changed_tensors(tensors):
        yield name, lambda path, t=changed: write(path, t, text), loads
    for name, changed, loads in changed_about(about):
        yield name, lambda path, t=changed: write(path, tensors, t), loads
    for name, changed in texts(about):
        yield name, lambda path, t=changed: write(path, tensors, t), False
    for name, changed in infinite_figures(about):
        yield name, lambda path, t=changed: write(path, tensors, t), "1e999" in changed
    for name, header in {
        "of another version": {"format": "vae_lib checkpoint 1"},
        "of a long format": {"format": "x" * 10**6},
        "without a checksum": {"sha256": ""},
    }.items():
        yield name, lambda path, h=header: write(path, tensors, text, **h), False


def damaged(whole):
    """Name and bytes: a good file cut off, or with one bit turned."""
    draw = random.Random(0)
    for _ in range(24):
        place = draw.randrange(len(whole))
        turned = bytearray(whole)
        turned[place] ^= 1 << draw.randrange(8)
        yield f"bit turned in byte {place}", bytes(turned)
        yield f"cut off at byte {place}", whole[:place]


def refusal(act):
    """What comes of ``act``: ``""`` if it is refused in one sentence."""
    try:
        act()
    except CheckpointError as error:
        said = str(error)
        good = said.endswith(".") and said.isprintable() and len(said) < 1000
        return "" if good else f"not one sentence: {said[:200]!r}"
    except BaseException as error:
        return f"{type(error).__name__}: {str(error)[:200]}"
    return "accepted"


def attack(path, loads):
    """Load the file and go on from it; return what was not as it should be."""
    before, folder = path.read_bytes(), sorted(path.parent.iterdir())
    torch.manual_seed(5)
    random_numbers = torch.get_rng_state()
    found = refusal(lambda: load_model(path))
    faults = [] if found == ("accepted" if loads else "") else [f"load_model: {found or 'refused'}"]
    if not loads and not torch.equal(random_numbers, torch.get_rng_state()):
        faults.append("load_model drew random numbers")
    torch.manual_seed(0)
    model = mlp_vae(data_dim=16, latent_dim=2, hidden=(8,))
    weights = {name: value.clone() for name, value in model.state_dict().items()}
    if found := refusal(lambda: run(path, True, model)):
        faults.append(f"fit: {found}")
    if not all(torch.equal(value, weights[name]) for name, value in model.state_dict().items()):
        faults.append("the model was changed")
    if path.read_bytes() != before or sorted(path.parent.iterdir()) != folder:
        faults.append("the file or its folder was changed")
    return faults


def main(folder):
    """Try all of them in one process, the name of each on standard output before it is tried."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    good, path = folder / "good", folder / "hostile"
    run(good, False)
    whole, (tensors, about) = good.read_bytes(), read_checkpoint(good)
    load_model(good)
    run(good, True)
    assert len(read_checkpoint(good)[1]["history"]["seconds"]) == 2
    count, wrong = 0, 0
    files = [*cases(tensors, about)]
    files += [(name, lambda path, c=c: path.write_bytes(c), False) for name, c in damaged(whole)]
    for name, make, loads in files:
        print(name, flush=True)
        make(path)
        count += 1
        for fault in attack(path, loads):
            print(f"WRONG: {name}: {fault}", file=sys.stderr)
            wrong += 1
    print(f"{count} files, {wrong} not refused as they should be")
    raise SystemExit(wrong > 0)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
