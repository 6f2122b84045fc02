"""Adapters in plain Python memory: what the others are compared with, and what fast tests run on."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace

from marquee.domain.codec import bounded, identity_of
from marquee.domain.coverage import NO_SPEED, SpeedState
from marquee.domain.events import RATINGS, REVIEWS, TOPICS, Event, topic_of
from marquee.domain.measures import Cell, merge_cells
from marquee.domain.own import OwnFilm, together
from marquee.domain.records import (
    MOST_HELD,
    Batch,
    Identity,
    MicroBatch,
    Publication,
    Rejected,
    SpeedCell,
    SpeedFilm,
    SpeedProgress,
)
from marquee.domain.releases import Release
from marquee.domain.timeline import HOUR, floor, ingest_period
from marquee.errors import TerminalError


class MemoryLog:
    """A `Log` as a list of batches."""

    def __init__(self, partitions: int = 6) -> None:
        self.partitions = partitions
        self.batches: list[tuple[int, Batch]] = []
        self.offsets: dict[tuple[str, int], int] = defaultdict(int)
        self.sealed = 0
        self.cuts: list[int] = []
        self.sequence = 0

    def append(self, events: Sequence[Event], now: int) -> str:
        """Append all events at one ingest time."""
        self.sealed = max(self.sealed, now)
        groups: dict[tuple[str, int], list[bytes]] = {}
        for event in events:
            groups.setdefault((topic_of(event), event.movie_id % self.partitions), []).append(bounded(event))
        for (topic, part), bodies in groups.items():
            self.sequence += 1
            period = ingest_period(self.sealed, self.cuts)
            batch = Batch(topic, part, self.offsets[topic, part], self.sealed, period, bodies)
            self.batches.append((self.sequence, batch))
            self.offsets[topic, part] += len(bodies)
        return self.end()

    def read(
        self, after: str, limit: int, topic: str | None = None, before: int | None = None, until: str | None = None
    ) -> tuple[list[Batch], str]:
        """Return whole batches until `limit` events are reached."""
        found: list[Batch] = []
        position, count = after, 0
        for sequence, batch in self.batches:
            if sequence <= int(after or 0) or (topic is not None and batch.topic != topic):
                continue
            if before is not None and batch.ingest_time >= before:
                continue
            if until is not None and sequence > int(until or 0):
                break
            if found and count + len(batch.bodies) > limit:
                break
            found.append(batch)
            position, count = str(sequence), count + len(batch.bodies)
        return found, position

    def seal(self, now: int) -> int:
        """Close all ingest hours that ended by `now`."""
        self.sealed = max(self.sealed, floor(now, HOUR))
        return ingest_period(self.sealed, self.cuts)

    def cut(self, now: int) -> int:
        """End the present ingest period."""
        self.sealed = max(now, self.sealed + 1)
        self.cuts.append(self.sealed)
        return self.sealed

    def position_at(self, time: int) -> str:
        """Return the position before the first record with ingest time >= `time`."""
        return str(max((sequence for sequence, batch in self.batches if batch.ingest_time < time), default=0))

    def end(self) -> str:
        """Return the position after the last record."""
        return str(self.sequence)

    def later(self, left: str, right: str) -> str:
        """Return the greater of two positions."""
        return max(left, right, key=lambda position: int(position or 0))

    def behind(self, position: str) -> dict[str, int]:
        """Return how many records of each topic stand after a position."""
        found = dict.fromkeys(TOPICS, 0)
        for sequence, batch in self.batches:
            if sequence > int(position or 0):
                found[batch.topic] += len(batch.bodies)
        return found

    def accepted(self, start: int, end: int) -> bool:
        """Say whether a record with ingest time in [start, end) is held."""
        return any(start <= batch.ingest_time < end for _, batch in self.batches)

    def span(self) -> tuple[int, int] | None:
        """Return the first and last ingest time held."""
        times = [batch.ingest_time for _, batch in self.batches]
        return (min(times), max(times)) if times else None

    def backdated(self) -> AbstractContextManager[None]:
        """Do nothing: `append` takes any time that is no earlier than the last."""
        return nullcontext()

    def trim(self, before: int) -> int:
        """Forget batches with ingest time < `before`."""
        kept = [item for item in self.batches if item[1].ingest_time >= before]
        gone = len(self.batches) - len(kept)
        self.batches = kept
        return gone


class MemoryIndex:
    """An `IdentityIndex` as a dict."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, str], tuple[int, str, Identity]] = {}
        self.at = ""

    def position(self) -> str:
        """Return the log position it reflects."""
        return self.at

    def lookup(self, topic: str, identities: Iterable[str]) -> dict[str, Identity]:
        """Return what is known of these identities."""
        return {name: self.known[topic, name][2] for name in identities if (topic, name) in self.known}

    def standing_reviews(self, movie_id: int, source: str) -> set[str]:
        """Return the identities of a film's standing reviews."""
        return {
            name
            for (topic, name), (movie, origin, held) in self.known.items()
            if topic == REVIEWS and held.alive and (movie, origin) == (movie_id, source)
        }

    def readings(self, movie_id: int, source: str) -> dict[str, Identity]:
        """Return what is known of a film's readings at a source."""
        return {
            name: held
            for (topic, name), (movie, origin, held) in self.known.items()
            if topic == RATINGS and (movie, origin) == (movie_id, source)
        }

    def rated(self, source: str) -> set[int]:
        """Return the films with readings at a source."""
        return {movie for (topic, _), (movie, origin, _) in self.known.items() if (topic, origin) == (RATINGS, source)}

    def touch(self, topic: str, told: Mapping[str, int]) -> None:
        """Note when things were told again as they were."""
        for name, at in told.items():
            if (topic, name) in self.known:
                movie_id, source, held = self.known[topic, name]
                self.known[topic, name] = (movie_id, source, replace(held, at=max(held.at, at)))

    def apply(self, events: Iterable[tuple[str, Event]], position: str) -> None:
        """Fold events and move on."""
        for topic, event in events:
            self.known[topic, event.identity] = (event.movie_id, event.source, identity_of(event))
        self.at = position


