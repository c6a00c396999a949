"""What the READMEs promise: the example runs as pasted, the pictures and files exist."""

import re
from pathlib import Path

import pytest
import torch
from PIL import Image

from tools.paths import ROOT, notebook_paths
from tools.release.set_repository import colab_address
from vae_lib.lessons.shapes import draw_shapes

readmes = pytest.mark.parametrize("name", ["README.md", "README.zh-TW.md"])


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


@readmes
def test_example_of_four_lines_runs_as_pasted(name, capsys):
    torch.set_default_dtype(torch.float32)
    example = re.search(r"```python\n(.*?)```", read(name), re.S)[1]
    assert len([line for line in example.splitlines() if line]) == 4
    exec(example, {})
    assert "validation ELBO -1" in capsys.readouterr().out


def test_example_with_a_folder_of_ones_own_runs_as_pasted(tmp_path, monkeypatch, capsys):
    """Both READMEs have the same, see below; 160 pictures fill one batch."""
    torch.set_default_dtype(torch.float32)
    monkeypatch.chdir(tmp_path)
    Path("pictures").mkdir()
    for number, picture in enumerate(draw_shapes(160)[0]):
        Image.fromarray(picture).resize((48, 40)).save(f"pictures/{number}.png")
    example = re.findall(r"```python\n(.*?)```", read("README.md"), re.S)[1]
    assert len([line for line in example.splitlines() if line]) == 6
    names = {}
    exec(example, names)
    assert names["pictures"].shape == (16, 32, 32, 3) and names["pictures"].dtype == "uint8"
    assert "160 pictures from pictures, brought to 32 x 32 (cut" in capsys.readouterr().out


@readmes
def test_links_lead_to_files(name):
    for target in re.findall(r"\]\(([^)]*)\)", read(name)):
        if not target.startswith("http"):
            assert (ROOT / target).exists(), f"{name} links to {target}, which does not exist"


@readmes
def test_every_chapter_has_a_colab_badge(name):
    for path in notebook_paths():
        target = colab_address(path.parent.name, path.stem)
        assert f"({target})" in read(name), f"{name} has no badge that leads to {target}"


def test_both_readmes_have_the_same_example():
    blocks = [
        re.findall(r"```(?:python|bash)\n.*?```", read(n), re.S)
        for n in ("README.md", "README.zh-TW.md")
    ]
    assert blocks[0] == blocks[1]
