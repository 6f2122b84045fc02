"""The shelf: one row per film with all that groups and totals are made of, and its rows by dimension."""

from typing import Any

import ibis

from marquee.domain.events import METADATA
from marquee.domain.measures import GAUGE
from marquee.domain.scores import TIERS, Pins
from marquee.domain.tables import CELLS, SILVER
from marquee.ports import Lake

DIMENSIONS = ("genre", "year", "tier", "month", "language")
"""What films are grouped by: month is that of the release, 1 to 12."""


def latest_films(lake: Lake, ids: Any | None = None) -> Any:
    """Return the latest description of each film (of `ids`, or all)."""
    versions = lake.table(SILVER[METADATA])
    if ids is not None:
        versions = versions.semi_join(ids, "movie_id")
    order = ibis.window(group_by="movie_id", order_by=[versions.event_time.desc(), versions.offset.desc()])
    ranked = versions.mutate(rank=ibis.row_number().over(order))
    return ranked.filter(ranked["rank"] == 0)


def reading(cells: Any) -> Any:
    """Return the gauges of cells as structs, whose greatest is the latest: compared field by field, as `Gauge` is."""
    return ibis.struct({name: cells[name] for name in GAUGE})


def latest_gauges(lake: Lake) -> Any:
    """Return each film's latest gauge: movie_id, votes, average, popularity."""
    cells = lake.table(CELLS)
    gauges = cells.filter(cells.observed_at.notnull()).group_by("movie_id").agg(gauge=reading(cells).max())
    return gauges.select("movie_id", **{name: gauges.gauge[name] for name in ("votes", "average", "popularity")})


def tier_of(popularity: Any, pins: Pins) -> Any:
    """Name the tier of a popularity in Ibis: `scores.tier`."""
    named: Any = ibis.literal("niche")
    for (name, _), cut in reversed(list(zip(TIERS, pins.tier_cuts, strict=True))):
        named = ibis.ifelse(popularity > cut, ibis.literal(name), named)
    return ibis.ifelse(popularity.isnull() | (popularity < 0), ibis.null("string"), named)


def shelf(lake: Lake, pins: Pins) -> Any:
    """Return the films that stand: movie_id, title, release_date, genres, language, tier, year, month and weekday
    of the release, budget, revenue ($), votes, average (x 10^3). Unknown is null, weekday 0 is Monday."""
    films = latest_films(lake)
    films = films.filter(~films.deleted)
    gauges = latest_gauges(lake)
    joined = films.left_join(gauges, films.movie_id == gauges.movie_id)
    released = joined.release_date.cast("date")
    return joined.select(
        movie_id=films.movie_id,
        title=films.title,
        release_date=films.release_date,
        genres=films.genres,
        language=films.language.nullif(""),
        tier=tier_of(gauges.popularity, pins) if pins.tier_cuts else ibis.null("string"),
        year=released.year().cast("int64"),
        month=released.month().cast("int64"),
        weekday=released.day_of_week.index().cast("int64"),
        budget=films.budget.nullif(0),
        revenue=films.revenue.nullif(0),
        votes=gauges.votes,
        average=ibis.ifelse(gauges.votes > 0, gauges.average, ibis.null("int64")),
    )


def by_dimension(films: Any) -> Any:
    """Return each film's rows (dimension, value, film's columns): one for each genre and each other dimension."""
    columns = [name for name in films.columns if name != "genres"]
    genres = films.filter(films.genres.length() > 0).unnest("genres")
    parts = [genres.select(*columns, dimension=ibis.literal("genre"), value=genres.genres)]
    for name in DIMENSIONS[1:]:
        known = films.filter(films[name].notnull())
        parts.append(known.select(*columns, dimension=ibis.literal(name), value=known[name].cast("string")))
    everything = films.select(*columns, dimension=ibis.literal("all"), value=ibis.literal("all"))
    return ibis.union(everything, *parts)
