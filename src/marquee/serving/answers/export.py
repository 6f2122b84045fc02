"""The export: the merged answers as flat tables, for tools that ask in SQL (Superset, a notebook, a spreadsheet)."""

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa

from marquee.domain.documents import MONEY
from marquee.domain.measures import SUMS
from marquee.domain.timeline import DAY, WINDOW, floor
from marquee.domain.trends import WINDOWS, trending
from marquee.serving.answers.query import Query, trend_lines
from marquee.serving.answers.search import card_line
from marquee.serving.world.cube import ALL_FILMS, Cube
from marquee.serving.world.world import World

RECENT = 2 * DAY
"""How far back reviews are told by their 5-minute windows."""

RANKED = 200
"""Films of each window's leaderboard."""

MOMENT = pa.timestamp("ms")
"""A time in UTC, said without its zone as tools of this kind expect."""

TEXT, NUMBER, REAL, LOGICAL = pa.string(), pa.int64(), pa.float64(), pa.bool_()

SCHEMAS = {
    "films": {
        "movie_id": NUMBER,
        "title": TEXT,
        "release_date": pa.date32(),
        "release_year": NUMBER,
        "language": TEXT,
        "tier": TEXT,
        "rating": REAL,
        "weighted_rating": REAL,
        "votes": NUMBER,
        "popularity": REAL,
        "reviews": NUMBER,
        "sentiment": REAL,
    },
    "film_genres": {"movie_id": NUMBER, "genre": TEXT},
    "daily": {"day": pa.date32(), "movie_id": NUMBER, **dict.fromkeys(SUMS, NUMBER)},
    "recent": {"window_start": MOMENT, "movie_id": NUMBER, "reviews": NUMBER},
    "trends": {
        "period": TEXT,
        "rank": NUMBER,
        "movie_id": NUMBER,
        "title": TEXT,
        "observed": NUMBER,
        "expected": REAL,
        "score": REAL,
        "state": TEXT,
        "rising": LOGICAL,
        "velocity": REAL,
        "hot": REAL,
    },
    "money": {
        "dimension": TEXT,
        "value": TEXT,
        "films": NUMBER,
        "budget": NUMBER,
        "revenue": NUMBER,
        "profit": NUMBER,
        "roi": REAL,
        "median_roi": REAL,
        "share_recouped": REAL,
    },
    "quality": {"layer": TEXT, "score": REAL},
    "edition": {
        "exported_at": MOMENT,
        "run_id": TEXT,
        "frontier": MOMENT,
        "speed_through": MOMENT,
        "complete": LOGICAL,
        "gap_hours": REAL,
    },
}
"""The tables and their columns. Sums are integers as everywhere: compound and sentence x 10^4, stars x 10."""


def schema(name: str) -> pa.Schema:
    """Return a table's schema."""
    return pa.schema(list(SCHEMAS[name].items()))


def table(name: str, rows: Iterable[dict[str, Any]]) -> pa.Table:
    """Return rows as a table of the export; what its schema does not name is left out."""
    return pa.Table.from_pylist(list(rows), schema=schema(name))


def export(query: Query) -> dict[str, pa.Table]:
    """Return all tables as of one moment: one run, one speed version, one clock."""
    world, now = query.sight()
    cube = query.cubes(world, floor(now, WINDOW))
    lines = [card_line(card, world) for i in sorted(world.ids()) if (card := world.card(i, now)) is not None]
    genres = ({"movie_id": line["movie_id"], "genre": genre} for line in lines for genre in line["genres"])
    quality = {} if world.publication is None else world.publication.facts["quality"]
    return {
        "films": table("films", map(film, lines)),
        "film_genres": table("film_genres", genres),
        "daily": daily(cube),
        "recent": recent(world, now),
        "trends": table("trends", trends(query, world, now)),
        "money": table("money", world.published.views.get(MONEY, {}).get("groups", ())),
        "quality": table("quality", ({"layer": layer, "score": score} for layer, score in quality.items())),
        "edition": table("edition", [edition(world, query.clock.now())]),
    }


def film(line: dict[str, Any]) -> dict[str, Any]:
    """Return a film's row of its line in listings."""
    released = date.fromisoformat(line["release_date"]) if line["release_date"] else None
    return {**line, "release_date": released, "release_year": released and released.year}


def daily(cube: Cube) -> pa.Table:
    """Return the sums of each film and day."""
    rows = cube.rows
    ids = np.array([card["movie_id"] for card in cube.cards], dtype=np.int64)[rows[:, 0]]
    days = pa.array(rows[:, 1].astype(np.int32)).cast(pa.date32())
    columns = [days, pa.array(ids), *(pa.array(rows[:, 2 + i].copy()) for i in range(len(SUMS)))]
    return summed("daily", columns, ["day", "movie_id"])


def recent(world: World, now: int) -> pa.Table:
    """Return the reviews of each film and 5-minute window of the last two days."""
    activity = world.activity(now)
    kept = (activity.window >= now - RECENT) & (activity.window < now)
    columns = [pa.array(getattr(activity, name)[kept]) for name in ("window", "movie_id", "reviews")]
    return summed("recent", [columns[0].cast(MOMENT), *columns[1:]], ["window_start", "movie_id"])


def summed(name: str, columns: list[pa.Array], keys: list[str]) -> pa.Table:
    """Return a table of sums by keys: what both layers know of has a row from each."""
    found = pa.Table.from_arrays(columns, schema=schema(name))
    values = [column for column in found.column_names if column not in keys]
    sums = found.group_by(keys).aggregate([(value, "sum") for value in values])
    return (
        sums.rename_columns({f"{value}_sum": value for value in values}).select(found.column_names).cast(found.schema)
    )


def trends(query: Query, world: World, now: int) -> Iterator[dict[str, Any]]:
    """Yield the head of each window's leaderboard."""
    for window in WINDOWS:
        standing = trending(query.trends(world, window, "activity", floor(now, WINDOW)), window)
        for line in islice(trend_lines(world, standing, window, ALL_FILMS, now), RANKED):
            yield {"period": window, **line}


def edition(world: World, now: int) -> dict[str, Any]:
    """Return what the export was made of and what it covers."""
    covers = world.coverage()
    return {
        "exported_at": now,
        "run_id": covers.run_id,
        "frontier": covers.frontier,
        "speed_through": covers.speed_through,
        "complete": covers.complete,
        "gap_hours": covers.gap_hours,
    }
