"""What becomes of MyST in the notebooks made for Colab, and what stops the build."""

import re
import subprocess
from base64 import b64decode
from xml.etree import ElementTree

import pytest

from tools.build import colab
from tools.build.colab import (
    LANGUAGE,
    Place,
    commit,
    markdown,
    picture,
    write_notebook_for_readers,
)
from tools.build.notebooks import read_notebook, write_notebook
from tools.release.set_repository import repository_name, tag
from vae_lib.lessons.language import VARIABLE, say

KNOWN = {
    "eq-a": Place("https://x/1.html#equation-eq-a", "(2.3)"),
    "sec-a": Place("https://x/1.html#sec-a", "Why", "2.1. "),
    "exercise-a": Place("https://x/1.html#exercise-a", "Exercise 2.1"),
    "solution-a": Place("https://x/1.html#solution-a", "Solution < 2.1"),
    "01_page": Place("https://x/1.html", "Page"),
    "fig-a": Place("https://x/1.html#fig-a", "Figure 1.1", picture="<img>"),
}
UNKNOWN = (
    "{foo}`bar`",
    "{eq}`eq-nowhere`",
    "$$\nx\n$$ (eq-nowhere)",
    ":::{foo} Title",
    "```{foo}",
    "  :::{admonition} Indented",
    ":name: left-over",
    "[a](nowhere.md)",
    "[^note]",
    "`a`{.class}",
    "% a comment",
)


def folder_with(tmp_path, monkeypatch, source, cited=()):
    """A notebook of one text and one code cell, as the only one of a book."""
    monkeypatch.setattr(colab, "ROOT", tmp_path)
    monkeypatch.setattr(colab, "citations", lambda language, name: list(cited))
    install = f'%pip install "vae_lib @ git+https://github.com/{repository_name()}@{tag()}"'
    cells = [
        {"cell_type": "markdown", "id": "md-01", "metadata": {}, "source": source},
        {"cell_type": "code", "id": "code-01", "metadata": {}, "source": install},
    ]
    path = tmp_path / "01_page.ipynb"
    write_notebook(path, {"cells": cells})
    return path


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("see {eq}`eq-a`.", "see [(2.3)](https://x/1.html#equation-eq-a)."),
        ("see {ref}`sec-a`.", "see [Why](https://x/1.html#sec-a)."),
        ("{doc}`01_page`", "[Page](https://x/1.html)"),
        ("[p](01_page), [p](01_page.md)", "[p](https://x/1.html), [p](https://x/1.html)"),
        ("[p](#sec-a), [p](https://y)", "[p](https://x/1.html#sec-a), [p](https://y)"),
        ("two {cite}`b` and {cite}`a`", "two [[A, 1]](u) and [[B, 2]](v)"),
        ("(sec-a)=\n## Why", "## 2.1. Why"),
        ("$$\nx + y.\n$$ (eq-a)", "$$\nx + y. \\tag{2.3}\n$$"),
        ("$$\nx\n$$", "$$\nx\n$$"),
        ("$[a](b)$ `[a](b)` $\\hat{x}$", "$[a](b)$ `[a](b)` $\\hat{x}$"),
        ("```python\n:a: [a](b)\n```", "```python\n:a: [a](b)\n```"),
        (":::{div} remember\n- a\n:::", "<blockquote>\n\n- a\n\n</blockquote>"),
        ("{numref}`fig-a`", "[Figure 1.1](https://x/1.html#fig-a)"),
        (
            ":::{diagram} file\n:name: fig-a\n:alt: Words\nSaid\n:::",
            "<img>\n\n**Figure 1.1** Said",
        ),
        (":::{margin} M\na\n:::", "<blockquote>\n\n**M**\n\na\n\n</blockquote>"),
        (
            ":::{admonition} Exercise\n:class: exercise\n:name: exercise-a\n{eq}`eq-a`\n:::",
            "<blockquote>\n\n**Exercise 2.1**\n\n[(2.3)](https://x/1.html#equation-eq-a)\n\n"
            "</blockquote>",
        ),
        (
            ":::{admonition} Solution\n:class: dropdown\n:name: solution-a\n```python\na\n```\n:::",
            "<details>\n<summary><b>Solution &lt; 2.1</b></summary>\n\n```python\na\n```\n\n"
            "</details>",
        ),
        (
            "::::{admonition} A\n:::{div} b\nc\n:::\n::::",
            "<blockquote>\n\n**A**\n\n<blockquote>\n\nc\n\n</blockquote>\n\n</blockquote>",
        ),
    ],
)
def test_myst_becomes_markdown(source, wanted):
    assert markdown(source, KNOWN, iter(["[[A, 1]](u)", "[[B, 2]](v)"])) == wanted


