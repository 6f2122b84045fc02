"""Tells the failure of a film from that of its source."""

import asyncio
from dataclasses import dataclass, field

from marquee.adapters.sqlite_crawl import SqliteCrawl
from marquee.errors import MarqueeError, NotFoundError, OutageError, RefusedError, SourceError, TransientError
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
    memory: SqliteCrawl
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
        """Ask for what was given before; raise SourceError where it does not come. One of it may be gone, not all."""
        known = dict.fromkeys((*self.given, *self.memory.given(WITNESSES + ROW)))
        witnesses = [film for film in known if film not in self.row][:WITNESSES]
        for movie_id in witnesses:
            try:
                await self.tmdb.get(f"/movie/{movie_id}")
            except RefusedError as said:
                error = said
            except TransientError as said:
                raise said if isinstance(said, SourceError) else outage(said) from None
            else:
                self.row.clear()
                return
        if isinstance(error, NotFoundError) and not witnesses:
            return
        if witnesses or len(self.row) >= ROW:
            raise error if isinstance(error, SourceError) else outage(error)
        await self.tmdb.get(GENRES)


def outage(error: MarqueeError) -> OutageError:
    """Return the error of a source that gives no film at all."""
    return OutageError(
        f"TMDB gives no film now: {error.message}",
        hint="See https://status.themoviedb.org. What was fetched is kept, no film is to blame, and the next start goes on.",
    )
