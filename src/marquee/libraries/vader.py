"""vaderSentiment's own word lists, for the scorer in the domain."""

from functools import cache

from vaderSentiment import vaderSentiment

from marquee.domain.sentiment import Lexicon, Scorer


@cache
def scorer() -> Scorer:
    """Return a scorer with vaderSentiment's lexicon, loaded once a process."""
    analyzer = vaderSentiment.SentimentIntensityAnalyzer()
    return Scorer(
        Lexicon(
            valence=analyzer.lexicon,
            emojis=analyzer.emojis,
            boosters=vaderSentiment.BOOSTER_DICT,
            negations=frozenset(vaderSentiment.NEGATE),
            idioms=vaderSentiment.SPECIAL_CASES,
        )
    )
