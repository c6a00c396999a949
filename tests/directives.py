"""Run one of the book's directives in a small Sphinx project, and read its table back."""

import io
import warnings

import vae_book
from docutils import nodes
from sphinx import locale
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace
from vae_book.words import load_words


def page(folder, directive, language):
    """The document that one directive makes, and Sphinx's warnings."""
    folder.mkdir()
    (folder / "index.rst").write_text(f"Title\n=====\n\n.. {directive}\n")
    said = io.StringIO()
    with docutils_namespace(), warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Sphinx's own
        app = Sphinx(
            folder, None, folder / "out", folder / "trees", "dummy", status=None, warning=said,
            confoverrides={"language": language},
        )  # fmt: skip
        load_words(app)
        for name, kind in vae_book.DIRECTIVES.items():
            app.add_directive(name, kind)
        app.build()
        locale.translators.clear()  # they outlive the application
        return app.env.get_doctree("index"), said.getvalue()


def cells(document):
    """The text of each cell, row by row, the headings first."""
    rows = document.findall(nodes.row)
    return [[entry.astext() for entry in row.findall(nodes.entry)] for row in rows]
