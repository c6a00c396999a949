"""What a reader presses, in a real browser: folded boxes, copy buttons, dark mode, next page."""

import pytest
from browser import each_page, open_page

from tools.build.notebooks import read_notebook
from tools.paths import ROOT, page_names

CHAPTER = "02_variational_inference"
LANGUAGES = pytest.mark.parametrize("language", ["en", "zh-TW"])


def shown_code(language):
    """The chapter's code cells, without the one for Colab, which no page shows."""
    cells = read_notebook(ROOT / f"book/{language}/{CHAPTER}.ipynb")["cells"]
    return [cell["source"] for cell in cells if cell["cell_type"] == "code"][1:]


@LANGUAGES
def test_folded_solutions_and_copy_buttons(page, root, language):
    """The keyboard alone opens, copies and closes; what is copied is the notebook's cell."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_page(page, root, f"{language}/{CHAPTER}.html")
    folded = page.locator(".bd-article .admonition.dropdown").all()
    assert folded
    for box in folded:
        button, content = box.locator("button.toggle-button"), box.locator("p").last
        for key, is_open in (("Enter", True), ("Space", False), ("Space", True)):
            assert content.is_visible() is not is_open
            button.press(key)
            assert button.get_attribute("aria-expanded") == str(is_open).lower()
        assert content.is_visible()
    for code in page.locator(".cell details > summary").all():
        code.press("Enter")
    copied = []
    for button in page.locator(".cell_input button.copybtn").all():
        button.press("Enter")
        copied.append(page.evaluate("navigator.clipboard.readText()"))
    assert copied == shown_code(language)
    assert not page.problems


@LANGUAGES
def test_dark_mode_stays_on_the_next_page(page, root, language):
    """From a disk, wherever Chromium hands the next page the storage of this one.

    It hands one page in some thirty another, empty one, even a page of two lines that no tool
    drives (measured with Chromium 156: 16 to 37 of 400 pages; none of 474 from a server). So
    each page leaves a mark there, and where the mark is missing the page is turned anew.
    """
    shade = "getComputedStyle(document.body).backgroundColor"
    theme = page.locator("html")
    button = page.locator("button.theme-switch-button:visible")
    for _ in range(1 if root.startswith("http") else 5):
        open_page(page, root, f"{language}/results.html")
        light, seen = None, []
        for _ in range(3):
            seen.append(theme.get_attribute("data-theme"))
            if seen[-1] == "light":
                light = page.evaluate(shade)
            button.press("Enter")
        assert set(seen) == {"light", "dark"}
        while theme.get_attribute("data-mode") != "dark":
            button.press("Enter")
        dark = page.evaluate(shade)
        page.evaluate("localStorage.setItem('mark', 'left')")
        page.locator("a.right-next").press("Enter")
        page.wait_for_url("**/scaling.html")
        if page.evaluate("localStorage.getItem('mark')") == "left":
            break
    assert theme.get_attribute("data-theme") == "dark"
    assert page.evaluate(shade) == dark != light
    assert not page.problems


@each_page
def test_next_and_previous_lead_through_the_whole_book(visited, place):
    """Each page names its neighbours in the table of contents; the first and last have one."""
    language, _, own = place.name.partition("/")
    names = [None, *(f"{name}.html" for name in page_names(language)), None]
    number = names.index(own)
    for links, neighbour in zip(visited.neighbours, names[number - 1 :: 2], strict=False):
        assert {link[0] for link in links} == {neighbour} - {None}