@pytest.mark.parametrize("source", UNKNOWN)
def test_what_would_stay_raw_stops_the_build_and_is_named(source, tmp_path, monkeypatch):
    path = folder_with(tmp_path, monkeypatch, f"Words.\n\n{source}\n\n:::\n")
    with pytest.raises(SystemExit) as stopped:
        write_notebook_for_readers(path, tmp_path / "made.ipynb", KNOWN, commit())
    said = str(stopped.value)
    raw = source.strip().splitlines()[-1].removeprefix("[a").removeprefix("`a`")
    assert said.startswith(f"01_page.ipynb, cell md-01: Colab would show {raw} raw"), said
    assert said.count("\n") == 0 and not (tmp_path / "made.ipynb").exists()


def test_citation_that_the_page_has_and_no_cell_stops_the_build(tmp_path, monkeypatch):
    path = folder_with(tmp_path, monkeypatch, "{cite}`a`", ["[A](u)", "[B](v)"])
    with pytest.raises(SystemExit, match=r"01_page.ipynb cites 1 times .* 2 times"):
        write_notebook_for_readers(path, tmp_path / "made.ipynb", KNOWN, commit())


def test_library_of_the_commit_that_is_checked_out_is_installed(tmp_path, monkeypatch):
    path = folder_with(tmp_path, monkeypatch, "Words.")
    git = ["git", "-C", tmp_path, "-c", "user.name=A", "-c", "user.email=a@example.org"]
    subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--allow-empty", "-m", "One"], check=True)
    head = subprocess.check_output([*git, "rev-parse", "HEAD"], text=True).strip()
    write_notebook_for_readers(path, tmp_path / "made.ipynb", KNOWN, commit())
    assert (
        f'{repository_name()}@{head}"'
        in read_notebook(tmp_path / "made.ipynb")["cells"][1]["source"]
    )


def test_library_of_the_tag_is_installed_where_there_is_no_git(tmp_path, monkeypatch):
    path = folder_with(tmp_path, monkeypatch, "Words.")
    write_notebook_for_readers(path, tmp_path / "made.ipynb", KNOWN, commit())
    made, wanted = read_notebook(tmp_path / "made.ipynb"), read_notebook(path)
    wanted["cells"][1]["source"] += LANGUAGE.format(path.parent.name)
    assert made == wanted


@pytest.mark.parametrize("language", ["en", "zh-TW"])
def test_first_cell_says_the_language_that_check_answers_in(language, tmp_path, monkeypatch):
    folder = tmp_path / language
    folder.mkdir()
    path = folder_with(folder, monkeypatch, "Words.")
    write_notebook_for_readers(path, tmp_path / "made.ipynb", KNOWN, commit())
    [_, install, *_] = read_notebook(tmp_path / "made.ipynb")["cells"]
    monkeypatch.setenv(VARIABLE, "")  # so that what the cell sets is gone after the test
    exec(install["source"].replace("%pip", "pass  #"), {})
    assert say("Right.") == {"en": "Right.", "zh-TW": "答對了。"}[language]


def test_a_drawing_brings_its_style_and_its_words():
    made = picture('<svg class="diagram" aria-label="A box"><text>z</text></svg>')
    alt, data = re.fullmatch(
        r'<img alt="(.*?)" src="data:image/svg\+xml;base64,(.*)">', made
    ).groups()
    drawing = ElementTree.fromstring(b64decode(data))
    assert alt == "A box" and drawing[1].text == "z"
    assert "svg { --blue" in drawing[0].text
