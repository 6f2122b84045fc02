"""The cube: daily sums of all films by genre, year, tier and language, rolled up as a question asks.

Films' attributes are those of the published run, pinned with it; sums are of integers, so any grouping is exact.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from marquee.domain.films import popularity_of
from marquee.domain.measures import SUM_INDEX, SUMS, Cell
from marquee.domain.scores import Pins, tier

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

DIMENSIONS = ("genre", "year", "tier", "language")
REVIEWS_COLUMN = 2 + SUM_INDEX["reviews"]
"""Where a row holds its reviews: after the film and the day."""

GAINED_COLUMN = 2 + SUM_INDEX["gained"]
"""Where it holds the votes gained."""

NONE = np.empty(0, dtype=np.int64)
NO_ROWS = np.empty((0, 2 + len(SUMS)), dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which films a question is about: every field narrows it. Years are of the release, both ends included."""

    genre: str | None = None
    year_from: int | None = None
    year_to: int | None = None
    tier: str | None = None
    language: str | None = None

    def passes(self, card: Mapping[str, Any], pins: Pins) -> bool:
        """Say whether a film's card passes; an unknown attribute passes no filter that asks for it."""
        if self.genre is not None and self.genre not in card["genres"]:
            return False
        if self.year_from is not None or self.year_to is not None:
            year = release_year(card)
            if year is None or not (self.year_from or 0) <= year <= (self.year_to or 9999):
                return False
        if self.tier is not None and card_tier(card, pins) != self.tier:
            return False
        return self.language is None or card["language"] == self.language


ALL_FILMS = Filter()


def release_year(card: Mapping[str, Any]) -> int | None:
    """Return a film's release year."""
    return int(card["release_date"][:4]) if card["release_date"] else None


def card_tier(card: Mapping[str, Any], pins: Pins) -> str | None:
    """Return a film's tier."""
    return tier(popularity_of(card), pins)


def groups_of(card: Mapping[str, Any], dimension: str, pins: Pins) -> list[str]:
    """Return a film's values of a dimension: several genres, at most one of the others."""
    if dimension == "genre":
        return list(card["genres"])
    value: Any = card["language"] or None
    if dimension == "year":
        value = release_year(card)
    elif dimension == "tier":
        value = card_tier(card, pins)
    return [] if value is None else [str(value)]


@dataclass(frozen=True, slots=True, eq=False)
class Cube:
    """Rows (film's index, day since 1970, sums in the order of `SUMS`) of the films whose cards these are."""

    cards: Sequence[Mapping[str, Any]]
    pins: Pins
    rows: Ints
    groups: dict[str, tuple[list[str], Ints, Ints]]

    @staticmethod
    def of(cards: Iterable[Mapping[str, Any]], pins: Pins, rows: Ints) -> "Cube":
        """Build it; `rows` hold film ids in their first column. Films that are deleted are left out."""
        kept = sorted((card for card in cards if not card["deleted"]), key=lambda card: card["movie_id"])
        nothing: dict[str, tuple[list[str], Ints, Ints]] = {name: ([], NONE, NONE) for name in DIMENSIONS}
        return Cube([], pins, NO_ROWS, nothing).extended(kept, rows)

    def extended(self, cards: Sequence[Mapping[str, Any]], rows: Ints) -> "Cube":
        """Return the cube with films it has not, and with rows more; rows of films it knows nothing of are left out."""
        first = len(self.cards)
        everything = [*self.cards, *cards]
        ids = np.array([card["movie_id"] for card in everything], dtype=np.int64)
        order = np.argsort(ids, kind="stable")
        place = np.searchsorted(ids, rows[:, 0], sorter=order)
        place = order[np.minimum(place, len(ids) - 1)] if len(ids) else place
        known = ids[place] == rows[:, 0] if len(ids) else np.zeros(len(rows), dtype=bool)
        indexed = rows[known].copy()
        indexed[:, 0] = place[known]
        groups = {name: memberships(cards, name, self.pins, first, self.groups[name]) for name in DIMENSIONS}
        return Cube(everything, self.pins, np.concatenate([self.rows, indexed]), groups)

    def films(self, wanted: Filter) -> Mask:
        """Return which films pass a filter."""
        if wanted == ALL_FILMS:
            return np.ones(len(self.cards), dtype=bool)
        return np.array([wanted.passes(card, self.pins) for card in self.cards], dtype=bool)

    def chosen(self, wanted: Filter, start: int, end: int) -> Ints:
        """Return the rows of the films that pass, of the days [start, end)."""
        return self.within(self.films(wanted), start, end)

    def within(self, passing: Mask, start: int, end: int) -> Ints:
        """Return the rows of the films that a mask names, of the days [start, end)."""
        days = (self.rows[:, 1] >= start) & (self.rows[:, 1] < end)
        return self.rows[days & passing[self.rows[:, 0]]]

    def total(self, wanted: Filter, start: int, end: int) -> Cell:
        """Return the merged sums of the films that pass, of the days [start, end)."""
        return as_cell(self.chosen(wanted, start, end)[:, 2:].sum(axis=0))

    def by_day(self, wanted: Filter, start: int, end: int) -> Ints:
        """Return the sums (end - start, sums) of each day."""
        rows = self.chosen(wanted, start, end)
        return summed(rows[:, 1] - start, rows[:, 2:], end - start)

    def by_group(self, dimension: str, wanted: Filter, start: int, end: int) -> dict[str, tuple[Cell, int]]:
        """Return by the values of a dimension (merged sums, films that pass)."""
        names, films, labels = self.groups[dimension]
        passing = self.films(wanted)
        rows = self.within(passing, start, end)
        totals = summed(rows[:, 0], rows[:, 2:], len(self.cards))
        kept = passing[films]
        sums = summed(labels[kept], totals[films[kept]], len(names))
        counts = np.bincount(labels[kept], minlength=len(names))
        return {name: (as_cell(sums[i]), int(counts[i])) for i, name in enumerate(names) if counts[i]}


def memberships(
    cards: Sequence[Mapping[str, Any]], dimension: str, pins: Pins, first: int, before: tuple[list[str], Ints, Ints]
) -> tuple[list[str], Ints, Ints]:
    """Return (values, film's index, value's index) of a dimension: those `before`, and of films numbered from `first`."""
    numbers = {name: index for index, name in enumerate(before[0])}
    films: list[int] = []
    labels: list[int] = []
    for index, card in enumerate(cards, start=first):
        for value in groups_of(card, dimension, pins):
            films.append(index)
            labels.append(numbers.setdefault(value, len(numbers)))
    added = np.array([films, labels], dtype=np.int64)
    return list(numbers), np.concatenate([before[1], added[0]]), np.concatenate([before[2], added[1]])


def summed(keys: Ints, values: Ints, count: int) -> Ints:
    """Return the sums of rows of values by key: (count, columns)."""
    total = np.zeros((count, values.shape[1]), dtype=np.int64)
    np.add.at(total, keys, values)
    return total


def as_cell(sums: Ints) -> Cell:
    """Return sums as a cell, to present as any other."""
    return Cell(tuple(int(value) for value in sums), None)
