"""What people who like a film like too: an item-item model of the taste table."""

from collections.abc import Collection, Iterator
from typing import Any

import numpy as np
import orjson

from marquee.domain.documents import LIKED, LIKED_SCALE, Document
from marquee.domain.scores import STARS_SCALE
from marquee.domain.tables import TASTE, TASTE_WHOLE
from marquee.libraries import ease
from marquee.ports import Lake

FILMS, LEAST = 2_000, 3
"""Films that the model knows: the most rated, of those with so many ratings or more. Others have no row."""

PENALTY = 200.0
"""EASE's penalty, for preferences in [0, 1]; chosen, with the numbers above, on one half of MovieLens' users
(docs/accuracy.md)."""

INDIFFERENT = 5 * STARS_SCALE
"""Stars (of ten) up to which a rating is no preference; above it grows to 1 at ten stars."""

ROWS = 200
"""Films kept of a film's row: those with the strongest weights."""

BLOCK = 2_000_000
"""Ratings, about, that are read at once: the memory that a run takes does not grow with their number."""

NOTHING = orjson.dumps([[], []])


def edition(lake: Lake) -> str:
    """Return a name of what the taste table holds, empty before the first release that is whole."""
    return lake.properties(TASTE).get(TASTE_WHOLE, "")


def known_films(lake: Lake) -> Any:
    """Return the ids of the films of the model (numpy), in order."""
    ratings = lake.table(TASTE)
    counts = ratings.group_by("movie_id").agg(ratings=ratings.count())
    counts = counts.filter(counts.ratings >= LEAST)
    table = lake.arrow(counts.order_by([counts.ratings.desc(), counts.movie_id]).limit(FILMS))
    return np.sort(table.column("movie_id").to_numpy())


def blocks(lake: Lake, films: Any) -> Iterator[tuple[ease.Ints, ease.Ints, ease.Ints]]:
    """Yield (user, place among `films`, preference in whole numbers) of all ratings that are preferences for these."""
    ratings = lake.table(TASTE)
    total = lake.arrow(ratings.count().as_table()).column(0)[0].as_py()
    count = max(1, -(-total // BLOCK))
    for block in range(count):
        chosen = ratings.filter((ratings.user_id.abs() % count == block) & (ratings.stars > INDIFFERENT))
        table = lake.arrow(chosen.select("user_id", "movie_id", "stars"))
        user, movie, stars = (table.column(name).to_numpy() for name in ("user_id", "movie_id", "stars"))
        place = np.minimum(np.searchsorted(films, movie), len(films) - 1)
        known = films[place] == movie
        yield user[known], place[known], stars[known] - INDIFFERENT


def rows(lake: Lake) -> Iterator[tuple[int, list[int], list[int]]]:
    """Yield (film, films, weights x `LIKED_SCALE`) of the model: the same whatever order and engine the ratings come in."""
    films = known_films(lake)
    if not len(films):
        return
    unit = 10 * STARS_SCALE - INDIFFERENT
    found = ease.weights(ease.gram(blocks(lake, films), len(films)), PENALTY * unit**2)
    yield from ease.rows(found, films, LIKED_SCALE, ROWS)


def documents(lake: Lake, held: Collection[int]) -> Iterator[Document]:
    """Yield the document of each film that has a row, and an empty one of each that only an earlier run (`held`) had."""
    made = set()
    for movie_id, ids, weights in rows(lake):
        made.add(movie_id)
        yield LIKED, movie_id, orjson.dumps([ids, weights])
    for movie_id in sorted(set(held) - made):
        yield LIKED, movie_id, NOTHING
