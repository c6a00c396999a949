"""No Chinese page shows an English word of the theme's or of an extension's interface.

Around the article, every Latin word must be one of the names below. In the article, which may quote
English, this holds for what software writes there: titles of boxes and fields, buttons, links to
the source; and what is read out or pops up must be Chinese, unless it is a name in code.
"""

import re

import pytest
from browser import PAGES

NAMES = "Colab English GitHub PDF Python ipynb Ctrl VAE ELBO KL Jensen MNIST CUDA CPU GPU bfloat16"
LATIN = re.compile(r"[A-Za-z][A-Za-z0-9]+")
CHINESE = re.compile("[\u4e00-\u9fff]")
IN_CODE = re.compile(r"[\w.]*[._]\w+")
SHOWN = """() => {
    const written = "dt[class^=field-], .admonition-title, .caption-text, button, summary, " +
        ".viewcode-link, .viewcode-back, .highlight-caption";
    const quoted = "pre, code, kbd, .sig-name, script, style, noscript, mjx-container, .math, " +
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
            // A slider is named as in the code, and ipywidgets gives its label the title "null".
            if (node.closest("mjx-container, .bibtex-citation, .explorer .widget-box")) continue;
            (node.closest("article") ? readOut : around).push(node.getAttribute(name));
        }
    return [[...around, document.title], inside, readOut];
}"""
CHINESE_PAGES = [name for name in PAGES if name.startswith("zh-TW/")]
OTHER_PAGES = ["zh-TW/search.html?q=elbo", "zh-TW/search.html?q=zygote"]
SOURCE_PAGES = ["zh-TW/_modules/vae_lib/gaussian.html"]


@pytest.mark.parametrize("name", CHINESE_PAGES + OTHER_PAGES + SOURCE_PAGES)
def test_page_has_no_english_interface_word(page, address, name):
    page.goto(f"{address}/{name}")
    if "search.html" in name:
        page.wait_for_selector(".search-summary:not(:empty)", state="attached")
    around, inside, read_out = page.evaluate(SHOWN)
    names = set(NAMES.split()) | set(LATIN.findall(name))  # a page of source is named after it
    wrong = [text for text in around + inside if set(LATIN.findall(text)) - names]
    wrong = [text for text in wrong if not IN_CODE.fullmatch(text)]
    wrong += [
        text
        for text in read_out
        if LATIN.search(text) and not CHINESE.search(text) and not IN_CODE.fullmatch(text)
    ]
    assert not wrong, f"{name} shows English words: {sorted(set(wrong))}"
