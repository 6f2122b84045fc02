"""The daily series behind forecasts, and the fitted models that a run publishes."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import orjson

from marquee.batch import forecast
from marquee.batch.forecast import Floats
from marquee.batch.shelf import reading
from marquee.domain.calendar import covering
from marquee.domain.documents import FORECASTER, METRICS, Document
from marquee.domain.films import release_day
from marquee.domain.tables import CELLS
from marquee.domain.timeline import DAY, floor
from marquee.ports import Lake

LEARNED_DAYS = 168


def counts(rows: Sequence[np.ndarray], films: np.ndarray, first: int, days: int) -> Floats:
    """Return the matrix (films, days) of (movie_id, day, count) columns; a day without a row counts 0."""
    movie_id, day, count = rows
    matrix = np.zeros((len(films), days))
    index = np.searchsorted(films, movie_id)
    np.add.at(matrix, (index, day - first), count)
    return matrix


def held(rows: Sequence[np.ndarray], films: np.ndarray, first: int, days: int) -> Floats:
    """Return the matrix (films, days) of (movie_id, day, value) readings, each carried on until the next.

    NaN before a film's first reading. Carried, never interpolated: a backtest must not see the reading after it.
    """
    movie_id, day, value = rows
    matrix = np.full((len(films), days), np.nan)
    matrix[np.searchsorted(films, movie_id), day - first] = value
    known = np.where(np.isnan(matrix), 0, np.arange(days)[None, :])
    latest = np.maximum.accumulate(known, axis=1)
    carried: Floats = np.take_along_axis(matrix, latest, axis=1)
    return carried


def series(lake: Lake, first: int, end: int) -> dict[str, tuple[np.ndarray, Floats]]:
    """Return each metric's (film ids, daily series) of the days [first, end) since 1970.

    votes are the votes gained a day, spread over the time between readings; activity is votes gained and reviews.
    """
    cells = lake.table(CELLS, covering(first * DAY, end * DAY, days=False))
    cells = cells.filter((cells.span <= DAY) & (cells.window >= first * DAY) & (cells.window < end * DAY))
    daily = cells.mutate(day=cells.window // DAY).group_by(["movie_id", "day"])
    sums = daily.agg(reviews=cells.reviews.sum().cast("int64"), votes=cells.gained.fill_null(0).sum().cast("int64"))
    sums = sums.mutate(activity=sums.reviews + sums.votes)
    found = {name: counted(lake, sums, name, first, end) for name in ("reviews", "votes")}
    readings = cells.filter(cells.observed_at.notnull())
    latest = readings.mutate(day=readings.window // DAY, reading=reading(readings))
    latest = latest.group_by(["movie_id", "day"]).agg(reading=latest.reading.max())
    gauges = latest.select("movie_id", "day", value=latest.reading["popularity"])
    columns = columns_of(lake, gauges.filter(gauges.value >= 0))
    films = np.unique(columns[0])
    found["popularity"] = films, held(columns, films, first, end - first) / 10_000
    found["activity"] = counted(lake, sums, "activity", first, end)
    return found


def columns_of(lake: Lake, rows: Any) -> list[np.ndarray]:
    """Return rows as columns of film id, day and value."""
    table = lake.arrow(rows)
    return [table.column(column).to_numpy() for column in ("movie_id", "day", "value")]


def counted(lake: Lake, sums: Any, name: str, first: int, end: int) -> tuple[np.ndarray, Floats]:
    """Return the (film ids, daily series) of a column of sums; a day without any counts 0."""
    columns = columns_of(lake, sums.filter(sums[name] > 0).select("movie_id", "day", value=sums[name]))
    films = np.unique(columns[0])
    return films, counts(columns, films, first, end - first)


def documents(lake: Lake, films: Any, present: int) -> Iterator[Document]:
    """Yield each metric's model, learned from the whole days before a time (ms). films: the shelf."""
    end = floor(present, DAY) // DAY
    cells = lake.table(CELLS)
    oldest = lake.arrow(cells.filter(cells.span <= DAY).aggregate(oldest=cells.window.min())).column(0)[0].as_py()
    first = max(end - LEARNED_DAYS, (end * DAY if oldest is None else oldest) // DAY)
    if first >= end:
        return
    dated = lake.arrow(films.select("movie_id", "release_date")).to_pylist()
    released = {row["movie_id"]: release_day(row["release_date"]) for row in dated}
    found = series(lake, first, end)
    pieces = [
        (matrix, np.array([released.get(int(movie_id), float("nan")) - first for movie_id in ids]))
        for ids, matrix in found.values()
    ]
    for name, built in zip(found, lake.spread(build, pieces), strict=True):
        body = {"metric": name, "learned_from": first, "learned_to": end, **built}
        yield FORECASTER, METRICS.index(name), orjson.dumps(body)


def build(piece: tuple[Floats, Floats]) -> dict[str, Any]:
    """Return what is published of one metric: (series, columns of the releases)."""
    return forecast.build(*piece)
