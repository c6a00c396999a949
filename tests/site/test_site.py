"""What search engines and social networks read: links between languages, descriptions, site map."""

import functools
import re
import xml.etree.ElementTree as ElementTree

import pytest
from browser import PAGES
from bs4 import BeautifulSoup

from tools.build.site_files import HEAD
from tools.paths import HTML
from tools.release.set_repository import repository_name, site_address

pytestmark = pytest.mark.usefixtures("address")  # skipped where there are no built pages
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
MARKUP = "{http://www.w3.org/1999/xhtml}"


@functools.cache
def head(name):
    text = HEAD.search((HTML / name).read_text("utf-8"))[0]
    return BeautifulSoup(re.sub(r"<script.*?</script>", "", text, flags=re.S), "html.parser")


def alternates(name):
    return {link["hreflang"]: link["href"] for link in head(name).select("link[rel=alternate]")}


def meta(name, key):
    [tag] = head(name).select(f'meta[name="{key}"], meta[property="{key}"]')
    return tag["content"]


def test_site_is_published_where_the_repository_says():
    owner, name = repository_name().split("/")
    assert site_address() in (f"https://{owner}.github.io/{name}/", f"https://{owner}.github.io/")


@pytest.mark.parametrize("name", PAGES)
def test_page_and_its_alternate_name_each_other(name):
    links = alternates(name)
    assert set(links) == {"en", "zh-TW", "x-default"}
    [canonical] = head(name).select("link[rel=canonical]")
    assert canonical["href"] == site_address() + name == links[name.split("/")[0]]
    for language in ("en", "zh-TW"):
        other = links[language].removeprefix(site_address())
        assert alternates(other) == links, f"{name} and {other} do not name each other"


@pytest.mark.parametrize("name", PAGES)
def test_page_says_what_it_is(name):
    description = meta(name, "description")
    assert 20 <= len(description) <= 200 and not re.search(r"[\\${}]", description), description
    assert description == meta(name, "og:description")
    assert meta(name, "og:url") == site_address() + name
    image = meta(name, "og:image")
    assert image == f"{site_address()}{name.split('/')[0]}/_static/social.png"
    assert (HTML / image.removeprefix(site_address())).is_file(), f"{name}: there is no {image}"
    assert 5 <= len(head(name).title.string) <= 110


def test_titles_and_descriptions_differ():
    """But for a page that has no text of its own to describe it."""
    assert len({head(name).title.string for name in PAGES}) == len(PAGES)
    assert len({meta(name, "description") for name in PAGES}) == len(PAGES)


def test_site_map_lists_every_page_with_its_alternates():
    entries = ElementTree.parse(HTML / "sitemap.xml").getroot().findall(f"{SITEMAP}url")
    listed = {entry.find(f"{SITEMAP}loc").text: entry for entry in entries}
    assert len(listed) == len(entries)
    built = {
        path.relative_to(HTML).as_posix()
        for path in HTML.glob("*/**/*.html")
        if "_static" not in path.parts and path.name != "search.html"
    }
    built -= {"en/index.html", "zh-TW/index.html"}  # they only lead to the first page
    assert built >= set(PAGES)
    assert {address.removeprefix(site_address()) for address in listed} == built | {""}
    for address, entry in listed.items():
        links = {link.get("hreflang"): link.get("href") for link in entry.iter(f"{MARKUP}link")}
        assert links == alternates(address.removeprefix(site_address()) or "index.html")


@pytest.mark.parametrize("name", ["index.html", "404.html"])
def test_front_pages_lead_to_both_languages(name):
    text = (HTML / name).read_text("utf-8")
    for link in BeautifulSoup(text, "html.parser").select("a, form"):
        assert (HTML / (link.get("href") or link.get("action"))).is_file(), f"{name}: {link}"
    assert "$" not in text, f"{name}: a placeholder is left"


@pytest.mark.parametrize("missing", ["zh-TW/gone.html", "en/deep/er/gone.html", "gone.html"])
def test_404_page_works_for_an_address_at_any_depth(page, address, missing):
    """GitHub Pages answers with the text of 404.html wherever a page is missing."""
    body = (HTML / "404.html").read_text("utf-8")
    site = f"{address}/some-folder/" if "/" in missing else f"{address}/"
    page.route(f"**/{missing}", lambda route: route.fulfill(body=body, content_type="text/html"))
    page.goto(site + missing)
    heading = page.locator("h1").first.inner_text()
    assert heading == ("找不到這個網頁" if missing.startswith("zh") else "This page does not exist")
    link = page.locator("section[lang='zh-TW'] a, html[lang='zh-TW'] section a").first
    assert link.evaluate("a => a.href") == f"{site}zh-TW/intro.html"
