"""Count what axe-core finds in built pages: ``python -m tools.site.axe [FOLDER] [--json FILE]``.

Each page is opened once and seen in four views: light and dark, 1280 and 390 pixels wide. All rules
that axe-core switches on by default are applied, its best practices among them. The theme changes
colours only, so the other rules run once per width and count in both themes. Colours are judged on
one element of each look: tags, classes, colours and letters that are the same up to the page's
root. A look that was found legible is not judged again in another view or page.
"""

import argparse
import collections
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from tools.build.static_files import NPM_FOLDER
from tools.paths import HTML
from tools.site.browsing import chromium, wait_for

AXE = NPM_FOLDER / "node_modules/axe-core/axe.min.js"
THEMES = ("light", "dark")
WIDTHS = (1280, 390)
# Without motion: a colour that is still fading would be measured halfway.
STILL = "*, *::before, *::after { transition: none !important; animation: none !important; }"
# No rule that runs reads style sheets, so axe-core need not fetch them.
STRUCTURE = """async rules => (await axe.run({
    resultTypes: ["violations"],
    preload: {assets: ["media"]},
    rules: Object.fromEntries(rules.map(rule => [rule, {enabled: false}])),
})).violations"""
# No rule is about what KaTeX writes, a drawing that is hidden from screen readers and MathML, and
# two of three elements of a chapter lie in it.
EMPTY_FORMULAS = """() => {
    for (const node of document.querySelectorAll(".katex"))
        node.replaceChildren();
}"""
# One element of each look, and the looks: what decides how legible an element's own words are.
LOOKS = """() => {
    const LOOK =
        ["color", "backgroundColor", "backgroundImage", "opacity", "fontSize", "fontWeight"];
    const known = new Map([[null, ""]]), look = node => {
        if (!known.has(node)) {
            const style = getComputedStyle(node);
            const own = LOOK.map(property => style[property]).join();
            known.set(node, `${look(node.parentElement)} ${node.tagName}.${node.className} ${own}`);
        }
        return known.get(node);
    };
    const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    window.looks = new Map();
    while (words.nextNode()) {
        const node = words.currentNode.parentElement;
        if (words.currentNode.data.trim() && node.checkVisibility() && !looks.has(look(node)))
            looks.set(look(node), node);
    }
    return [...looks.keys()];
}"""
COLOURS = """async ([rules, chosen]) => {
    const options = {resultTypes: ["violations"], preload: false, runOnly: rules};
    return (await axe.run({include: chosen.map(look => looks.get(look))}, options)).violations;
}"""
COLOUR_RULES = ["color-contrast", "link-in-text-block"]
# A moment after resizing the theme makes what scrolls, and only that, reachable by the keyboard.
SETTLED = """width => innerWidth === width && [...document.querySelectorAll(
    "pre, .cell_output > .output, .jp-RenderedHTMLCommon, .pst-scrollable-table-container",
)].every(box => (box.tabIndex === 0) ===
    (box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight))"""
SET_THEME = "theme => { document.documentElement.dataset.theme = theme }"


@dataclass(frozen=True)
class Violation:
    """One rule broken by one element of one view of a page.

    Attributes:
        page: Path below the folder of the built pages.
        theme: ``light`` or ``dark``.
        width: Of the window, in CSS pixels.
        rule: axe-core's name of the rule.
        impact: ``minor``, ``moderate``, ``serious`` or ``critical``.
        place: CSS selector of the element.
        why: What is wrong, in axe-core's words.
    """

    page: str
    theme: str
    width: int
    rule: str
    impact: str
    place: str
    why: str


def page_names(folder: Path = HTML) -> list[str]:
    """Name the pages of both languages, save those that only lead to another page."""
    paths = [path for path in folder.glob("*/**/*.html") if "_static" not in path.parts]
    found = sorted(path.relative_to(folder).as_posix() for path in paths)
    return [name for name in found if name not in ("en/index.html", "zh-TW/index.html")]


def resize(page: Page, width: int) -> None:
    """Make the window so many pixels wide and wait until the theme has followed."""
    page.set_viewport_size({"width": width, "height": 900})
    wait_for(page, SETTLED, width)


def audit(page: Page, name: str, legible: set[str]) -> list[Violation]:
    """Return every violation in the four views of an opened page.

    The page keeps the last width and theme, and its formulas are gone.

    Args:
        page: The page, its equations and sliders at rest.
        name: What the violations call it.
        legible: The looks that need not be judged; those found legible here are added.
    """
    page.add_style_tag(content=STILL)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    page.evaluate(EMPTY_FORMULAS)
    found = []

    def keep(rules: list[dict[str, Any]], theme: str, width: int) -> None:
        for rule in rules:
            for node in rule["nodes"]:
                impact = node["impact"] or rule["impact"]
                place = " ".join(map(str, node["target"]))
                why = node["failureSummary"]
                found.append(Violation(name, theme, width, rule["id"], impact, place, why))

    for width in WIDTHS:
        resize(page, width)
        structure = page.evaluate(STRUCTURE, COLOUR_RULES)
        for theme in THEMES:
            keep(structure, theme, width)
            page.evaluate(SET_THEME, theme)
            new = [look for look in page.evaluate(LOOKS) if look not in legible]
            if not new:
                continue
            hard_to_read = page.evaluate(COLOURS, [COLOUR_RULES, new])
            keep(hard_to_read, theme, width)
            if not hard_to_read:
                legible.update(new)
    return found


def open_and_audit(browser: Browser, address: str, name: str, legible: set[str]) -> list[Violation]:
    """Open a page and audit it.

    Args:
        browser: Chromium.
        address: Of the folder of the built pages, without a final slash.
        name: The page's path below it.
        legible: As `audit` takes it.
    """
    page = browser.new_page(viewport={"width": WIDTHS[0], "height": 900}, reduced_motion="reduce")
    page.goto(f"{address}/{name}")
    page.evaluate("document.fonts.ready")
    found = audit(page, name, legible)
    page.close()
    return found


def table(violations: Iterable[Violation], pages: Iterable[str]) -> str:
    """Set the counts in columns: a row a page, a column a view, and a row a rule below."""
    views = [(theme, width) for theme in THEMES for width in WIDTHS]
    counts = collections.Counter((v.page, v.theme, v.width) for v in violations)
    header = [f"{'page':40}", *(f"{theme} {width}".rjust(11) for theme, width in views)]
    lines = ["".join(header)]
    for page in pages:
        lines.append(f"{page:40}" + "".join(f"{counts[page, *view]:11}" for view in views))
    totals = [sum(counts[page, *view] for page in pages) for view in views]
    lines.append(f"{'all':40}" + "".join(f"{total:11}" for total in totals))
    rules = collections.Counter((v.impact, v.rule) for v in violations)
    lines += [f"{number:6}  {impact}: {rule}" for (impact, rule), number in rules.most_common()]
    return "\n".join(lines)


def main() -> None:
    """Audit every page and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tools.site.axe", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=HTML)
    parser.add_argument("--json", type=Path, help="write every violation to this file")
    options = parser.parse_args()
    pages = page_names(options.folder)
    with chromium() as browser:
        address = options.folder.resolve().as_uri()
        legible: set[str] = set()
        found = [one for name in pages for one in open_and_audit(browser, address, name, legible)]
    print(table(found, pages))
    if options.json:
        text = json.dumps([asdict(one) for one in found], indent=1) + "\n"
        options.json.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
