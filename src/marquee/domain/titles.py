"""A title's words as search knows them, and all the ways in which people write them."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, pairwise, product
from typing import Final

from marquee.domain.folding import APOSTROPHES, fold
from marquee.domain.numerals import in_digits

UNSPACED: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
    "\u3005-\u3007\u3040-\u30fa\u30fc-\u31ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
    "\u1100-\u11ff\uac00-\ud7af"
)
"""Scripts without blanks between words, or with few: Thai, Lao, Burmese, Khmer; Chinese, Japanese; Korean."""

WORD: Final = re.compile(f"[{UNSPACED}]+|(?:(?![{UNSPACED}])[^\\W_]|[\u0900-\u0dff])+")
RUN: Final = re.compile(f"[{UNSPACED}]+")
ARTICLES: Final = frozenset({"the", "a", "an"})
SAME: Final = {"versus": "vs", "doctor": "dr", "mister": "mr", "volume": "vol", "part": "pt", "saint": "st"}
"""Words for which people write others, which are as good."""

DIGIT_LETTERS = {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "tv", "8": "b"}
DIGIT_LETTERS |= {"$": "s", "@": "a", "¢": "c", "€": "e", "£": "l"}
STYLED: Final = re.compile(r"(?<![^\W_])[^\W\d_]+(?:[0-9$@¢€£]+[^\W\d_]+)+")
"""Words with digits for letters: Se7en, S1m0ne, Ca$h."""

MOST_STYLED = 3
"""Digits for letters in a word, and such words in a title, that are read as letters."""


def words(text: str) -> list[str]:
    """Return a text's words, folded, in order; its signs, where it has nothing else, as of the film "$"."""
    folded = fold(text)
    return WORD.findall(folded) or [sign for sign in folded if not sign.isspace()]


def canonical(words: Sequence[str]) -> list[str]:
    """Return words with each number in digits, and one of those that people write for each other."""
    return [SAME.get(word, word) for word in in_digits(words)]


def is_run(word: str) -> bool:
    """Say whether a word is of a script without blanks, of which any part may be asked for."""
    return RUN.fullmatch(word) is not None


def parts(run: str) -> list[str]:
    """Return the pairs of letters of a run of a script without blanks; its letter where there is one."""
    return [a + b for a, b in pairwise(run)] or [run]


def joined(words: Sequence[str]) -> Iterator[str]:
    """Yield what words make when a blank or a hyphen is left out: each two, and initials all together (M*A*S*H)."""
    yield from (a + b for a, b in pairwise(words) if len(a + b) > 2)
    if min(map(len, words), default=2) > 1:
        return
    for letter, group in groupby(words, key=lambda word: len(word) == 1):
        initials = "".join(group) if letter else ""
        if len(initials) > 1:
            yield initials


def terms(text: str) -> set[str]:
    """Return all words by which a title or a name is found."""
    plain = words(text)
    numbered = canonical(plain)
    found = {*plain, *joined([word for word in plain if not is_run(word)])}
    if numbered != plain:
        found.update(numbered, joined([word for word in numbered if not is_run(word)]))
    for run in RUN.findall("".join(plain)):
        found.update(run, parts(run))
    if "v" in found:
        found.add("vs")
    if not APOSTROPHES.isdisjoint(text):
        found.update(WORD.findall(fold(text, " ")))
    if not DIGIT_LETTERS.keys().isdisjoint(text):
        found.update(*map(spellings, STYLED.findall(fold(text))))
    return found


def name_terms(names: Iterable[str]) -> set[str]:
    """Return all words by which people are found by their names."""
    found: set[str] = set()
    for name in fold("\n".join(names)).split("\n"):
        plain = WORD.findall(name)
        found.update(plain, joined(plain))
    runs = [word for word in found if not word.isascii() and is_run(word)]
    return found.union(*map(parts, runs))


def spellings(word: str) -> list[str]:
    """Return the words that one with digits or signs for letters may be read as, at most eight."""
    letters = [DIGIT_LETTERS.get(letter, letter) for letter in word]
    if sum(letter in DIGIT_LETTERS for letter in word) > MOST_STYLED:
        return []
    return ["".join(choice) for choice in product(*letters)]


def squeezed(words: Iterable[str]) -> str:
    """Return words as one."""
    return "".join(words)


def wholes(text: str) -> set[str]:
    """Return a title as one word, in each way in which it may be asked for whole: numbers as digits, no article."""
    plain = words(text)
    found = {squeezed(form) for sequence in (plain, canonical(plain)) for form in (sequence, bare(sequence))}
    folded = "" if DIGIT_LETTERS.keys().isdisjoint(text) else fold(text)
    for word in STYLED.findall(folded)[:MOST_STYLED]:
        found.update(squeezed(bare(words(folded.replace(word, spelling)))) for spelling in spellings(word))
    return found - {""}


def bare(words: Sequence[str]) -> list[str]:
    """Return a title's words without the article before them, or behind them ("Matrix, The")."""
    found = list(words)
    if len(found) > 1 and found[0] in ARTICLES:
        found = found[1:]
    return found[:-1] if len(found) > 1 and found[-1] in ARTICLES else found
