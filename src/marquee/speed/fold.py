"""The fold: micro-batches from the log, scored and folded into absolute partial cells."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass

import orjson

from marquee.domain.authority import counts_votes
from marquee.domain.codec import records
from marquee.domain.events import Event, FilmEvent, RatingEvent, Record, ReviewEvent
from marquee.domain.films import film_view
from marquee.domain.gains import spread
from marquee.domain.measures import ZERO, Cell, GainShare, lift_gain, lift_gauge, lift_review, merge
from marquee.domain.monoids import Gauge
from marquee.domain.records import MicroBatch, SpeedFilm, SpeedProgress
from marquee.domain.sentiment import Score
from marquee.domain.timeline import HOUR, WINDOW, Clock, floor, speed_horizon
from marquee.ports import BatchViews, Log, SpeedStore
from marquee.spans import span

log = logging.getLogger(__name__)

LIMIT = 2_000
"""Events in a micro-batch: what one core scores in about a second."""

EVERYTHING = 2**31
"""More events than a micro-batch ever has: all up to where it was to end."""

CellKey = tuple[int, int, int]


def event_cells(record: Record, score: Callable[[str], Score]) -> Iterator[tuple[int, Cell]]:
    """Yield (window, cell) of one record; a film's description has none of the measures."""
    event = record.event
    if isinstance(event, ReviewEvent):
        review = score(event.text).review(event.weight, event.stars)
        yield floor(event.event_time, WINDOW), lift_review(review)
    elif isinstance(event, RatingEvent) and counts_votes(event.source):
        reading = Gauge(event.event_time, record.offset, event.votes, event.average, event.popularity)
        yield floor(event.event_time, WINDOW), lift_gauge(reading)
        for window, votes in spread(event.gained, event.since, event.event_time):
            yield window, lift_gain(GainShare(votes))


def film_of(record: Record, event: FilmEvent) -> SpeedFilm:
    """Return a film's description as the speed layer keeps it."""
    body = orjson.dumps(film_view(asdict(event), record.offset))
    return SpeedFilm(event.movie_id, record.period, (event.event_time, record.offset), body)


@dataclass(slots=True)
class Fold:
    """Folds the log into the speed store. It holds no state of its own: a replay writes the same rows."""

    log: Log
    store: SpeedStore
    views: BatchViews
    clock: Clock
    score: Callable[[str], Score]

    def step(self, limit: int = LIMIT) -> int:
        """Fold the next micro-batch; return the events read, 0 at the log's end.

        One that was begun and not finished is folded again first, over the same records.
        """
        progress, intended = self.progress(), self.store.intended()
        if intended is not None:
            limit = EVERYTHING
        batches, position = self.log.read(progress.position, limit, until=intended)
        if position == progress.position:
            return 0
        read = [record for batch in batches for record in records(batch)]
        self.absorb(progress, read, position, read[-1].ingest_time if read else progress.through, self.score)
        return len(read) or self.step(limit)

    def absorb(
        self,
        progress: SpeedProgress,
        read: Sequence[Record],
        position: str,
        through: int | None,
        score: Callable[[str], Score],
    ) -> None:
        """Write the micro-batch of the records from `progress` to `position`; all ingested up to `through` is in.

        Hours that a published run covers are not folded; their event ids are remembered, because a copy
        may come later.
        """
        batch = progress.batch_id + 1
        with span("speed.fold", batch=batch, records=len(read)):
            with self.views.snapshot() as snapshot:
                publication = snapshot.publication
            needed_from = max(publication.frontier.hour if publication else 0, speed_horizon(self.clock.now()))
            known = self.store.seen([record.event.event_id for record in read])
            cells: dict[CellKey, Cell] = {}
            films: list[SpeedFilm] = []
            seen: list[tuple[str, int]] = []
            for record in read:
                event: Event = record.event
                if event.event_id in known:
                    continue
                known.add(event.event_id)
                hour = record.period
                seen.append((event.event_id, hour))
                if hour < needed_from:
                    continue
                if isinstance(event, FilmEvent):
                    films.append(film_of(record, event))
                    continue
                for window, cell in event_cells(record, score):
                    key = (event.movie_id, hour, window)
                    cells[key] = merge(cells.get(key, ZERO), cell)
            self.store.intend(position)
            self.store.write(MicroBatch(batch, cells, films, seen, position, progress.since, through))
        if read:
            log.info("folded %d records into %d cells", len(read), len(cells), extra={"batch": batch})

    def progress(self) -> SpeedProgress:
        """Return how far the fold is, or where it begins."""
        return self.store.progress() or self.beginning()

    def beginning(self) -> SpeedProgress:
        """Return where a new speed store starts: at the horizon of its TTL, or with the log."""
        span = self.log.span()
        horizon = speed_horizon(self.clock.now())
        since = floor(self.clock.now(), HOUR) if span is None else max(horizon, floor(span[0], HOUR))
        return SpeedProgress(self.log.position_at(since), 0, since, None)
