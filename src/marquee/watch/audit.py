"""The audit: answers recomputed from raw events in plain Python, compared with what the platform answers.

The reference knows nothing of frontiers, ladders, cells by hour or engines: it reads every event once, in the
log's order, and adds. Only the last step, presenting, is shared.
"""

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from itertools import product
from typing import Any, get_args

import orjson

from marquee.app import Platform
from marquee.batch.gold import silver_from
from marquee.domain.authority import ELSEWHERE
from marquee.domain.calendar import hour_start
from marquee.domain.codec import decode, records
from marquee.domain.events import METADATA, RATINGS, REVIEWS, Event, FilmEvent, RatingEvent, ReviewEvent
from marquee.domain.films import FilmView, film_view, unknown_film
from marquee.domain.measures import SUMS, Cell, decode_cell
from marquee.domain.monoids import Gauge
from marquee.domain.records import START
from marquee.domain.scores import HOT_HOURS, HOT_WEIGHTS, Pins
from marquee.domain.sentiment import Score
from marquee.domain.tables import BASE, BRONZE, SILVER
from marquee.domain.timeline import DAY, HOUR, WINDOW, ladder_cuts
from marquee.domain.trends import DAYS, WINDOWS, By, Counts, frame, rank, weekday
from marquee.errors import NotFoundError
from marquee.libraries.vader import scorer
from marquee.ports import Lake
from marquee.serving.answers import present as answers
from marquee.serving.answers.query import Query
from marquee.serving.world.cube import ALL_FILMS, DIMENSIONS, groups_of
from marquee.serving.world.merge import Timed

EXAMPLES = 5
NEVER = 2**62
LAST = "audit.json"
"""The home's note of the last audit, for the metrics."""

TRIES = 3
CHUNK = 5_000


