"""Which list pages to read when, so that the votes of films that move are known hour by hour.

A page of /discover, most popular first, tells the votes and the popularity of 20 films in one request: the first 1,000
films are read every hour, the first 10,000 every day. At 4 requests a second the hour's 50 pages take 13 s, and the day's
450 others, spread over its hours, 5 s an hour.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marquee.domain.timeline import DAY, HOUR
from marquee.sources.tmdb_lists import PAGE_CAP

DISCOVER = "/discover/movie"
ORDER = {"sort_by": "popularity.desc", "include_adult": "false"}
PAGE_FILMS = 20
HOURLY_PAGES = 1_000 // PAGE_FILMS
DAILY_PAGES = PAGE_CAP
HOURS = DAY // HOUR


@dataclass(frozen=True, slots=True)
class Round:
    """How far the reading is. hour, day: when (ms) the hour's and the day's round began, 0 before the first; page: the
    day's next page; last: the last page there is, as far as known."""

    hour: int = 0
    day: int = 0
    page: int = HOURLY_PAGES + 1
    last: int = DAILY_PAGES

    @staticmethod
    def of(noted: Any) -> "Round":
        """Read back what `noted` gave; the beginning where it is none of this version's."""
        names = Round.__slots__
        fit = isinstance(noted, Mapping) and all(isinstance(noted.get(name), int) for name in names)
        return Round(*(noted[name] for name in names)) if fit else Round()

    def noted(self) -> dict[str, int]:
        """Return it as JSON values."""
        return {name: getattr(self, name) for name in self.__slots__}


def plan(before: Round, now: int) -> tuple[list[int], Round]:
    """Return the pages to read now (ms), and how far the reading is when they have been read.

    Once an hour: the first pages, and as many of the others as bring the day's round to its end within the day; more where
    hours were missed, but never more than a day's. A clock that was ahead counts for nothing.
    """
    if 0 <= now - before.hour < HOUR:
        return [], before
    begun, page = before.day, before.page
    if not 0 <= now - begun < DAY:
        begun, page = now, HOURLY_PAGES + 1
    hourly = range(1, min(HOURLY_PAGES, before.last) + 1)
    due = HOURLY_PAGES + -(-(DAILY_PAGES - HOURLY_PAGES) * ((now - begun) // HOUR + 1) // HOURS)
    rest = range(page, min(due, before.last) + 1)
    return [*hourly, *rest], Round(now, begun, max(page, due + 1), before.last)
