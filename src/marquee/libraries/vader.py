"""What the scorer in the domain is handed: vaderSentiment's own word lists, and the learned model of this version."""

import gzip
from functools import cache
from importlib.resources import files

from vaderSentiment import vaderSentiment

from marquee.domain.opinion import MODEL, OpinionModel
from marquee.domain.sentiment import Lexicon, Scorer


def model(name: str = MODEL) -> OpinionModel:
    """Read a learned model: its name, then a term and its weight a line."""
    packed = files("marquee").joinpath("models", f"{name}.tsv.gz").read_bytes()
    told, *lines = gzip.decompress(packed).decode().split("\n")
    return OpinionModel(told, {term: int(weight) for term, weight in (line.split("\t") for line in lines)})


@cache
def scorer() -> Scorer:
    """Return a scorer with vaderSentiment's lexicon and the learned model, loaded once a process."""
    analyzer = vaderSentiment.SentimentIntensityAnalyzer()
    return Scorer(
        Lexicon(
            valence=analyzer.lexicon,
            emojis=analyzer.emojis,
            boosters=vaderSentiment.BOOSTER_DICT,
            negations=frozenset(vaderSentiment.NEGATE),
            idioms=vaderSentiment.SPECIAL_CASES,
        ),
        model(),
    )