@dataclass(slots=True)
class FilmHistory:
    """All that is known of one film: review facts (time, weight, score, stars), readings, gains (slot's start,
    votes), base cells.

    A review that an earlier version scored, and whose text is held no more, has no opinion.
    """

    reviews: list[tuple[int, int, int, int, int | None, int | None]] = field(default_factory=list)
    readings: list[Gauge] = field(default_factory=list)
    gains: list[tuple[int, int]] = field(default_factory=list)
    base: list[Timed] = field(default_factory=list)
    film: FilmView | None = None

    def cells(self) -> list[Timed]:
        """Return the film's events as one cell each, made without the measures' definitions."""
        made = list(self.base)
        for time, weight, compound, sentence, opinion, stars in self.reviews:
            liked, disliked = (opinion or 0) > 0, (opinion or 0) < 0
            if opinion is None:
                liked, disliked = sentence >= 860, sentence < 860
            elif stars is not None:
                liked, disliked = stars >= 70, stars <= 40
            state = {
                "reviews": weight,
                "positive": weight if compound >= 500 else 0,
                "negative": weight if compound <= -500 else 0,
                "favourable": weight if liked else 0,
                "mixed": 0 if liked or disliked else weight,
                "compound": weight * compound,
                "compound_sq": weight * compound**2,
                "sentence": weight * sentence,
                "opinion": weight * (opinion or 0),
                "opined": weight if opinion else 0,
                "rated": weight if stars is not None else 0,
                "stars": weight * (stars or 0),
                "gained": 0,
            }
            lifted = Score(compound, sentence, opinion or 0).review(weight, stars)
            sums = tuple(state[name] if name in state else measure.lift(lifted) for name, measure in SUMS.items())
            made.append(Timed(time - time % WINDOW, WINDOW, Cell(sums, None)))
        zeros = tuple(0 for _ in SUMS)
        for time, votes in self.gains:
            sums = tuple(votes if name == "gained" else 0 for name in SUMS)
            made.append(Timed(time - time % WINDOW, WINDOW, Cell(sums, None)))
        made += [Timed(r.observed_at - r.observed_at % WINDOW, WINDOW, Cell(zeros, r)) for r in self.readings]
        return made

    def gain(self, votes: int, since: int | None, at: int) -> None:
        """Take in a gain: each vote falls in the slot in which its share of the time between the readings is over."""
        if since is None:
            return
        since = min(since, at)
        apart = at - since
        width = WINDOW if apart <= 2 * HOUR else HOUR if apart <= 8 * DAY else DAY
        seconds = max(1, apart // 1_000)
        start = since - since % width
        while votes > 0 and start <= at:
            ends = [min(seconds, max(0, (edge - since) // 1_000)) for edge in (start, start + width)]
            share = votes * ends[1] // seconds - votes * ends[0] // seconds
            if share:
                self.gains.append((start, share))
            start += width


class Reference:
    """A naive fold of all events. The first copy of an event counts; later ones do not."""

    def __init__(self) -> None:
        self.films: dict[int, FilmHistory] = defaultdict(FilmHistory)
        self.seen: set[str] = set()

    def feed(self, event: Event, offset: int) -> None:
        """Take one event in."""
        if event.event_id in self.seen:
            return
        self.seen.add(event.event_id)
        history = self.films[event.movie_id]
        if isinstance(event, ReviewEvent):
            score = scorer().score(event.text)
            history.reviews.append(
                (event.event_time, event.weight, score.compound, score.sentence, score.opinion, event.stars)
            )
        elif isinstance(event, RatingEvent):
            if event.source in ELSEWHERE:
                return
            history.readings.append(Gauge(event.event_time, offset, event.votes, event.average, event.popularity))
            history.gain(event.gained, event.since, event.event_time)
        elif isinstance(event, FilmEvent):
            view = film_view(asdict(event), offset)
            if history.film is None or (view["at"], view["offset"]) > (
                history.film["at"],
                history.film["offset"],
            ):
                history.film = view

    def trends(self, window: str, by: By, now: int) -> list[Any]:
        """Return all films' standings, counted event by event."""
        sight = frame(window, now)
        if by != "reviews":
            sight = sight.counted_since(self.votes_counted_from(sight.base_start, sight.end))
        unit = DAY if window in DAYS else WINDOW
        found: dict[int, Counts] = {}
        weekdays = [0] * 7
        for movie_id, history in self.films.items():
            now_, before, previous, earlier, hot = 0, 0, 0, 0, 0
            reviews = [(time, weight, 1, 0) for time, weight, *_ in history.reviews]
            votes = [(time, count, 0, 1) for time, count in history.gains]
            told = [0, 0, 0]
            for time, weight, of_reviews, of_votes in (*reviews, *votes):
                start = time - time % unit
                if sight.in_window(start):
                    told[0] += weight * of_reviews
                    told[1] += weight * of_votes
                if (by == "reviews" and not of_reviews) or (by == "votes" and not of_votes):
                    continue
                now_ += weight if sight.in_window(start) else 0
                if sight.in_baseline(start):
                    before += weight
                    told[2] += weight * of_votes
                    weekdays[weekday(start)] += weight
                previous += weight if sight.in_previous(start, 1) else 0
                earlier += weight if sight.in_previous(start, 2) else 0
                age = (sight.end - 1) // HOUR - time // HOUR
                hot += weight * HOT_WEIGHTS[age] if 0 <= age < HOT_HOURS else 0
            found[movie_id] = Counts(now_, before, previous, earlier, hot, *told)
        read = {m: max(g.observed_at for g in h.readings) for m, h in self.films.items() if h.readings}
        return rank(found, sight, weekdays, read if by != "reviews" else None)

    def votes_counted_from(self, start: int, end: int) -> int:
        """Return the end of the first day (ms) from which on votes came without more than two days of silence before `end`;
        0 where there is none up to four days before `start`."""
        days = {time // DAY for history in self.films.values() for time, _ in history.gains}
        days = {day for day in days if start // DAY - 4 <= day <= end // DAY}
        if not days:
            return 0
        found, silent, day = None, 0, end // DAY
        while silent <= 2:
            if day in days:
                found, silent = day, 0
            elif day != end // DAY:
                silent += 1
            day -= 1
        return end if found is None else (found + 1) * DAY

    def rolled_up(self, query: Query, dimension: str, now: int) -> dict[str, list[int]]:
        """Return the sums of all years by group, added film by film; films are grouped as the run pinned them."""
        world = query.world
        totals: dict[str, list[int]] = defaultdict(lambda: [0] * len(SUMS))
        since = days_since(query)
        for movie_id, history in self.films.items():
            card = world.published.cards.get(movie_id) or world.card(movie_id, now)
            if card is None or card["deleted"]:
                continue
            for timed in history.cells():
                if timed.window >= since and timed.span <= DAY:
                    for group in groups_of(card, dimension, world.pins):
                        totals[group] = [a + b for a, b in zip(totals[group], timed.cell.sums, strict=True)]
        return {group: sums for group, sums in sorted(totals.items()) if any(sums)}


def days_since(query: Query) -> int:
    """Return the event time from which gold holds days (ms)."""
    publication = query.world.publication
    return 0 if publication is None else ladder_cuts(publication.facts.get("top", publication.frontier.hour))[-1]


def rolled_up(query: Query, dimension: str, now: int) -> dict[str, list[int]]:
    """Return the sums of all years by group, as the platform rolls them up."""
    first = days_since(query) // DAY
    groups = query.world.cube(now).by_group(dimension, ALL_FILMS, first, NEVER // DAY)
    return {name: list(cell.sums) for name, (cell, _) in sorted(groups.items()) if any(cell.sums)}


def bronze_events(lake: Lake, topic: str, before: int) -> Iterator[tuple[Event, int]]:
    """Yield (event, offset) of a topic's bronze records with ingest time below `before`, in the log's order."""
    rows = lake.table(BRONZE[topic])
    rows = rows.filter(rows.ingest_time < before).order_by(["ingest_time", "partition", "offset"])
    for row in lake.arrow(rows.select("offset", "body")).to_pylist():
        yield decode(topic, row["body"].encode()), row["offset"]


def silver_history(lake: Lake, reference: Reference, bronze_from: dict[str, int]) -> None:
    """Take in what bronze no longer holds: silver's rows of earlier ingest hours, and base."""
    for topic, table in SILVER.items():
        rows = lake.table(table)
        first = 0 if topic == METADATA else silver_from(lake)
        old = rows.filter((rows.ingest_time < bronze_from[topic]) & (rows.ingest_time >= first))
        for row in lake.arrow(old).to_pylist():
            if row["event_id"] in reference.seen:
                continue
            reference.seen.add(row["event_id"])
            history = reference.films[row["movie_id"]]
            if topic == REVIEWS:
                stars = row["stars"] if row["rated"] else None
                scores = (row["compound"], row["sentence"], row["opinion"])
                history.reviews.append((row["event_time"], row["weight"], *scores, stars))
            elif topic == RATINGS:
                if row["source"] in ELSEWHERE:
                    continue
                values = (row["event_time"], row["offset"], row["votes"], row["average"], row["popularity"])
                history.readings.append(Gauge(*values))
                history.gain(row["gained"] or 0, row["since"], row["event_time"])
            elif history.film is None or (row["event_time"], row["offset"]) > (
                history.film["at"],
                history.film["offset"],
            ):
                history.film = film_view(row, row["offset"])
    for row in lake.arrow(lake.table(BASE)).to_pylist():
        state = decode_cell(row[name] for name in (*SUMS, *Gauge._fields))
        reference.films[row["movie_id"]].base.append(Timed(row["window"], row["span"], state))


def oldest_bronze(lake: Lake, topic: str) -> int:
    """Return the first ingest hour of a topic that bronze holds (ms), `NEVER` where it holds none."""
    return min((hour_start(part) for part in lake.partitions(BRONZE[topic])), default=NEVER)


def build_reference(platform: Platform, query: Query) -> Reference:
    """Fold every event that the query's world covers: bronze below the frontier, the log from there to the speed layer.

    What the coverage says is missing is left out.
    """
    world, lake = query.world, platform.lake
    gaps = world.coverage().gaps
    frontier = 0 if world.frontier is None else world.frontier.hour
    reference = Reference()
    silver_history(lake, reference, {topic: oldest_bronze(lake, topic) for topic in BRONZE})
    for topic in (METADATA, RATINGS, REVIEWS):
        for event, offset in bronze_events(lake, topic, frontier):
            reference.feed(event, offset)
    position = START
    while True:
        batches, position = platform.log.read(position, CHUNK, until=world.state.position)
        if not batches:
            return reference
        for batch in batches:
            missing = any(start <= batch.ingest_time < end for start, end in gaps)
            if batch.ingest_time >= frontier and not missing:
                for record in records(batch):
                    reference.feed(record.event, record.offset)


def verify(platform: Platform, sample: int | None = None, seed: int = 0) -> dict[str, Any]:
    """Compare answers of all films (or of a sample) and all leaderboards with the reference; report what differs.

    A batch run that publishes meanwhile moves the query to another world: then all is compared again.
    """
    for _ in range(TRIES):
        query = platform.query()
        query.refresh()
        world = query.world
        found = compare(platform, query, sample, seed)
        if query.world is world:
            break
    kept = {"at": platform.clock.now(), **{name: found[name] for name in ("answers_checked", "differ")}}
    with suppress(OSError):  # a home that can only be read can be audited too
        platform.home.path(LAST).write_bytes(orjson.dumps(kept))
    return found


def last(platform: Platform) -> dict[str, int] | None:
    """Return when (ms) the last audit was, how many answers it checked and how many differed; None before the first."""
    path = platform.home.path(LAST)
    return orjson.loads(path.read_bytes()) if path.exists() else None


def compare(platform: Platform, query: Query, sample: int | None, seed: int) -> dict[str, Any]:
    """Compare the answers of the query's present world."""
    _, moment = query.sight()
    reference = build_reference(platform, query)
    ids = sorted(set(reference.films) | query.world.ids())
    if sample is not None and sample < len(ids):
        ids = sorted(random.Random(seed).sample(ids, sample))  # noqa: S311
    checked = differ = 0
    examples: list[dict[str, Any]] = []
    for name, given, wanted in compared(query, reference, ids, moment):
        checked += 1
        if orjson.dumps(given) != orjson.dumps(wanted):
            differ += 1
            if len(examples) < EXAMPLES:
                examples.append({"answer": name, "given": given, "wanted": wanted})
    coverage = query.world.coverage().as_dict()
    return {
        "answers_checked": checked,
        "differ": differ,
        "films": len(ids),
        "examples": examples,
        "coverage": coverage,
    }


def compared(query: Query, reference: Reference, ids: Iterable[int], now: int) -> Iterator[tuple[str, Any, Any]]:
    """Yield (name, what the platform answers, what the reference says) of every answer."""
    pins = query.world.pins
    for movie_id in ids:
        try:
            _, _, film, cells = query.film(movie_id)
        except NotFoundError:
            film, cells = None, []
        history = reference.films.get(movie_id, FilmHistory())
        wanted_film, wanted_cells = wanted_of(movie_id, history)
        yield (
            f"/v1/movies/{movie_id}",
            present(film, cells, pins, now),
            present(wanted_film, wanted_cells, pins, now),
        )
        for window in answers.SENTIMENT_WINDOWS:
            given = None if film is None else answers.sentiment(movie_id, film["title"], cells, window, now)
            wanted = (
                None
                if wanted_film is None
                else answers.sentiment(movie_id, wanted_film["title"], wanted_cells, window, now)
            )
            yield f"/v1/movies/{movie_id}/sentiment?window={window}", given, wanted
    for dimension in DIMENSIONS:
        yield (
            f"/v1/analytics/sentiment/comparison?by={dimension}",
            rolled_up(query, dimension, now),
            reference.rolled_up(query, dimension, now),
        )
    for window, by in product(WINDOWS, get_args(By)):
        given_trends = query.count_trends(query.world, window, by, now)
        yield (
            f"/v1/trending/movies?window={window}&by={by}",
            shown(given_trends),
            shown(reference.trends(window, by, now)),
        )


def shown(trends: list[Any]) -> list[Any]:
    """Return standings as lists; films that only the reference counts as nothing are left out by both."""
    return [
        [t.movie_id, t.observed, t.before, t.score, t.state, t.velocity, t.acceleration, t.hot, t.reviews, t.votes]
        for t in trends
    ]


def wanted_of(movie_id: int, history: FilmHistory) -> tuple[FilmView | None, list[Timed]]:
    """Return what a film should look like, None when it is unknown or deleted."""
    cells = history.cells()
    if history.film is None and not cells:
        return None, []
    film = history.film or unknown_film(movie_id)
    return (None, []) if film["deleted"] else (film, cells)


def present(film: FilmView | None, cells: list[Timed], pins: Pins, now: int) -> Any:
    """Present a film, or nothing."""
    return None if film is None else answers.movie(film, cells, pins, now)