class MemoryQuarantine:
    """A `Quarantine` as a dict."""

    def __init__(self, most: int = MOST_HELD) -> None:
        self.most = most
        self.held: dict[Rejected, list[int]] = {}
        self.more: dict[tuple[str, str], int] = defaultdict(int)

    def add(self, rows: Sequence[Rejected], now: int) -> None:
        """Keep records once, with the times they came."""
        for row in rows:
            alike = sum((held.source, held.reason) == (row.source, row.reason) for held in self.held)
            if row in self.held or alike < self.most:
                self.held.setdefault(row, []).append(now)
            else:
                self.more[row.source, row.reason] += row.rows

    def counts(self) -> dict[str, int]:
        """Return how many records each reason has."""
        found: dict[str, int] = defaultdict(int)
        for row in self.held:
            found[row.reason] += row.rows
        for (_, reason), count in self.more.items():
            found[reason] += count
        return dict(found)

    def rows(self, limit: int) -> list[dict[str, object]]:
        """Return the newest rows."""
        newest = sorted(self.held.items(), key=lambda item: -item[1][-1])[:limit]
        return [{"first_at": at[0], "last_at": at[-1], "times": len(at), **row._asdict()} for row, at in newest]


class MemorySpeedStore:
    """A `SpeedStore` as dicts."""

    def __init__(self) -> None:
        self.cells: dict[tuple[int, int, int], dict[int, Cell]] = defaultdict(dict)
        self.films: dict[tuple[int, int], tuple[int, SpeedFilm]] = {}
        self.events: dict[str, int] = {}
        self.reached: SpeedProgress | None = None

    def progress(self) -> SpeedProgress | None:
        """Return how far the fold is."""
        return self.reached

    def seen(self, event_ids: Sequence[str]) -> set[str]:
        """Return which of these events were folded before."""
        return {event_id for event_id in event_ids if event_id in self.events}

    def intend(self, position: str) -> None:
        """Do nothing: `write` is one step."""

    def intended(self) -> str | None:
        """Return None: no micro-batch is ever half written."""
        return None

    def write(self, batch: MicroBatch) -> None:
        """Store a micro-batch and its progress."""
        for key, cell in batch.cells.items():
            self.cells[key][batch.batch_id] = cell
        for film in batch.films:
            held = self.films.get((film.movie_id, film.hour))
            if held is None or film.rank >= held[1].rank:
                self.films[film.movie_id, film.hour] = (batch.batch_id, film)
        for event_id, hour in batch.seen:
            self.events.setdefault(event_id, hour)
        self.reached = SpeedProgress(batch.position, batch.batch_id, batch.since, batch.through)

    def partials(self, after_batch: int) -> tuple[list[SpeedCell], list[SpeedFilm], SpeedProgress | None]:
        """Return the merged cells of all keys that later batches touched."""
        cells = [
            SpeedCell(*key, merge_cells(parts.values()))
            for key, parts in self.cells.items()
            if any(batch > after_batch for batch in parts)
        ]
        films = [film for batch, film in self.films.values() if batch > after_batch]
        return cells, films, self.reached

    def expire(self, before_hour: int) -> int:
        """Drop what was ingested before an hour."""
        old = [key for key in self.cells if key[1] < before_hour]
        gone = sum(len(self.cells.pop(key)) for key in old)
        self.films = {key: held for key, held in self.films.items() if key[1] >= before_hour}
        self.events = {event: hour for event, hour in self.events.items() if hour >= before_hour - HOUR}
        return gone


