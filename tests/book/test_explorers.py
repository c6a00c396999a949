"""An explorer of a notebook becomes native sliders, one picture and files; its script is small."""

import json
from collections import defaultdict
from types import SimpleNamespace

import matplotlib.pyplot as plt
import pytest
from bs4 import BeautifulSoup
from directives import page
from docutils import nodes
from docutils.utils import new_document
from ipywidgets import IntSlider
from ipywidgets.embed import dependency_state
from PIL import Image
from sphinx.errors import ExtensionError
from vae_book.explorers import set_explorers

from tools.build.outputs import WIDGET
from tools.paths import FRAMES, ROOT
from vae_lib.widgets import explorer

MOST_OF_THE_SCRIPT = 3000  # bytes, as shipped
STATE = "ipywidgets_state"
SENTENCE = "Bei {mean} und <{word}> ist {sum}, {unknown}."
ALT = 'Two sliders, "mean" & word.'


def draw(mean, word):
    figure = plt.figure(figsize=(3, 1))
    plt.plot([0, mean], [0, len(word)])
    return figure, {"sum": mean + len(word)}


def convert(folder, widget, metadata):
    """Set a page with one cell, whose output is the widget."""
    state = {"state": dependency_state(widget, drop_defaults=False)}
    view = json.dumps({"version_major": 2, "version_minor": 0, "model_id": widget.model_id})
    output = nodes.container("", mime_type=WIDGET)
    output += nodes.raw("", f'<script type="{WIDGET}">{view}</script>', format="html")
    cell = nodes.container("", output, cell_index=4, cell_metadata=metadata)
    page = new_document("page")
    page += cell
    scripts = {STATE: (None, {"body": json.dumps(state)}), "ipywidgets_0": ("require.js", {})}
    env = SimpleNamespace(docname="page", nb_metadata=defaultdict(dict))
    env.nb_metadata["page"]["js_files"] = scripts
    config = SimpleNamespace(language="zh_TW")
    set_explorers(SimpleNamespace(env=env, outdir=folder, config=config), page)
    return output.astext(), scripts


@pytest.fixture(scope="module")
def converted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    box = explorer(draw, mean=[-1, 0, 2.5], word=["a", "</script>"])
    metadata = {"mystnb": {"image": {"alt": ALT}}, "explorer": {"sentence": SENTENCE}}
    html, scripts = convert(folder, box, metadata)
    return BeautifulSoup(html, "html.parser").div, scripts, folder / FRAMES


def test_sliders_are_native_and_say_the_stops_that_they_start_at(converted):
    group, _, _ = converted
    assert group["role"] == "group" and group["aria-label"] == ALT
    labels, outputs, inputs = (group.find_all(tag) for tag in ("label", "output", "input"))
    assert [one.get_text() for one in labels] == ["mean", "word"]
    assert [one.get_text() for one in outputs] == ["0", "</script>"]
    assert [one["aria-valuetext"] for one in inputs] == ["0", "</script>"]
    assert [(one["type"], one["max"], one["value"]) for one in inputs] == [
        ("range", "2", "1"), ("range", "1", "1"),
    ]  # fmt: skip
    names = [one["id"] for one in inputs]
    assert names == [one["for"] for one in labels]
    assert len(set(names)) == 2


def test_every_choice_of_stops_has_a_frame_that_says_itself(converted):
    group, _, folder = converted
    choices = json.loads(group.script.get_text())
    assert choices["stops"] == [["\u22121", "0", "2.5"], ["a", "</script>"]]
    assert [alt for _, alt in choices["frames"]] == [
        f"Bei {mean} und <{word}> ist {total}, {{unknown}}."
        for mean, word, total in [
            ("\u22121", "a", "0"), ("\u22121", "</script>", "8"), ("0", "a", "1"),
            ("0", "</script>", "9"), ("2.5", "a", "3.5"), ("2.5", "</script>", "11.5"),
        ]
    ]  # fmt: skip
    assert {name for name, _ in choices["frames"]} == {path.name for path in folder.iterdir()}
    for path in folder.iterdir():
        with Image.open(path) as picture:
            assert picture.format == "WEBP" and picture.size == (450, 150)


