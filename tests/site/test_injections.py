"""Whatever stands in an address or a search box, a page does not throw, run it or ask others."""

from string import Template
from urllib.parse import quote

import pytest
from browser import open_page
from hostile import IN_JAVASCRIPT, INHERITED, MARKUP, PERCENT

from tools.build.policy import with_policy
from tools.paths import LANGUAGES, ROOT
from tools.site.browsing import wait_for

CHAPTER = "04_gradients.html"  # has formulas and explorers
# Each word goes through all that the search does with one, and through the words of the interface.
SEARCH = """words => {
    const wrong = [];
    for (const word of words) {
        try {
            if (!Array.isArray(Search.find(word))) wrong.push([word, "no results"]);
            if (Documentation.gettext(word) !== word) wrong.push([word, "another word"]);
        } catch (error) {
            wrong.push([word, String(error)]);
        }
    }
    return wrong;
}"""
# Each fragment is gone to, and the switch is asked where it would lead from there.
FRAGMENTS = """async ([words, other]) => {
    const link = document.querySelector("a.language-switch"), wrong = [];
    for (const word of words) {
        location.hash = word;
        await new Promise(done => setTimeout(done));
        link.dispatchEvent(new Event("focus"));
        if (link.origin !== new URL(location).origin || !link.pathname.endsWith(other))
            wrong.push([word, link.href]);
    }
    return wrong;
}"""
HIGHLIGHTED = ["model", "sigma", "e", PERCENT[4]]


def unharmed(page):
    """Nothing was thrown, refused or asked of another host, and no script ran."""
    assert not page.problems, page.problems
    assert page.evaluate("window.ran") is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_search_takes_any_word(page, address, language):
    page.goto(f"{address}/{language}/search.html")
    assert page.evaluate(f"({SEARCH})({IN_JAVASCRIPT})") == []
    unharmed(page)


def language_of(root):
    """The English pages are tried on a server, the Chinese ones on a disk."""
    return "en" if root.startswith("http") else "zh-TW"


def test_search_page_opens_with_any_query(page, root):
    """One of each kind, raw and encoded; the whole list would fetch each page of the book."""
    language = language_of(root)
    queries = [*PERCENT[::3], *(quote(word) for word in [*MARKUP[:4], *INHERITED[:3], "\\", "變"])]
    for query in [f"q={one}" for one in queries] + ["q", "", "q=&q=x", "__proto__=1&q=%3Cb%3E"]:
        page.goto(f"{root}/{language}/search.html?{query}")
        wait_for(
            page,
            "!new URLSearchParams(location.search).get('q')"
            "|| document.querySelector('.search-summary')?.textContent",
        )
        unharmed(page)


def test_any_fragment_leaves_the_switch_alive(page, root):
    language = language_of(root)
    [other] = {*LANGUAGES} - {language}
    open_page(page, root, f"{language}/{CHAPTER}")
    arguments = f"[{IN_JAVASCRIPT}, '/{other}/{CHAPTER}']"
    assert page.evaluate(f"({FRAGMENTS})({arguments})") == []
    unharmed(page)


def test_page_opens_with_any_fragment(page, root):
    for fragment in ("%", "%E0%A4%A", "section-999", "section-0", "section-1e9"):
        page.goto("about:blank")
        open_page(page, root, f"en/notation.html#{fragment}")
        page.locator("a.language-switch").click()
        page.wait_for_url("**/zh-TW/notation.html*")
        unharmed(page)


@pytest.mark.parametrize("word", HIGHLIGHTED)
def test_any_highlighted_word_leaves_formulas_and_explorers_whole(page, address, word):
    """A reader who comes from a result of the search sees its words marked."""
    open_page(page, address, f"en/{CHAPTER}?highlight={quote(word, safe='%')}")
    page.wait_for_timeout(50)  # the marks come after 10 ms
    assert page.locator(".math .highlighted, script .highlighted").count() == 0
    assert page.locator(".katex .katex-html").count() >= page.locator(".math").count()
    unharmed(page)


# Addresses of a page that is not there; as a base, most of them would be another host.
MISSING = [
    "//evil.example/x", "//evil.example/en/x", "///evil.example/zh-TW/x", "/\\evil.example/en/x",
    "/\\/evil.example/en/x", "/%2f%2fevil.example/en/x", "/%5cevil.example/en/x",
    "/javascript:alert(1)/en/x", "/http://evil.example/en/x", "/en//evil.example/en/x",
    "/.//evil.example/en/x", "/@evil.example/en/x", "/x/en/y?//evil.example/en/#//evil/en/",
]  # fmt: skip


@pytest.mark.parametrize("folder", ["/", "/vae-book/"])
@pytest.mark.parametrize("below", ["", "/vae-book", "/a-copy"])
def test_404_page_keeps_to_its_host(page, address, folder, below):
    """At the root of a domain, below a project's folder, and in a copy elsewhere."""
    source = Template((ROOT / "book/404.html").read_text("utf-8"))
    body = with_policy(source.substitute(folder=folder, address="", style=""))
    page.route("**/*", lambda route: route.fulfill(body=body, content_type="text/html"))
    for path in MISSING:
        page.goto(f"{address}{below}{path}")
        leads = page.evaluate(
            "[document.baseURI, ...[...document.querySelectorAll('a, form, link')]"
            ".map(node => node.action || node.href)]"
        )
        assert len(leads) == 6
        assert all(one.startswith(f"{address}/") for one in leads), (path, leads)
        unharmed(page)
