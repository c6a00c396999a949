"""English that has changed since its Chinese was written is noticed, and by whom it is reviewed."""

import sys

import pytest

from tools.build.notebooks import write_notebook
from tools.prose import written_from
from tools.prose.written_from import changed, digests, main, passages, recorded

UPDATE = "run `python -m tools.prose.written_from`"


def test_each_chinese_passage_was_written_from_the_present_english():
    alone, others = changed(recorded(), {one.place: digests(one) for one in passages()})
    said = [f"{place}: the English has changed, the Chinese has not" for place in alone]
    said += [f"{place}: changed in Chinese, or new, or gone" for place in others]
    told = f"{UPDATE}; `--reviewed PAGE:CELL` where the Chinese still says the same"
    assert not said, "\n".join([*said, told])


@pytest.fixture
def book(tmp_path, monkeypatch):
    """Writes a book of a notebook and a page, and its README, in both languages."""
    monkeypatch.setattr(written_from, "ROOT", tmp_path)
    monkeypatch.setattr(written_from, "WRITTEN_FROM", tmp_path / "written_from.tsv")
    monkeypatch.setattr(written_from, "page_names", lambda language: ["01_a", "notes"])

    def write(english, chinese):
        for language, (text, alt, section) in {"en": english, "zh-TW": chinese}.items():
            folder = tmp_path / "book" / language
            folder.mkdir(parents=True, exist_ok=True)
            image = {"mystnb": {"image": {"alt": alt}}}
            cells = [
                {"cell_type": "markdown", "id": "md-1", "metadata": {}, "source": text},
                {"cell_type": "code", "id": "code-1", "metadata": image, "source": "1"},
                {"cell_type": "code", "id": "code-2", "metadata": {}, "source": "2"},
            ]
            write_notebook(folder / "01_a.ipynb", {"cells": cells})
            (folder / "notes.md").write_text(f"(sec-n)=\n# N\n\n{section}\n", "utf-8")
        for name, text in zip(written_from.READMES, (english[0], chinese[0]), strict=True):
            (tmp_path / name).write_text(f"# R\n\n## One\n\n{text}\n", "utf-8")

    return write


def run(monkeypatch, *arguments):
    """What stops the command, or nothing; and the places that are not as recorded after it."""
    monkeypatch.setattr(sys, "argv", ["written_from", *arguments])
    try:
        main()
        said = ""
    except SystemExit as stopped:
        said = str(stopped)
    alone, others = changed(recorded(), {one.place: digests(one) for one in passages()})
    return said, alone + others


def test_chinese_that_has_changed_is_recorded(book, monkeypatch):
    book(("One", "Alt", "Page"), ("一", "替代", "頁"))
    assert run(monkeypatch) == ("", [])
    places = {"01_a:md-1", "01_a:code-1", "notes:sec-n", "README:0", "README:1"}
    assert set(recorded()) == places
    book(("One, two", "Alt", "Page"), ("一、二", "替代文字", "頁"))
    assert run(monkeypatch) == ("", [])


def test_english_that_changed_alone_stays_red_until_it_is_named(book, monkeypatch):
    book(("One", "Alt", "Page"), ("一", "替代", "頁"))
    run(monkeypatch)
    book(("One, two", "Another", "Pages"), ("一", "替代", "頁"))
    places = ["01_a:md-1", "01_a:code-1", "notes:sec-n", "README:1"]
    said, left = run(monkeypatch)
    assert said.endswith(" ".join(places)) and left == places
    said, left = run(monkeypatch, "--reviewed", "01_a:code-1")
    left_over = [place for place in places if place != "01_a:code-1"]
    assert said.endswith(" ".join(left_over)) and left == left_over
    book(("One, two", "Another", "Pages"), ("一、二", "替代", "頁"))
    assert run(monkeypatch, "--reviewed", "notes:sec-n") == ("", [])


def test_nothing_is_accepted_that_did_not_ask_for_it(book, monkeypatch):
    book(("One", "Alt", "Page"), ("一", "替代", "頁"))
    run(monkeypatch)
    book(("One, two", "Alt", "Page"), ("一", "替代", "頁"))
    said, left = run(monkeypatch, "--reviewed", "notes:sec-n")
    assert said.startswith("notes:sec-n has not changed in English alone") and left
