"""Kinds of published documents: what the batch layer writes and serving reads. A document is (kind, key, JSON)."""

from marquee.domain.measures import SUMS

Document = tuple[str, int, bytes]

FILM = "film"
"""A film's description, by its id."""

CELL_ROWS = "cells"
"""A film's cells, by its id."""

CARD = "card"
"""A film's line in listings, by its id."""

ACTIVITY = "activity"
"""A day's reviews and votes gained of all films by cell, by day since 1970."""

DAILY, DAILY_COLUMNS = "daily", ("movie_id", "day", *SUMS)
"""A month's sums of all films by film and day, by months since the year 0."""

SIMILAR, SIMILAR_SCALE = "similar", 1_000
"""A film's neighbours' ids and their likeness x 1,000, best first, by its id."""

LIKED, LIKED_SCALE = "liked", 10_000
"""Ids of films and their weights x 10,000 among those who like a film, greatest first, some below 0, by its id."""

PERSON = "person"
"""A person, by id."""

PEOPLE, PEOPLE_COLUMNS = "people", ("person_id", "name", "degree", "rank", "community", "films")
"""Lines of people, in shards by id."""

FORECASTER, METRICS = "forecaster", ("reviews", "votes", "popularity", "activity")
"""A metric's model and its backtest, by the metric's place."""

MONEY, SEASONS, GENRES, ANOMALIES = "money", "seasons", "genres", "anomalies"
"""Views of all films, one document each."""

VERSIONS = {
    **dict.fromkeys((FILM, CELL_ROWS, CARD, DAILY, LIKED, PERSON, PEOPLE, MONEY, SEASONS, GENRES), 1),
    **dict.fromkeys((ACTIVITY, SIMILAR, FORECASTER, ANOMALIES), 2),
}
"""Of each kind the version of its documents: a change of what they hold moves it, and the next run publishes all anew."""
