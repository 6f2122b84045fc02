"""Numbers as titles write them: in digits, in English words, in Roman numerals."""

from collections.abc import Sequence
from typing import Final

ONES: Final = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
TENS: Final = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
LARGE: Final = {"thousand": 1_000, "million": 1_000_000}
SCALES: Final = frozenset({"hundred", *LARGE})
ORDINALS: Final = (
    *("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh"),
    *("twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth"),
    "twentieth",
)
SMALL: Final = {word: value for value, word in enumerate(ONES)} | {
    word: 10 * value for value, word in enumerate(TENS, 2)
}
ENDINGS: Final = {1: "st", 2: "nd", 3: "rd"}
PLACES: Final = {word: f"{place}{ENDINGS.get(place, 'th')}" for place, word in enumerate(ORDINALS, 1)}
LATER: Final = {
    (tens, ones): f"{10 * value + place}{ENDINGS.get(place, 'th')}"
    for value, tens in enumerate(TENS, 2)
    for place, ones in enumerate(ORDINALS[:9], 1)
}
"""Places in two words: ("twenty", "fifth") is the 25th."""

ROMAN_ONES: Final = ("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix")
ROMAN: Final = {"x" * (value // 10) + ROMAN_ONES[value % 10]: str(value) for value in range(1, 40)}
NUMBERS: Final = frozenset({*SMALL, *PLACES, *ROMAN, "half"})
"""All words that a number may begin with, or be."""

MOST_WORDS = 12
"""Words that a number has at most."""


def in_digits(words: Sequence[str]) -> list[str]:
    """Return words with each number in digits: ["rocky", "ii"] becomes ["rocky", "2"], ["twenty", "one"] ["21"].

    An ordinal becomes "2nd", "and a half" ["1", "2"], as ½ is written.
    """
    if NUMBERS.isdisjoint(words):
        return list(words)
    found: list[str] = []
    at = 0
    while at < len(words):
        if tuple(words[at : at + 3]) == ("and", "a", "half"):
            found += ["1", "2"]
            at += 3
            continue
        pair = tuple(words[at : at + 2])
        if pair in LATER:
            found.append(LATER[pair])
            at += 2
            continue
        value, length = spelled(words, at)
        if length:
            found.append(str(value))
            at += length
            continue
        found.append(ROMAN.get(words[at]) or PLACES.get(words[at], words[at]))
        at += 1
    return found


def spelled(words: Sequence[str], start: int) -> tuple[int, int]:
    """Return the value of the number in words that begins at `start`, and how many words it has; 0 words of none."""
    total = group = 0
    before = ""
    span = words[start : start + MOST_WORDS]
    for length, word in enumerate(span):
        if word == "hundred" and 0 < group < 100:
            group *= 100
        elif word in LARGE and group and not 0 < total < 1_000_000:
            total, group = total + LARGE[word] * group, 0
        elif word in SMALL and fits(SMALL[word], group, before):
            group += SMALL[word]
        elif not (word == "and" and before in SCALES and SMALL.keys() & span[length + 1 : length + 2]):
            return total + group, length
        before = word
    return total + group, len(span)


def fits(value: int, group: int, before: str) -> bool:
    """Say whether a small number begins a number or goes on with it, as "one" does after "twenty" and not after "two"."""
    return before in ("", "and", *SCALES) or (0 < value < 10 and group % 100 >= 20 and group % 10 == 0)
