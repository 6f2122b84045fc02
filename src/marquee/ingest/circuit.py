"""Tells the failure of a film from that of its source."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from marquee.errors import MarqueeError, NotFoundError, OutageError, RefusedError, SourceError, TransientError
from marquee.ports import CrawlMemory
from marquee.sources.tmdb import GENRES, Tmdb

ROW = 8
"""Films that fail one after the other before the source is looked at."""

WITNESSES = 3
"""Films that were given before and are asked for again then."""


@dataclass(slots=True)
class Circuit:
    """Counts the films that failed since one was given.

    Where they are many, or where one failed as a source does, films that were given before are asked for again: if none
    of them comes, it is the source.
    """

    tmdb: Tmdb
    memory: CrawlMemory
    row: list[int] = field(default_factory=list)
    given: list[int] = field(default_factory=list)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def gave(self, movie_id: int) -> None:
        """Take note of a film that came."""
        self.row.clear()
        self.given = [movie_id, *self.given][:WITNESSES]

    async def judge(self, movie_id: int, error: MarqueeError) -> None:
        """Return where the film is to blame; raise SourceError where the source is."""
        self.row.append(movie_id)
        async with self.turn:
            if self.row and (len(self.row) >= ROW or isinstance(error, SourceError)):
                await self.look(error)

    async def look(self, error: MarqueeError) -> None:
        """Return where TMDB gives something that it is known to have; raise SourceError where it gives nothing.

        A film that was given before may be gone, or fail like others, but not all of them. error: what made it look.
        """
        known = dict.fromkeys((*self.given, *self.memory.given(WITNESSES + ROW)))
        witnesses = [film for film in known if film not in self.row][:WITNESSES]
        for movie_id in witnesses:
            if (await self.asked(f"/movie/{movie_id}")).get("id") == movie_id:
                self.row.clear()
                return
        if witnesses:
            raise outage(error)
        if isinstance(error, NotFoundError) and self.row:
            return
        if len(self.row) >= ROW or not (await self.asked(GENRES)).get("genres"):
            raise outage(error)

    async def asked(self, path: str) -> dict[str, Any]:
        """Return what TMDB gives, nothing where that is not what it should be. Raises SourceError."""
        try:
            body = await self.tmdb.get(path)
        except SourceError:
            raise
        except (RefusedError, TransientError):
            return {}
        return body if isinstance(body, dict) else {}


def outage(error: MarqueeError) -> SourceError:
    """Return the error of a source that gives nothing that it is known to have."""
    if isinstance(error, SourceError):
        return error
    return OutageError(
        f"TMDB gives no film now: {error.message}",
        hint="See https://status.themoviedb.org. What was fetched is kept, no film is to blame, and the next start goes on.",
    )
