"""The built pages for those who do not see them, or use no mouse, or read in the dark."""

import pytest
from browser import HTML, PAGES, cannot_run, open_page

from tools.axe import AXE, audit

LANGUAGES = ("en", "zh-TW")
# What has no source of its own: the search, one page of the library's code, and the way in.
OTHERS = [f"{one}/{name}.html" for one in LANGUAGES for name in ("search", "_modules/vae_lib/data")]
FRONT = ["404.html"]
LONG_EQUATIONS = "06_evaluation.html"
FOCUS_SHOWS = """() => {
    const style = getComputedStyle(document.activeElement);
    return style.outlineStyle !== "none" || style.boxShadow !== "none";
}"""


@pytest.mark.parametrize("name", PAGES + OTHERS + FRONT)
def test_axe_finds_nothing(browser, address, name):
    if not AXE.exists():
        cannot_run("axe-core is not there: run `make book` first")
    found = audit(browser, name)
    assert not found, "\n".join(f"{one.rule} {one.place}: {one.why}" for one in found)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_formula_has_mathml(page, address, language):
    open_page(page, address, f"{language}/02_variational_inference.html")
    formulas = page.locator("mjx-container").count()
    assert formulas > 100
    assert page.locator("mjx-container > mjx-assistive-mml > math").count() == formulas
    assert page.locator("mjx-container > mjx-math[aria-hidden=true]").count() == formulas


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_long_equation_scrolls_by_the_keyboard(page, address, language):
    page.set_viewport_size({"width": 390, "height": 900})
    open_page(page, address, f"{language}/{LONG_EQUATIONS}")
    wide = page.evaluate_handle(
        "[...document.querySelectorAll('div.math')].find(box => box.scrollWidth > box.clientWidth)"
    ).as_element()
    assert wide, f"{LONG_EQUATIONS} has no equation wider than the screen"
    formula = wide.query_selector("mjx-container")
    assert formula.get_attribute("aria-label").startswith(
        {"en": "Equation", "zh-TW": "公式"}[language]
    )
    formula.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("box => box.scrollLeft > 0", arg=wide)


@pytest.mark.parametrize("as_file", [False, True], ids=["served", "file"])
def test_enter_says_an_equation(page, address, as_file):
    open_page(page, HTML.as_uri() if as_file else address, "en/02_variational_inference.html")
    page.locator("mjx-container[display]").first.focus()
    page.keyboard.press("Enter")
    said = page.locator(".MJX_LiveRegion_Show")
    said.wait_for(timeout=30_000)
    assert "equals" in said.inner_text()
    assert page.locator("mjx-container[role=application]").count() > 100


def test_tab_reaches_the_content_and_shows_where_it_is(page, address):
    open_page(page, address, "en/intro.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('#pst-skip-link') !== null")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id || location.hash").endswith("main-content")
    for _ in range(40):
        page.keyboard.press("Tab")
        where = page.evaluate("document.activeElement.outerHTML.slice(0, 100)")
        assert page.evaluate(FOCUS_SHOWS), f"nothing shows the focus on {where}"
