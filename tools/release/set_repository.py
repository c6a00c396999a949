"""Copy the repository's address and the library's version to every place that needs them.

The address is ``repository.url`` in ``_config.yml``, the version ``project.version`` in
``pyproject.toml``; after a change of either run ``python -m tools.release.set_repository``. What
installs the library names the version's tag, so that it gets the same code at all times.
"""

import re
import tomllib
from pathlib import Path
from typing import NamedTuple

import yaml

from tools.paths import ROOT, notebook_paths

NAME = r"[\w.-]+/(?:(?!\.git\b)[\w.-])*[\w-]"
# What stands around our own owner/name, so that links to other repositories are left alone.
ADDRESS = re.compile(
    r"(?P<before>git clone https://github\.com/|repository-code: https://github\.com/"
    rf"|colab\.research\.google\.com/github/)(?P<name>{NAME})"
)
INSTALL = re.compile(rf"(?P<before>git\+https://github\.com/)(?P<name>{NAME}(?:@[\w.-]+)?)")


class Misplaced(NamedTuple):
    """A file that holds another address or tag than it should."""

    path: Path
    found: str


def repository_name() -> str:
    """Return ``owner/name`` as ``_config.yml`` has it."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    return str(config["repository"]["url"]).removeprefix("https://github.com/").rstrip("/")


def tag() -> str:
    """Return the tag of the version that ``pyproject.toml`` has."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return f"v{project['version']}"


def wanted() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Return what each pattern should find as the name."""
    return (ADDRESS, repository_name()), (INSTALL, f"{repository_name()}@{tag()}")


def site_address() -> str:
    """Return where GitHub Pages publishes the repository, with a slash at the end."""
    owner, _, name = repository_name().partition("/")
    host = f"{owner.lower()}.github.io"
    return f"https://{host}/" if name.lower() == host else f"https://{host}/{name}/"


def colab_address(language: str, name: str) -> str:
    """Return where Colab opens a notebook that the build made for it (``tools.build.colab``)."""
    made = f"{repository_name()}/blob/colab/{language}/{name}.ipynb"
    return f"https://colab.research.google.com/github/{made}"


def files_with_address() -> list[Path]:
    """Return the files in which the repository's address may stand."""
    texts = [*ROOT.glob("*.md"), *ROOT.glob("book/*/*.md"), ROOT / "CITATION.cff"]
    return sorted(texts) + notebook_paths()


def misplaced_addresses() -> list[Misplaced]:
    """Return each address and tag that is not as ``wanted``, with its file."""
    return [
        Misplaced(path, match["name"])
        for path in files_with_address()
        for pattern, name in wanted()
        for match in pattern.finditer(path.read_text(encoding="utf-8"))
        if match["name"] != name
    ]


def main() -> None:
    """Rewrite every file that holds another address or tag."""
    for path in sorted({place.path for place in misplaced_addresses()}):
        text = path.read_text(encoding="utf-8")
        for pattern, name in wanted():
            text = pattern.sub(rf"\g<before>{name}", text)
        path.write_text(text, encoding="utf-8")
        print(f"{path.relative_to(ROOT)} now says {repository_name()} and {tag()}")


if __name__ == "__main__":
    main()
