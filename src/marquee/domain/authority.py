"""Whose word counts: TMDB's own goes before any file's, and votes cast elsewhere are not TMDB's."""

from typing import Any

TMDB = "tmdb"
"""The source that is TMDB itself (or its simulation), asked now. Files that hold its numbers are named `tmdb...` too."""

ELSEWHERE = ("movielens", "imdb", "letterboxd")
"""Sources whose votes were cast elsewhere: series of their own, never a film's votes, rating or tier."""


def outranks(held: str, source: str) -> bool:
    """Say whether what a source says cannot replace what is held: files tell of an unknown time, TMDB of now."""
    return held == TMDB and source != TMDB


def counts_votes(source: Any) -> Any:
    """Say whether a source's gauges are the film's own, of a text or of a column in Ibis."""
    return source not in ELSEWHERE if isinstance(source, str) else source.notin(ELSEWHERE)
