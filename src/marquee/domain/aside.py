"""Films that cannot be fetched now: set aside with the reason, and asked for again after growing pauses."""

from dataclasses import dataclass, replace
from typing import Literal

from marquee.domain.timeline import DAY, HOUR, MINUTE

Kind = Literal["failed", "partial", "missing", "gone"]
"""failed: its answer cannot be used; partial: it came, without all of its reviews; missing: its source has said once that
there is none; gone: it has said so again, an hour later or more."""

LONGEST_PAUSE = DAY
GONE_CHECKS = (1 * DAY, 7 * DAY, 30 * DAY)
"""Pauses before a film that is gone is looked for again; the last one repeats."""

PARTIAL_TRIES = 5
"""Tries after which a film is taken with the reviews that came."""


@dataclass(frozen=True, slots=True)
class Aside:
    """A film set aside. since: the first time (ms) of this kind of failure; tries: how many there were since; next_at:
    when to ask again (ms)."""

    movie_id: int
    kind: Kind
    reason: str
    since: int
    tries: int
    next_at: int


def pause(tries: int) -> int:
    """Return the pause (ms) after a number of failed tries: 1, 4, 16 minutes and so on, a day at most."""
    return min(LONGEST_PAUSE, MINUTE << 2 * min(tries - 1, 10))


def failed(before: Aside | None, movie_id: int, reason: str, now: int, kind: Kind = "failed") -> Aside:
    """Set a film aside that could not be used. One that is gone stays so unless it came in part: it has not come back."""
    if before is not None and before.kind == "gone" and kind != "partial":
        return replace(before, next_at=now + HOUR)
    same = before is not None and before.kind == kind
    tries, since = (before.tries + 1, before.since) if before is not None and same else (1, now)
    return Aside(movie_id, kind, reason, since, tries, now + pause(tries))


def missing(before: Aside | None, movie_id: int, reason: str, now: int) -> Aside:
    """Set a film aside that its source says it does not have: gone at the second word, an hour after the first or more."""
    if before is not None and before.kind == "gone":
        return gone(before, movie_id, reason, now)
    if before is None or before.kind != "missing":
        return Aside(movie_id, "missing", reason, now, 1, now + HOUR)
    if now - before.since >= HOUR:
        return gone(None, movie_id, reason, now)
    return replace(before, tries=before.tries + 1, next_at=before.since + HOUR)


def gone(before: Aside | None, movie_id: int, reason: str, now: int) -> Aside:
    """Take a film as gone, or as still gone, until it is looked for again."""
    tries, since = (1, now) if before is None else (before.tries + 1, before.since)
    wait = GONE_CHECKS[min(tries, len(GONE_CHECKS)) - 1]
    return Aside(movie_id, "gone", reason, since, tries, now + wait)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a source could not be asked, at a time (ms), and what may help."""

    at: int
    reason: str
    hint: str


@dataclass(frozen=True, slots=True)
class CrawlState:
    """How far a crawl is: films known, fetched, gone, and set aside, of which `films` are some. trouble: of its source,
    None where that answered when it was last asked."""

    known: int
    fetched: int
    gone: int
    set_aside: int
    films: tuple[Aside, ...]
    trouble: Trouble | None
