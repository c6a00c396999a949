"""A link into a page leads to its place, and nothing that comes later moves it away."""

import pytest
from browser import in_both_engines, watch

from tools.paths import LANGUAGES
from tools.site.axe import WIDTHS
from tools.site.browsing import wait_for

AS_NEAR = 80  # pixels
LINKS = [
    "02_variational_inference.html#solution-best-diagonal",
    "errata.html#erratum-4",
    "04_gradients.html#sec-gradients-remember",
    "05_training.html#fig-one-coordinate",
    "05_training.html#exercise-standard-error",
    "06_evaluation.html#equation-eq-unit-forecast",
    "07_wrong_losses.html#fig-mistake-by-mistake",
    "api.html#vae_lib.checkpoints.write_checkpoint",
    "bibliography.html#id9",
    "identities.html#proof-gaussian-conditional",
]
# Pixels from where the window shows a place at its upper edge, or as near as the page's end allows.
MISSED = """id => {
    const [place, page] = [document.getElementById(id), document.documentElement];
    const room = [getComputedStyle(place).scrollMarginTop, getComputedStyle(page).scrollPaddingTop];
    const top = scrollY + place.getBoundingClientRect().top;
    const wanted = top - room.reduce((sum, one) => sum + (parseFloat(one) || 0), 0);
    return Math.round(Math.abs(scrollY - Math.min(wanted, page.scrollHeight - innerHeight)));
}"""
LOAD_ALL = "[...document.images].forEach(image => (image.loading = 'eager'))"
ALL_THERE = (
    "[...document.images].every(image => image.complete) && document.fonts.status === 'loaded'"
)


@in_both_engines
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("link", LINKS)
def test_a_link_ends_at_its_place(browser, address, record_property, language, link):
    """On a narrow screen in one language, on a wide one in the other."""
    width = WIDTHS[(LINKS.index(link) + list(LANGUAGES).index(language)) % 2]
    name = link.partition("#")[2]
    with browser.new_context(viewport={"width": width, "height": 900}) as context:
        page = context.new_page()
        watch(page, address)
        page.goto(f"{address}/{language}/{link}")
        page.wait_for_timeout(1000)
        soon = page.evaluate(MISSED, name)
        page.evaluate(LOAD_ALL)
        wait_for(page, ALL_THERE)
        late = page.evaluate(MISSED, name)
    record_property("missed", max(soon, late))
    assert max(soon, late) <= AS_NEAR, f"{width} px: after 1 s {soon} px, at last {late} px away"
    assert not page.problems
