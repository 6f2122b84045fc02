"""Scores many texts at once, on all cores where that pays."""

import multiprocessing
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from importlib.metadata import version
from typing import Any

from marquee.domain import sentiment
from marquee.libraries.vader import scorer

POOL_FROM = 20_000
"""Texts from which starting other processes pays: each loads the lexicon first."""

CHUNK = 2_000


@cache
def scorer_name() -> str:
    """Return the name and version of what scores texts."""
    return f"vaderSentiment {version('vaderSentiment')}, marquee {sentiment.VERSION}"


def score_chunk(texts: Sequence[str | None]) -> list[tuple[int | None, int | None]]:
    """Score texts in this process; a missing text has no score."""
    known: dict[str | None, tuple[int | None, int | None]] = {None: (None, None)}
    result = []
    for text in texts:
        if text not in known:
            score = scorer().score(text or "")
            known[text] = (score.compound, score.sentence)
        result.append(known[text])
    return result


def score_texts(texts: Sequence[str | None]) -> list[tuple[int | None, int | None]]:
    """Return (compound, sentence mean), both x 10^4, of each text."""
    if len(texts) < POOL_FROM:
        return score_chunk(texts)
    chunks = [texts[start : start + CHUNK] for start in range(0, len(texts), CHUNK)]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=context) as pool:
        return [score for chunk in pool.map(score_chunk, chunks) for score in chunk]


def score_columns(texts: Any) -> Mapping[str, list[int | None]]:
    """Score an Arrow column of texts; return the columns `compound` and `sentence`."""
    scores = score_texts(texts.to_pylist())
    return {"compound": [score[0] for score in scores], "sentence": [score[1] for score in scores]}
