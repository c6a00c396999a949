"""What can be cited, in the built pages: numbers, ids, link signs, and ways between boxes."""

import pytest
from browser import in_both_engines, open_page
from parsed import parsed

from tools.paths import notebook_paths

LANGUAGES = {"en": ("Exercise", "Solution", "Figure"), "zh-TW": ("習題", "解答", "圖")}
CHAPTERS = [path.stem for path in notebook_paths("en")]
languages = pytest.mark.parametrize("language", LANGUAGES)


@languages
@pytest.mark.parametrize("name", CHAPTERS)
def test_boxes_and_figures_have_their_numbers(address, name, language):
    """Those of a chapter begin with its own; an appendix has none."""
    article = parsed(f"{language}/{name}.html").article
    chapter = f"{int(name[:2])}." if name[:2].isdecimal() else ""
    for kind, word in zip(("exercise", "solution"), LANGUAGES[language], strict=False):
        for count, box in enumerate(article.select(f".admonition.{kind}"), start=1):
            title, *signs = box.select_one(".admonition-title").contents
            assert title == f"{word} {chapter}{count}" and box["id"].startswith(f"{kind}-")
            assert [sign["href"] for sign in signs] == [f"#{box['id']}"]
            other = box.select_one(".partner a")["href"]
            assert article.select_one(other).select_one(".partner a")["href"] == f"#{box['id']}"
    figures = article.select("figure[id^=fig-]")
    shown = article.select(".cell_output :is(.explorer, .lab, a > img), svg.diagram")
    assert len(figures) == len(shown)
    for count, figure in enumerate(figures, start=1):
        number = figure.select_one("figcaption .caption-number").get_text()
        assert number == f"{LANGUAGES[language][2]} {chapter}{count} "
        assert figure.select_one("figcaption .headerlink")["href"] == f"#{figure['id']}"


def test_ids_are_the_same_in_both_languages(address):
    for name in CHAPTERS:
        articles = [parsed(f"{language}/{name}.html").article for language in LANGUAGES]
        one, other = (
            [node["id"] for node in article.select("figure, .admonition[id]")]
            for article in articles
        )
        assert one == other and (one or name.startswith("08"))


@in_both_engines
@languages
def test_a_link_to_a_solution_opens_it(page, root, language):
    """The sign in its title leads there, too, and does not close what is open."""
    open_page(page, root, f"{language}/02_variational_inference.html#solution-best-diagonal")
    named, other = (
        page.locator(f"#solution-{one} p").nth(1) for one in ("best-diagonal", "gap-of-prior")
    )
    assert named.is_visible() and not other.is_visible()
    page.locator("#solution-best-diagonal .headerlink").press("Enter")
    page.locator("#exercise-gap-of-prior .partner a").click()
    assert named.is_visible() and other.is_visible()
    page.locator("#solution-gap-of-prior .partner a").click()
    assert page.url.endswith("#exercise-gap-of-prior") and not page.problems
