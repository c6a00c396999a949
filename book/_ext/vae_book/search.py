r"""The words by which the search finds a page: Chinese terms, symbols' names, equation labels.

Sphinx takes a Chinese sentence for a single word. Here each pair of neighbouring characters is a
word, and so is each character; a query becomes its pairs, all of which must be on a page. A Greek
letter, in the text or as a TeX command, is its name: σ, ``\sigma`` and "sigma" find the same. Of
other TeX commands only functions' names are words. Both spellings of "-ise" are one word. The same
rules stand here for the index and, in JavaScript, for the query.

An equation's label is an entry of the index, which leads to the equation itself, and a symbol leads
to the notation.
"""

import itertools
import json
import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.search import js_index
from sphinx.search.en import SearchEnglish

GREEK = "αβγδεζηθικλμνξπρστυφχψω"
NAMES = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau "
    "upsilon phi chi psi omega"
)
LETTERS = dict(zip(GREEK, NAMES.split(), strict=True))
FUNCTIONS = ["log", "exp", "max", "min", "det"]
IDEOGRAPH = r"\u3400-\u9fff"
TOKEN = re.compile(rf"\\[A-Za-z]+|[α-ω]|[{IDEOGRAPH}]+|[0-9A-Za-z_\u00c0-\u024f]+")
BRITISH = re.compile(r"is(?=(?:e|ed|es|er|ers|ing|ation|ations)$)")
SPLITTER = Path(__file__).with_name("search_words.js")


class BookWords(SearchEnglish):
    """Sphinx's English search with the words of this book."""

    def split(self, input: str) -> list[str]:
        """Return the words of a text, in order; Chinese as single characters and as pairs."""
        words = []
        for token in TOKEN.findall(input.lower()):
            if re.match(f"[{IDEOGRAPH}]", token):
                words += [*token, *map("".join, itertools.pairwise(token))]
            else:
                words.append(word(token))
        return [one for one in words if one]

    @property
    def js_splitter_code(self) -> str:  # type: ignore[override]
        """The same for a query; of Chinese only the pairs, or a character that stands alone."""
        tables = f"const LETTERS = {json.dumps(LETTERS)}, FUNCTIONS = {json.dumps(FUNCTIONS)};\n"
        return tables + SPLITTER.read_text(encoding="utf-8")


class ChineseBookWords(BookWords):
    """The same for the Chinese pages, whose Latin words are English."""

    lang = "zh_TW"
    language_name = "Chinese"


def word(token: str) -> str:
    """Return what a token that is not Chinese is found by; nothing for a TeX command of layout."""
    if token in LETTERS:
        return LETTERS[token]
    if token.startswith("\\"):
        name = token[1:].removeprefix("var")
        return name if name in LETTERS.values() or name in FUNCTIONS else ""
    return BRITISH.sub("iz", token.strip("_"))


def index_equations(app: Sphinx, doctree: nodes.document) -> None:
    """Make each equation's label an entry that the search leads to."""
    for equation in list(doctree.findall(nodes.math_block)):
        if label := equation.get("label"):
            entry = ("single", label, f"equation-{label}", "main", None)
            place = equation.parent.index(equation)
            equation.parent.insert(place, addnodes.index(entries=[entry]))


def index_symbols(app: Sphinx, doctree: nodes.document) -> None:
    """Make each Greek symbol of the notation's first column an entry, as letter and as name."""
    if app.env.docname != "notation":
        return
    for row in list(doctree.findall(nodes.row)):
        symbols = [one.astext() for one in row[0].findall(nodes.math)]
        names = {name for name in BookWords({}).split(" ".join(symbols)) if name in NAMES.split()}
        letters = {letter for letter, name in LETTERS.items() if name in names}
        entries = [("single", one, "", "main", None) for one in sorted(names | letters)]
        row[0].insert(0, addnodes.index(entries=entries))


def load_script(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Give the search page its script."""
    if pagename == "search":
        app.add_js_file("search_page.js")


def rewrite_index(app: Sphinx, exception: Exception | None) -> None:
    """Write the index without spaces and escapes, which halves Chinese, and with numbered titles.

    Sphinx numbers a page's title in one of its two lists only, and so shows such a page twice.
    """
    path = Path(app.outdir, "searchindex.js")
    if exception or not path.exists():
        return
    index = js_index.loads(path.read_text(encoding="utf-8"))
    titles = index["alltitles"]
    for title, places in list(titles.items()):
        for page in [page for page, anchor in places if anchor is None]:
            places.remove([page, None])
            titles.setdefault(index["titles"][page], []).append([page, None])
        if not places:
            del titles[title]
    text = json.dumps(index, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    path.write_text(f"{js_index.PREFIX}{text}{js_index.SUFFIX}", encoding="utf-8")
