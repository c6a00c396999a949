"""One visit to a page, which collects all that the tests ask of it.

The page is looked at before anything in it has moved; then it is made narrow, audited by axe-core
in its four views, and each slider is taken by the keyboard from one end to the other.
"""

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

from browser import WINDOW, Place, open_page, watch

from tools.paths import HTML
from tools.site.axe import WIDTHS, Violation, audit, resize
from tools.site.browsing import files_behind, wait_for

FORMULA_WIDTHS = (390, 640, 768, 1280, 1440)  # 640: 1280 at 200 %
A4_WIDTH = 665  # CSS pixels between the margins of print.css: 210 mm - 2 * 17 mm
# Every character that a reader can meet: the text, and the attributes that are shown or read out.
READ_TEXT = """() => {
    const words = [document.title, document.body.innerText];
    for (const name of ["title", "aria-label", "placeholder", "alt", "data-tooltip"])
        for (const node of document.querySelectorAll(`[${name}]`))
            words.push(node.getAttribute(name));
    return words.join("\\n");
}"""
WITHOUT_ALT = """() => [...document.images]
    .filter(image => image.closest("article") ? !image.alt : !image.hasAttribute("alt"))
    .map(image => image.outerHTML.slice(0, 80))"""
UNDRAWN_ICONS = """() => [...document.querySelectorAll("[class*=fa-]")].filter(icon => {
    const { content, maskImage } = getComputedStyle(icon, "::before");
    return content !== '""' || !maskImage.startsWith("url(");
}).map(icon => icon.className)"""
FORMULAS = """() => {
    const count = selector => document.querySelectorAll(selector).length;
    return {
        written: count("div.math, span.math"),
        drawn: count(".math .katex"),
        errors: count(".katex-error"),
        with_mathml: count(".katex > .katex-mathml > math"),
        silent: count(".katex > .katex-html[aria-hidden=true]"),
        named: count("div.math > .formula[role=group][aria-label]"),
        displayed: count("div.math"),
    };
}"""
# The formulas of whose ink something is not seen, or that are smaller than the text around them.
# A number that stands in the formula's way would be on its ink; punctuation behind a formula stays
# in the text's column. What SymPy wrote may scroll.
CUT = """() => [...document.querySelectorAll("article .math:not(.cell_output *)")].map(math => {
    const drawn = [...math.querySelectorAll(".katex-base")]
        .filter(base => base.getClientRects().length);
    if (!drawn.length) return "";
    let [left, right] = [0, innerWidth];
    for (let node = math; node.tagName !== "ARTICLE"; node = node.parentElement)
        for (const box of [node, math.querySelector(".formula") ?? node])
            if (getComputedStyle(box).overflowX !== "visible") {
                const room = box.getBoundingClientRect();
                [left, right] = [Math.max(left, room.left), Math.min(right, room.right)];
            }
    const number = math.querySelector(".eqno")?.getBoundingClientRect();
    const size = node => parseFloat(getComputedStyle(node).fontSize);
    const why = [];
    for (const ink of drawn.map(base => base.getBoundingClientRect())) {
        if (ink.right > right + 1 || ink.left < left - 1) why.push("is cut");
        if (number && ink.right > number.left && ink.bottom > number.top && ink.top < number.bottom)
            why.push("meets its number");
    }
    if (math.parentElement.matches(".unbroken")) {
        const behind = document.createRange();
        behind.selectNodeContents(math.parentElement.lastChild);
        const column = math.closest("p, dd, td, th, li, h1, h2, h3, figcaption, div");
        if (behind.getBoundingClientRect().right > column.getBoundingClientRect().right + 1)
            why.push("has its punctuation outside");
    }
    if (size(math.querySelector(".katex")) < 0.95 * size(math)) why.push("is small");
    const name = math.id || math.querySelector("annotation").textContent.trim().slice(0, 80);
    return why.length ? `${name} ${why[0]}` : "";
}).filter(Boolean)"""
# What scrolls inside its own box may be wide; these boxes may not, nor may the page. And a picture
# keeps its shape.
MISFITS = """() => {
    const boxes = [...document.querySelectorAll("div.math, span.math, .cell, .explorer, img")]
        .filter(node => node.getBoundingClientRect().right > innerWidth + 1)
        .filter(node => node.closest(".bd-article"))  // not in a drawer that is drawn aside
        .filter(node => !node.closest(".pst-scrollable-table-container"))
        .map(node => node.outerHTML.slice(0, 80));
    for (const picture of document.querySelectorAll("article img")) {
        const { width, height } = picture.getBoundingClientRect();
        const shape = picture.getAttribute("width") / picture.getAttribute("height");
        const fitted = getComputedStyle(picture).objectFit === "contain";
        if (height && !fitted && Math.abs(width / height / shape - 1) > 0.05)
            boxes.push(`${picture.src} of ${shape} is shown as ${width} by ${height}`);
    }
    const extra = document.documentElement.scrollWidth - innerWidth;
    return extra > 0 ? [...boxes, `the page, by ${extra} px`] : boxes;
}"""
# The words of the interface: around the article, in it, and in it read out or popped up.
WORDS = """() => {
    const written = "dt[class^=field-], .admonition-title, .caption-text, button, summary, " +
        ".viewcode-link, .viewcode-back, .highlight-caption, .slider label";
    const quoted = "pre, code, kbd, .sig-name, script, style, noscript, .math, .handout, " +
        ".pre, .search";
    const around = [], inside = [], readOut = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const [text, parent] = [walker.currentNode.data.trim(), walker.currentNode.parentElement];
        if (!text || parent.closest(quoted)) continue;
        if (!parent.closest("article")) around.push(text);
        else if (parent.closest(written)) inside.push(text);
    }
    const names = ["title", "aria-label", "aria-description", "aria-roledescription",
        "aria-valuetext", "placeholder", "alt", "data-tooltip", "data-bs-title",
        "data-bs-original-title", "data-toggle-hint"];
    for (const name of names)
        for (const node of document.querySelectorAll(`[${name}]`)) {
            if (node.closest(".bibtex-citation")) continue;
            (node.closest("article") ? readOut : around).push(node.getAttribute(name));
        }
    return [[...around, document.title], inside, readOut];
}"""
LINKS = """selector => [...document.querySelectorAll(selector)].map(link =>
    [link.getAttribute("href"), link.lang, link.hreflang, link.textContent])"""
