"""The link to the other language leads to the same page and the same place in it."""

import pytest
from browser import each_page, open_page

from tools.paths import HTML
from tools.site.browsing import wait_for

OTHER = {"en": "zh-TW", "zh-TW": "en"}
NAMES = {"en": "English", "zh-TW": "中文"}
CHAPTER = "02_variational_inference"
# The number, among the page's sections, of the one whose heading or content is at the top.
SECTION_AT_TOP = """() => {
    const sections = [...document.querySelectorAll("article section[id]")];
    const above = (section) => section.getBoundingClientRect().top < innerHeight / 3;
    return sections.findLastIndex(above) + 1;
}"""
IN_VIEW = """() => {
    const top = document.getElementById("equation-eq-elbo").getBoundingClientRect().top;
    return top >= 0 && top < innerHeight;
}"""
ARRIVED = "address => location.href.split('#')[0] === address && document.readyState === 'complete'"


def switch(page):
    return page.locator("a.language-switch")


def follow(page, root, name):
    """Take the switch by keyboard and wait for the page in the other language."""
    switch(page).focus()
    page.keyboard.press("Enter")
    wait_for(page, ARRIVED, f"{root}/{name}")


def wait_for_section(page, number):
    """The page moves to the section, and again when its equations are drawn."""
    wait_for(page, f"number => ({SECTION_AT_TOP})() === number", number)


@each_page
def test_every_page_links_to_itself_in_the_other_language(visited, place):
    language, _, path = place.name.partition("/")
    other = OTHER[language]
    assert visited.switches == [[f"../{other}/{path}", other, other, NAMES[other]]]
    assert (HTML / other / path).is_file()


@pytest.mark.parametrize("name", ["en/notation.html", f"zh-TW/{CHAPTER}.html"])
@pytest.mark.parametrize("width", [1280, 390])
def test_switch_is_in_view(page, address, name, width):
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{address}/{name}", wait_until="domcontentloaded")
    box = switch(page).bounding_box()
    assert switch(page).is_visible() and box["x"] >= 0 and box["y"] >= 0
    assert box["x"] + box["width"] <= width, f"{name}: cut off at {width} px"


@pytest.mark.parametrize("language", OTHER)
def test_switch_leads_to_the_section_in_view_and_back(page, root, language):
    name, other = f"{language}/{CHAPTER}.html", f"{OTHER[language]}/{CHAPTER}.html"
    open_page(page, root, name)
    heading = page.locator("article section section[id] > h2").nth(2)
    heading.evaluate("node => node.scrollIntoView()")
    number = page.evaluate(SECTION_AT_TOP)
    follow(page, root, other)
    assert number > 1
    wait_for_section(page, number)
    follow(page, root, name)
    wait_for_section(page, number)
    assert not [one for one in page.problems if "script error" in one], page.problems


def test_switch_leads_to_the_same_equation(page, root):
    open_page(page, root, f"en/{CHAPTER}.html#equation-eq-elbo")
    wait_for(page, IN_VIEW)
    follow(page, root, f"zh-TW/{CHAPTER}.html")
    assert page.evaluate("location.hash") == "#equation-eq-elbo"
    wait_for(page, IN_VIEW)


def test_switch_at_the_top_of_a_page_leads_to_the_top(page, root):
    open_page(page, root, f"zh-TW/{CHAPTER}.html")
    follow(page, root, f"en/{CHAPTER}.html")
    assert page.evaluate("location.hash") == "" and page.evaluate("scrollY") == 0


def test_switch_of_the_search_page_keeps_the_words(page, root):
    page.goto(f"{root}/en/search.html?q=log_var")
    switch(page).click()
    page.wait_for_url("**/zh-TW/search.html?q=log_var")
    page.wait_for_selector("#search-results li")


def test_front_page_remembers_the_language_that_was_chosen(page, address):
    page.goto(f"{address}/en/intro.html")
    switch(page).click()
    page.wait_for_url("**/zh-TW/intro.html")
    page.goto(f"{address}/index.html")
    page.wait_for_url("**/zh-TW/intro.html")
