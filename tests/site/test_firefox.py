"""What another engine may do in its own way: one visit to some pages in Firefox."""

import pytest
from browser import Place, each, open_page
from visits import CUT, FORMULAS, MISFITS, UNDRAWN_ICONS, shown

from tools.paths import HTML
from tools.site.axe import WIDTHS, resize

# The pages with most formulas, explorers and tables, one half of them in each language.
VISITED = [
    Place("en/intro.html"),
    Place("zh-TW/02_variational_inference.html"),
    Place("en/03_gaussian_posterior.html"),
    Place("zh-TW/05_training.html", from_disk=True),
    Place("en/06_evaluation.html", from_disk=True),
    Place("zh-TW/07_wrong_losses.html"),
    Place("zh-TW/identities.html"),
    Place("en/notation.html"),
]
UNFOLD = """document.querySelectorAll(".toggle-hidden")
    .forEach(one => one.classList.remove("toggle-hidden"))"""


@pytest.mark.parametrize("browser", ["firefox"], indirect=True)
@each(VISITED)
def test_page_is_whole_and_alive_in_firefox(page, address, place):
    """Formulas are set and not cut, sliders move pictures, and the policy refuses nothing."""
    open_page(page, HTML.as_uri() if place.from_disk else address, place.name)
    assert not page.evaluate(UNDRAWN_ICONS)
    formulas = page.evaluate(FORMULAS)
    assert formulas["drawn"] >= formulas["written"] and not formulas["errors"]
    for explorer in page.locator(".explorer").all():
        explorer.scroll_into_view_if_needed()
        handle = explorer.locator("input").first
        handle.press("Home")
        first, _ = shown(page, explorer)
        handle.press("ArrowRight")
        second, _ = shown(page, explorer)
        assert first and second and first != second
    page.evaluate(UNFOLD)
    for width in WIDTHS:
        resize(page, width)
        assert not page.evaluate(MISFITS), f"too wide or stretched at {width} px"
        assert not page.evaluate(CUT), f"cut at {width} px"
    assert not page.problems
