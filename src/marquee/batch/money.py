"""Money: budgets against revenues by genre, year, tier, month of release and language. Unknown is never zero."""

from collections.abc import Iterator
from typing import Any

import orjson

from marquee.batch.shelf import by_dimension
from marquee.domain.documents import MONEY, Document
from marquee.ports import Lake

BREAK_EVEN = 2.5
"""Revenue over budget at which a film is said to pay for itself, since cinemas keep about half and marketing is
not in the budget (a rule of thumb of the trade; the plain share that earned its budget stands beside it)."""

LEAST_BUDGET = 1_000_000
"""Smallest budget ($) of films listed by return: tiny ones, often typing errors at the source, would fill the list."""

LISTED = 20


def with_known(films: Any) -> Any:
    """Add `known`, 1 where both amounts are, and the return on investment (revenue - budget) / budget."""
    known = (films.budget.notnull() & films.revenue.notnull()).cast("int64")
    earned = (films.revenue - films.budget).cast("float64") / films.budget.cast("float64")
    return films.mutate(known=known, roi=earned)


def groups(films: Any) -> Any:
    """Return money by (dimension, value), in Ibis: sums are over the films of which both amounts are known."""
    rows = by_dimension(with_known(films))
    known = rows.known == 1
    return rows.group_by(["dimension", "value"]).agg(
        films=rows.count(),
        known=rows.known.sum().cast("int64"),
        budget=rows.budget.sum(where=known).fill_null(0).cast("int64"),
        revenue=rows.revenue.sum(where=known).fill_null(0).cast("int64"),
        median_roi=rows.roi.quantile(0.5, where=known),
        recouped=(rows.roi >= 0).sum(where=known).fill_null(0).cast("int64"),
        broke_even=(rows.roi >= BREAK_EVEN - 1).sum(where=known).fill_null(0).cast("int64"),
    )


def present(row: dict[str, Any]) -> dict[str, Any]:
    """Present a group; shares and returns are None where no film's amounts are known."""
    known, budget = row["known"], row["budget"]
    return {
        "dimension": row["dimension"],
        "value": row["value"],
        "films": row["films"],
        "films_with_both_known": known,
        "budget": budget if known else None,
        "revenue": row["revenue"] if known else None,
        "profit": row["revenue"] - budget if known else None,
        "roi": round((row["revenue"] - budget) / budget, 4) if budget else None,
        "median_roi": None if row["median_roi"] is None else round(row["median_roi"], 4),
        "share_recouped": round(row["recouped"] / known, 4) if known else None,
        "share_broke_even": round(row["broke_even"] / known, 4) if known else None,
    }


def extremes(lake: Lake, films: Any, *, best: bool) -> list[dict[str, Any]]:
    """Return the films with the best (or worst) return on a budget of a million dollars or more."""
    rows = with_known(films)
    rows = rows.filter((rows.known == 1) & (rows.budget >= LEAST_BUDGET))
    order = [rows.roi.desc() if best else rows.roi.asc(), rows.movie_id.asc()]
    chosen = rows.order_by(order).limit(LISTED).select("movie_id", "title", "year", "budget", "revenue", "roi")
    return [{**row, "roi": round(row["roi"], 4)} for row in lake.arrow(chosen).to_pylist()]


def documents(lake: Lake, films: Any) -> Iterator[Document]:
    """Yield the document."""
    rows = lake.arrow(groups(films)).to_pylist()
    rows.sort(key=lambda row: (row["dimension"], row["value"].zfill(4) if row["value"].isdigit() else row["value"]))
    body = {
        "break_even": BREAK_EVEN,
        "groups": [present(row) for row in rows],
        "profitable": extremes(lake, films, best=True),
        "losing": extremes(lake, films, best=False),
    }
    yield MONEY, 0, orjson.dumps(body)
