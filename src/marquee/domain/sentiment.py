"""A review's scores, each of its plain text: VADER's compound and the learned opinion.

The compound is exactly what vaderSentiment 3.3.2 computes of that plain text, in time linear in it.

vaderSentiment lowers the whole text again at every lexicon hit, and looks through all valences at each one of a
text with a "but", which is quadratic. Here each token is lowered once, the rules look only at the three tokens before
a hit and the two after it, and a valence is found by its value. The rules, their order and their oddities are Hutto &
Gilbert's (ICWSM 2014) as released; the lexicon is theirs and is handed in.
"""

import math
import re
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Final

from marquee.domain.measures import ScoredReview
from marquee.domain.opinion import OpinionModel, verdict
from marquee.domain.prose import plain
from marquee.domain.scores import COMPOUND_SCALE, LABEL_CUT

CAPS: Final = 0.733
NEGATION: Final = -0.74
ALPHA: Final = 15
RULE_WORDS: Final = frozenset({"no", "or", "nor", "never", "so", "this", "without", "doubt", "least"})
SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s+|\n+")


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The word lists of the rules, keyed by lower-case words or phrases."""

    valence: Mapping[str, float]
    emojis: Mapping[str, str]
    boosters: Mapping[str, float]
    negations: frozenset[str]
    idioms: Mapping[str, float]


VERSION = 2
"""Moves whenever a text may get another score: what is held is then scored again."""


@dataclass(frozen=True, slots=True)
class Score:
    """A text's scores, all x 10^4.

    compound: VADER's of the whole text; sentence: its mean over the sentences; opinion: the learned score, 0 where
    nothing in the text was learned.
    """

    compound: int
    sentence: int
    opinion: int

    def review(self, weight: int, stars: int | None) -> ScoredReview:
        """Return what the measures read of a review with this text and its author's stars (x 10; None: none)."""
        decided = verdict(self.opinion, stars)
        return ScoredReview(
            weight=weight,
            positive=int(self.compound >= LABEL_CUT),
            negative=int(self.compound <= -LABEL_CUT),
            favourable=int(decided > 0),
            mixed=int(decided == 0),
            compound=self.compound,
            sentence=self.sentence,
            opinion=self.opinion,
            opined=int(self.opinion != 0),
            rated=int(stars is not None),
            stars=stars or 0,
        )


class LoweredTokens(dict[str, str]):
    """Each token's stripped, lowered word. Texts repeat their tokens, so it remembers a bounded number of them."""

    LIMIT = 100_000

    def __missing__(self, token: str) -> str:
        """Work a token out, and keep it while there is room."""
        word = strip_punctuation(token).lower()
        if len(self) < self.LIMIT and len(token) < 40:
            self[token] = word
        return word


