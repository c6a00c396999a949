"""Make notebooks for who reads them as notebooks: in Colab, in VS Code, in JupyterLab.

The sources are MyST, which those show raw. Here numbers, titles and citations are those of the
built pages and lead there, a box is HTML around its Markdown, a solution is folded, and the first
cell installs the commit that the notebook was made from and says the language, which no folder
tells there; all other code is the source's. The workflow puts ``_build/colab`` on the branch
``colab``, where the pages' buttons lead; the pages' own download gives the same files.
"""

import re
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import NamedTuple

from bs4 import BeautifulSoup

from tools.build.equations import EQUATION
from tools.build.notebooks import read_notebook, write_notebook
from tools.build.plain_tex import text_of
from tools.paths import HTML, LANGUAGES, MADE, ROOT, notebook_paths, page_names
from tools.release.set_repository import INSTALL, repository_name, site_address, tag
from vae_lib.lessons.language import VARIABLE

# On a finished page: what can be referred to, with its title or number, and the citations.
PLACE = re.compile(
    r'id="(?P<name>[\w-]+)">\s*<(?:h\d|p class="admonition-title"|span class="eqno")>'
    r'(?:<span class="section-number">(?P<number>[^<]*)</span>)?'
    r'(?P<text>.*?)<(?:a|button type="button") class="(?:check|headerlink)',
    re.S,
)
FIGURE = re.compile(
    r'<figure [^>]*id="(?P<name>[\w-]+)">\s*(?P<drawing><svg .*?</svg>)?'
    r'.*?<span class="caption-number">(?P<number>[^<]*?) *</span>',
    re.S,
)
STYLE = (ROOT / "book/_static/diagrams.css").read_text(encoding="utf-8")
CITATION = re.compile(r'<span class="bibtex-citation"[^>]*>(.*?\])</span>', re.S)
CITED = re.compile(r'<a [^>]*href="(?P<page>[^"]*)"[^>]*>(?P<text>.*?)</a>', re.S)
# In a source: a directive, and all else that is no Markdown; what stays as it is comes first.
BOX = re.compile(
    r"^(?P<fence>:{3,}|`{3,})\{(?P<kind>[^}\n]*)\} *(?P<title>[^\n]*)\n"
    r"(?P<options>(?::[\w-]+:[^\n]*\n)*)(?P<body>.*?)\n*^(?P=fence)$",
    re.M | re.S,
)
SYNTAX = re.compile(
    rf"{EQUATION.pattern}"
    r"|(?P<code>^ *(?P<fence>```|~~~)\w*\n.*?^ *(?P=fence)$|\$\$.*?\$\$|\$[^$]+\$|(?<!\})`[^`]+`)"
    r"|\{(?P<role>[\w:-]+)\}`(?P<name>[^`]+)`"
    r"|\]\((?P<target>(?!https?://)[^)]*)\)"
    r"|^\((?P<place>[\w-]+)\)=\n(?P<heading>#+ )?"
    r"|(?P<raw>^ *(?::{3,}|`{3,}\{|:[\w-]+:|\([\w-]+\)=|%|\+\+\+)[^\n]*"
    r"|\[\^[^\]]*\]|\{[.#][^}]*\})",
    re.M | re.S,
)
LANGUAGE = f"""

import os

os.environ["{VARIABLE}"] = "{{}}"  # in which check answers"""
REFERENCES = ("eq", "ref", "numref", "doc")


class Place(NamedTuple):
    """Something that can be referred to: its address, and its title or number.

    ``number`` is a section's, and ``picture`` a drawing's HTML.
    """

    address: str
    text: str
    number: str = ""
    picture: str = ""

    @property
    def link(self) -> str:
        """The Markdown of a reference."""
        return f"[{self.text}]({self.address})"


def places(language: str) -> dict[str, Place]:
    """Return what the built pages of one language number or name, by label, and the pages."""
    found: dict[str, Place] = {}
    for name in page_names(language):
        address = f"{site_address()}{language}/{name}.html"
        page = (HTML / language / f"{name}.html").read_text(encoding="utf-8")
        for match in PLACE.finditer(page):
            text = text_of(BeautifulSoup(match["text"], "html.parser"))
            found.setdefault(name, Place(address, text))  # a page begins with its title
            label = match["name"].removeprefix("equation-")
            found[label] = Place(f"{address}#{match['name']}", text, match["number"] or "")
        for match in FIGURE.finditer(page):
            drawn = picture(match["drawing"]) if match["drawing"] else ""
            figure = Place(f"{address}#{match['name']}", match["number"], picture=drawn)
            found[match["name"]] = figure
    return found


def picture(drawing: str) -> str:
    """Return a drawing of a page as a picture that brings its own style, that of a light page."""
    style = STYLE.replace('html[data-theme="light"]', "svg")
    alone = drawing.replace(">", f"><style>{style}</style>", 1)
    said = re.search(r'aria-label="([^"]*)"', drawing)
    alt = said[1] if said else ""
    return f'<img alt="{alt}" src="data:image/svg+xml;base64,{b64encode(alone.encode()).decode()}">'


