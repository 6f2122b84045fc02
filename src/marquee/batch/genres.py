"""Genres: how many films, how well liked, which go together, each one's share by year, and which emerge or decline."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from marquee.domain.documents import GENRES, Document
from marquee.domain.scores import AVERAGE_SCALE, discoveries, two_sided
from marquee.ports import Lake

RECENT_YEARS, EARLIER_YEARS = 3, 10
COMPANIONS = 6
LEAST_PAIRS = 5
"""Fewest films of a pair of genres that is called a companion."""


def share_score(recent: int, recent_all: int, earlier: int, earlier_all: int) -> float:
    """Return how far the recent share lies above the earlier one, in standard deviations.

    The pooled two-proportion z statistic (Fleiss, Levin & Paik, Statistical Methods for Rates and Proportions,
    3.1); 0 where either side has no film.
    """
    if recent_all == 0 or earlier_all == 0:
        return 0.0
    pooled = (recent + earlier) / (recent_all + earlier_all)
    variance = pooled * (1 - pooled) * (1 / recent_all + 1 / earlier_all)
    return (recent / recent_all - earlier / earlier_all) / math.sqrt(variance) if variance > 0 else 0.0


def directions(scores: Sequence[float]) -> list[str]:
    """Name each genre emerging, declining or steady, at a false-discovery rate of 5 % over both directions."""
    found = discoveries([two_sided(score) for score in scores])
    return [
        ("emerging" if score > 0 else "declining") if real else "steady"
        for score, real in zip(scores, found, strict=True)
    ]


def figures(films: Any) -> Any:
    """Return each genre's films, votes, mean rating and revenue, in Ibis."""
    rows = films.unnest("genres").rename(genre="genres")
    return rows.group_by("genre").agg(
        films=rows.count(),
        votes=rows.votes.sum().fill_null(0).cast("int64"),
        average=rows.average.mean(),
        revenue=rows.revenue.sum().cast("int64"),
        revenue_known=rows.revenue.count(),
    )


def pairs(films: Any) -> Any:
    """Return how many films have both genres of each ordered pair, in Ibis."""
    left = films.select("movie_id", "genres").unnest("genres").rename(genre="genres")
    right = left.view().rename(other="genre", same="movie_id")
    both = left.join(right, left.movie_id == right.same)
    both = both.filter(both.genre != both.other)
    return both.group_by(["genre", "other"]).agg(films=both.count())


def by_year(films: Any) -> Any:
    """Return each genre's films by year of release, in Ibis; the genre "" counts every film once."""
    dated = films.filter(films.year.notnull())
    rows = dated.select("year", "genres").unnest("genres").rename(genre="genres")
    return rows.group_by(["genre", "year"]).agg(films=rows.count())


def year_totals(films: Any) -> Any:
    """Return the films of each year of release, in Ibis."""
    dated = films.filter(films.year.notnull())
    return dated.group_by("year").agg(films=dated.count())


def companions(lake: Lake, films: Any, counts: dict[str, int], total: int) -> dict[str, list[dict[str, Any]]]:
    """Return each genre's likeliest companions; lift: how much more often than by chance the two go together."""
    found: dict[str, list[dict[str, Any]]] = {genre: [] for genre in counts}
    for row in lake.arrow(pairs(films)).to_pylist():
        if row["films"] >= LEAST_PAIRS:
            lift = row["films"] * total / (counts[row["genre"]] * counts[row["other"]])
            found[row["genre"]].append({"genre": row["other"], "films": row["films"], "lift": round(lift, 3)})
    return {
        genre: sorted(others, key=lambda other: (-other["films"], other["genre"]))[:COMPANIONS]
        for genre, others in found.items()
    }


def documents(lake: Lake, films: Any, year: int) -> Iterator[Document]:
    """Yield the document as of a year, which counts with the recent ones."""
    rows = sorted(lake.arrow(figures(films)).to_pylist(), key=lambda row: (-row["films"], row["genre"]))
    total = int(lake.arrow(films.count().as_table()).column(0)[0].as_py())
    known = sum(row["revenue"] or 0 for row in rows) or 1
    votes = sum(row["votes"] for row in rows) or 1
    together = companions(lake, films, {row["genre"]: row["films"] for row in rows}, total)
    totals = {row["year"]: row["films"] for row in lake.arrow(year_totals(films)).to_pylist()}
    series: dict[str, dict[int, int]] = {row["genre"]: {} for row in rows}
    for row in lake.arrow(by_year(films)).to_pylist():
        series[row["genre"]][row["year"]] = row["films"]
    recent = range(year - RECENT_YEARS + 1, year + 1)
    earlier = range(year - RECENT_YEARS - EARLIER_YEARS + 1, year - RECENT_YEARS + 1)
    sums = {
        row["genre"]: [
            sum(of.get(y, 0) for y in span) for span in (recent, earlier) for of in (series[row["genre"]], totals)
        ]
        for row in rows
    }
    scores = [share_score(*sums[row["genre"]]) for row in rows]
    body = [
        {
            "genre": row["genre"],
            "films": row["films"],
            "share_of_films": round(row["films"] / total, 4),
            "votes": row["votes"],
            "share_of_votes": round(row["votes"] / votes, 4),
            "mean_rating": None if row["average"] is None else round(row["average"] / AVERAGE_SCALE, 3),
            "revenue": row["revenue"] if row["revenue_known"] else None,
            "share_of_revenue": round((row["revenue"] or 0) / known, 4),
            "direction": direction,
            "score": round(score, 3),
            "companions": together[row["genre"]],
            "years": [
                {"year": y, "films": n, "share": round(n / totals[y], 4)}
                for y, n in sorted(series[row["genre"]].items())
            ],
        }
        for row, score, direction in zip(rows, scores, directions(scores), strict=True)
    ]
    yield GENRES, 0, orjson.dumps({"films": total, "recent_from": recent[0], "genres": body})
