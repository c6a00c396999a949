"""The catalogue of the interface: every word in the code has its Chinese, and none is left over."""

import ast
import re
from xml.etree import ElementTree

from babel.messages.pofile import read_po
from vae_book.diagrams import FOLDER, words

from benchmarks.profiles import GROUPS, REST
from tools.build.equations import ORACLES
from tools.build.notebooks import read_notebook
from tools.build.words import CATALOGUE, CATALOGUES, LOCALE, compile_words
from tools.paths import ROOT, notebook_paths
from tools.pdf.make_pdf import heading_of_contents
from vae_lib.lessons.wrong_losses import MISTAKES

TEMPLATE_WORD = re.compile(r"_\(['\"]([^'\"]+)['\"]\)")
BEGIN_OF_THE_THEMES = "# Sphinx and pydata-sphinx-theme."
SYMBOL = re.compile(r"[a-zA-Z]\d?")
CHINESE = LOCALE / "zh_TW/LC_MESSAGES/book.po"


def words_of(source):
    """The strings that the code gives to ``_``."""
    for node in ast.walk(ast.parse(source)):
        is_word = isinstance(node, ast.Call) and ast.unparse(node.func) == "_"
        if is_word and isinstance(node.args[0], ast.Constant):
            yield node.args[0].value


def on_sliders():
    """The labels of the explorers' sliders that are no symbols, and the words where they stop."""
    words = set(MISTAKES)
    for path in notebook_paths("en"):
        for cell in read_notebook(path)["cells"]:
            words |= set(re.findall(r'"(\d to \d)"', cell["source"]))
            if re.search(r"^explorer\(", cell["source"], re.M):
                call = ast.parse(cell["source"]).body[-1].value
                words |= {one.arg.replace("_", " ") for one in call.keywords}
    return {word for word in words if not SYMBOL.fullmatch(word)}


def in_the_code():
    files = [*(ROOT / "book/_ext").rglob("*.py"), ROOT / "tools/pdf/make_pdf.py"]
    found = {word for path in files for word in words_of(path.read_text("utf-8"))}
    drawings = [ElementTree.parse(path).getroot() for path in FOLDER.glob("*.svg")]
    found |= {(one.text or "").strip() for drawing in drawings for one in words(drawing)}
    found |= on_sliders()
    templates = (ROOT / "book/_templates").rglob("*.html")
    return found | {word for path in templates for word in TEMPLATE_WORD.findall(path.read_text())}


def in_the_catalogue(text):
    return {one.id: one.string for one in read_po(text.splitlines(keepends=True)) if one.id}


def test_every_word_has_its_chinese_with_the_same_names_in_braces():
    known = in_the_catalogue(CHINESE.read_text("utf-8"))
    assert not in_the_code() - known.keys(), "book.po lacks these"
    names = re.compile(r"\{[^}]*\}")
    for english, chinese in known.items():
        assert chinese, english
        if "code cell" not in english:  # MyST-NB may leave its name out
            assert sorted(names.findall(english)) == sorted(names.findall(chinese)), english


def test_no_word_of_the_book_is_left_over():
    own, _ = CHINESE.read_text("utf-8").split(BEGIN_OF_THE_THEMES)
    spoken = in_the_code() | {"element-wise work and sums", *GROUPS, REST} | set(ORACLES)
    assert not in_the_catalogue(own).keys() - spoken, "nothing shows these"


def test_each_catalogue_is_compiled_from_the_one(tmp_path):
    compile_words(tmp_path)
    compiled = {path.stem for path in tmp_path.rglob("*.mo")}
    assert compiled == set(CATALOGUES) and CATALOGUE in compiled
    assert [path.name for path in LOCALE.rglob("*.po")] == ["book.po"]


def test_pdf_names_its_contents(tmp_path, monkeypatch):
    monkeypatch.setattr("tools.pdf.make_pdf.BUILD", tmp_path)
    assert heading_of_contents("en") == "Contents"
    assert heading_of_contents("zh-TW") == "目錄"
