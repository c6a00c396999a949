"""Both languages say the same: files, cells, code, equations, citations, headings, figures."""

import re

import pytest
from pages import FENCE, Page, pages, simplified_only
from vae_book.terminology import terms

from tools.paths import ROOT

ENGLISH, CHINESE = pages("en"), pages("zh-TW")
HAN = re.compile(r"[\u4e00-\u9fff]")
NOT_PROSE = re.compile(
    r"`[^`]*`|\$[^$]*\$|\]\([^)]*\)|<[^>]*>|\{[a-z-]+\}|\\[a-zA-Z]+"
    r"|(?m:^:(?:class[\w-]*|gutter|img-top|link[\w-]*):.*$)"  # a directive's options
)
both = pytest.mark.parametrize(
    ("english", "chinese"),
    list(zip(ENGLISH, CHINESE, strict=False)),
    ids=lambda page: page.path.name,
)
each_chinese = pytest.mark.parametrize("page", CHINESE, ids=lambda page: page.path.name)


def refused_terms() -> dict[str, str]:
    """What the terminology refuses, each with the term to use instead."""
    return {word: term.chinese for term in terms() for word in term.refused.split("、") if word}


def alternative_texts(page: Page) -> list[str]:
    images = (cell["metadata"].get("mystnb", {}).get("image", {}) for cell in page.cells)
    of_cards = re.findall(r"^:img-alt: (.*)$", page.text, re.M)
    return [image["alt"] for image in images if "alt" in image] + of_cards


def without_quotes(text: str) -> str:
    return re.sub("「[^」]*」", "", text)


def test_both_languages_have_the_same_files():
    english = {page.path.name for page in ENGLISH}
    chinese = {page.path.name for page in CHINESE}
    assert english == chinese, f"in one language only: {sorted(english ^ chinese)}"
    for name in ("_toc.yml",):
        one, other = ((ROOT / "book" / lang / name).read_text("utf-8") for lang in ("en", "zh-TW"))
        strip = re.compile("caption: .*")
        assert strip.sub("", one) == strip.sub("", other), f"{name} differs in more than captions"


@both
def test_cells_agree_in_kind_order_and_code(english, chinese):
    kinds = [[cell["cell_type"] for cell in page.cells] for page in (english, chinese)]
    assert kinds[0] == kinds[1], f"{chinese.name}: the cells differ in kind or order"
    for number, (one, other) in enumerate(zip(english.cells, chinese.cells, strict=True), start=1):
        if one["cell_type"] == "code":
            assert one["source"] == other["source"], (
                f"{chinese.name}: the code of cell {number} differs from the English one: "
                "run `python -m tools.build.sync_code`"
            )
            tags = [cell["metadata"].get("tags") for cell in (one, other)]
            assert tags[0] == tags[1], f"{chinese.name}: the tags of cell {number} differ"


@both
def test_equations_and_labels_agree(english, chinese):
    for one, other in zip(english.equations, chinese.equations, strict=False):
        assert one == other, f"{chinese.name}: {other} is not the English equation {one}"
    counts = [len(page.equations) for page in (english, chinese)]
    assert counts[0] == counts[1], f"{chinese.name}: {counts[1]} equations, in English {counts[0]}"


@both
@pytest.mark.parametrize("role", ["eq", "cite", "doc", "ref"])
def test_references_and_citations_agree(english, chinese, role):
    one, other = (
        sorted(re.findall(rf"\{{{role}\}}`([^`]*)`", page.text)) for page in (english, chinese)
    )
    assert one == other, f"{chinese.name}: {{{role}}} roles differ: {set(one) ^ set(other)}"


@both
def test_headings_and_boxes_agree_in_structure(english, chinese):
    for pattern in (r"^(#+) ", r"^:::\{(\w+)\}", r"^:class: (.*)$", r"^```(.*)$"):
        one, other = (re.findall(pattern, page.text, re.M) for page in (english, chinese))
        assert one == other, f"{chinese.name}: {pattern} finds {other}, in English {one}"


def section_labels(page: Page) -> list[str | None]:
    """The label above each heading; None where there is none."""
    text = FENCE.sub("", page.text)
    found = re.finditer(r"^(?:\((sec-[a-z0-9-]+)\)=\n)?^#+ ", text, re.M)
    return [match[1] for match in found]


@both
def test_each_heading_has_a_label_and_both_languages_the_same(english, chinese):
    one, other = section_labels(english), section_labels(chinese)
    assert None not in one, f"{english.name}: heading {one.index(None) + 1} has no (sec-...)= above"
    assert one == other, f"{chinese.name}: {other} are not the English labels {one}"


def test_no_two_sections_have_the_same_label():
    found = [label for page in ENGLISH for label in section_labels(page)]
    twice = sorted({label for label in found if found.count(label) > 1})
    assert not twice, f"two sections are called {twice}"


@both
def test_links_agree(english, chinese):
    one, other = (
        sorted(re.findall(r"\]\(([^)]*)\)", page.text.replace("/colab/zh-TW/", "/colab/en/")))
        for page in (english, chinese)
    )
    assert one == other, f"{chinese.name}: links differ: {set(one) ^ set(other)}"


@both
def test_alternative_texts_are_in_the_pages_language(english, chinese):
    one, other = alternative_texts(english), alternative_texts(chinese)
    assert len(one) == len(other), f"{chinese.name}: {len(other)} alt texts, in English {len(one)}"
    for text in one:
        assert not HAN.search(text), f"{english.name}: a Chinese alt text: {text[:40]}"
    for text in other:
        assert HAN.search(text), f"{chinese.name}: an untranslated alt text: {text[:40]}"


@each_chinese
def test_no_paragraph_is_untranslated(page):
    """A paragraph with four Latin words or more needs Chinese characters."""
    for paragraph in re.split(r"\n\s*\n|\n(?=[-|\d])", page.prose):
        bare = NOT_PROSE.sub(" ", paragraph)
        words = re.findall(r"[A-Za-z]{3,}", bare)
        assert len(words) < 4 or HAN.search(bare), f"{page.name}: untranslated: {paragraph[:70]}"


@each_chinese
def test_no_simplified_character_stands_in_the_sources(page):
    shown = page.text + "".join(alternative_texts(page))
    found = simplified_only() & set(shown)
    assert not found, f"{page.name} has Simplified characters: {''.join(sorted(found))}"


@each_chinese
def test_terms_are_those_of_the_terminology(page):
    """A refused term may stand once in quotation marks; a correct term that contains it may too."""
    refused = refused_terms()
    words = {word for use in refused.values() for word in re.findall(HAN.pattern + "+", use)}
    correct = re.compile("|".join(words))
    shown = correct.sub("", without_quotes(page.text + "\n".join(alternative_texts(page))))
    for term, use in refused.items():
        found = re.search(f".{{0,12}}{term}.{{0,12}}", shown)
        assert not found, f"{page.name} says {term}, the book says {use}: …{found[0]}…"


@each_chinese
def test_punctuation_and_spacing(page):
    """Full-width punctuation after Chinese; a space between Chinese and Latin letters."""
    bare = NOT_PROSE.sub("", page.prose)
    for fault in re.finditer(
        r"[\u4e00-\u9fff][,;!?]|[\u4e00-\u9fff][A-Za-z]|[A-Za-z][\u4e00-\u9fff]", bare
    ):
        start = max(0, fault.start() - 15)
        raise AssertionError(f"{page.name}: {fault[0]!r} in …{bare[start : fault.end() + 15]}…")
