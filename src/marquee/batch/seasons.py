"""Seasons: releases by month, weekday and year, year over year; and the weekdays on which people review."""

from collections.abc import Iterator
from typing import Any

import orjson

from marquee.domain.documents import SEASONS, Document
from marquee.domain.scores import AVERAGE_SCALE
from marquee.domain.tables import CELLS
from marquee.domain.timeline import DAY
from marquee.ports import Lake

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
EPOCH_WEEKDAY = 3
"""1970-01-01 was a Thursday."""


def releases(films: Any, name: str) -> Any:
    """Return releases by a column, in Ibis: films, mean vote average, and revenue over the films of known revenue."""
    known = films.filter(films[name].notnull())
    return known.group_by(name).agg(
        films=known.count(),
        average=known.average.mean(),
        revenue_known=known.revenue.count(),
        revenue=known.revenue.sum().fill_null(0).cast("int64"),
    )


def present(row: dict[str, Any], total: int) -> dict[str, Any]:
    """Present a group of releases; share is of all dated releases."""
    known = row["revenue_known"]
    return {
        "films": row["films"],
        "share": round(row["films"] / total, 4),
        "mean_rating": None if row["average"] is None else round(row["average"] / AVERAGE_SCALE, 3),
        "films_with_revenue": known,
        "mean_revenue": round(row["revenue"] / known) if known else None,
        "revenue": row["revenue"] if known else None,
    }


def grouped(lake: Lake, films: Any, name: str) -> dict[int, dict[str, Any]]:
    """Return the presented groups by the values of a column."""
    rows = lake.arrow(releases(films, name)).to_pylist()
    total = sum(row["films"] for row in rows) or 1
    return {row[name]: present(row, total) for row in sorted(rows, key=lambda row: row[name])}


def change(now: Any, before: Any) -> float | None:
    """Return the relative change, None where it has no meaning."""
    return round(now / before - 1, 4) if now is not None and before else None


def years(found: dict[int, dict[str, Any]]) -> list[dict[str, Any]]:
    """Add the change from the year before."""
    nothing: dict[str, Any] = {}
    return [
        {
            "year": year,
            **group,
            "films_change": change(group["films"], found.get(year - 1, nothing).get("films")),
            "mean_revenue_change": change(group["mean_revenue"], found.get(year - 1, nothing).get("mean_revenue")),
        }
        for year, group in found.items()
    ]


def review_weekdays(lake: Lake) -> list[dict[str, Any]]:
    """Return reviews by the weekday (UTC) they were written on, of the years gold holds by day."""
    cells = lake.table(CELLS)
    cells = cells.filter((cells.span <= DAY) & (cells.reviews != 0))
    cells = cells.mutate(weekday=(cells.window // DAY + EPOCH_WEEKDAY) % 7)
    rows = lake.arrow(cells.group_by("weekday").agg(reviews=cells.reviews.sum().cast("int64"))).to_pylist()
    counts = {row["weekday"]: row["reviews"] for row in rows}
    total = sum(counts.values()) or 1
    return [
        {"weekday": name, "reviews": counts.get(index, 0), "share": round(counts.get(index, 0) / total, 4)}
        for index, name in enumerate(WEEKDAYS)
    ]


def documents(lake: Lake, films: Any) -> Iterator[Document]:
    """Yield the document."""
    body = {
        "months": [{"month": month, **group} for month, group in grouped(lake, films, "month").items()],
        "weekdays": [{"weekday": WEEKDAYS[day], **group} for day, group in grouped(lake, films, "weekday").items()],
        "years": years(grouped(lake, films, "year")),
        "review_weekdays": review_weekdays(lake),
    }
    yield SEASONS, 0, orjson.dumps(body)
