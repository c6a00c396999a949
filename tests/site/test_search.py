"""The search finds Chinese terms, symbols and labels."""

import pytest

from tools.paths import HTML

FOUND = """() => [...document.querySelectorAll("#search-results li a")]
    .map(link => link.getAttribute("href"))"""
QUERIES = [
    ("zh-TW", "變分下界", "02_variational_inference.html"),
    ("zh-TW", "重參數化", "04_gradients.html"),
    ("zh-TW", "後驗", "02_variational_inference.html"),
    ("zh-TW", "ELBO", "02_variational_inference.html#equation-eq-elbo"),
    ("zh-TW", "log_var", "03_gaussian_posterior.html"),
    ("zh-TW", "KL", "03_gaussian_posterior.html"),
    ("zh-TW", "rsample", "api.html#vae_lib.gaussian.DiagonalGaussian.rsample"),
    ("zh-TW", "σ", "notation.html"),
    ("zh-TW", "sigma", "notation.html"),
    ("zh-TW", "μ", "notation.html"),
    ("zh-TW", "eq-elbo", "02_variational_inference.html#equation-eq-elbo"),
    ("en", "log_var", "03_gaussian_posterior.html"),
    ("en", "sigma", "notation.html"),
    ("en", "mu", "notation.html"),
    ("en", "eq-elbo", "02_variational_inference.html#equation-eq-elbo"),
    ("en", "reparameterisation", "04_gradients.html#equation-eq-reparameterisation"),
    ("en", "reparameterization", "04_gradients.html"),
]


def search(page, root, language, query):
    """Open the search page with a query and return what is found."""
    page.goto(f"{root}/{language}/search.html?q={query}")
    page.wait_for_selector(".search-summary:not(:empty)", state="attached")
    return page.evaluate(FOUND)


@pytest.mark.parametrize(("language", "query", "expected"), QUERIES)
def test_search_finds(page, address, language, query, expected):
    found = search(page, address, language, query)
    assert expected in found[:8], f"{query} finds {found[:8]}"
    assert len(found) == len(set(found)), f"{query} finds a place twice: {found}"
    assert not page.problems, page.problems


@pytest.mark.parametrize(("language", "query"), [("zh-TW", "重參數化"), ("en", "log_var")])
def test_any_page_searches_with_its_own_box(page, root, language, query):
    page.goto(f"{root}/{language}/notation.html")
    page.keyboard.press("Control+k")
    box = page.locator("#pst-search-dialog input[name=q]")
    box.fill(query)
    box.press("Enter")
    page.wait_for_selector(".search-summary:not(:empty)", state="attached")
    assert "04_gradients.html" in page.evaluate(FOUND)
    assert not page.problems, page.problems


@pytest.mark.parametrize(("language", "query"), [("zh-TW", "量子糾纏"), ("en", "zygote")])
def test_search_finds_nothing_where_there_is_nothing(page, address, language, query):
    assert search(page, address, language, query) == []


def test_symbols_are_found_in_the_notation_first_and_not_inside_other_names(page, address):
    found = search(page, address, "en", "μ")
    assert found[0] == "notation.html"
    assert not [link for link in found if "matmul" in link]


def test_result_shows_the_text_around_the_words(page, address):
    search(page, address, "zh-TW", "重參數化")
    page.wait_for_selector("#search-results p.context")
    assert "重參數化" in page.locator("#search-results p.context").first.inner_text()


def test_index_is_small_and_no_other_page_loads_it(address):
    for language in ("en", "zh-TW"):
        assert (HTML / language / "searchindex.js").stat().st_size < 300_000
        assert "searchindex.js" not in (HTML / language / "notation.html").read_text("utf-8")
