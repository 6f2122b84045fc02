"""A home with films and the earlier ratings of MovieLens' users, and what it recommends to them: the product, as served."""

import csv
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from marquee.app import Platform
from marquee.run.importing import run
from marquee.serving.answers.query import Query
from marquee.serving.answers.recommend import Wish, recommend
from marquee.settings import load

LIKED, DISLIKED = 4.0, 2.5
EARLIER = 0.8
"""Share of a user's ratings, the first in time, that are known; what is liked of the rest is asked for."""


@dataclass(frozen=True, slots=True)
class User:
    """A user's earlier likes, dislikes and ratings, and what was liked later: TMDB's ids."""

    number: int
    liked: list[int]
    disliked: list[int]
    seen: frozenset[int]
    later: frozenset[int]


def read(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        yield from csv.DictReader(handle)


def split(folder: Path, earlier: Path) -> list[User]:
    """Write the earlier ratings of all users as a release of its own; return the users with likes on both sides."""
    links = {row["movieId"]: int(row["tmdbId"]) for row in read(folder / "links.csv") if row["tmdbId"]}
    of: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
    for row in read(folder / "ratings.csv"):
        if row["movieId"] in links:
            of[row["userId"]].append((int(row["timestamp"]), row["movieId"], row["rating"]))
    found = []
    with (films_of(folder, earlier) / "ratings.csv").open("w", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(("userId", "movieId", "rating", "timestamp"))
        for number, rated in of.items():
            rated.sort()
            known, asked = rated[: int(EARLIER * len(rated))], rated[int(EARLIER * len(rated)) :]
            writer.writerows((number, movie, stars, time) for time, movie, stars in known)
            liked = [links[movie] for _, movie, stars in known if float(stars) >= LIKED]
            later = frozenset(links[movie] for _, movie, stars in asked if float(stars) >= LIKED)
            if liked and later:
                disliked = [links[movie] for _, movie, stars in known if float(stars) <= DISLIKED]
                seen = frozenset(links[movie] for _, movie, _ in known)
                found.append(User(int(number), liked, disliked, seen, later))
    return found


def films_of(folder: Path, catalogue: Path) -> Path:
    """Write a release without its ratings, and return its folder."""
    catalogue.mkdir()
    for name in ("links.csv", "movies.csv"):
        (catalogue / name).write_bytes((folder / name).read_bytes())
    return catalogue


def home(folder: Path, *imports: Path) -> Query:
    """Import paths into a home, new or not, publish them, and return what answers its questions."""
    platform = Platform(load(home=folder))
    for path in imports:
        summary = run(platform, path, lambda what, done, of: None)
        assert summary.well, summary.errors
    platform.batch().run(cut=True)
    query = platform.query()
    query.refresh()
    return query


def recommended(
    query: Query, user: User, *, disliked: bool = True, limit: int = 20, diversity: float = 0.2
) -> list[int]:
    """Return what is recommended to a user, best first."""
    named = user.seen.difference(user.liked, user.disliked if disliked else ())
    against = user.disliked if disliked else ()
    wish = Wish(user.liked, against, diversity=diversity, limit=limit, without=frozenset(named))
    return [line["movie_id"] for line in recommend(query, wish)["results"]]


def popular(users: Sequence[User]) -> Callable[[User], list[int]]:
    """Return a ranking by likes before each user's split, the same for all but for what they have seen."""
    likes = Counter(movie for user in users for movie in user.liked)
    order = sorted(likes, key=lambda movie: (-likes[movie], movie))

    def ranking(user: User) -> list[int]:
        return [movie for movie in order if movie not in user.seen][:20]

    return ranking


def measured(users: Sequence[User], lists: Mapping[int, Sequence[int]]) -> tuple[float, float]:
    """Return nDCG@10 and recall@20 of the lists, by user number, over users."""
    gain = recall = 0.0
    for user in users:
        hits = [movie in user.later for movie in lists[user.number][:20]]
        ideal = sum(1 / math.log2(place + 2) for place in range(min(10, len(user.later))))
        gain += sum(hit / math.log2(place + 2) for place, hit in enumerate(hits[:10])) / ideal
        recall += sum(hits) / len(user.later)
    return gain / len(users), recall / len(users)
