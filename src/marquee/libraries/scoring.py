"""Scores many texts at once, on all cores where that pays."""

import multiprocessing
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import astuple, fields
from functools import cache
from importlib.metadata import version
from typing import Any

from marquee.domain import sentiment
from marquee.domain.opinion import MODEL
from marquee.libraries.vader import scorer

POOL_FROM = 20_000
"""Texts from which starting other processes pays: each loads the lexicon first."""

CHUNK = 2_000

SCORES = tuple(field.name for field in fields(sentiment.Score))
"""The scores of a text, in the order of `Score`: what silver keeps of them."""

Scores = tuple[int | None, ...]


@cache
def scorer_name() -> str:
    """Return the name and version of what scores texts."""
    return f"vaderSentiment {version('vaderSentiment')}, marquee {sentiment.VERSION}, {MODEL}"


def score_chunk(texts: Sequence[str | None]) -> list[Scores]:
    """Score texts in this process; a missing text has no score."""
    known: dict[str | None, Scores] = {None: (None,) * len(SCORES)}
    result = []
    for text in texts:
        if text not in known:
            known[text] = astuple(scorer().score(text or ""))
        result.append(known[text])
    return result


def score_texts(texts: Sequence[str | None]) -> list[Scores]:
    """Return each text's scores x 10^4, in the order of `SCORES`."""
    if len(texts) < POOL_FROM:
        return score_chunk(texts)
    chunks = [texts[start : start + CHUNK] for start in range(0, len(texts), CHUNK)]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=context) as pool:
        return [score for chunk in pool.map(score_chunk, chunks) for score in chunk]


def score_columns(texts: Any) -> Mapping[str, list[int | None]]:
    """Score an Arrow column of texts; return the columns that `SCORES` names."""
    scores = score_texts(texts.to_pylist())
    return {name: [score[place] for score in scores] for place, name in enumerate(SCORES)}
