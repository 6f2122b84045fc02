"""What is done to a user's text costs in proportion to its length, whatever it contains."""

from collections.abc import Callable

import pytest
from tests.growth import linear

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