SHOWN = """explorer => {
    const picture = explorer.querySelector("img");
    return [picture.naturalWidth ? picture.src : "", picture.alt];
}"""
# Whether an explorer shows the frame that its sliders choose.
SETTLED = """explorer => {
    const { stops, frames } = JSON.parse(explorer.querySelector("script").textContent);
    const sliders = explorer.querySelectorAll("input"), picture = explorer.querySelector("img");
    let number = 0;
    stops.forEach((labels, i) => (number = number * labels.length + Number(sliders[i].value)));
    const [name, alt] = frames[number];
    return picture.src.endsWith(`/${name}`) && picture.alt === alt && picture.naturalWidth > 0;
}"""


@dataclass
class Slider:
    """What a slider says while the keyboard takes it from its first stop to its last."""

    label: str
    name: str  # as a screen reader says it
    stops: int  # after the first
    moved_picture: bool  # by the first step
    alt_before: str
    alt_at_first_stop: str
    announced: str  # by the status, at the first stop
    spoken: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)


@dataclass
class Explorer:
    """An explorer before and while its sliders move."""

    picture: str
    alt: str
    announced: str
    handles: int  # places that the keyboard can take hold of
    sliders: list[Slider] = field(default_factory=list)


@dataclass
class Visit:
    """What one visit found."""

    files: set[str]  # that the opened page had asked for, below the built pages
    language: str
    text: str
    without_alt: list[str]
    undrawn_icons: list[str]
    formulas: dict[str, int]
    words: tuple[list[str], list[str], list[str]]
    switches: list[list[str]]
    neighbours: list[list[str]]  # the links to the page before and to the page behind
    misfits: dict[int, list[str]]
    cut_formulas: dict[str, list[str]]
    violations: list[Violation]
    explorers: list[Explorer]
    problems: list[str]
    hosts: Counter[str]


