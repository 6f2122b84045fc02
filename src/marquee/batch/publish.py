"""Publication: documents of what changed, and one swing of the pointer to (run, frontier)."""

from collections.abc import Collection, Iterator
from typing import Any

import ibis
import numpy as np
import orjson

from marquee.batch import anomalies, daily, genres, money, network, outlook, seasons, similar, taste
from marquee.batch.gold import Reach, fold
from marquee.batch.shelf import latest_films, latest_gauges, shelf
from marquee.batch.silver import read
from marquee.domain.calendar import covering
from marquee.domain.documents import ACTIVITY, CARD, CELL_ROWS, FILM, Document
from marquee.domain.events import METADATA
from marquee.domain.films import FilmView, card, film_view, unknown_film
from marquee.domain.measures import GAUGE, STATE_COLUMNS, SUMS
from marquee.domain.scores import Pins, pin
from marquee.domain.tables import CELLS, SILVER
from marquee.domain.timeline import DAY, HOUR, floor, iso
from marquee.ports import Lake

ACTIVITY_DAYS = 36
"""Days of activity published: four weeks of baseline, a week of window, and slack."""

NOTHING = (None, 0, 0)

CELL_COLUMNS = ("window", "span", *STATE_COLUMNS)


def changed_films(lake: Lake, start: int, end: int) -> Any:
    """Return the ids (movie_id) of films with silver rows of ingest time in [start, end)."""
    parts = [read(lake, name, start, end).select("movie_id") for name in SILVER.values()]
    return lake.local(parts[0].union(parts[1]).union(parts[2]).distinct())


def film_documents(
    lake: Lake, ids: Any | None, totals: dict[int, tuple[list[int] | None, int, int]]
) -> Iterator[Document]:
    """Yield the film documents and cards of `ids` (or of all films); films known by their events alone get a card."""
    described: set[int] = set()
    for row in lake.arrow(latest_films(lake, ids)).to_pylist():
        movie_id = row["movie_id"]
        described.add(movie_id)
        yield FILM, movie_id, orjson.dumps(film_view(row, row["offset"]))
        yield (
            CARD,
            movie_id,
            orjson.dumps(card(film_view(row, row["offset"]), *totals.get(movie_id, NOTHING))),
        )
    for movie_id, total in totals.items():
        if movie_id not in described:
            yield CARD, movie_id, orjson.dumps(card(unknown_film(movie_id), *total))


def film_cells(lake: Lake, ids: Any | None) -> tuple[np.ndarray, np.ndarray]:
    """Return (film ids, matrix of `CELL_COLUMNS`) of gold's cells, ordered by film and window. Missing gauges are -1."""
    cells = lake.table(CELLS)
    if ids is not None:
        cells = cells.semi_join(ids, "movie_id")
    filled = cells.mutate(
        **{name: cells[name].fill_null(0) for name in SUMS}, **{name: cells[name].fill_null(-1) for name in GAUGE}
    )
    table = lake.arrow(filled.order_by(["movie_id", "window", "span"]).select("movie_id", *CELL_COLUMNS))
    movies = table.column("movie_id").to_numpy()
    return movies, np.stack([table.column(name).to_numpy() for name in CELL_COLUMNS], axis=1)


def cell_documents(movies: np.ndarray, matrix: np.ndarray) -> Iterator[Document]:
    """Yield each film's cells as stored bytes."""
    if not len(movies):
        return
    ids, starts = np.unique(movies, return_index=True)
    for movie_id, rows in zip(ids.tolist(), np.split(matrix, starts[1:]), strict=True):
        yield CELL_ROWS, movie_id, orjson.dumps(np.ascontiguousarray(rows), option=orjson.OPT_SERIALIZE_NUMPY)


def film_totals(movies: np.ndarray, matrix: np.ndarray) -> dict[int, tuple[list[int] | None, int, int]]:
    """Return each film's (latest gauge, reviews, compound) over all its cells."""
    totals: dict[int, tuple[list[int] | None, int, int]] = {}
    if not len(movies):
        return totals
    ids, starts = np.unique(movies, return_index=True)
    column = {name: index for index, name in enumerate(CELL_COLUMNS)}
    reviews = np.add.reduceat(matrix[:, column["reviews"]], starts).tolist()
    compound = np.add.reduceat(matrix[:, column["compound"]], starts).tolist()
    gauges = matrix[:, [column[name] for name in GAUGE]]
    ends = [*starts[1:], len(movies)]
    for index, movie_id in enumerate(ids.tolist()):
        block = gauges[starts[index] : ends[index]]
        latest = block[np.lexsort((block[:, 1], block[:, 0]))[-1]].tolist()
        totals[movie_id] = (latest if latest[0] >= 0 else None, reviews[index], compound[index])
    return totals


