"""Opinion: a learned linear score of a whole review, in integers, so that every engine adds up the same figures.

A logistic regression over the set of a text's words and pairs of words, each counted once, divided by the square root of
their number (Pang, Lee & Vaithyanathan, EMNLP 2002, found presence to beat counts; Wang & Manning, ACL 2012, pairs). There
is no constant: a text without any word that was learned has no opinion, 0.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import isqrt

from marquee.domain.prose import plain

OPINION_SCALE = 10_000
"""An opinion x 10^4: in (-10,000, 10,000)."""

WEIGHT_SCALE = 1_000
"""Weights x 10^3 of the regression's own."""

HALF = 2 * WEIGHT_SCALE
"""The margin (x 10^3) at which an opinion is half as strong as it can be."""

WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?|[!?]")


def words(text: str) -> list[str]:
    """Return a text's words in lower case, with the marks ! and ?, in order."""
    return WORD.findall(plain(text).lower())


def terms(text: str) -> set[str]:
    """Return the words of a text and the pairs that follow each other."""
    found = words(text)
    return {*found, *(f"{left} {right}" for left, right in zip(found, found[1:], strict=False))}


@dataclass(frozen=True, slots=True)
class OpinionModel:
    """Weights (x 10^3) by term, under a name and version that silver keeps with every score."""

    name: str
    weights: Mapping[str, int]

    def score(self, text: str) -> int:
        """Return a text's opinion x 10^4: below 0 unfavourable, above 0 favourable, 0 undecided or unknown."""
        found = terms(text)
        total = sum(self.weights.get(term, 0) for term in found)
        if total == 0:
            return 0
        margin = abs(total) * 1_000 // isqrt(len(found) * 1_000_000)
        squashed = OPINION_SCALE * margin // (HALF + margin)
        return squashed if total > 0 else -squashed
