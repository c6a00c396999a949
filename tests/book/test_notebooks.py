"""The rules for notebooks: no outputs, short cells, an install cell, alternative texts."""

import ast
import re

import pytest
from pages import Page, pages

from tools.build.notebooks import read_notebook
from tools.paths import ROOT, notebook_paths
from tools.release.set_repository import colab_address

INSTALL = """# In Colab only: install the book's library.
import sys

if "google.colab" in sys.modules:
    %pip install -q "vae_lib @ git+"""
LONGEST_CELL = 25
PICTURE = re.compile(r"plt\.show\(\)|^explorer\(", re.M)

notebooks = pytest.mark.parametrize(
    "path", notebook_paths(), ids=lambda path: f"{path.parent.name}/{path.stem}"
)


def code_cells(path):
    return [cell for cell in read_notebook(path)["cells"] if cell["cell_type"] == "code"]


def name(path):
    return path.relative_to(ROOT).as_posix()


@notebooks
def test_no_outputs_are_stored(path):
    for number, cell in enumerate(code_cells(path), start=1):
        assert not cell["outputs"] and cell["execution_count"] is None, (
            f"{name(path)}: code cell {number} is stored with outputs: run nbstripout on the file"
        )


@notebooks
def test_first_cell_installs_the_library_in_colab_only(path):
    first = code_cells(path)[0]["source"]
    assert first.startswith(INSTALL), f"{name(path)}: the first code cell is not the install cell"
    for cell in code_cells(path)[1:]:
        assert not re.search(r"^[%!]", cell["source"], re.M), f"{name(path)}: a magic command"


@notebooks
def test_badge_opens_the_notebook_made_for_colab(path):
    badge = colab_address(path.parent.name, path.stem)
    assert f"]({badge})" in read_notebook(path)["cells"][0]["source"], f"{name(path)}: no {badge}"


@notebooks
def test_cells_are_short(path):
    for number, cell in enumerate(code_cells(path), start=1):
        lines = cell["source"].count("\n") + 1
        assert lines <= LONGEST_CELL, f"{name(path)}: code cell {number} has {lines} lines"


@notebooks
def test_every_picture_has_an_alternative_text(path):
    for number, cell in enumerate(code_cells(path), start=1):
        if PICTURE.search(cell["source"]):
            alt = cell["metadata"].get("mystnb", {}).get("image", {}).get("alt", "")
            assert len(alt) > 20, f"{name(path)}: the picture of code cell {number} has no alt text"


@notebooks
def test_every_chapter_checks_itself(path):
    """The chapter asserts its identities; an assertion that compares nothing does not count."""
    compared = 0
    for cell in code_cells(path)[1:]:
        for node in ast.walk(ast.parse(cell["source"])):
            compared += isinstance(node, ast.Assert) and not isinstance(node.test, ast.Constant)
    assert compared >= 2, f"{name(path)} asserts {compared} identities: at least 2 are wanted"


@pytest.mark.parametrize("page", pages("en") + pages("zh-TW"), ids=lambda page: page.name)
def test_images_in_text_have_alternative_texts(page: Page):
    for alt, target in re.findall(r"!\[([^\]]*)\]\(([^)]*)\)", page.text):
        assert alt.strip(), f"{page.name}: the image {target} has no alt text"