class Scorer:
    """Scores texts with one lexicon and one learned model."""

    def __init__(self, lexicon: Lexicon, model: OpinionModel) -> None:
        self.lexicon = lexicon
        self.model = model
        self.emoji_characters = frozenset(key for key in lexicon.emojis if len(key) == 1)
        self.candidates = frozenset(lexicon.valence) - frozenset(lexicon.boosters)
        self.lowered = LoweredTokens()
        phrases = (*lexicon.boosters, *lexicon.negations, *lexicon.idioms)
        self.modifiers = RULE_WORDS.union(*(phrase.split() for phrase in phrases))
        self.idiom_words = {max(phrase.split(), key=len) for phrase in phrases if " " in phrase}

    def score(self, text: str) -> Score:
        """Return a text's scores, each of its plain text (0 of an empty one)."""
        text = plain(text)
        document = round(self.compound(text) * COMPOUND_SCALE)
        return Score(document, self.sentence_mean(text, document), self.model.score(text))

    def sentence_mean(self, text: str, document: int) -> int:
        """Return the mean compound x 10^4 of a text's sentences: the document's where there are not two."""
        sentences = [part for part in SENTENCE_END.split(text) if part.strip()]
        if len(sentences) < 2:
            return document
        return round(sum(round(self.compound(sentence) * COMPOUND_SCALE) for sentence in sentences) / len(sentences))

    def compound(self, text: str) -> float:
        """Return vaderSentiment's `compound` of the text, in [-1, 1], rounded to four places."""
        if not self.emoji_characters.isdisjoint(text):
            text = self.spell_emojis(text)
        text = text.strip()
        words = text.split()
        lowered = list(map(self.lowered.__getitem__, words))
        hits = self.valences(words, lowered)
        if "but" in lowered:
            weigh_contrast(hits, lowered.index("but"))
        total = float(sum(value for _, value in hits))
        if total > 0:
            total += emphasis(text)
        elif total < 0:
            total -= emphasis(text)
        normal = total / math.sqrt(total * total + ALPHA)
        return round(min(1.0, max(-1.0, normal)), 4)

    def spell_emojis(self, text: str) -> str:
        """Replace each emoji by its description, set off by a space from what stands before it."""
        parts: list[str] = []
        after_space = True
        for character in text:
            description = self.lexicon.emojis.get(character)
            if description is None:
                parts.append(character)
                after_space = character == " "
            else:
                parts.append(description if after_space else " " + description)
                after_space = False
        return "".join(parts)

    def valences(self, words: Sequence[str], lowered: Sequence[str]) -> list[tuple[int, float]]:
        """Return (position, valence) of every token whose valence is not zero.

        `words` may keep their punctuation: it has no case, so it cannot change what is in capitals.
        """
        candidates = self.candidates
        hits: list[tuple[int, float]] = []
        mixed_caps: bool | None = None
        last = len(words) - 1
        for i in [i for i, word in enumerate(lowered) if word in candidates]:
            word = lowered[i]
            if word == "kind" and i < last and lowered[i + 1] == "of":
                continue
            if mixed_caps is None:
                mixed_caps = has_mixed_caps(words)
            around = lowered[max(0, i - 3) : i + 3]
            if self.modifiers.isdisjoint(around) and "n't" not in " ".join(around):
                value = capitalised(self.lexicon.valence[word], words[i], mixed_caps)
            else:
                value = self.hit_valence(words, lowered, i, mixed_caps)
            if value != 0:
                hits.append((i, value))
        return hits

    def hit_valence(self, words: Sequence[str], lowered: Sequence[str], i: int, mixed_caps: bool) -> float:
        """Return the valence of the lexicon word at `i` after all the rules that look around it."""
        valence = self.lexicon.valence
        word = lowered[i]
        value = valence[word]
        if word == "no" and i != len(words) - 1 and lowered[i + 1] in valence:
            value = 0.0
        if (
            (i > 0 and lowered[i - 1] == "no")
            or (i > 1 and lowered[i - 2] == "no")
            or (i > 2 and lowered[i - 3] == "no" and lowered[i - 1] in ("or", "nor"))
        ):
            value = valence[word] * NEGATION
        value = capitalised(value, words[i], mixed_caps)
        for distance in (1, 2, 3):
            if i < distance:
                break
            if lowered[i - distance] in valence:
                continue
            boost = self.boost(words[i - distance], lowered[i - distance], value, mixed_caps)
            if boost != 0 and distance > 1:
                boost *= 0.95 if distance == 2 else 0.9
            value = self.negate(value + boost, lowered, i, distance)
            if distance == 3 and not self.idiom_words.isdisjoint(lowered[i - 3 : i + 3]):
                value = self.idiom(value, lowered, i)
        if i > 0 and lowered[i - 1] == "least" and "least" not in valence:
            at_least = i > 1 and lowered[i - 2] in ("at", "very")
            value = value if at_least else value * NEGATION
        return value

    def boost(self, word: str, lowered: str, value: float, mixed_caps: bool) -> float:
        """Return what a degree adverb adds to the valence of the word it stands before."""
        boost = self.lexicon.boosters.get(lowered)
        if boost is None:
            return 0.0
        if value < 0:
            boost *= -1
        if mixed_caps and word.isupper():
            boost = boost + CAPS if value > 0 else boost - CAPS
        return boost

    def negated(self, word: str) -> bool:
        """Say whether a lowered word negates."""
        return word in self.lexicon.negations or "n't" in word

    def negate(self, value: float, lowered: Sequence[str], i: int, distance: int) -> float:
        """Apply negation by the word `distance` before `i`, with VADER's exceptions for "never so" and "without doubt"."""
        if distance == 2:
            if lowered[i - 2] == "never" and lowered[i - 1] in ("so", "this"):
                return value * 1.25
            if lowered[i - 2] == "without" and lowered[i - 1] == "doubt":
                return value
        if distance == 3:
            if (lowered[i - 3] == "never" and lowered[i - 2] in ("so", "this")) or lowered[i - 1] in (
                "so",
                "this",
            ):
                return value * 1.25
            if lowered[i - 3] == "without" and "doubt" in (lowered[i - 2], lowered[i - 1]):
                return value
        return value * NEGATION if self.negated(lowered[i - distance]) else value

    def idiom(self, value: float, lowered: Sequence[str], i: int) -> float:
        """Replace or shift the valence where the words around `i` (i >= 3) form an idiom or a two-word booster."""
        three, two, one, zero = lowered[i - 3 : i + 1]
        idioms, boosters = self.lexicon.idioms, self.lexicon.boosters
        before = (f"{three} {two} {one}", f"{three} {two}", f"{two} {one}")
        for phrase in (f"{one} {zero}", f"{two} {one} {zero}", before[2], before[0], before[1]):
            if phrase in idioms:
                value = idioms[phrase]
                break
        following = lowered[i + 1 : i + 3]
        for length in range(1, len(following) + 1):
            phrase = " ".join((zero, *following[:length]))
            value = idioms.get(phrase, value)
        for phrase in before:
            value += boosters.get(phrase, 0.0)
        return value


def capitalised(value: float, word: str, mixed_caps: bool) -> float:
    """Strengthen the valence of a word in capitals among words that are not."""
    if mixed_caps and word.isupper():
        return value + CAPS if value > 0 else value - CAPS
    return value


def strip_punctuation(token: str) -> str:
    """Strip a token of ASCII punctuation at its ends, unless that leaves two characters or fewer (an emoticon)."""
    stripped = token.strip(string.punctuation)
    return stripped if len(stripped) > 2 else token


def has_mixed_caps(words: Sequence[str]) -> bool:
    """Say whether some but not all words are in capitals."""
    capitals = sum(map(str.isupper, words))
    return 0 < capitals < len(words)


def weigh_contrast(hits: list[tuple[int, float]], but: int) -> None:
    """Halve valences before "but" and raise those after it by half, in place.

    vaderSentiment looks each value up by its first equal in the list it is changing; so does this, by a heap of the
    places that hold a value.
    """
    places: dict[float, list[int]] = {}
    for index, (_, value) in enumerate(hits):
        places.setdefault(value, []).append(index)
    for index in range(len(hits)):
        holders = places[hits[index][1]]
        position, value = hits[holders[0]]
        if position == but:
            continue
        first = heappop(holders)
        weighed = value * (0.5 if position < but else 1.5)
        hits[first] = (position, weighed)
        heappush(places.setdefault(weighed, []), first)


def emphasis(text: str) -> float:
    """Return what exclamation marks (up to four) and question marks (two or more) add to a text's valence."""
    questions = text.count("?")
    asked = 0.0 if questions < 2 else questions * 0.18 if questions <= 3 else 0.96
    return min(text.count("!"), 4) * 0.292 + asked
