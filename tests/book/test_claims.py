"""No sentence allows of no exception, and no number stands in the prose, that nobody has read."""

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, writes

from tools.build.book import outputs_folder
from tools.build.outputs import Outputs
from tools.prose.claims import all_claims, claims, reviewed

READ = "read these, then: python -m tools.prose.claims --accept WORD"


def test_each_claim_has_been_read_and_none_is_left_over():
    known, now = reviewed(), all_claims()
    assert not [claim for claim in now if claim not in known], READ
    assert not [claim for claim in known if claim.kind == "word" and claim not in now], READ
    assert all(word.isprintable() and len(word.split()) == 1 for word in known.values())


def test_each_number_in_the_prose_has_been_computed_or_read():
    if not any(outputs_folder().rglob("*.ipynb")):
        pytest.skip("no outputs on the present sources: `make book` keeps them")
    known, now = reviewed(), all_claims(Outputs(str(outputs_folder())))
    assert not [claim for claim in now if claim not in known], READ


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Writes the only page of a book."""
    monkeypatch.setattr("tools.prose.claims.ROOT", tmp_path)
    (tmp_path / "book/en").mkdir(parents=True)
    return lambda name, text: (tmp_path / "book/en" / name).write_text(text, "utf-8")


def test_strong_words_are_found_in_sentences_alone(written):
    written(
        "page.md",
        "# Only a heading\n\nA bound stays. It never\nrises ([always](only.md)); $L_2$ may.\n\n"
        "$$\n\\text{every}\n$$ (eq-only)\n\n:::{margin} Only a title\n:name: only\n- We cannot.\n"
        ":::\n\n```python\nalways = 1\n```\n",
    )
    found = [claim.sentence for claim in claims("page")]
    assert found == ["It never rises ([always]); $L_2$ may.", "We cannot."]


def test_a_number_is_known_from_code_or_output(written):
    prose = new_markdown_cell("It is 0.25. It was 1.5, then 3.75. Now it is 0.2, or 12.")
    output = new_output("stream", name="stdout", text="0.25 nats, 1.5\n")
    page = new_notebook(cells=[prose, new_code_cell("x = 3.75", outputs=[output])])
    written("page.ipynb", writes(page))

    class Kept:
        def merge_match_into_notebook(self, notebook):
            return 0, notebook

    assert [claim.sentence for claim in claims("page", Kept())] == ["Now it is 0.2, or 12."]
    assert claims("page") == []
