"""The lake's tables: their columns, and the columns they are partitioned by.

Column types are the annotations of the event dataclasses, from which bronze and silver derive.
"""

from dataclasses import dataclass, fields
from typing import Any, get_type_hints

from marquee.domain.events import METADATA, RATINGS, REVIEWS, TOPICS
from marquee.domain.measures import STATE_COLUMNS

BRONZE = {REVIEWS: "bronze.reviews", RATINGS: "bronze.ratings", METADATA: "bronze.metadata"}
SILVER = {REVIEWS: "silver.reviews", RATINGS: "silver.ratings", METADATA: "silver.films"}
TASTE = "silver.taste"
"""Who rated which film how: the last rating of each user of MovieLens for each film with a TMDB id."""

TASTE_WHOLE = "whole"
"""What the taste table records once a release is in it whole: a fingerprint of its rows."""

CELLS = "gold.cells"
BASE = "gold.base"
"""The cells of silver rows past their retention: gold is always base plus the fold of silver."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table's columns (name to Python annotation; all nullable) and its identity partition columns."""

    columns: dict[str, Any]
    partition: tuple[str, ...]


def event_columns(topic: str, *without: str) -> dict[str, Any]:
    """Return the columns of a topic's events."""
    hints = get_type_hints(TOPICS[topic])
    return {field.name: hints[field.name] for field in fields(TOPICS[topic]) if field.name not in without}


def integers(*names: str) -> dict[str, Any]:
    """Return integer columns."""
    return dict.fromkeys(names, int)


PLACE = integers("partition", "offset", "ingest_time")
"""Where a record stood in the log."""

CELL = integers("movie_id", "window", "span", *STATE_COLUMNS, "year", "month")

TABLES: dict[str, Table] = {
    **{
        name: Table(PLACE | {"body": str} | integers("year", "month", "day", "hour"), ("year", "month", "day", "hour"))
        for name in BRONZE.values()
    },
    SILVER[REVIEWS]: Table(
        PLACE
        | event_columns(REVIEWS, "text", "stars")
        | integers("window", "rated", "stars", "compound", "sentence", "positive", "negative")
        | integers("favourable", "mixed", "opinion", "opined", "year", "month"),
        ("year", "month"),
    ),
    SILVER[RATINGS]: Table(
        PLACE | event_columns(RATINGS) | integers("window", "observed_at", "year", "month"), ("year", "month")
    ),
    SILVER[METADATA]: Table(PLACE | event_columns(METADATA) | integers("year", "month"), ("year", "month")),
    TASTE: Table(integers("part", "user_id", "movie_id", "stars", "time"), ("part",)),
    CELLS: Table(CELL, ("year", "month")),
    BASE: Table(CELL, ("year", "month")),
}
