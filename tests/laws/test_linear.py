"""What is done to a user's text costs in proportion to its length, whatever it contains."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from tests.growth import linear

from marquee.domain.sentiment import weigh_contrast
from marquee.libraries.vader import scorer

SIZE = 100_000
REPEATED = {
    "a but before each film": "but good film ",
    "other films around a but": "good but bad ",
    "buts alone": "but ",
    "films with one but": "good bad ",
    "least": "at least good very least bad ",
    "never so, without doubt": "never so good without doubt this ",
    "no and nor": "no good no bad or nor great ",
    "kind of": "kind of good ",
    "idioms": "the shit bad ass kiss of death yeah right ",
    "boosters": "extremely VERY good sort of ",
    "negations": "isn't good not never ain't ",
    "capitals": "GOOD bad ",
    "exclamations alone": "!",
    "questions": "?! ",
    "a word of exclamations": "good!",
    "sentences": "Good! ",
    "sentences of a dot": ". ",
    "dots": ".",
    "blanks": " ",
    "blanks after dots": ".\t \r",
    "line ends": "\n",
    "lines": "good\r\n",
    "emojis": "😀",
    "emojis between words": "😀 good 👎",
    "families of emojis": "👨‍👩‍👧‍👦",
    "emoticons": ":) :D ",
    "brackets": "(((good))) ",
    "quotes": "''''''' ",
    "one endless word": "a",
    "one endless word of words": "good",
    "hyphens": "good-bad-",
    "no-break spaces": "good\u00a0",
    "letters that grow when lowered": "İ",
    "accents apart": "e\u0301",
    "CJK": "千と千尋の神隠し",
    "right to left": "\u202eمرحبا ",
    "NUL": "\0",
    "markup": "[/red]<b>[link=x]",
    "tags": "<b>good</b><br/>",
    "tags that never end": "<b<i",
    "a mark and no tag": "<a" + "b" * 250,
    "entities": "&amp;lt;good&#39;&nope;",
    "entities escaped without end": "&amp;" + "amp;" * 100,
    "ampersands": "&",
    "apostrophes of typesetters": "isn\u2019t good\u2026 ",
    "what has no width": "go\u200bod\ufe0f\u00ad",
    "escapes": "\x1b[31m",
}


def repeated(unit: str) -> Callable[[int], str]:
    return lambda size: (unit * (size // len(unit) + 1))[:size]


def long_words(size: int) -> str:
    return " ".join(
        letter * (size // 8) if len(letter) == 1 else letter for letter in ["x", "good", "y", "bad", "z", "but", "q"]
    )


def different_words(size: int) -> str:
    return " ".join(f"w{number}good" for number in range(size // 10))


TEXTS = {name: repeated(unit) for name, unit in REPEATED.items()} | {
    "long words around short ones": long_words,
    "words that differ": different_words,
    "one but at the end": lambda size: "good bad " * (size // 9) + "but fine",
    "one but in the middle": lambda size: "good bad " * (size // 18) + "but " + "great awful " * (size // 24),
}


@pytest.mark.parametrize("kind", TEXTS)
def test_scoring_is_linear(kind: str) -> None:
    assert linear(scorer().score, TEXTS[kind], SIZE)


class Value(float):
    """A valence that counts how often it is looked at."""

    looks = 0

    def __eq__(self, other: object) -> bool:
        Value.looks += 1
        return float(self) == other

    def __hash__(self) -> int:
        Value.looks += 1
        return float.__hash__(self)

    def __mul__(self, other: float) -> "Value":
        return Value(float(self) * other)


def looks(work: Callable[[list[tuple[int, float]], int], object], buts: int) -> int:
    """How often the valences of a text of so many "but good film" are looked at."""
    hits: list[tuple[int, float]] = [(3 * k + 1, Value(1.9 + k % 7)) for k in range(buts)]
    Value.looks = 0
    work(hits, 0)
    return Value.looks


def as_vader_does(hits: list[tuple[int, float]], but: int) -> None:
    """Weigh a contrast as vaderSentiment does: each value is looked for from the start of a list that changes."""
    values = [value for _, value in hits]
    for value in values:
        place = values.index(value)
        values.pop(place)
        values.insert(place, value * (0.5 if hits[place][0] < but else 1.5))


def test_a_contrast_looks_at_each_valence_a_few_times() -> None:
    assert looks(weigh_contrast, 4_000) <= 4.2 * looks(weigh_contrast, 1_000)
    assert looks(weigh_contrast, 4_000) < 10 * 4_000
    assert looks(as_vader_does, 4_000) > 10 * looks(as_vader_does, 1_000), "so a quadratic one would be seen"


def steps(work: Callable[[str], object], text: str) -> int:
    """How many lines a piece of work executes."""
    found = 0

    def step(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal found
        found += event == "line"
        return step

    sys.settrace(step)
    try:
        work(text)
    finally:
        sys.settrace(None)
    return found


@pytest.mark.parametrize("kind", TEXTS)
def test_scoring_takes_steps_in_proportion(kind: str) -> None:
    scorer().score(TEXTS[kind](40_000))  # what is remembered of tokens is remembered before
    few, many = (steps(scorer().score, TEXTS[kind](size)) for size in (2_000, 8_000))
    assert many <= 4.5 * few + 200
