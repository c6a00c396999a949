"""Copy the repository's address from ``_config.yml`` to every place that needs it.

After a change of ``repository.url`` there, run ``python -m tools.release.set_repository``.
"""

import re
from pathlib import Path
from typing import NamedTuple

import yaml

from tools.paths import ROOT, notebook_paths

NAME = r"[\w.-]+/(?:(?!\.git\b)[\w.-])*[\w-]"
# What stands around our own owner/name, so that links to other repositories are left alone.
ADDRESS = re.compile(
    r"(?P<before>git\+https://github\.com/|git clone https://github\.com/"
    r"|repository-code: https://github\.com/|colab\.research\.google\.com/github/)"
    rf"(?P<name>{NAME})"
)


class Misplaced(NamedTuple):
    """A file that holds another address than ``_config.yml``."""

    path: Path
    found: str


def repository_name() -> str:
    """Return ``owner/name`` as ``_config.yml`` has it."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    return str(config["repository"]["url"]).removeprefix("https://github.com/").rstrip("/")


def site_address() -> str:
    """Return where GitHub Pages publishes the repository, with a slash at the end."""
    owner, _, name = repository_name().partition("/")
    host = f"{owner.lower()}.github.io"
    return f"https://{host}/" if name.lower() == host else f"https://{host}/{name}/"


def files_with_address() -> list[Path]:
    """Return the files in which the repository's address may stand."""
    texts = [*ROOT.glob("*.md"), *ROOT.glob("book/*/*.md"), ROOT / "CITATION.cff"]
    return sorted(texts) + notebook_paths()


def misplaced_addresses() -> list[Misplaced]:
    """Return each address that differs from the one in ``_config.yml``, with its file."""
    name = repository_name()
    return [
        Misplaced(path, match["name"])
        for path in files_with_address()
        for match in ADDRESS.finditer(path.read_text(encoding="utf-8"))
        if match["name"] != name
    ]


def main() -> None:
    """Rewrite every file that holds another address."""
    name = repository_name()
    for path in sorted({place.path for place in misplaced_addresses()}):
        text = path.read_text(encoding="utf-8")
        path.write_text(ADDRESS.sub(rf"\g<before>{name}", text), encoding="utf-8")
        print(f"{path.relative_to(ROOT)} now says {name}")


if __name__ == "__main__":
    main()