def citations(language: str, name: str) -> list[str]:
    """Return each citation of a built page as Markdown, in the order of the page."""
    page = (HTML / language / f"{name}.html").read_text(encoding="utf-8")

    def link(cited: re.Match[str]) -> str:
        text = text_of(BeautifulSoup(cited["text"], "html.parser"))
        return Place(f"{site_address()}{language}/{cited['page']}", text).link

    return [CITED.sub(link, citation) for citation in CITATION.findall(page)]


def markdown(source: str, known: dict[str, Place], cited: Iterator[str]) -> str:
    """Return the Markdown of a cell that MyST alone can read.

    Args:
        source: The cell's MyST.
        known: What may be referred to, from ``places``.
        cited: What the page's next citations read, from ``citations``.

    Raises:
        ValueError: With what is written in a way that is not known here.
    """

    def box(match: re.Match[str]) -> str:
        kind, title, body = match["kind"], match["title"], BOX.sub(box, match["body"])
        options = dict(re.findall(r"^:([\w-]+): *(.*)$", match["options"], re.M))
        place = known.get(options.get("name", ""))
        if kind == "diagram" and place and place.picture:
            return f"{place.picture}\n\n**{place.text}** {body}"
        if kind not in ("admonition", "margin", "div"):
            raise ValueError(match[0].partition("\n")[0])
        if kind == "div":  # what would be its title is a class
            return f"<blockquote>\n\n{body}\n\n</blockquote>"
        if place:
            title = place.text
        if "dropdown" in options.get("class", ""):
            summary = f"<summary><b>{escape(title)}</b></summary>"
            return f"<details>\n{summary}\n\n{body}\n\n</details>"
        return f"<blockquote>\n\n**{title}**\n\n{body}\n\n</blockquote>"

    def resolve(match: re.Match[str]) -> str:
        target = (match["target"] or "").removeprefix("#").removesuffix(".md")
        if match["place"]:
            return match["heading"] + known[match["place"]].number if match["heading"] else ""
        if match["label"] in known:
            return f"$$\n{match['tex']} \\tag{{{known[match['label']].text.strip('()')}}}\n$$"
        if match["role"] in REFERENCES and match["name"] in known:
            return known[match["name"]].link
        if match["role"] == "cite":
            return next(cited)
        if target in known:
            return f"]({known[target].address})"
        if match["label"] or match["role"] or match["target"] or match["raw"]:
            raise ValueError(match[0].strip().splitlines()[-1])
        return match[0]

    return SYNTAX.sub(resolve, BOX.sub(box, source))


def commit() -> str:
    """Return the commit that is checked out, or the version's tag where there is no git."""
    command = ["git", "--git-dir", str(ROOT / ".git"), "rev-parse", "--verify", "HEAD"]
    try:
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return tag()
    return said.strip()


def write_notebook_for_readers(
    source: Path, target: Path, known: dict[str, Place], version: str
) -> None:
    """Make one notebook.

    Args:
        source: The book's notebook.
        target: The file to write.
        known: What may be referred to, from ``places``.
        version: The library's commit or tag, which its first cell installs.

    Raises:
        SystemExit: If a cell holds what would stay raw.
    """
    notebook, where = read_notebook(source), source.relative_to(ROOT).as_posix()
    cited = citations(source.parent.name, source.stem)
    words = [cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "markdown"]
    if len(cited) != (wanted := "".join(words).count("{cite}`")):
        raise SystemExit(
            f"{where} cites {wanted} times and its built page {len(cited)} times: cite in cells of "
            "text alone, and let `make book` build the page."
        )
    citation = iter(cited)
    install = rf"\g<before>{repository_name()}@{version}"
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["source"], installs = INSTALL.subn(install, cell["source"])
            if installs:
                cell["source"] += LANGUAGE.format(source.parent.name)
            continue
        try:
            cell["source"] = markdown(cell["source"], known, citation)
        except ValueError as error:
            raise SystemExit(
                f"{where}, cell {cell['id']}: Colab would show {error} raw, as it stands here, so "
                "write it in a form that tools/build/colab.py knows, or teach it this one."
            ) from None
    write_notebook(target, notebook)


def write_colab_notebooks() -> None:
    """Make the notebooks of both languages, for the branch ``colab`` and for the download."""
    shutil.rmtree(MADE, ignore_errors=True)
    version = commit()
    for language in LANGUAGES:
        (MADE / language).mkdir(parents=True)
        known = places(language)
        for source in notebook_paths(language):
            target = MADE / language / source.name
            write_notebook_for_readers(source, target, known, version)
            shutil.copyfile(target, HTML / language / "_sources" / source.name)
