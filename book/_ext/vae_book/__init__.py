"""What the book adds to Sphinx: its words, directives, and what is done to pages on their way.

``setup`` names every part in the order in which it acts; each part has a module of its own.
"""

from docutils import nodes
from sphinx.application import Sphinx

from tools.build.outputs import find_outputs_by_the_code
from vae_book import (
    boxes,
    buttons,
    explorers,
    figures,
    formulas,
    lab_sources,
    languages,
    metadata,
    paper,
    patches,
    punctuation,
    search,
    sections,
    styles,
    trail,
    words,
)
from vae_book.benchmarks import BenchmarkChart, BenchmarkTable
from vae_book.diagrams import Diagram
from vae_book.equations import EquationIndex
from vae_book.labs import ShownLab
from vae_book.results import ResultsTable
from vae_book.terminology import TermTable

# Jupyter Book's own list without sphinx_thebe, which fetches a script from another host.
EXTENSIONS = (
    "sphinx_togglebutton", "sphinx_copybutton", "myst_nb", "jupyter_book", "sphinx_comments",
    "sphinx_external_toc", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode",
    "sphinx_design", "sphinx_book_theme", "sphinxcontrib.bibtex",
)  # fmt: skip
DIRECTIVES = {
    "benchmark-chart": BenchmarkChart,
    "benchmark-table": BenchmarkTable,
    "diagram": Diagram,
    "equation-index": EquationIndex,
    "lab": ShownLab,
    "results-table": ResultsTable,
    "term-table": TermTable,
}
AFTER_THE_THEME = 502  # its own handlers have 501
BEFORE_PICTURES_ARE_COLLECTED = 400  # which Sphinx does at 500


def setup(app: Sphinx) -> dict[str, bool]:
    """Set up every part."""
    words.load_words(app)  # first: of two catalogues with the same word, the one loaded first wins
    for extension in EXTENSIONS:
        app.setup_extension(extension)
    for name, directive in DIRECTIVES.items():
        app.add_directive(name, directive)
    formulas.set_formulas(app)
    find_outputs_by_the_code(app.config.language)

    app.connect("builder-inited", search.replace_sphinx)
    app.connect("config-inited", words.translate_settings)
    app.connect("doctree-read", sections.keep_labels_alone, priority=sections.BEFORE_SPHINX)
    app.connect("doctree-read", words.translate_fields)
    app.connect("doctree-read", figures.remove_what_pages_do_without)
    app.connect("doctree-read", explorers.set_explorers)
    app.connect("doctree-read", figures.describe_figures)
    app.connect("doctree-read", figures.pack_figures, priority=BEFORE_PICTURES_ARE_COLLECTED)
    app.connect("doctree-read", boxes.number_boxes)
    app.connect("doctree-read", paper.mark_long_code)
    app.add_node(nodes.image, override=True, html=(figures.visit_image, None))
    app.connect("doctree-read", punctuation.keep_with_formula)
    app.connect("doctree-resolved", search.keep_places)
    app.connect("html-collect-pages", lab_sources.collect_pages)
    app.connect("html-page-context", trail.link_equations)
    app.connect("html-page-context", figures.fetch_first_picture)
    app.connect("html-page-context", languages.link_languages)
    app.connect("html-page-context", metadata.describe_page)
    app.connect("html-page-context", buttons.name_buttons, priority=AFTER_THE_THEME)
    app.connect("build-finished", patches.finish_build)
    app.connect("build-finished", styles.unite, priority=AFTER_THE_THEME)
    app.connect("build-finished", search.write_index)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