def activity_documents(lake: Lake, days: list[int], present: int) -> Iterator[Document]:
    """Yield, for each of these days (ms) that is recent, the reviews and the votes gained of all films by cell."""
    recent = [day for day in days if day >= floor(present - ACTIVITY_DAYS * DAY, DAY)]
    if not recent:
        return
    where = covering(recent[0], recent[-1] + DAY, days=False)
    cells = lake.table(CELLS, where)
    counted = (cells.reviews != 0) | (cells.gained.fill_null(0) != 0)
    cells = cells.filter((cells.span <= HOUR) & counted & (cells.window >= recent[0]))
    cells = cells.mutate(gained=cells.gained.fill_null(0))
    names = ("movie_id", "window", "span", "reviews", "gained")
    table = lake.arrow(cells.order_by(["window", "movie_id", "span"]).select(*names))
    columns = [table.column(name).to_numpy() for name in names]
    days_of = columns[1] - columns[1] % DAY
    for day in recent:
        chosen = days_of == day
        body = {name: np.ascontiguousarray(values[chosen]) for name, values in zip(names, columns, strict=True)}
        yield ACTIVITY, day // DAY, orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY)


def touched_days(lake: Lake, start: int, end: int) -> list[int]:
    """Return the days (ms) of event time on which sums of rows with ingest time in [start, end) fall."""
    rows = fold(lake, start, end)
    rows = rows.filter(ibis.or_(*(rows[name] != 0 for name in SUMS)))
    days = lake.arrow(rows.select(day=rows.window - rows.window % DAY).distinct())
    return sorted(days.column("day").to_pylist())


def run_pins(lake: Lake) -> tuple[Pins, dict[str, int]]:
    """Return what a run pins over all films, and its counts."""
    cells = lake.table(CELLS)
    table = lake.arrow(latest_gauges(lake))
    votes, averages, popularities = (table.column(name).to_pylist() for name in ("votes", "average", "popularity"))
    counts = lake.arrow(
        cells.aggregate(films=cells.movie_id.nunique(), reviews=cells.reviews.sum(), cells=cells.count())
    ).to_pylist()[0]
    pins = pin(list(zip(averages, votes, strict=True)), popularities)
    return pins, {name: int(value or 0) for name, value in counts.items()}


def film_views(lake: Lake) -> list[FilmView]:
    """Return the descriptions of all films that stand, by id."""
    rows = lake.arrow(latest_films(lake)).to_pylist()
    return sorted(
        (film_view(row, row["offset"]) for row in rows if not row["deleted"]), key=lambda film: film["movie_id"]
    )


def view_documents(lake: Lake, pins: Pins, since: int, to: Reach) -> Iterator[Document]:
    """Yield the documents of the views over all films; likeness and networks only when a description has changed."""
    films = lake.local(shelf(lake, pins))
    year = int(iso(to.present)[:4])
    yield from money.documents(lake, films)
    yield from seasons.documents(lake, films)
    yield from genres.documents(lake, films, year)
    yield from outlook.documents(lake, films, to.present)
    yield from anomalies.documents(lake, to.present)
    described = read(lake, SILVER[METADATA], since, to.frontier).count().as_table()
    if since == 0 or lake.arrow(described).column(0)[0].as_py() > 0:
        views = film_views(lake)
        yield from similar.documents(lake, views)
        yield from network.documents(views, year)


def documents(
    lake: Lake, pins: Pins, since: int, to: Reach, liked: Collection[int] | None = None
) -> Iterator[Document]:
    """Yield every document that silver rows of ingest time from `since` to the frontier change; since = 0 means all.

    liked: films that have a row of the model of tastes, where this is to be made anew.
    """
    ids = None if since == 0 else changed_films(lake, since, to.frontier)
    days = touched_days(lake, since, to.frontier)
    movies, matrix = film_cells(lake, ids)
    yield from film_documents(lake, ids, film_totals(movies, matrix))
    yield from cell_documents(movies, matrix)
    yield from activity_documents(lake, days, to.present)
    yield from daily.documents(lake, days, to.top)
    yield from view_documents(lake, pins, since, to)
    if liked is not None:
        yield from taste.documents(lake, liked)
