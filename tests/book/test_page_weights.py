"""What a page weighs: all that it names counts once, and an explorer's frames are counted."""

import gzip

import pytest

from tools.site import page_weights

PAGE = """<link rel="stylesheet" href="style.css?v=1"><script src="run%20me.js"></script>
<script src="run%20me.js"></script><script src="https://example.org/away.js"></script>
<p><strong>Which one is it?</strong> Move the slider, <strong>slowly</strong>.</p>
<div class="explorer"><img src="../frames/a.webp"><script type="application/json">
{"stops": [["1", "2", "3"]], "frames": [["a.webp", "one"], ["b.webp", "two"], ["a.webp", "3"]]}
</script></div>"""


@pytest.fixture
def html(tmp_path):
    page_weights.compressed_size.cache_clear()
    folder = tmp_path / "en"
    folder.mkdir()
    (folder / "page.html").write_text(PAGE)
    (folder / "style.css").write_text("a { }" * 100)
    (folder / "run me.js").write_text("f();" * 100)
    (tmp_path / "frames").mkdir()
    (tmp_path / "frames/a.webp").write_bytes(b"12345")
    (tmp_path / "frames/b.webp").write_bytes(b"6789")
    return tmp_path


def test_page_weighs_what_it_names_once_and_compressed(html):
    page = page_weights.weigh(html / "en/page.html", html)
    sizes = {
        path.name: len(gzip.compress(path.read_bytes(), 6)) for path in (html / "en").iterdir()
    }
    assert page.name == "en/page.html" and page.own == sizes["page.html"]
    assert page.total == sum(sizes.values()) + len(b"12345")


def test_explorer_is_counted_with_its_frames_each_once_and_its_question(html):
    (explorer,) = page_weights.weigh(html / "en/page.html", html).explorers
    assert explorer == ("Which one is it?", 2, 9)


def test_heavy_page_fails_and_is_named(html, monkeypatch, capsys):
    page_weights.report(html)
    assert "2 frames     0 kB  Which one is it?" in capsys.readouterr().out
    monkeypatch.setattr(page_weights, "LIMIT", 100)
    with pytest.raises(SystemExit, match=r"compressed: en/page\.html; give the explorers"):
        page_weights.report(html)
