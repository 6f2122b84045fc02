"""The world as one answer sees it: a published run, the speed layer at a version, and what listings need of both.

A world never changes; a refresh makes the next one from it. So every answer is of one run and one version.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import orjson

from marquee.domain.coverage import (
    NO_BACKLOG,
    NO_SPEED,
    Backlog,
    Coverage,
    Frontier,
    Source,
    SpeedState,
    coverage,
    speed_from,
)
from marquee.domain.documents import ACTIVITY
from marquee.domain.films import FilmView, card, names_of, unknown_film, votes_of
from marquee.domain.measures import Cell, merge_cells
from marquee.domain.records import Publication, SpeedFilm
from marquee.domain.scores import Pins
from marquee.domain.timeline import DAY, Clock, data_end, floor
from marquee.libraries.titles import IndexedFilm, TitleSearch
from marquee.ports import BatchViews, SpeedViews, ViewsSnapshot
from marquee.serving.world.cube import GAINED_COLUMN, REVIEWS_COLUMN, Cube
from marquee.serving.world.leaderboard import Activity, joined
from marquee.serving.world.published import Published, published

ACTIVITY_KEPT = 40 * DAY
SpeedCells = Mapping[tuple[int, int], Cell]
NO_CELLS: SpeedCells = {}
NO_CARD: Mapping[str, Any] = {"gauge": None}


@dataclass(slots=True)
class Meanwhile:
    """What moves without a version of the views: the time, what waits in the log, and where films come from."""

    clock: Clock
    backlog: Backlog = NO_BACKLOG
    source: Source | None = None


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """published: what the batch run gave; days: by day, what people did lately by cell; speed: by film id, the cells
    by (ingest hour, window); films: by film id, the descriptions the speed layer has seen, by ingest hour;
    changed: by film id, the speed version that last changed it; newest: the start of the newest window (ms) that the
    speed layer has shown, -1 of none."""

    search: TitleSearch
    meanwhile: Meanwhile
    publication: Publication | None = None
    state: SpeedState = NO_SPEED
    published: Published = field(default_factory=Published)
    days: Mapping[int, Activity] = field(default_factory=dict)
    speed: Mapping[int, SpeedCells] = field(default_factory=dict)
    films: Mapping[int, Mapping[int, SpeedFilm]] = field(default_factory=dict)
    changed: Mapping[int, int] = field(default_factory=dict)
    newest: int = -1

    @property
    def frontier(self) -> Frontier | None:
        """The published run's frontier."""
        return None if self.publication is None else self.publication.frontier

    @property
    def run(self) -> int:
        """The published run's number, 0 before the first."""
        return 0 if self.publication is None else self.publication.frontier.run

    @property
    def edition(self) -> str:
        """What tells the published run from all others, also from those of an earlier home."""
        return "" if self.publication is None else f"{self.publication.frontier.run_id}@{self.publication.published_at}"

    @property
    def pins(self) -> Pins:
        """What the run pinned for its scores."""
        return self.published.pins

    @property
    def ended(self) -> int | None:
        """The last moment (ms) of the day on which the data ended, None where it goes on or there is none."""
        batch = -1 if self.publication is None else self.publication.facts.get("newest", -1)
        end = data_end(max(batch, self.newest), self.meanwhile.clock.now())
        return None if end is None else end - 1

    def coverage(self) -> Coverage:
        """Return what an answer covers now."""
        meanwhile = self.meanwhile
        covered = coverage(self.frontier, self.state, meanwhile.clock.now(), meanwhile.backlog)
        facts = {} if self.publication is None else self.publication.facts
        return replace(covered, as_of=self.ended, source=meanwhile.source or facts.get("source"))

    def speed_film(self, movie_id: int, now: int) -> FilmView | None:
        """Return the latest description of a film that the speed layer still answers for."""
        from_hour = speed_from(self.frontier, now)
        held = [film for hour, film in self.films.get(movie_id, {}).items() if hour >= from_hour]
        if not held:
            return None
        view: FilmView = orjson.loads(max(held, key=lambda film: film.rank).body)
        return view

    def card(self, movie_id: int, now: int) -> dict[str, Any] | None:
        """Return a film's line in listings, both layers merged; None of an unknown or deleted film."""
        base = self.published.cards.get(movie_id)
        from_hour = speed_from(self.frontier, now)
        fresh = merge_cells(c for (hour, _), c in self.speed.get(movie_id, NO_CELLS).items() if hour >= from_hour)
        film = self.speed_film(movie_id, now)
        if base is None and film is None and fresh.gauge is None and not any(fresh.sums):
            return None
        if base is None:
            merged = card(film or unknown_film(movie_id), None, 0, 0)
        elif film is not None and (film["at"], film["offset"]) > (base["at"], base["offset"]):
            merged = card(film, base["gauge"], base["reviews"], base["compound"])
        else:
            merged = dict(base)
        if merged["deleted"]:
            return None
        merged["reviews"] += fresh.sum("reviews")
        merged["compound"] += fresh.sum("compound")
        if fresh.gauge is not None and (merged["gauge"] is None or list(fresh.gauge) > merged["gauge"]):
            merged["gauge"] = list(fresh.gauge)
        return merged

    def ids(self) -> set[int]:
        """Return the ids of all films either layer knows."""
        return {*self.published.cards, *self.speed, *self.films}

    def fresh(self, now: int) -> Iterator[tuple[int, int, Cell]]:
        """Yield (film id, window, cell) of the speed layer's sums that the batch run does not cover."""
        from_hour = speed_from(self.frontier, now)
        for movie_id, cells in self.speed.items():
            for (hour, window), cell in cells.items():
                if hour >= from_hour and any(cell.sums):
                    yield movie_id, window, cell

    def read(self, now: int) -> dict[int, int]:
        """Return by film the time (ms) of the newest reading of its gauges in either layer."""
        found = {movie_id: card["gauge"][0] for movie_id, card in self.published.cards.items() if card["gauge"]}
        from_hour = speed_from(self.frontier, now)
        for movie_id, cells in self.speed.items():
            for (hour, _), cell in cells.items():
                if hour >= from_hour and cell.gauge is not None:
                    found[movie_id] = max(found.get(movie_id, 0), cell.gauge.observed_at)
        return found

    def activity(self, now: int) -> Activity:
        """Return what people did lately, of all films, both layers together."""
        fresh = [(film, window, cell.sum("reviews"), cell.sum("gained")) for film, window, cell in self.fresh(now)]
        return joined([*self.days.values(), Activity.of(fresh)])

    def daily_activity(self, now: int) -> Activity:
        """Return what people did by day over the years, of all films, both layers together."""
        rows = self.published.rows
        held = Activity(rows[:, 0], rows[:, 1] * DAY, rows[:, REVIEWS_COLUMN], rows[:, GAINED_COLUMN])
        fresh = [
            (film, floor(window, DAY), cell.sum("reviews"), cell.sum("gained"))
            for film, window, cell in self.fresh(now)
        ]
        return joined([held, Activity.of(fresh)])

    def cube(self, now: int) -> Cube:
        """Return the daily sums of all films, both layers together."""
        fresh = [(movie_id, window // DAY, *cell.sums) for movie_id, window, cell in self.fresh(now)]
        base = self.published.cube
        if not fresh:
            return base
        unknown = {row[0] for row in fresh} - self.published.cards.keys()
        cards = [card for movie_id in sorted(unknown) if (card := self.card(movie_id, now)) is not None]
        return base.extended(cards, np.array(fresh, dtype=np.int64))


def advance(world: World, batch_views: BatchViews, speed_views: SpeedViews, now: int) -> World:
    """Return the world as the views have it now; the same one when nothing has changed."""
    before = world
    with batch_views.snapshot() as snapshot:
        publication = snapshot.publication
        if publication is not None and publication.frontier.run != world.run:
            world = with_run(world, snapshot, publication)
    if speed_views.state()[0].version != world.state.version:
        world = with_speed(world, speed_views)
    return world if world is before or world.run == before.run else pruned(world, speed_from(world.frontier, now))


def indexed(film: Mapping[str, Any], people: Sequence[str], votes: int | None) -> IndexedFilm:
    """Return what a film is found by."""
    year = int(film["release_date"][:4]) if film["release_date"] else None
    return IndexedFilm(film["movie_id"], film["title"], film["original_title"], people, year, votes or 0)


def pruned(world: World, from_hour: int) -> World:
    """Return a world without the speed layer's part below an ingest hour, which no answer reads."""
    speed = {
        movie_id: kept
        for movie_id, cells in world.speed.items()
        if (kept := {key: cell for key, cell in cells.items() if key[0] >= from_hour})
    }
    films = {
        movie_id: held
        for movie_id, by_hour in world.films.items()
        if (held := {hour: film for hour, film in by_hour.items() if hour >= from_hour})
    }
    changed = {
        movie_id: version for movie_id, version in world.changed.items() if movie_id in speed or movie_id in films
    }
    return replace(world, speed=speed, films=films, changed=changed)


def with_run(world: World, snapshot: ViewsSnapshot, publication: Publication) -> World:
    """Return a world on a newly published run; only documents that changed are read."""
    now = published(world.published, world.run, snapshot, publication)
    now.prepare()
    fresh = {m: card for m, card in now.cards.items() if world.published.cards.get(m) is not card}
    world.search.update(
        [indexed(c, c["people"], votes_of(c)) for c in fresh.values() if not c["deleted"]],
        [i for i, c in fresh.items() if c["deleted"]],
    )
    moved = replace(world, publication=publication, published=now)
    oldest = ((moved.ended or publication.frontier.hour) - ACTIVITY_KEPT) // DAY
    days = {day: activity for day, activity in world.days.items() if day >= oldest}
    for day, body in snapshot.changed(ACTIVITY, world.run):
        if day >= oldest:
            columns = orjson.loads(body)
            nothing = [0] * len(columns["window"])  # a run of version 1 counted no votes
            names = ("movie_id", "window", "reviews", "gained")
            days[day] = Activity(*(np.array(columns.get(name, nothing), dtype=np.int64) for name in names))
    return replace(moved, days=days)


def with_speed(world: World, views: SpeedViews) -> World:
    """Return a world at the speed views' present version."""
    cells, films, state = views.changes(world.state.version)
    speed = dict(world.speed)
    fresh: dict[int, dict[tuple[int, int], Cell]] = {}
    for item in cells:
        if item.movie_id not in fresh:
            fresh[item.movie_id] = dict(speed.get(item.movie_id, NO_CELLS))
        fresh[item.movie_id][item.hour, item.window] = item.cell
    speed.update(fresh)
    descriptions = dict(world.films)
    for film in films:
        descriptions[film.movie_id] = {**descriptions.get(film.movie_id, {}), film.hour: film}
    views_of = [orjson.loads(film.body) for film in films]
    world.search.update(
        indexed(v, names_of(v), votes_of(world.published.cards.get(v["movie_id"], NO_CARD)))
        for v in views_of
        if not v["deleted"]
    )
    touched = dict.fromkeys([*fresh, *(film.movie_id for film in films)], state.version)
    changed = {**world.changed, **touched}
    newest = max([world.newest, *(item.window for item in cells)])
    return replace(world, speed=speed, films=descriptions, changed=changed, state=state, newest=newest)
