"""Opinion: a learned linear score of a whole review, in integers, so that every engine adds up the same figures.

A logistic regression over the set of a text's words and pairs of words, each counted once, divided by the square root of
their number (Pang, Lee & Vaithyanathan, EMNLP 2002, found presence to beat counts; Wang & Manning, ACL 2012, pairs). There
is no constant: a text without any word that was learned has no opinion, 0.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import isqrt
from typing import Final

MODEL: Final = "opinion-1"
"""The learned model that this version scores with: a file of `models/`, described in docs/model-card.md."""

OPINION_SCALE: Final = 10_000
"""An opinion x 10^4: in (-10,000, 10,000)."""

WEIGHT_SCALE: Final = 1_000
"""Weights x 10^3 of the regression's own."""

HALF: Final = 500
"""The margin (x 10^3) at which an opinion is half as strong as it can be: so (1 + opinion) / 2 is nearest to the share that
is favourable (Brier score), as docs/model-card.md shows."""

FAVOURABLE_STARS: Final = 70
UNFAVOURABLE_STARS: Final = 40
"""Stars x 10 from which, and up to which, an author's own rating decides; between them the review is neither.

Pang & Lee labelled the reviews that the score is learned from so: 3.5 of 5 stars and more, 2 of 5 and less."""

WORD: Final = re.compile(r"[^\W_]+(?:'[^\W_]+)?|[!?]")


def words(text: str) -> list[str]:
    """Return the words of a plain text in lower case, with the marks ! and ?, in order."""
    return WORD.findall(text.lower())


def terms(text: str) -> set[str]:
    """Return the words of a plain text and the pairs that follow each other."""
    found = words(text)
    return {*found, *map(" ".join, pairwise(found))}


@dataclass(frozen=True, slots=True)
class OpinionModel:
    """Weights (x 10^3) by term, under a name and version that silver keeps with every score."""

    name: str
    weights: Mapping[str, int]

    def score(self, text: str) -> int:
        """Return a plain text's opinion x 10^4: below 0 unfavourable, above 0 favourable, 0 undecided or unknown."""
        found = terms(text)
        weights = self.weights
        total = sum([weights[term] for term in found if term in weights])
        if total == 0:
            return 0
        margin = abs(total) * 1_000 // isqrt(len(found) * 1_000_000)
        squashed = OPINION_SCALE * margin // (HALF + margin)
        return squashed if total > 0 else -squashed


def verdict(opinion: int, stars: int | None) -> int:
    """Return what a review says of its film: 1 favourable, -1 unfavourable, 0 neither.

    stars x 10 decide where the author gave any (None: none), else the opinion's sign.
    """
    if stars is not None:
        return int(stars >= FAVOURABLE_STARS) - int(stars <= UNFAVOURABLE_STARS)
    return int(opinion > 0) - int(opinion < 0)
