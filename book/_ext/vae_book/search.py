"""The index of the search: places, what they are called, and their text.

A place is a section, a numbered equation or a name of the library. The index holds the text itself
and no list of words: so a result shows its text without fetching a page, and the words of texts and
queries are made by one script, ``search.js``. What else readers may call a place or a word stands
in ``book/search_terms.yml`` and ``book/terminology.md``.
"""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder

from tools.build.plain_tex import LETTERS, plain
from tools.paths import ROOT
from vae_book.languages import own_tag
from vae_book.terminology import terms

TERMS = yaml.safe_load((ROOT / "book/search_terms.yml").read_text(encoding="utf-8"))
IN_BRACKETS = re.compile("[(（][^)）]*[)）]")
SEPARATOR = re.compile("[,、，] ?")
LABEL = re.compile("^(sec|eq)-")
START = "const SEARCH = "  # of the index
CHINESE = re.compile("[\u3400-\u9fff]")
# What has a place of its own, is code or a picture, or is not shown.
UNREAD = (
    nodes.section, nodes.title, nodes.literal_block, nodes.raw, nodes.image, nodes.Invisible,
    nodes.system_message, addnodes.desc, addnodes.index, addnodes.toctree,
)  # fmt: skip


def phrases(text: str, language: str) -> list[str]:
    """Return the phrases between commas; for the English pages those without Chinese."""
    found = [one.strip() for one in SEPARATOR.split(text) if one.strip()]
    return [one for one in found if language != "en" or not CHINESE.search(one)]


def words_of_one_meaning(language: str) -> list[list[str]]:
    """Return groups of words; a row of the terminology is one."""
    groups = [phrases(line, language) for line in TERMS["words"]]
    for english, chinese, refused, _ in terms():
        said = IN_BRACKETS.sub("", ", ".join((english, chinese, refused)))
        groups.append(phrases(said, language))
    return [group for group in groups if len(group) > 1]


def words_of(node: nodes.Node) -> str:
    """Return the text below a node as it is read, without code, displays and other places."""
    if isinstance(node, nodes.Text):
        return str(node)
    if isinstance(node, nodes.math):
        return plain(node.astext())
    if isinstance(node, nodes.math_block):
        return " … "
    if isinstance(node, UNREAD) or "cell" in node.get("classes", ()):
        return ""
    text = "".join(map(words_of, node.children))
    return text if isinstance(node, nodes.Inline) else f" {text} "


def text_of(some: Iterable[nodes.Node]) -> str:
    """Return the text of several nodes in one line."""
    return " ".join("".join(map(words_of, some)).split())


def greek(doctree: nodes.document) -> list[str]:
    """Return the names of the Greek letters in the first column of a table."""
    rows = doctree.findall(nodes.row)
    shown = "".join(plain(one.astext()) for row in rows for one in row[0].findall(nodes.math))
    return [name for letter, name in LETTERS.items() if letter in shown]


def equations(node: nodes.Element) -> Iterator[str]:
    """Yield the labels of the numbered equations below a node, without those of its sections."""
    for child in node.children:
        if isinstance(child, nodes.math_block) and child.get("label"):
            yield child["label"]
        elif not isinstance(child, (nodes.section, nodes.Text)):
            yield from equations(child)


def places(app: Sphinx, page: str, doctree: nodes.document) -> Iterator[list[Any]]:
    """Yield a page's places: kind, id, title, other names, text, and text that is folded."""
    numbers = app.env.toc_secnumbers.get(page, {})
    for section in doctree.findall(nodes.section):
        [label] = section["ids"]
        is_page = section.parent is doctree
        number = "".join(f"{one}." for one in numbers.get("" if is_page else f"#{label}") or ())
        title = f"{number} {text_of(section[0].children)}".strip()
        names = [LABEL.sub("", label), *phrases(TERMS["sections"].get(label, ""), own_tag(app))]
        if page == "notation":
            names += greek(doctree)
        folded = [one for one in section.children if "dropdown" in one.get("classes", ())]
        opened = [one for one in section.children if one not in folded]
        anchor = "" if is_page else label
        yield ["section", anchor, title, names, text_of(opened), text_of(folded)]
        for one in equations(section):
            yield ["equation", f"equation-{one}", one, [LABEL.sub("", one)]]
    for name in doctree.findall(addnodes.desc_signature):
        if name["ids"]:
            paragraph = name.parent[-1].next_node(nodes.paragraph)
            full, text = name["ids"][0], text_of([paragraph] if paragraph else [])
            yield ["object", full, "", [full.rpartition(".")[2]], text]


def keep_places(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Remember the places of a page that is being written."""
    written(app)[page] = list(places(app, page, doctree))


def written(app: Sphinx) -> dict[str, list[Any]]:
    """Return the places of the pages that this build wrote."""
    found: dict[str, list[Any]] = app.env.temp_data.setdefault("places", {})
    return found


def kept(index: Path) -> dict[str, list[Any]]:
    """Return the places of the pages in the index of the build before, if there was one."""
    if not index.exists():
        return {}
    old = json.loads(index.read_text(encoding="utf-8").removeprefix(START).rstrip(";\n"))
    return {
        page: [place for number, *place in old["places"] if number == n]
        for n, page in enumerate(old["pages"])
    }


def write_index(app: Sphinx, exception: Exception | None) -> None:
    """Write the index of all pages, those that were not built again included."""
    if exception or app.builder.format != "html":
        return
    language, path = own_tag(app), Path(app.outdir, "searchindex.js")
    known = kept(path) | written(app)
    found = {page: known[page] for page in sorted(app.env.found_docs)}
    index = {
        "letters": LETTERS,
        "same": words_of_one_meaning(language),
        "pages": list(found),
        "places": [[n, *place] for n, page in enumerate(found) for place in found[page]],
    }
    text = json.dumps(index, ensure_ascii=False, separators=(",", ":"))
    path.write_text(f"{START}{text};\n", encoding="utf-8")


def replace_sphinx(app: Sphinx) -> None:
    """Let Sphinx write no index of its own; the search page stays."""
    assert isinstance(app.builder, StandaloneHTMLBuilder)
    app.builder.search = False
    app.config.html_additional_pages["search"] = "search.html"
