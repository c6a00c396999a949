"""The notebooks made for Colab: nothing raw, numbers of the built pages, code of the sources."""

import functools
import re

import nbformat
import pytest
from bs4 import BeautifulSoup

from tools.build.colab import LANGUAGE
from tools.build.equations import EQUATION
from tools.build.notebooks import read_notebook
from tools.build.plain_tex import text_of
from tools.paths import HTML, MADE, notebook_paths
from tools.release.set_repository import (
    INSTALL,
    colab_address,
    repository_name,
    site_address,
    tag,
)

pytestmark = pytest.mark.usefixtures("address")  # skipped where there are no built pages
NOT_TEXT = re.compile(r"^```\w*\n.*?^```$|\$\$.*?\$\$|\$[^$]+\$", re.M | re.S)
RAW = re.compile(
    r"\{[\w:-]+\}`|:::|```\{|^\s*\([\w-]+\)=|^:[\w-]+:|\$\$ *\(|\]\((?!https://)", re.M
)
LINK = re.compile(rf"\[([^\[\]]*)\]\({re.escape(site_address())}([^)#]*)#([^)]*)\)")
SOLUTION = ":class: dropdown"
FOLDED = re.compile(
    r"^<details>\n<summary><b>[^<]*</b></summary>\n\n(?:(?!<).+\n|\n)+\n</details>$", re.M
)
notebooks = pytest.mark.parametrize(
    "source", notebook_paths(), ids=lambda path: f"{path.parent.name}/{path.stem}"
)


def made(source):
    return read_notebook(MADE / source.parent.name / source.name)["cells"]


def text(cells):
    return "\n\n".join(cell["source"] for cell in cells if cell["cell_type"] == "markdown")


@functools.cache
def page(source):
    """The built page, with the names of its sections, boxes and equations as ids."""
    name = f"{source.parent.name}/{source.stem}.html"
    return BeautifulSoup((HTML / name).read_text("utf-8"), "html.parser")


@notebooks
def test_nothing_stays_raw(source):
    found = [RAW.search(NOT_TEXT.sub("", cell["source"])) for cell in made(source)
             if cell["cell_type"] == "markdown"]  # fmt: skip
    assert not [match[0] for match in found if match]


@notebooks
def test_notebook_is_valid_and_the_download_of_its_page(source):
    path = MADE / source.parent.name / source.name
    nbformat.validate(nbformat.read(path, 4))
    download = HTML / source.parent.name / "_sources" / source.name
    assert download.read_bytes() == path.read_bytes()


@notebooks
def test_button_of_the_page_opens_the_notebook(source):
    [button] = page(source).select('a[href^="https://colab.research.google.com"]')
    assert button["href"] == colab_address(source.parent.name, source.stem)


@notebooks
def test_code_is_the_sources_and_the_first_cell_installs_a_commit(source):
    """Or the version's tag, where the book was built without git; and it says the language."""
    own, theirs = read_notebook(source)["cells"], made(source)
    assert [cell["id"] for cell in own] == [cell["id"] for cell in theirs]
    pairs = [(one, other) for one, other in zip(own, theirs, strict=True)
             if one["cell_type"] == "code"]  # fmt: skip
    install = pairs[0][1]
    name = INSTALL.search(install["source"])["name"]
    assert re.fullmatch(f"{repository_name()}@([0-9a-f]{{40}}|{tag()})", name)
    install["source"] = install["source"].replace(name, f"{repository_name()}@{tag()}")
    said = LANGUAGE.format(source.parent.name)
    assert install["source"].endswith(said)
    install["source"] = install["source"].removesuffix(said)
    assert all(one == other for one, other in pairs)


@notebooks
def test_solutions_are_folded(source):
    solutions = text(read_notebook(source)["cells"]).count(SOLUTION)
    assert len(FOLDED.findall(text(made(source)))) == solutions


@notebooks
def test_equations_boxes_and_headings_have_the_numbers_of_the_page(source):
    words, built = text(made(source)), page(source)
    numbers = {place["id"]: place.select_one(".eqno").find(string=True)
               for place in built.select("div[id^=equation-]")}  # fmt: skip
    labelled = [one for one in EQUATION.finditer(text(read_notebook(source)["cells"]))
                if one["label"]]  # fmt: skip
    for one in labelled:
        number = numbers[f"equation-{one['label']}"]
        assert f"$$\n{one['tex']} \\tag{{{number.strip('()')}}}\n$$" in words
    assert len(labelled) == len(re.findall(r"\\tag\{", words)) == len(numbers)
    titles = [box.find(string=True) for box in built.select(".admonition[id] > .admonition-title")]
    bold = re.findall(r"(?:<blockquote>\n\n\*\*|<summary><b>)(.*?)(?:\*\*\n|</b>)", words)
    assert [title for title in bold if title in titles] == titles
    shown = [number.get_text().strip() for number in built.select("article .section-number")]
    assert re.findall(r"^##? ([\d.]+) ", NOT_TEXT.sub("", words), re.M) == shown


@notebooks
def test_references_and_citations_read_and_lead_as_on_the_page(source):
    """Each link's text is what the built page shows there, in the same order."""
    wanted = [
        (text_of(link), link["href"])
        for link in page(source).select("article p a.reference.internal, article li a.reference")
        if re.search(r"#(equation-|id\d)", link["href"])
    ]
    folder = f"{source.parent.name}/"
    found = []
    for words, name, place in LINK.findall(text(made(source))):
        own = name.removeprefix(folder) if name != f"{folder}{source.stem}.html" else ""
        if re.match(r"equation-|id\d", place):
            found.append((words, f"{own}#{place}"))
    assert found == wanted


def test_citations_are_of_the_works_that_the_sources_name():
    for source in notebook_paths("en"):
        keys = re.findall(r"\{cite\}`([^`]*)`", text(read_notebook(source)["cells"]))
        wanted = [key for one in keys for key in one.split(",")]
        shown = [words for words, name, _place in LINK.findall(text(made(source)))
                 if name.endswith("bibliography.html")]  # fmt: skip
        for key, words in zip(wanted, shown, strict=True):
            surname, year = re.fullmatch(r"([a-z]+)(\d{4})[a-z]*", key).groups()
            plain = re.sub("[^a-z]", "", words.lower())
            assert plain.startswith(surname) and words.endswith(year), f"{key} reads {words}"
