"""The parts of the rehearsal of Colab that need none of its versions."""

import subprocess
import sys

import ipywidgets
import matplotlib.pyplot as plt
import pytest

import vae_lib
from tools.build.notebooks import read_notebook
from tools.colab.rehearse import ADDRESS, COLAB, EXPLORER, clone, kernel_environment, pinned
from tools.paths import notebook_paths
from vae_lib.widgets import explorer

GIT = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org"]


@pytest.fixture
def repository(tmp_path):
    source = tmp_path / "source"
    subprocess.run(["git", "init", "--quiet", source], check=True)
    (source / "file").write_text("committed\n")
    subprocess.run(["git", "-C", source, "add", "file"], check=True)
    subprocess.run([*GIT, "-C", source, "commit", "--quiet", "-m", "One"], check=True)
    (source / "file").write_text("changed since\n")
    return source


def probe(monkeypatch, *outputs):
    """Run the probe as a kernel of ipywidgets 7 would that has the library installed."""
    monkeypatch.setattr(vae_lib, "__file__", f"{sys.prefix}/vae_lib/__init__.py")
    source = (COLAB / "probe.py").read_text("utf-8")
    exec(compile(source, "probe.py", "exec"), {"Out": dict(enumerate(outputs, start=1))})


@pytest.fixture
def two_sliders(monkeypatch):
    monkeypatch.delattr(ipywidgets, "Stack")

    def draw(first, second):
        figure, axes = plt.subplots(figsize=(1, 1))
        axes.plot([first, second])
        return figure

    return explorer(draw, first=[0, 1], second=[0, 1, 2])


def test_clone_holds_the_last_commit_only(repository, tmp_path):
    name = clone(repository, tmp_path / "clone")
    assert len(name) >= 7
    assert (tmp_path / "clone/file").read_text() == "committed\n"


def test_git_answers_the_notebooks_address_with_the_clone(repository):
    cells = read_notebook(notebook_paths("en")[0])["cells"]
    install = next(cell["source"] for cell in cells if cell["cell_type"] == "code")
    address = ADDRESS.search(install)[1]
    result = subprocess.run(
        ["git", "ls-remote", address, "HEAD"],
        env=kernel_environment(address, repository),
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.endswith("HEAD\n")


def test_only_the_kernel_finds_the_stand_in(repository):
    command = [sys.executable, "-c", "import google.colab"]
    environment = kernel_environment("https://github.com/a/b", repository)
    subprocess.run(command, env=environment, check=True)
    assert subprocess.run(command, capture_output=True, check=False).returncode != 0


def test_probe_counts_what_moves(monkeypatch, capsys, two_sliders):
    probe(monkeypatch, 3, two_sliders, "text")
    assert capsys.readouterr().out.split() == ["1", "2"]


def test_probe_notices_a_dead_slider(monkeypatch, two_sliders):
    two_sliders.children[1].unobserve_all()
    with pytest.raises(AssertionError, match="'second' is dead"):
        probe(monkeypatch, two_sliders)


def test_probe_refuses_the_library_of_a_checkout(monkeypatch):
    monkeypatch.setattr(sys, "prefix", "/elsewhere")
    with pytest.raises(AssertionError, match="vae_lib comes from"):
        exec(compile((COLAB / "probe.py").read_text("utf-8"), "probe.py", "exec"), {"Out": {}})


def test_versions_are_exact_and_explorers_are_found():
    assert {"torch", "numpy", "matplotlib", "ipywidgets"} <= pinned().keys()
    assert pinned()["ipywidgets"].startswith("7.")
    cells = [c["source"] for p in notebook_paths("en") for c in read_notebook(p)["cells"]]
    assert sum(len(EXPLORER.findall(source)) for source in cells) >= 8
