"""No setting of the reader's reaches the pages; a cell that draws leaves its picture."""

import os
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools.build import environment
from tools.build.environment import clean_environment
from tools.build.outputs import WIDGET, Outputs, missing_pictures
from tools.paths import ROOT

HOSTILE = {
    "MPLBACKEND": "Agg",
    "MATPLOTLIBRC": "matplotlibrc",
    "MPLCONFIGDIR": ".",
    "JUPYTER_PATH": "jupyter",
    "JUPYTER_CONFIG_DIR": "jupyter",
    "IPYTHONDIR": "ipython",
    "XDG_CONFIG_HOME": ".",
    "LC_ALL": "C",
    "LANG": "zh_TW.Big5",
    "LC_CTYPE": "POSIX",
    "PYTHONIOENCODING": "ascii",
    "PYTHONSTARTUP": "start.py",
    "PYTHONWARNINGS": "error",
    "PYTHONOPTIMIZE": "2",
    "PYTHONPATH": ".",
    "PYTHONUTF8": "0",
    "SOURCE_DATE_EPOCH": "0",
    "TZ": "Asia/Taipei",
    "NODE_ENV": "production",
    "NODE_OPTIONS": "--none",
    "NPM_CONFIG_PREFIX": "/",
    "npm_config_cache": "/",
    "PYTEST_ADDOPTS": "--none",
    "VAE_LIB_DATA": "/nowhere",
}
RED = "figure.facecolor: red\naxes.titlesize: 40\nbackend: Agg\n"
ASK = """import os, sys, warnings
import matplotlib, matplotlib.pyplot as plt
plt.plot([1, 2])
plt.show()
print(plt.rcParams["figure.facecolor"], "inline" in matplotlib.get_backend(), __debug__)
print(sys.stdout.encoding.lower(), os.listdir(), "random" in str(sys.modules["random"].__file__))"""
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


def notebook(*cells):
    return new_notebook(cells=list(cells), metadata=KERNEL)


def test_of_the_readers_variables_only_those_remain_that_find_programs_and_the_network(monkeypatch):
    for name, value in HOSTILE.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("https_proxy", "http://proxy.example")
    monkeypatch.setenv("HOME", "/read-only")
    found = clean_environment()
    for name, value in HOSTILE.items():
        assert found.get(name) != value, f"the reader's {name} reaches the build"
    assert found["PATH"] == os.environ["PATH"]
    assert found["https_proxy"] == "http://proxy.example"
    assert found["HOME"] == str(environment.HOME)
    monkeypatch.delenv("HOME")
    assert clean_environment() == found


def test_notebook_draws_the_same_in_a_readers_hostile_environment(tmp_path, monkeypatch):
    """A backend that draws nothing, a style, another kernel, a module of the same name."""
    home, folder = tmp_path / "home", tmp_path / "notebooks"
    for place in (home / ".config/matplotlib", folder, tmp_path / "jupyter/kernels/python3"):
        place.mkdir(parents=True)
    for place in (home, home / ".config/matplotlib", folder, tmp_path):
        (place / "matplotlibrc").write_text(RED)
        (place / "random.py").write_text("raise SystemExit('the reader has a random.py')\n")
    kernel = '{"argv": ["false"], "display_name": "x", "language": "python"}'
    (tmp_path / "jupyter/kernels/python3/kernel.json").write_text(kernel)
    monkeypatch.chdir(tmp_path)
    for name, value in (HOSTILE | {"HOME": str(home)}).items():
        monkeypatch.setenv(name, value)
    page = notebook(new_code_cell(ASK))
    nbformat.write(page, folder / "page.ipynb")
    monkeypatch.setattr(environment, "HOME", tmp_path / "clean")
    code = (
        "import sys, pathlib; from tools.build.run_notebooks import run_notebooks as run; "
        "sys.exit(run(pathlib.Path(sys.argv[1]), [pathlib.Path(sys.argv[2])], 60))"
    )
    command = [sys.executable, "-c", code, tmp_path / "outputs", folder / "page.ipynb"]
    clean = clean_environment()
    said = subprocess.run(
        command, cwd=tmp_path / "clean", env=clean, capture_output=True, text=True
    )
    assert said.returncode == 0, said.stderr
    outputs = Outputs(str(tmp_path / "outputs"))
    assert missing_pictures(outputs, [folder / "page.ipynb"]) == []
    _, ran = outputs.merge_match_into_notebook(page)
    text = "".join(output.text for output in ran.cells[0].outputs if "text" in output)
    assert text == "white True True\nutf-8 [] True\n"


def test_make_drops_the_readers_settings_of_python():
    listed = "import os; print([n for n in os.environ if n.startswith('PYTHON')])"
    rule = f'include Makefile\nlook:\n\t@{sys.executable} -E -c "{listed}"\n'
    names = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONWARNINGS", "PYTHONOPTIMIZE")
    said = subprocess.run(
        ["make", "--no-print-directory", "-f", "-", "look"],
        input=rule, cwd=ROOT, env={"PATH": os.environ["PATH"]} | dict.fromkeys(names, "1"),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert said.stdout == "[]\n"


SHOWN = [new_output("display_data", {"image/png": "", "text/plain": ""})]
EXPLORER = [new_output("display_data", {WIDGET: {}})]
TEXT = [new_output("execute_result", {"text/plain": "<Axes>"}), new_output("stream", text="x")]
ALT = {"mystnb": {"image": {"alt": "a curve"}}}


@pytest.mark.parametrize(
    ("source", "metadata", "left", "enough"),
    [
        ("plt.show()", {}, SHOWN, True),
        ("plt.show()", {}, [], False),
        ("plt.show()", {}, TEXT, False),
        ("plt.show()\nplt.show()", {}, SHOWN, False),
        ("plt.show()\nplt.show()", {}, SHOWN * 2, True),
        ("explorer(draw, a=[1])", {}, EXPLORER, True),
        ("explorer(draw, a=[1])", {}, TEXT, False),
        ("figure", ALT, TEXT, False),
        ("figure", ALT, SHOWN, True),
        ("1 + 1", {}, [], True),
    ],
)
def test_cell_without_its_picture_is_named_and_runs_again(source, metadata, left, enough, tmp_path):
    path, outputs = tmp_path / "page.ipynb", Outputs(str(tmp_path / "outputs"))
    page = notebook(new_markdown_cell("# A"), new_code_cell(source, metadata=metadata))
    nbformat.write(page, path)
    assert missing_pictures(outputs, [path]) == []  # it has not run, or failed
    page.cells[1].outputs = left
    nbformat.write(page, path)
    outputs.cache_notebook_file(str(path), check_validity=False)
    said = missing_pictures(outputs, [path])
    assert (said == []) == enough
    assert len(outputs.list_cache_records()) == enough
    if not enough:
        assert said[0].startswith(f"{path}: cell 2 draws ")
