"""What a page weighs: all that it names counts once, and an explorer's frames are counted."""

import gzip
import json

import pytest

from tools.site import page_weights

PAGE = """<link rel="stylesheet" href="style.css?v=1"><script src="run%20me.js"></script>
<script src="run%20me.js"></script><script src="https://example.org/away.js"></script>
<p><strong>Which one is it?</strong> Move the slider, <strong>slowly</strong>.</p>
<div class="explorer"><script type="application/vnd.jupyter.widget-view+json">
{"model_id": "box"}</script></div>
<script type="application/vnd.jupyter.widget-state+json">STATE</script>"""
STATE = {
    "box": {"model_name": "VBoxModel", "state": {"children": ["IPY_MODEL_a", "IPY_MODEL_b"]}},
    "a": {"model_name": "SelectionSliderModel", "state": {"value": 1}},
    "b": {"model_name": "StackModel", "state": {"children": ["IPY_MODEL_c", "IPY_MODEL_d"]}},
    "c": {"model_name": "HTMLModel", "state": {"value": "12345"}},
    "d": {"model_name": "HTMLModel", "state": {"value": "67890"}},
    "other": {"model_name": "HTMLModel", "state": {"value": "of another explorer"}},
}


@pytest.fixture
def html(tmp_path):
    page_weights.compressed_size.cache_clear()
    folder = tmp_path / "en"
    folder.mkdir()
    (folder / "page.html").write_text(PAGE.replace("STATE", json.dumps({"state": STATE})))
    (folder / "style.css").write_text("a { }" * 100)
    (folder / "run me.js").write_text("f();" * 100)
    return tmp_path


def test_page_weighs_what_it_names_once_and_compressed(html):
    page = page_weights.weigh(html / "en/page.html", html)
    sizes = {
        path.name: len(gzip.compress(path.read_bytes(), 6)) for path in (html / "en").iterdir()
    }
    assert page.name == "en/page.html" and page.own == sizes["page.html"]
    assert page.total == sum(sizes.values())


def test_explorer_is_counted_with_its_own_frames_and_question(html):
    (explorer,) = page_weights.weigh(html / "en/page.html", html).explorers
    assert explorer == ("Which one is it?", 2, 10)


def test_heavy_page_fails_and_is_named(html, monkeypatch, capsys):
    page_weights.report(html)
    assert "2 frames     0 kB  Which one is it?" in capsys.readouterr().out
    monkeypatch.setattr(page_weights, "LIMIT", 100)
    with pytest.raises(SystemExit, match=r"compressed: en/page\.html; give the explorers"):
        page_weights.report(html)
