"""The page of symptoms: in both languages the same thirty as the module, each whole and linked."""

import re

import pytest
from pages import SECTION, labels, pages

from tools.paths import LANGUAGES, ROOT
from vae_lib.lessons.symptoms import GROUPS

ENTRY = re.compile(r"^\((sec-symptom-[a-z-]+)\)=\n### [“「]", re.M)
REF = re.compile(r"(?:\{ref\}`|\]\()(sec-[\w-]+)[`)]")
EQ = re.compile(r"\{eq\}`([^`]+)`")
SHOWN = re.compile(r"```\{literalinclude\} (\S+)\n:pyobject: (\w+)\n```")
POINTS = {"en": ["Check", "Cure", "Read on"], "zh-TW": ["檢查", "解法", "詳見"]}
each = pytest.mark.parametrize("language", LANGUAGES)


def path_of(language):
    return ROOT / "book" / language / "symptoms.md"


def groups(language):
    """The labels of each group's entries, under the name of the group."""
    text, found = path_of(language).read_text("utf-8"), {}
    for label in SECTION.findall(text):
        if label.startswith("sec-symptoms-"):
            found[label.removeprefix("sec-symptoms-")] = []
        elif label.startswith("sec-symptom-"):
            found[list(found)[-1]].append(label)
    return found


def entries(language):
    """The text of each entry, under its label, up to the next heading."""
    text = path_of(language).read_text("utf-8")
    starts = [*ENTRY.finditer(text)]
    ends = [one.start() for one in starts[1:]] + [len(text)]
    return {one[1]: text[one.end() : end] for one, end in zip(starts, ends, strict=True)}


@each
def test_the_page_holds_the_thirty_of_the_module_in_its_order(language):
    wanted = {
        name: [f"sec-symptom-{one.__name__.replace('_', '-')}" for one in group]
        for name, group in GROUPS.items()
    }
    assert groups(language) == wanted
    assert list(entries(language)) == [label for group in wanted.values() for label in group]
    assert len(entries(language)) == 30


@each
def test_each_entry_has_its_equation_its_three_points_and_its_own_function(language):
    for label, text in entries(language).items():
        assert EQ.search(text), f"{label}: no equation explains it"
        assert re.findall(r"^- \*(.+?)\*[:：]", text, re.M) == POINTS[language], label
        assert REF.search(text.split(f"*{POINTS[language][-1]}*")[1]), f"{label}: read on where?"
        [(path, function)] = SHOWN.findall(text)
        assert label == f"sec-symptom-{function.replace('_', '-')}"
        assert (path_of(language).parent / path).samefile(ROOT / "vae_lib/lessons/symptoms.py")


@each
def test_each_link_leads_to_a_section_or_an_equation(language):
    text = path_of(language).read_text("utf-8")
    sections = {label for page in pages(language) for label in SECTION.findall(page.text)}
    assert not set(REF.findall(text)) - sections
    assert not set(EQ.findall(text)) - labels(language).keys()
    others = "](" in text.replace("](sec-", "")
    assert not others, "a link that is looked at here is a {ref}, an {eq} or leads to a section"


def test_both_languages_name_the_same_equations_and_sections_in_each_entry():
    english, chinese = (entries(language) for language in LANGUAGES)
    for label, text in english.items():
        for what in (EQ, REF):
            assert what.findall(text) == what.findall(chinese[label]), label


def test_what_the_page_names_in_code_exists():
    """Functions and options: each is a word of the library, of PyTorch or of the function shown."""
    sources = [*(ROOT / "vae_lib").rglob("*.py")]
    known = "\n".join(path.read_text("utf-8") for path in sources)
    text = re.sub(r"```.*?```|\{[a-z]+\}`[^`]*`", "", path_of("en").read_text("utf-8"), flags=re.S)
    for name in re.findall(r"`([^`]+)`", text):
        for word in re.findall(r"\w+", name):
            assert re.search(rf"\b{word}\b", known), f"{name}: {word} is not in vae_lib"
