"""What a build may leave as it is: pages whose sources are those of a build without a warning."""

import json

import pytest

from tools.build import changes
from tools.build.changes import Source, Sources, changed_pages, face
from tools.paths import text_digest

PAGE = """(first)=
# A heading

Some prose with {cite}`kingma2014` and a formula.

$$
x = 1
$$ (eq-one)

:::{figure} picture.png
:name: picture
:::
"""


def sources(shared="settings", **texts):
    pages = {
        name: Source(text_digest(text), text_digest(face(text)), "") for name, text in texts.items()
    }
    return Sources(shared, pages)


GREEN = sources(one=PAGE, two="# Two\n")


def test_nothing_is_built_where_nothing_has_changed():
    assert changed_pages(GREEN, sources(one=PAGE, two="# Two\n")) == []


def test_prose_alone_builds_its_page_alone():
    assert changed_pages(GREEN, sources(one=PAGE.replace("Some", "Other"), two="# Two\n")) == [
        "one"
    ]


@pytest.mark.parametrize(
    "gone",
    ["(first)=\n", "A heading", "{cite}`kingma2014`", "eq-one", "x = 1", ":name: picture\n"],
)
def test_whatever_another_page_may_show_or_lead_to_builds_all(gone):
    """A label that is taken away must be missed by the pages that refer to it."""
    assert gone in PAGE
    new = sources(one=PAGE.replace(gone, ""), two="# Two\n")
    assert changed_pages(GREEN, new) is None


def test_everything_is_built_after_any_other_change():
    assert changed_pages(None, GREEN) is None
    assert changed_pages(GREEN, sources("others", one=PAGE, two="# Two\n")) is None
    assert changed_pages(GREEN, sources(one=PAGE)) is None
    assert changed_pages(GREEN, sources(two="# Two\n", one=PAGE)) is None


def test_record_of_a_build_is_read_as_it_was_written(tmp_path, monkeypatch):
    monkeypatch.setattr(changes, "BUILD", tmp_path)
    assert changes.read_record("en") is None
    (tmp_path / "en").mkdir()
    changes.write_record("en", GREEN)
    assert changes.read_record("en") == GREEN


def test_present_sources_hold_every_page():
    now = changes.sources("en")
    assert list(now.pages) == changes.page_names("en")
    assert changed_pages(now, changes.sources("en")) == []


def test_anchors_are_the_places_that_links_lead_to(tmp_path):
    (tmp_path / "one.html").write_text('<h1 id="a">A</h1><p class="id" id="b">', encoding="utf-8")
    assert changes.anchors(tmp_path, ["one"]) == {"one": ["a", "b"]}


def test_other_pages_know_the_name_of_a_figure(tmp_path):
    faces = set()
    for name in ("fig-one", "fig-two"):
        cell = {"cell_type": "code", "source": "x", "metadata": {"mystnb": {"figure": name}}}
        path = tmp_path / "page.ipynb"
        path.write_text(json.dumps({"cells": [cell]}), encoding="utf-8")
        faces.add(changes.source(path.with_suffix("")).face)
    assert len(faces) == 2
