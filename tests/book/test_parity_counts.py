"""Both languages have as many paragraphs and list items, the same formulas and the same numbers.

Chinese may have more formulas: it says q again where English says "it", and p = 0 for "p is zero".
A name, such as f(x), need not stand there as often as in English. A number in digits may be a word
on the other side: "ten", 六萬.
"""

import re
from collections import Counter

import pytest
from pages import FENCE

from tools.build.equations import EQUATION
from tools.prose.written_from import Passage, passages

LINE_OF_SYNTAX = re.compile(r"^(?::{3,}.*|:[\w-]+:(?!alt:).*|\(sec-.*\)=|#+ .*)$", re.M)
ITEM = re.compile(r"^\s*(?:[-*]|\d+\.)\s", re.M)
FORMULA = re.compile(r"\$([^$]+)\$")
NAME = re.compile(r"(\\[a-z]+|[{}()_^'\w])+")  # a name, also with its arguments: f(x)
NO_NUMBERS = re.compile(r"`[^`]*`|\$[^$]+\$|\]\([^)]*\)|<[^>]*>|^\s*\d+\.\s|\{[\w-]+\}", re.M)
NUMBER = re.compile(
    r"(?<![A-Za-z\d.])(\d+(?:,\d{3})*(?:\.\d+)?)(?: ?([千萬億])|(?: (thousand|million|billion)))?"
)
WORD = re.compile(r"[a-z]+")
HAN = re.compile("[零一二兩三四五六七八九十百千萬億半]+")
SMALL = WORD.findall(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
)
ORDINALS = WORD.findall("zeroth first second third fourth fifth sixth seventh eighth ninth tenth")
TENS = WORD.findall("twenty thirty forty fifty sixty seventy eighty ninety")
BIG = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
BIG |= {"十": 10, "百": 100, "千": 1000, "萬": 10_000, "億": 10**8}
VALUES = {word: value for words in (SMALL, ORDINALS) for value, word in enumerate(words)}
VALUES |= {word: 10 * ten for ten, word in enumerate(TENS, start=2)}
VALUES |= {word: value for value, word in enumerate("零一二三四五六七八九")} | {"兩": 2}
VALUES |= {"once": 1, "twice": 2, "half": 0.5, "半": 0.5}


def prose(text):
    """The text without displayed equations, fenced code and lines of syntax."""
    return LINE_OF_SYNTAX.sub("", EQUATION.sub("", FENCE.sub("", text)))


def paragraphs(text):
    return len([part for part in re.split(r"\n\s*\n", prose(text)) if part.strip()])


def items(text):
    return len(ITEM.findall(prose(text)))


def formulas(text):
    """The inline formulas, each with how often, a name once; words in them do not count."""
    found = FORMULA.findall(re.sub("`[^`]*`", "", prose(text)))
    bare = Counter(re.sub(r"\s|(?<=\\text)\{[^}]*\}|[.,]$", "", one) for one in found)
    return Counter({one: 1 if NAME.fullmatch(one) else count for one, count in bare.items()})


def numbers(text):
    """What stands in digits outside formulas and code, each with how often."""
    found = NUMBER.findall(NO_NUMBERS.sub(" ", prose(text)))
    return Counter(
        float(digits.replace(",", "")) * BIG.get(han or english, 1)
        for digits, han, english in found
    )


def in_words(text):
    """The values of the number words, alone and run together: sevens, "five hundred", 六萬."""
    text, found = prose(text).lower(), set()
    for run in [HAN.findall(text), [" ".join(WORD.findall(text))]]:
        for words in [list(one) if HAN.match(one) else one.split() for one in run]:
            total = 0.0
            for word in words:
                value = VALUES.get(word, VALUES.get(word.removesuffix("s"), 0))
                if value:
                    total += value
                elif word in BIG:
                    total = max(total, 1) * BIG[word]
                else:
                    total = 0
                found |= {total, value}
    return found


def mismatches(passage):
    """What a passage does not have alike in both languages, one sentence each."""
    english, chinese = passage.english, passage.chinese
    for name, count in {"paragraphs": paragraphs, "list items": items}.items():
        if count(english) != count(chinese):
            yield f"{count(chinese)} {name}, in English {count(english)}"
    if lost := formulas(english) - formulas(chinese):
        yield f"lacks the formulas {sorted(lost)}"
    for one, other, what in ((english, chinese, "lacks"), (chinese, english, "adds")):
        more = numbers(one) - numbers(other)
        if said := sorted(value for value in more if value not in in_words(other)):
            yield f"{what} the numbers {', '.join(f'{value:g}' for value in said)}"


def test_each_passage_counts_the_same_in_both_languages():
    said = [f"{one.place}: {each}" for one in passages() for each in mismatches(one)]
    assert not said, "\n".join(["Chinese and English differ:", *said])


ENGLISH = "One $a = b$ and $q$, in 60,000 images.\n\nTen of 4.5.\n\n- item\n- $q$"


@pytest.mark.parametrize(
    ("chinese", "said"),
    [
        ("一個 $a = b$ 與 $q$、$q$，共 6 萬張。\n\n10 個 4.5。\n\n- 項\n- $q$", []),
        ("一個 $a = b$ 與 $q$，共六萬張。\n\n4.5 裡的十個。\n\n- 項\n- $q$", []),
        (
            "一個 $a = b$ 與 $q$，共 6 萬張。\n\n- 項\n- $q$",
            ["paragraphs", "lacks the numbers 4.5"],
        ),
        ("一個 $a = b$ 與 $q$，共 6 萬張。\n\n10 個 4.5。\n\n- $q$ 項", ["list items"]),
        (
            "一個 $q$，共 60,000 張。\n\n10 個 4.5。\n\n- 項\n- $q$",
            ["lacks the formulas ['a=b']"],
        ),
        ("一個 $a = b$，共 60,000 張。\n\n10 個 4.5。\n\n- 項\n- 項", ["lacks the formulas ['q']"]),
        (
            "一個 $a = b$ 與 $q$，共 6 千張。\n\n10 個 4.5。\n\n- 項\n- $q$",
            ["lacks the numbers 60000", "adds the numbers 6000"],
        ),
    ],
)
def test_what_is_dropped_or_changed_is_named(chinese, said):
    found = list(mismatches(Passage("page:cell", ENGLISH, chinese)))
    assert len(found) == len(said)
    assert all(part in sentence for part, sentence in zip(said, found, strict=True))
