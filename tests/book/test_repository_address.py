"""The repository's address and the version stand once; every other place must agree with them."""

import pytest

from tools.paths import ROOT, notebook_paths
from tools.release import set_repository
from tools.release.set_repository import INSTALL, misplaced_addresses, repository_name, tag


def test_every_place_has_the_address_of_the_configuration():
    wrong = [f"{path.relative_to(ROOT)} says {found}" for path, found in misplaced_addresses()]
    assert not wrong, f"{'; '.join(wrong)}: run `python -m tools.release.set_repository`"


@pytest.mark.parametrize(
    "path", notebook_paths(), ids=lambda path: f"{path.parent.name}/{path.stem}"
)
def test_notebook_installs_this_version_of_the_library_from_the_repository(path):
    found = [match["name"] for match in INSTALL.finditer(path.read_text("utf-8"))]
    assert found == [f"{repository_name()}@{tag()}"], f"{path.relative_to(ROOT)} installs {found}"


@pytest.mark.parametrize("name", ["README.md", "README.zh-TW.md"])
def test_readme_installs_this_version(name):
    found = [match["name"] for match in INSTALL.finditer((ROOT / name).read_text("utf-8"))]
    assert found == [f"{repository_name()}@{tag()}"], f"{name} installs {found}"


@pytest.mark.parametrize("old", ["a/b", "a/b@main", "a/b@v0.0.1", "vae-book/vae-book"])
def test_another_address_or_tag_is_rewritten(old, tmp_path, monkeypatch):
    text = (
        '%pip install -q "vae_lib @ git+https://github.com/{}\\"\n'
        "(colab.research.google.com/github/{}/blob/colab/en/x.ipynb) https://github.com/other/one\n"
    )
    (tmp_path / "page.md").write_text(text.format(old, old.partition("@")[0]))
    monkeypatch.setattr(set_repository, "files_with_address", lambda: [tmp_path / "page.md"])
    monkeypatch.setattr(set_repository, "ROOT", tmp_path)
    for name in ("_config.yml", "pyproject.toml"):
        (tmp_path / name).write_text((ROOT / name).read_text("utf-8"))
    set_repository.main()
    name = repository_name()
    assert (tmp_path / "page.md").read_text() == text.format(f"{name}@{tag()}", name)