def test_the_frame_of_the_first_stops_stands_there_without_a_script(converted):
    group, _, _ = converted
    picture, frames = group.img, json.loads(group.script.get_text())["frames"]
    assert [picture["src"].removeprefix("../frames/"), picture["alt"]] == frames[3]
    assert (picture["width"], picture["height"]) == ("300", "100")
    assert "data:" not in str(group)


def test_page_loads_the_books_own_script_alone(converted):
    _, scripts, _ = converted
    assert [source for source, _ in scripts.values()] == ["explorers.js"]


def test_without_a_sentence_a_frame_says_its_stops_and_figures(tmp_path):
    html, _ = convert(tmp_path, explorer(draw, mean=[1], word=["a"]), {})
    assert BeautifulSoup(html, "html.parser").img["alt"] == "mean = 1, word = a: sum = 2"


def test_labels_stops_and_figures_are_in_the_language_of_the_page(tmp_path, monkeypatch):
    known = {"word": "Wort", "a": "ein"}
    monkeypatch.setattr("vae_book.explorers._", lambda word: known.get(word, word))
    metadata = {"explorer": {"sentence": "Bei {word}."}}
    html, _ = convert(tmp_path, explorer(draw, word=["a"], mean=[1]), metadata)
    group = BeautifulSoup(html, "html.parser").div
    assert [one.get_text() for one in group.find_all("label")] == ["Wort", "mean"]
    assert [one.get_text() for one in group.find_all("output")] == ["ein", "1"]
    assert group.img["alt"] == "Bei ein."


def test_equal_frames_are_one_file_and_are_not_written_again(tmp_path):
    def same(mean):
        return plt.figure(figsize=(1, 1))

    box = explorer(same, mean=[1, 2, 3])
    convert(tmp_path, box, {})
    [frame] = (tmp_path / FRAMES).iterdir()
    frame.write_bytes(b"kept")
    convert(tmp_path, box, {})
    assert [path.read_bytes() for path in (tmp_path / FRAMES).iterdir()] == [b"kept"]


def test_widget_that_is_no_explorer_is_an_error(tmp_path):
    with pytest.raises(ExtensionError, match=r"^Cell 5 of page shows a widget that is no explorer"):
        convert(tmp_path, IntSlider(), {})


def test_a_lab_stands_there_in_the_pages_language_and_brings_its_own_script(tmp_path):
    labs = pytest.importorskip("vae_lib.lab", reason="anywidget is not installed")
    html, scripts = convert(tmp_path, labs.lab("climb", mean=0.5), {})
    lab = BeautifulSoup(html, "html.parser").div
    assert lab["data-lab"] == "climb"
    assert json.loads(lab["data-start"]) == labs.STARTS["climb"] | {"mean": 0.5}
    assert lab.find("label").get_text() == "q 的平均值" and lab.output.get_text() == "0.50"
    assert lab.find("input")["id"] == lab.find("label")["for"] == "slider-4-mean"
    assert [source for source, _ in scripts.values()] == ["lab.js"]


def test_script_is_small():
    script = (ROOT / "book/_static/explorers.js").read_bytes()
    assert len(script) <= MOST_OF_THE_SCRIPT


def test_a_page_that_is_no_notebook_shows_a_lab_by_a_directive(tmp_path):
    doctree, said = page(tmp_path / "book", "lab:: climb", "zh_TW")
    [raw] = doctree.findall(nodes.raw)
    lab = BeautifulSoup(raw.astext(), "html.parser").div
    assert said == "" and lab["data-lab"] == "climb"
    assert lab.find("label").get_text() == "q 的平均值"


def test_a_directive_for_no_lab_names_those_that_there_are(tmp_path):
    _, said = page(tmp_path / "book", "lab:: clim", "en")
    assert "There is no lab 'clim': choose one of ['climb', 'draw'" in said
