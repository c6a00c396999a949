"""The built pages for those who do not see them, or use no mouse, or read in the dark."""

import pytest
from browser import FROM_DISK, PAGES, Place, each, each_page, open_page

from tools.paths import LANGUAGES
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
    assert formulas["named"] == formulas["displayed"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_equation_wider_than_its_box_scrolls_by_the_keyboard(page, address, language):
    """None is on a screen of 390 pixels; at 150 some are."""
    page.set_viewport_size({"width": 150, "height": 900})
    open_page(page, address, f"{language}/{LONG_EQUATIONS}")
    wide = page.locator("div.math .formula[tabindex='0']").first
    assert {"en": "Equation 6.", "zh-TW": "方程式 6."}[language] in wide.get_attribute("aria-label")
    wide.focus()
    page.keyboard.press("ArrowRight")
    wait_for(page, "formula => formula.scrollLeft > 0", wide.element_handle())


def test_code_that_goes_on_behind_the_edge_shows_it(page, address):
    page.set_viewport_size({"width": 390, "height": 900})
    open_page(page, address, "en/02_variational_inference.html")
    shaded = """[...document.querySelectorAll("div.highlight pre")]
        .filter(code => code.checkVisibility() && code.scrollWidth > code.clientWidth)
        .map(code => getComputedStyle(code).backgroundImage.split("gradient").length - 1)"""
    wait_for(page, f"() => {shaded}.length > 5 && {shaded}.every(number => number === 4)")


def test_a_copied_formula_is_tex(page, address):
    open_page(page, address, "en/02_variational_inference.html")
    copied = page.evaluate("""() => {
        getSelection().selectAllChildren(document.querySelector("#equation-eq-elbo .formula"));
        const event = new ClipboardEvent("copy",
            {bubbles: true, cancelable: true, clipboardData: new DataTransfer()});
        document.querySelector("#equation-eq-elbo .katex").dispatchEvent(event);
        return event.clipboardData.getData("text/plain");
    }""")
    assert r"\mathcal{L}(x) =" in copied and copied.count(r"\mathcal{L}(x)") == 1


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
