"""The page's table of one process and of two."""

import json

import pytest
from directives import cells, page

MEASURED = {
    "machine": {"cpu": "Some CPU"},
    "shared_batch": 256,
    "sharing": [
        {"hidden": 4000, "one": {"median": 0.06}, "two": {"median": 0.04}, "times_faster": 1.5},
        {"hidden": 400, "one": {"median": 0.002}, "two": {"median": 0.004}, "times_faster": 0.5},
    ],
}


@pytest.fixture
def table(tmp_path, monkeypatch):
    """A function from what was measured and a language to the page's document and warnings."""

    def make(measured, language="en"):
        monkeypatch.setattr("vae_book.benchmarks.FOLDER", tmp_path)
        if measured is not None:
            (tmp_path / "scaling.json").write_text(json.dumps(measured))
        return page(tmp_path / "book", "benchmark-table:: sharing", language)

    return make


def test_page_says_that_nothing_has_been_measured(table):
    document, said = table(None)
    assert "has not been measured yet: python -m benchmarks.scaling" in document.astext()
    assert not cells(document) and not said


def test_table_shows_times_and_what_pays(table):
    document, said = table(MEASURED)
    assert cells(document)[1:] == [
        ["400", "2.0", "4.0", "0.50 ×"],
        ["4,000", "60.0", "40.0", "1.50 ×"],
    ]
    assert "Each step has 256 images in all; processor: Some CPU" in document.astext()
    assert "Two processes are faster here with 4,000 hidden units." in document.astext()
    assert not said


def test_table_says_when_it_never_pays(table):
    document, _ = table(MEASURED | {"sharing": MEASURED["sharing"][1:]})
    assert "Two processes are not faster here with any of these sizes." in document.astext()


def test_chinese_table_says_the_same(table):
    document, said = table(MEASURED, "zh_TW")
    assert cells(document)[0][:2] == ["隱藏單元", "一個行程，每步毫秒數"]
    assert cells(document)[2] == ["4,000", "60.0", "40.0", "1.50 ×"]
    assert "隱藏單元為 4,000 個時，兩個行程比較快。" in document.astext()
    assert not said


@pytest.mark.parametrize(
    ("measured", "missing"),
    [
        ({"machine": {}, "sharing": []}, "shared_batch"),
        (MEASURED | {"sharing": [{"hidden": 400, "two": {}, "times_faster": 1}]}, "one"),
    ],
)
def test_incomplete_measurement_is_an_error_of_the_page(table, measured, missing):
    document, said = table(measured)
    assert f"ERROR: scaling.json lacks {missing}: measure again" in said and not cells(document)
