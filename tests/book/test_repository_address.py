"""The repository's address stands in ``_config.yml``; every other place must agree with it."""

import pytest

from tools.paths import ROOT, notebook_paths
from tools.release.set_repository import ADDRESS, misplaced_addresses, repository_name


def test_every_place_has_the_address_of_the_configuration():
    wrong = [f"{path.relative_to(ROOT)} says {found}" for path, found in misplaced_addresses()]
    assert not wrong, f"{'; '.join(wrong)}: run `python -m tools.release.set_repository`"


@pytest.mark.parametrize(
    "path", notebook_paths(), ids=lambda path: f"{path.parent.name}/{path.stem}"
)
def test_notebook_installs_the_library_from_the_repository(path):
    found = {match["name"] for match in ADDRESS.finditer(path.read_text("utf-8"))}
    assert repository_name() in found, f"{path.relative_to(ROOT)} does not install vae_lib in Colab"
