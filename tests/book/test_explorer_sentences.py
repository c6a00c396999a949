"""Each explorer has a question above it and a sentence that names its sliders."""

import re

import pytest
from pages import pages

QUESTION = re.compile(r"\*\*[^*]+[?？]\*\*|^#+ .*[?？]$", re.M)
EXPLORERS = [
    (page, number)
    for page in pages("en") + pages("zh-TW")
    for number, cell in enumerate(page.cells)
    if re.search(r"^explorer\(", cell["source"], re.M)
]


@pytest.mark.parametrize(
    ("page", "number"), EXPLORERS, ids=[f"{page.name}-{number}" for page, number in EXPLORERS]
)
def test_explorer_answers_a_question_and_says_its_frames(page, number):
    """The question stands above the sliders; the sentence names each of them in braces."""
    above = next(c for c in reversed(page.cells[:number]) if c["cell_type"] == "markdown")
    assert QUESTION.search(above["source"]), f"{page.name}: no question above cell {number + 1}"
    cell = page.cells[number]
    sentence = cell["metadata"].get("explorer", {}).get("sentence", "")
    call = cell["source"].partition("\nexplorer(")[2] or cell["source"]
    for slider in re.findall(r"(\w+)=", call):
        assert f"{{{slider}}}" in sentence, f"{page.name}: cell {number + 1} does not say {slider}"
