"""The words that the extension, the theme and other extensions show, from one catalogue.

``_`` gives a word in the language of the page: English stands in the code, Chinese in ``book.po``.
Words that no catalogue reaches are settings, which are translated here, or stand in a template or
script, for which see ``patches``.
"""

from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.locale import get_translation

from tools.build.words import CATALOGUE, CATALOGUES, compile_words


def _(english: str) -> str:
    """Return a word of the interface in the language of the page."""
    return str(get_translation(CATALOGUE)(english))


def load_words(app: Sphinx) -> None:
    """Compile the catalogue beside the built pages, and load it for all who ask."""
    folder = Path(app.outdir).parent / "locale"
    compile_words(folder)
    for name in CATALOGUES:
        app.add_message_catalog(name, str(folder))


def translate_settings(app: Sphinx, config: Config) -> None:
    """Translate what other extensions take from their settings."""
    config.html_theme_options["search_bar_text"] = _("Search this book...")
    config.nb_code_prompt_show = _("Show code cell {type}")
    config.nb_code_prompt_hide = _("Hide code cell {type}")


def translate_fields(app: Sphinx, doctree: nodes.document) -> None:
    """Translate the name of an attribute's field, which Sphinx knows no translation of."""
    for name in doctree.findall(nodes.field_name):
        if name.astext() == "Type":
            name.children = [nodes.Text(_("Type"))]
