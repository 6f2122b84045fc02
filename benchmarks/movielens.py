"""A synthetic MovieLens in the shape of its 32M release: as many films, users and ratings, sorted by user as the real one."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc

FIRST, LAST = 820_454_400, 1_697_155_200
"""Seconds of the first and the last rating: 1996-01-01 and 2023-10-13."""

STARS = np.array([f"{half / 2}" for half in range(1, 11)])
SHARES = np.array([1.6, 3.1, 1.6, 6.6, 5.1, 19.6, 12.7, 26.6, 8.8, 14.3])
"""Percentages of half-stars to five stars, about as people give them."""

USERS_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class Shape:
    """How much there is; ratings are met within a few per cent."""

    films: int
    users: int
    ratings: int


WHOLE = Shape(87_585, 200_948, 32_000_204)


def make(folder: Path, shape: Shape, seed: int = 32) -> int:
    """Write links.csv, movies.csv and ratings.csv into a folder; return how many ratings there are."""
    folder.mkdir(parents=True, exist_ok=True)
    ids = np.arange(1, shape.films + 1) * 3
    write(folder / "links.csv", {"movieId": ids, "imdbId": ids + 100_000, "tmdbId": ids + 7})
    titles = [f"Film {n}, The ({1920 + n % 104})" for n in ids]
    write(folder / "movies.csv", {"movieId": ids, "title": titles, "genres": ["Drama|Sci-Fi"] * shape.films})
    count = 0
    with (folder / "ratings.csv").open("wb") as handle:
        handle.write(b"userId,movieId,rating,timestamp\n")
        for columns in rating_blocks(shape, ids, np.random.default_rng(seed)):
            pc.write_csv(pa.table(columns), handle, pc.WriteOptions(include_header=False))
            count += len(columns["userId"])
    return count


def write(path: Path, columns: dict[str, object]) -> None:
    """Write one table."""
    pc.write_csv(pa.table(columns), path)


def rating_blocks(shape: Shape, ids: np.ndarray, rng: np.random.Generator) -> Iterator[dict[str, np.ndarray]]:
    """Yield the ratings of some users at a time. Few films have most ratings, most have a handful; few users rate much.

    Four users in five rate all in one sitting, as they do to get recommendations; the others come back over a year.
    """
    share = np.cumsum(1.0 / (np.arange(shape.films) + 350.0) ** 1.8)
    films = rng.permutation(ids)
    least, mean = 20, shape.ratings / shape.users
    for start in range(0, shape.users, USERS_AT_ONCE):
        users = np.arange(start, min(start + USERS_AT_ONCE, shape.users)) + 1
        extra = rng.lognormal(np.log(max(mean - least, 1)) - 0.5 * 1.3**2, 1.3, len(users))
        wanted = np.minimum(least + extra * 1.21, shape.films // 3).astype(np.int64)
        user = np.repeat(users, wanted)
        film = films[np.searchsorted(share, rng.random(len(user)) * share[-1])]
        pairs = np.unique(user * np.int64(10_000_000) + film)
        user, film = pairs // 10_000_000, pairs % 10_000_000
        began = rng.integers(FIRST, LAST - 40_000_000, len(users))[user - users[0]]
        spread = np.where(rng.random(len(users)) < 0.8, 20_000, 40_000_000)[user - users[0]]
        at = began + (rng.random(len(user)) * spread).astype(np.int64)
        stars = rng.choice(STARS, len(user), p=SHARES / SHARES.sum())
        yield {"userId": user, "movieId": film, "rating": stars, "timestamp": at}
