"""Labs in a notebook: what Python reads and sets, and the module that brings them to life there."""

import json
import subprocess
import time

import numpy as np
import pytest

pytest.importorskip("anywidget", reason="anywidget is not installed: run `make` to have it")

from tools.build.lab import ESBUILD, MODULE, bundle
from tools.build.static_files import NODE
from tools.paths import ROOT
from vae_lib.lab import NEEDS, STARTS, lab

SETTINGS = f"""
import {{ LABS }} from "{(ROOT / "vae_lib/lab/labs.js").as_uri()}";
const names = ({{ ranges, switches }}) => [...Object.keys(ranges), ...switches].sort();
const entries = Object.entries(LABS).map(([name, one]) => [name, [names(one), one.needs ?? []]]);
console.log(JSON.stringify(Object.fromEntries(entries)));
"""
DRAWING = f"""
import {{ asDigit }} from "{(ROOT / "vae_lib/lab/drawing.js").as_uri()}";
const hook = (x, y, size) => [[[x, y], [x + size, y + size / 2], [x, y + size]]];
const drawn = [[0.1, 0.1, 0.8], [0.5, 0.3, 0.2], [0.4, 0.9, 0]];
const both = (one) => [true, false].map((small) => [...asDigit(hook(...one), small)]);
console.log(JSON.stringify(drawn.map(both)));
"""


def run(code):
    """What node says of a module's text."""
    command = [NODE / "bin/node", "--input-type=module", "--eval", code]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout
    return json.loads(said)


def test_settings_are_read_and_set_before_and_after_a_browser_has_drawn_it():
    climb = lab("climb", mean=0.5)
    assert (climb.mean, climb.width) == (0.5, 1.0)
    climb.state = climb.state | {"mean": 1.25, "gap": 0.1}  # as the browser does
    assert (climb.mean, climb.gap) == (1.25, 0.1)
    climb.width = 0.4
    assert climb.state == {"mean": 1.25, "width": 0.4, "slope": 1.0, "gap": 0.1}


def test_what_is_unknown_is_named():
    with pytest.raises(ValueError, match=r"^There is no lab 'clim': choose one of \['climb'"):
        lab("clim")
    with pytest.raises(ValueError, match=r"^The lab 'climb' has no setting 'men': it has \['mean'"):
        lab("climb", men=1)
    with pytest.raises(AttributeError, match=r"^The lab 'climb' shows no 'gap'"):
        lab("climb").gap  # noqa: B018


def test_what_a_lab_needs_travels_with_it():
    assert lab("draw").packed.keys() == {"plane", "digits"}
    assert len(lab("train").packed["digits"]["labels"]) == 1000
    assert lab("walk").packed["traverse"]["decoder"] == [10, 128, 784]
    assert lab("climb").packed == {}


def test_two_labs_have_states_of_their_own():
    first, second = lab("climb"), lab("climb")
    first.mean = 2.0
    assert second.mean == STARTS["climb"]["mean"] == 0.0


def test_a_cell_with_a_lab_does_not_wait():
    """It draws nothing: 0.1 s is some hundred times what it takes on a quiet machine."""
    lab("climb")
    start = time.perf_counter()
    lab("climb")._repr_mimebundle_()
    assert time.perf_counter() - start < 0.1


def test_starts_and_needs_are_those_of_all_labs():
    needs = {name: list(NEEDS.get(name, ())) for name in STARTS}
    expected = {name: [sorted(starts), needs[name]] for name, starts in STARTS.items()}
    assert run(SETTINGS) == expected


def test_a_drawing_becomes_a_digit_as_mnists_are():
    """The same one wherever and however large it was drawn; a dot does not fill the square.

    20 of 28 pixels are 10 of 14, and at both ends may touch one more. Each pixel counts
    with its own place, so that the center of mass is met to a tenth of a pixel.
    """
    drawn = run(DRAWING)
    for halved, whole in drawn:
        squares = np.array(whole).reshape(14, 2, 14, 2).mean((1, 3))
        assert np.abs(squares.ravel() - halved).max() < 1e-12
    large, small, dot = (np.array(halved).reshape(14, 14) for halved, _ in drawn)
    assert np.abs(large - small).max() < 1e-9
    for one, size in ((large, 10), (dot, 2)):
        assert one.min() >= 0 and 0.2 < one.max() <= 1
        for axis in (0, 1):
            ink = one.sum(axis)
            center = (ink * (np.arange(14) + 0.5)).sum() / ink.sum()
            assert center == pytest.approx(7, abs=0.1)
        assert size <= (ink > 0).sum() <= size + 2


@pytest.mark.skipif(not ESBUILD.exists(), reason="esbuild is not there: run `make book` first")
def test_the_module_for_notebooks_is_a_bundle_of_the_present_sources():
    fresh = bundle("widget.js", "esm")
    assert lab("climb")._esm == MODULE.read_text(encoding="utf-8") == fresh, (
        "run `python -m tools.build.lab` and commit vae_lib/lab/bundle.js"
    )
    assert "import(" not in fresh and "http" not in fresh.replace("http://www.w3.org", "")
