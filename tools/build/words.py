"""The words of the interface: English in the code, every other language in one ``book.po``.

``compile_words`` makes of it what ``gettext`` reads. Sphinx, the theme and the toggle buttons ask
catalogues of their own names, so the one is written under each of these names.
"""

from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from tools.paths import ROOT

LOCALE = ROOT / "book/_ext/vae_book/locale"
CATALOGUE = "book"
CATALOGUES = (CATALOGUE, "sphinx", "booktheme", "togglebutton")


def compile_words(folder: Path) -> None:
    """Compile the catalogue of each language into a folder."""
    for source in LOCALE.rglob(f"{CATALOGUE}.po"):
        target = folder / source.parent.relative_to(LOCALE)
        target.mkdir(parents=True, exist_ok=True)
        with source.open("rb") as po:
            words = read_po(po)
        for name in CATALOGUES:
            with (target / f"{name}.mo").open("wb") as mo:
                write_mo(mo, words)
