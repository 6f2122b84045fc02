"""Series of films, listed by hand (series.csv), and how many of a film's own series stand among the likest to it."""

import csv
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from marquee.domain.catalogued import folded

AMONG = 10
"""How many of the likest films are looked at."""

Titled = tuple[int, str, int | None]
"""A film's id, title and year of release."""


def listed() -> dict[str, list[tuple[str, int]]]:
    """The title and year of each film of each series."""
    found: dict[str, list[tuple[str, int]]] = defaultdict(list)
    with Path(__file__).with_name("series.csv").open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle):
            found[row["series"]].append((row["title"], int(row["year"])))
    return found


def present(films: Sequence[Titled]) -> dict[str, list[int]]:
    """The ids of the films of each series that are there: by title, and a year that differs by one at most."""
    known: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for movie_id, title, year in films:
        if year is not None:
            known[folded(title)].append((movie_id, year))
    found = {}
    for series, members in listed().items():
        ids = {
            movie_id
            for title, year in members
            for movie_id, released in known.get(folded(title), ())
            if abs(released - year) <= 1
        }
        if len(ids) > 1:
            found[series] = sorted(ids)
    return found


def halves(series: Mapping[str, list[int]]) -> tuple[dict[str, list[int]], dict[str, list[int]]]:
    """Every other series by name: one half to choose on, one to report."""
    names = sorted(series)
    return {name: series[name] for name in names[::2]}, {name: series[name] for name in names[1::2]}


def share(series: Mapping[str, list[int]], likest: Callable[[int], Sequence[int]]) -> float:
    """The share of the other films of a film's series that are among its likest, as many as can be, over all films."""
    hits = wanted = 0
    for ids in series.values():
        for movie_id in ids:
            others = set(ids) - {movie_id}
            hits += len(others & set(likest(movie_id)[:AMONG]))
            wanted += min(AMONG, len(others))
    return hits / wanted
