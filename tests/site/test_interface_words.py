"""No Chinese page shows an English word of the theme's or of an extension's interface.

Around the article, every Latin word must be one of the names below. In the article, which may
quote English, this holds for what software writes there: titles of boxes and fields, buttons,
labels of sliders, links to the source; and what is read out or pops up must be Chinese, unless it
is a name in code.
"""

import re

import pytest
from browser import FROM_DISK, PAGES, Place, each, open_page
from visits import WORDS

NAMES = "Colab English GitHub PDF Python ipynb Ctrl VAE ELBO KL EM Jensen MNIST CUDA CPU GPU nat "
NAMES += "bfloat16 z1 z2 NaN score BCE"
LATIN = re.compile(r"[A-Za-z][A-Za-z0-9]+")
CHINESE = re.compile("[\u4e00-\u9fff]")
IN_CODE = re.compile(r"[\w.]*[._]\w+")
OTHER_PAGES = ["zh-TW/search.html?q=elbo", "zh-TW/search.html?q=zygote"]
SOURCE_PAGES = ["zh-TW/_modules/vae_lib/gaussian.html"]


def english(words, name):
    """The texts that should not be there; a page of source is named after it."""
    around, inside, read_out = words
    names = set(NAMES.split()) | set(LATIN.findall(name))
    wrong = [text for text in around + inside if set(LATIN.findall(text)) - names]
    wrong = [text for text in wrong if not IN_CODE.fullmatch(text)]
    wrong += [
        text
        for text in read_out
        if LATIN.search(text) and not CHINESE.search(text) and not IN_CODE.fullmatch(text)
    ]
    return sorted(set(wrong))


@each(one for one in [*map(Place, PAGES), *FROM_DISK] if one.name.startswith("zh-TW/"))
def test_page_has_no_english_interface_word(visited, place):
    wrong = english(visited.words, place.name)
    assert not wrong, f"{place} shows English words: {wrong}"


@pytest.mark.parametrize("name", OTHER_PAGES + SOURCE_PAGES)
def test_page_without_a_source_has_no_english_interface_word(page, address, name):
    open_page(page, address, name)
    if "search.html" in name:
        page.wait_for_selector(".search-summary:not(:empty)", state="attached")
    wrong = english(page.evaluate(WORDS), name)
    assert not wrong, f"{name} shows English words: {wrong}"
