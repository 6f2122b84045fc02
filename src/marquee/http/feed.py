"""The live feed: what changed in the views, to everyone who listens. Nobody who reads slowly holds up the others."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson

from marquee.domain.films import votes_of
from marquee.errors import TransientError
from marquee.serving.world.merge import speed_cells
from marquee.serving.world.world import NO_CELLS, World

HELD = 32
"""Updates kept for a reader that falls behind; older ones are dropped, and counted."""

HEARTBEAT = 15.0
"""Seconds of silence after which a comment is sent, so that a broken connection is noticed."""

MOST_READERS = 1_000
MOST_FILMS = 50


def frame(event: str, body: Any) -> bytes:
    """Return one server-sent event (HTML Living Standard, 9.2)."""
    return b"event: " + event.encode() + b"\ndata: " + orjson.dumps(body) + b"\n\n"


def update(before: World, after: World, now: int) -> dict[str, Any]:
    """Return what changed between two worlds: the run, the version, and the films with new reviews or votes."""
    films = []
    for movie_id, version in after.changed.items():
        if version <= before.state.version:
            continue
        counted = [
            sum(timed.cell.sum("reviews") for timed in speed_cells(world.speed.get(movie_id, NO_CELLS), 0))
            for world in (before, after)
        ]
        card = after.card(movie_id, now)
        if card is not None:
            films.append(
                {
                    "movie_id": movie_id,
                    "title": card["title"] or None,
                    "new_reviews": max(0, counted[1] - counted[0]),
                    "reviews": card["reviews"],
                    "votes": votes_of(card),
                }
            )
    films.sort(key=lambda film: (-film["new_reviews"], -film["reviews"], film["movie_id"]))
    return {
        "run": after.run,
        "version": after.state.version,
        "published": after.run != before.run,
        "films_changed": len(films),
        "films": films[:MOST_FILMS],
    }


class Reader:
    """One reader's queue."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue(HELD)
        self.missed = 0

    def put(self, body: dict[str, Any] | None) -> None:
        """Add an update, None for the end; the oldest makes room for it."""
        if self.queue.full():
            self.queue.get_nowait()
            self.missed += 1
        self.queue.put_nowait(body)


class Feed:
    """Hands every update to every reader."""

    def __init__(self) -> None:
        self.readers: set[Reader] = set()
        self.closed = False

    def publish(self, before: World, after: World, now: int) -> None:
        """Tell all readers what changed."""
        if self.readers and after is not before:
            body = update(before, after, now)
            for reader in self.readers:
                reader.put(body)

    def close(self) -> None:
        """End the streams of all readers, and of those that still come."""
        self.closed = True
        for reader in self.readers:
            reader.put(None)

    def stream(self) -> AsyncIterator[bytes]:
        """Return a new reader's events; TransientError where there are too many readers already."""
        if len(self.readers) >= MOST_READERS:
            raise TransientError(
                f"{MOST_READERS} readers already listen", hint="Try again later, or poll /v1/trending/movies."
            )
        reader = Reader()
        self.readers.add(reader)
        return self.events(reader)

    async def events(self, reader: Reader) -> AsyncIterator[bytes]:
        """Yield a reader's events until it goes."""
        try:
            yield frame("hello", {"heartbeat_seconds": HEARTBEAT})
            while not self.closed:
                try:
                    body = await asyncio.wait_for(reader.queue.get(), HEARTBEAT)
                except TimeoutError:
                    yield b": still here\n\n"
                    continue
                if body is not None:
                    yield frame("update", {**body, "missed": reader.missed})
        finally:
            self.readers.discard(reader)
