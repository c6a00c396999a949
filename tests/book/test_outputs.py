"""The kept outputs: one run serves both languages, however a pool starts its processes."""

import os
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools.build import outputs
from tools.build.run_notebooks import run_notebooks
from tools.paths import ROOT

RUN = """
import multiprocessing, pathlib, sys
from tools.build.run_notebooks import run_notebooks

if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")  # as on macOS; Linux builds the book with its own
    folder = pathlib.Path(sys.argv[1])
    sys.exit(run_notebooks(folder / "outputs", [folder / "page.ipynb"], 60))
"""


def notebook(code, alt):
    cell = new_code_cell(code, metadata={"mystnb": {"image": {"alt": alt}}})
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return new_notebook(cells=[new_markdown_cell(alt), cell], metadata=kernel)


def asked_in(language, monkeypatch):
    """What the build of the pages asks for outputs, after the extension has been set up."""
    monkeypatch.setattr(outputs.asking, "get_cache", outputs.asking.get_cache)
    outputs.find_outputs_by_the_code(language)
    return outputs.asking.get_cache


@pytest.fixture
def asked(monkeypatch):
    return asked_in("en", monkeypatch)


def test_build_of_either_language_finds_what_ran_in_a_spawned_process(asked, tmp_path):
    nbformat.write(notebook("print(1 + 1)", "a picture"), tmp_path / "page.ipynb")
    script = tmp_path / "run.py"
    script.write_text(RUN)
    alone = os.environ | {"PYTHONPATH": str(ROOT), "IPYTHONDIR": str(tmp_path)}
    command = [sys.executable, script, tmp_path]
    said = subprocess.run(command, cwd=ROOT, env=alone, capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    cache = asked(str(tmp_path / "outputs"))
    for alt in ("a picture", "一張圖"):
        _, found = cache.merge_match_into_notebook(notebook("print(1 + 1)", alt))
        assert found.cells[1].outputs[0].text == "2\n"


def test_outputs_that_another_checkout_kept_are_of_use(tmp_path):
    gone = tmp_path / "elsewhere.ipynb"
    nbformat.write(notebook("1", "a"), gone)
    outputs.Outputs(str(tmp_path / "outputs")).add_nb_to_project(str(gone))
    gone.unlink()
    assert run_notebooks(tmp_path / "outputs", [], timeout=10) == 0


def test_outputs_of_other_code_or_tags_are_not_found(asked, tmp_path):
    cache = asked(str(tmp_path))
    one, other, tagged = (notebook(code, "a") for code in ("1", "2", "1"))
    tagged.cells[1].metadata["tags"] = ["raises-exception"]
    keys = {cache.create_hashed_notebook(each)[1] for each in (one, other, tagged)}
    assert len(keys) == 3


SAID = """print("Right. 3")
print("Not yet: your function returns nothing. Replace the dots, run the cell again.")
display({"text/markdown": "*Bayes' rule*\\n\\n$$\\nlogarithm\\n$$"}, raw=True)"""


@pytest.mark.parametrize(
    ("language", "printed", "rule"),
    [("en", "Not yet: your function", "*Bayes' rule*\n"), ("zh_TW", "還沒寫完：", "*貝氏定理*\n")],
)
def test_lessons_speak_the_language_of_the_page(language, printed, rule, monkeypatch, tmp_path):
    """One English run for both: only whole lines that the lessons write are in Chinese."""
    path = tmp_path / "page.ipynb"
    nbformat.write(notebook(SAID, "a"), path)
    run_notebooks(tmp_path / "outputs", [path], 60)
    cache = asked_in(language, monkeypatch)(str(tmp_path / "outputs"))
    _, found = cache.merge_match_into_notebook(notebook(SAID, "a"))
    stream, displayed = found.cells[1].outputs
    first, second, _ = stream.text.split("\n")
    assert first == "Right. 3" and second.startswith(printed)
    assert displayed.data["text/markdown"].startswith(rule)


def test_build_that_asks_in_another_way_is_noticed(monkeypatch):
    monkeypatch.delattr(outputs.asking, "get_cache")
    with pytest.raises(RuntimeError, match="has no get_cache any more"):
        outputs.find_outputs_by_the_code("en")