def visit(browser, address: str, place: Place, legible: set[str]) -> Visit:
    """Open a page once and collect everything; ``legible`` is what `audit` takes."""
    root = HTML.as_uri() if place.from_disk else address
    with browser.new_context(viewport=WINDOW, reduced_motion="reduce") as context:
        page = context.new_page()
        watch(page, address)
        open_page(page, root, place.name)
        seen = {
            "files": files_behind(page.asked, root),
            "language": page.evaluate("document.documentElement.lang"),
            "text": page.evaluate(READ_TEXT),
            "without_alt": page.evaluate(WITHOUT_ALT),
            "undrawn_icons": page.evaluate(UNDRAWN_ICONS),
            "formulas": page.evaluate(FORMULAS),
            "words": page.evaluate(WORDS),
            "switches": page.evaluate(LINKS, "a.language-switch"),
            "neighbours": [page.evaluate(LINKS, f"a.{one}") for one in ("left-prev", "right-next")],
            "misfits": {width: look_at_width(page, width) for width in WIDTHS},
            "cut_formulas": look_at_formulas(page),
            "violations": audit(page, place.name, legible),
            "explorers": [try_explorer(page, one) for one in page.locator(".explorer").all()],
        }
        return Visit(**seen, problems=page.problems, hosts=page.hosts)


def look_at_width(page, width: int) -> list[str]:
    resize(page, width)
    return page.evaluate(MISFITS)


def look_at_formulas(page) -> dict[str, list[str]]:
    """Everything that is folded is open, on screens of several widths and on paper."""
    folded = page.evaluate_handle("[...document.querySelectorAll('.toggle-hidden')]")
    page.evaluate("all => all.forEach(one => one.classList.remove('toggle-hidden'))", folded)
    found = {}
    for width in FORMULA_WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        found[f"{width} px"] = page.evaluate(CUT)
    page.emulate_media(media="print")
    page.set_viewport_size({"width": A4_WIDTH, "height": 900})
    found["A4"] = page.evaluate(CUT)
    page.emulate_media(media="screen")
    page.set_viewport_size(WINDOW)
    page.evaluate("all => all.forEach(one => one.classList.add('toggle-hidden'))", folded)
    return found


def try_explorer(page, explorer) -> Explorer:
    status = explorer.locator("[role=status]")
    explorer.scroll_into_view_if_needed()
    picture, alt = shown(page, explorer)
    handles = explorer.locator("input").count()
    found = Explorer(picture, alt, status.inner_text(), handles)
    for slider in explorer.locator(".slider").all():
        found.sliders.append(try_slider(page, explorer, slider, status))
    return found


def shown(page, explorer) -> list[str]:
    """The explorer's picture and its words, once they are those that the sliders choose."""
    wait_for(page, SETTLED, explorer.element_handle(), seconds=10)
    return explorer.evaluate(SHOWN)


def try_slider(page, explorer, slider, status) -> Slider:
    """Press Home, listen to the status, then press the arrow until the last stop."""
    handle, readout = slider.locator("input"), slider.locator("output")
    _, before = shown(page, explorer)
    handle.press("Home")
    first_picture, at_first_stop = shown(page, explorer)
    found = Slider(
        label=slider.locator("label").inner_text(),
        name=handle.evaluate("handle => handle.labels[0].textContent"),
        stops=int(handle.get_attribute("max")),
        moved_picture=False,
        alt_before=before,
        alt_at_first_stop=at_first_stop,
        announced=announced(page, status, at_first_stop),
    )
    for stop in range(found.stops + 1):
        if stop:
            handle.press("ArrowRight")
        if stop == 1:
            found.moved_picture = shown(page, explorer)[0] != first_picture
        found.spoken.append(handle.get_attribute("aria-valuetext"))
        found.shown.append(readout.inner_text())
    return found


def announced(page, status, expected: str) -> str:
    """What the status says, once it says what is expected or has had its time."""
    says = "([node, text]) => node.textContent.trim() === text.trim()"
    with suppress(TimeoutError):
        wait_for(page, says, [status.element_handle(), expected], seconds=5)
    return status.inner_text()