class MemorySpeedViews:
    """`SpeedViews` as dicts."""

    def __init__(self) -> None:
        self.cells: dict[tuple[int, int, int], tuple[int, SpeedCell]] = {}
        self.films: dict[tuple[int, int], tuple[int, SpeedFilm]] = {}
        self.now = (NO_SPEED, 0)

    def state(self) -> tuple[SpeedState, int]:
        """Return the state and the last batch synced."""
        return self.now

    def upsert(self, cells: Sequence[SpeedCell], films: Sequence[SpeedFilm], state: SpeedState, batch_id: int) -> None:
        """Replace these cells and films, and the state."""
        for cell in cells:
            self.cells[cell.movie_id, cell.hour, cell.window] = (state.version, cell)
        for film in films:
            self.films[film.movie_id, film.hour] = (state.version, film)
        self.now = (state, batch_id)

    def changes(self, after_version: int) -> tuple[list[SpeedCell], list[SpeedFilm], SpeedState]:
        """Return what changed after a version."""
        cells = [cell for version, cell in self.cells.values() if version > after_version]
        films = [film for version, film in self.films.values() if version > after_version]
        return cells, films, self.now[0]

    def expire(self, before_hour: int) -> int:
        """Drop what was ingested before an hour."""
        kept = {key: held for key, held in self.cells.items() if key[1] >= before_hour}
        gone = len(self.cells) - len(kept)
        self.cells = kept
        self.films = {key: held for key, held in self.films.items() if key[1] >= before_hour}
        return gone


class MemorySnapshot:
    """A `ViewsSnapshot` over one state of the documents."""

    def __init__(self, publication: Publication | None, documents: dict[tuple[str, int], tuple[int, bytes]]) -> None:
        self.publication = publication
        self.documents = documents

    def get(self, kind: str, key: int) -> bytes | None:
        """Return a document's stored bytes."""
        held = self.documents.get((kind, key))
        return None if held is None else held[1]

    def changed(self, kind: str, after_run: int) -> list[tuple[int, bytes]]:
        """Return the documents of a kind that later runs wrote."""
        return [(key, body) for (name, key), (run, body) in self.documents.items() if name == kind and run > after_run]


class MemoryViews:
    """`BatchViews` as a dict that is replaced whole at each publication."""

    def __init__(self) -> None:
        self.held = MemorySnapshot(None, {})

    @contextmanager
    def snapshot(self) -> Iterator[MemorySnapshot]:
        """Open a consistent reading."""
        yield self.held

    def publish(self, publication: Publication, documents: Iterable[tuple[str, int, bytes]]) -> None:
        """Replace documents and swing the pointer."""
        last, run = self.held.publication, publication.frontier.run
        if last is not None and run <= last.frontier.run:
            raise TerminalError(f"run {run} cannot be published over run {last.frontier.run}")
        held = self.held.documents
        fresh = {
            (kind, key): (run, body) for kind, key, body in documents if held.get((kind, key), (0, None))[1] != body
        }
        self.held = MemorySnapshot(publication, {**self.held.documents, **fresh})


class MemoryReleases:
    """`Releases` as a dict."""

    def __init__(self) -> None:
        self.begun: dict[str, Release] = {}

    def held(self, source: str) -> Release | None:
        """Return the release that was begun last."""
        return self.begun.get(source)

    def begin(self, source: str, release: Release) -> None:
        """Remember a release."""
        self.begun[source] = release


class MemoryOwnFilms:
    """`OwnFilms` as a dict."""

    def __init__(self) -> None:
        self.held: dict[tuple[str, str], OwnFilm] = {}

    def put(self, source: str, films: Iterable[OwnFilm], says: Iterable[str]) -> int:
        """Keep a source's films, and forget what they no longer say."""
        before = {key: film for key, film in self.held.items() if key[0] == source}
        nothing = {name: None if name == "stars" else False for name in says}
        rest = [replace(film, **nothing) for film in before.values()]  # type: ignore[arg-type]
        merged = together([*films, *rest])
        self.held = {key: film for key, film in self.held.items() if key[0] != source}
        for film in merged:
            if film.stars is not None or film.seen or film.liked or film.wanted:
                self.held[source, film.key] = film
        return sum(before.get((source, film.key)) != film for film in merged)

    def films(self) -> list[OwnFilm]:
        """Return the films of all sources."""
        return [film for _, film in sorted(self.held.items())]
