"""The search answers what a learner types with the section that says it."""

import json

import pytest
from browser import SOURCES, html_name, in_both_engines
from pages import SECTION

from tools.paths import HTML, LANGUAGES, ROOT

FOUND = """() => [...document.querySelectorAll("#search-results li a")]
    .map(link => link.getAttribute("href"))"""
FIRST = "queries => queries.map(query => Search.find(query)[0]?.href)"
ROWS = (ROOT / "tests/site/search_queries.txt").read_text(encoding="utf-8").splitlines()[1:]
ASKED = [[cell.strip() for cell in row.split("|")] for row in ROWS]
QUERIES = [
    ("zh-TW", "變分下界", "02_variational_inference.html#sec-elbo"),
    ("zh-TW", "重參數化", "04_gradients.html#sec-reparameterisation"),
    ("zh-TW", "後驗", "02_variational_inference.html#sec-posterior"),
    ("zh-TW", "ELBO", "02_variational_inference.html#sec-elbo"),
    ("zh-TW", "log_var", "03_gaussian_posterior.html#sec-why-log-variance"),
    ("zh-TW", "KL", "03_gaussian_posterior.html#sec-kl-closed-form"),
    ("zh-TW", "rsample", "api.html#vae_lib.gaussian.DiagonalGaussian.rsample"),
    ("zh-TW", "σ", "notation.html"),
    ("zh-TW", "sigma", "notation.html"),
    ("zh-TW", "μ", "notation.html"),
    ("zh-TW", "eq-elbo", "02_variational_inference.html#equation-eq-elbo"),
    ("en", "log_var", "03_gaussian_posterior.html#sec-why-log-variance"),
    ("en", "sigma", "notation.html"),
    ("en", "mu", "notation.html"),
    ("en", "eq-elbo", "02_variational_inference.html#equation-eq-elbo"),
    ("en", "reparameterisation", "04_gradients.html#equation-eq-reparameterisation"),
    ("en", "reparameterization", "04_gradients.html#sec-reparameterisation"),
    ("en", "latnet variabel", "01_generative_model.html#sec-two-steps"),
    ("en", "crossentropy", "03_gaussian_posterior.html#sec-bernoulli"),
    ("en", "zygote of the posterior", "02_variational_inference.html#sec-posterior"),
    ("zh-TW", "量子糾纏的後驗", "02_variational_inference.html#sec-posterior"),
]


def search(page, root, language, query):
    """Open the search page with a query and return what is found."""
    page.goto(f"{root}/{language}/search.html?q={query}")
    page.wait_for_selector(".search-summary:not(:empty)", state="attached")
    return page.evaluate(FOUND)


def index(language):
    """The index as the search page reads it."""
    script = (HTML / language / "searchindex.js").read_text(encoding="utf-8")
    return json.loads(script.removeprefix("const SEARCH = ").removesuffix(";\n"))


def addresses(language):
    """Where each section's label leads; the first one of a page to the page."""
    found = {}
    for source in SOURCES:
        folder, _, name = html_name(source).partition("/")
        if folder == language:
            first, *others = SECTION.findall(source.text)
            found[first] = name
            found |= {label: f"{name}#{label}" for label in others}
    return found


@pytest.mark.parametrize(("language", "column"), [("en", 1), ("zh-TW", 2)])
def test_fifty_queries_find_their_section_first(page, address, language, column):
    page.goto(f"{address}/{language}/search.html")
    right = addresses(language)
    found = page.evaluate(FIRST, [row[column] for row in ASKED])
    wrong = {
        row[column]: f"{first}, not {right[row[0]]}"
        for row, first in zip(ASKED, found, strict=True)
        if first != right[row[0]]
    }
    assert len(ASKED) >= 50 and len(wrong) <= 2, f"{len(wrong)} of {len(ASKED)} wrong: {wrong}"
    assert not page.problems, page.problems


@pytest.mark.parametrize(("language", "query", "expected"), QUERIES)
def test_search_finds(page, address, language, query, expected):
    found = search(page, address, language, query)
    assert expected in found[:8], f"{query} finds {found[:8]}"
    assert len(found) == len(set(found)), f"{query} finds a place twice: {found}"
    assert not page.problems, page.problems


@in_both_engines
@pytest.mark.parametrize(
    ("language", "query", "expected"),
    [
        ("zh-TW", "重參數化", "04_gradients.html#sec-reparameterisation"),
        ("en", "log_var", "03_gaussian_posterior.html#sec-why-log-variance"),
    ],
)
def test_any_page_searches_with_its_own_box(page, root, language, query, expected):
    page.goto(f"{root}/{language}/notation.html")
    page.keyboard.press("Control+k")
    box = page.locator("#pst-search-dialog input[name=q]")
    box.fill(query)
    box.press("Enter")
    page.wait_for_selector(".search-summary:not(:empty)", state="attached")
    assert page.evaluate(FOUND)[0] == expected
    assert not page.problems, page.problems


@pytest.mark.parametrize(("language", "query"), [("zh-TW", "量子糾纏"), ("en", "zygote")])
def test_search_finds_nothing_where_there_is_nothing(page, address, language, query):
    assert search(page, address, language, query) == []


def test_symbols_are_found_in_the_notation_first_and_not_inside_other_names(page, address):
    found = search(page, address, "en", "μ")
    assert found[0] == "notation.html"
    assert not [link for link in found if "matmul" in link]


def test_result_shows_the_text_around_the_words_and_fetches_no_page(page, address):
    search(page, address, "zh-TW", "證據下界")
    assert "證據下界" in page.locator("#search-results p.context").first.inner_text()
    assert [one for one in page.asked if ".html" in one] == [
        one for one in page.asked if "search.html" in one
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_of_the_index_hold_no_tex_and_no_label(language):
    for _, kind, anchor, title, _, *texts in index(language)["places"]:
        signs = ["\\", "{", "}", "$", *(["eq-"] if kind == "section" else [])]
        for text in texts:
            wrong = [sign for sign in signs if sign in title + text]
            assert not wrong, f"{anchor}: {wrong} in {title}: {text}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_place_of_the_index_is_there(language):
    known = index(language)
    pages = [(HTML / language / f"{name}.html").read_text("utf-8") for name in known["pages"]]
    for page, _, anchor, *_ in known["places"]:
        assert not anchor or f'id="{anchor}"' in pages[page], f"{known['pages'][page]}#{anchor}"


@pytest.mark.parametrize("width", [1280, 390])
def test_magnifier_covers_no_letter(page, address, width):
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{address}/en/search.html?q=elbo")
    form = page.locator(".bd-search-container form.bd-search")
    magnifier = form.locator(".fa-magnifying-glass").bounding_box()
    field = form.locator("input").bounding_box()
    assert magnifier["width"] > 0
    assert magnifier["x"] + magnifier["width"] <= field["x"]


def test_index_is_small_and_no_other_page_loads_it(address):
    for language in ("en", "zh-TW"):
        assert (HTML / language / "searchindex.js").stat().st_size < 400_000
        assert "searchindex.js" not in (HTML / language / "notation.html").read_text("utf-8")
