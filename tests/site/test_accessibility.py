"""The built pages for those who do not see them, or use no mouse, or read in the dark."""

import pytest
from browser import FROM_DISK, PAGES, Place, each, each_page, open_page

from tools.paths import HTML, LANGUAGES
from tools.site.browsing import wait_for

# What has no source of its own: the search, one page of the library's code, and the way in.
OTHERS = [f"{one}/{name}.html" for one in LANGUAGES for name in ("search", "_modules/vae_lib/data")]
FRONT = ["404.html"]
LONG_EQUATIONS = "06_evaluation.html"
FOCUS_SHOWS = """() => {
    const focused = document.activeElement;
    return [focused, focused.closest(".sd-card")]
        .some(node => node && getComputedStyle(node).outlineStyle === "solid");
}"""


@each([*map(Place, PAGES + OTHERS + FRONT), *FROM_DISK])
def test_axe_finds_nothing(visited):
    found = visited.violations
    assert not found, "\n".join(f"{one.rule} {one.place}: {one.why}" for one in found)


@each_page
def test_every_formula_has_mathml(visited, place):
    formulas = visited.formulas
    assert formulas["drawn"] > 100 or not place.name.endswith("02_variational_inference.html")
    assert formulas["with_mathml"] == formulas["drawn"]
    assert formulas["silent"] == formulas["drawn"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_long_equation_scrolls_by_the_keyboard(page, address, language):
    page.set_viewport_size({"width": 390, "height": 900})
    open_page(page, address, f"{language}/{LONG_EQUATIONS}")
    wide = page.evaluate_handle(
        "[...document.querySelectorAll('mjx-container[display]')]"
        ".find(formula => formula.scrollWidth > formula.clientWidth)"
    ).as_element()
    assert wide, f"{LONG_EQUATIONS} has no equation wider than the screen"
    name = {"en": "Equation", "zh-TW": "公式"}[language]
    assert wide.get_attribute("aria-label").startswith(name)
    wide.focus()
    page.keyboard.press("ArrowRight")
    wait_for(page, "formula => formula.scrollLeft > 0", wide)


@pytest.mark.parametrize("as_file", [False, True], ids=["served", "file"])
def test_enter_says_an_equation(page, address, as_file):
    open_page(page, HTML.as_uri() if as_file else address, "en/02_variational_inference.html")
    page.locator("mjx-container[display]").first.focus()
    page.keyboard.press("Enter")
    said = page.locator(".MJX_LiveRegion_Show")
    said.wait_for(timeout=30_000)
    assert "equals" in said.inner_text()
    assert page.locator("mjx-container[role=application]").count() > 100


def test_the_first_tab_leads_past_the_menus(page, address):
    open_page(page, address, "en/intro.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('#pst-skip-link') !== null")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def test_one_sees_what_the_keyboard_is_on(page, address):
    open_page(page, address, "en/intro.html")
    stops = 0
    page.keyboard.press("Tab")
    while stops < 99 and page.evaluate("document.activeElement !== document.body"):
        where = page.evaluate("document.activeElement.outerHTML.slice(0, 100)")
        assert page.evaluate(FOCUS_SHOWS), f"nothing shows the focus on {where}"
        page.keyboard.press("Tab")
        stops += 1
    assert 40 < stops < 99, f"the keyboard stopped at {stops} places"
