"""Recommendations and likeness as served: to MovieLens' users, each split in time, and of TMDB 5000's series."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from tests.search import series

from benchmarks.measure import table
from benchmarks.tastes import User, films_of, home, measured, popular, recommended, split
from marquee.serving.answers.query import Query
from marquee.serving.answers.recommend import similar
from marquee.serving.world.cube import ALL_FILMS

RATINGS = "movielens_ml-latest-small"
GOAL = 1.5


def run(data: Path) -> str:
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        users = split(data / RATINGS, work / "earlier")
        films = [data / "tmdb_5000", data / "tmdb_movies_credits_2024", films_of(data / RATINGS, work / "films")]
        without = home(work / "home", *films)
        lists = {
            "popularity (likes before each user's split)": lists_of(users, popular(users)),
            "content: no ratings imported": lists_of(users, partial(recommended, without)),
        }
        likeness = series_section(without)
        served = home(work / "home", work / "earlier")
        lists |= {
            "served: ratings and content": lists_of(users, partial(recommended, served)),
            "the same, from what is liked alone": lists_of(users, partial(recommended, served, disliked=False)),
            "the same, with diversity 0": lists_of(users, partial(recommended, served, diversity=0.0)),
        }
    return users_section(users, lists) + "\n" + likeness


def lists_of(users: Sequence[User], ranking: Callable[[User], list[int]]) -> dict[int, list[int]]:
    """Return each user's list, by number."""
    return {user.number: ranking(user) for user in users}


def users_section(users: Sequence[User], lists: Mapping[str, Mapping[int, Sequence[int]]]) -> str:
    """Return the table of the lists, each half of the users by itself."""
    chosen, reported = ([user for user in users if user.number % 2 == side] for side in (0, 1))
    rows: list[tuple[object, ...]] = [
        ("list", "nDCG@10", "recall@20", "against popularity", "the half it was chosen on")
    ]
    base = [measured(half, next(iter(lists.values())))[0] for half in (reported, chosen)]
    for name, made in lists.items():
        (gain, recall), (gain_chosen, recall_chosen) = (measured(half, made) for half in (reported, chosen))
        rows.append(
            (
                name,
                f"{gain:.4f}",
                f"{recall:.4f}",
                f"{gain / base[0]:.2f}x",
                f"{gain_chosen:.4f} / {recall_chosen:.4f} ({gain_chosen / base[1]:.2f}x)",
            )
        )
    return table(
        "Recommendations",
        rows,
        f"MovieLens (latest, small): {len(users)} users with something liked (4 stars or more) on both sides of their own "
        "split in time. The first four fifths of everybody's ratings are imported into a home with TMDB 5000 and the "
        "credits of 2024; `/v1/recommendations` is asked with what a user liked and disliked (2.5 stars or less), what was "
        "rated otherwise being left out; what the user liked of the last fifth is looked for among all films. The model's "
        f"numbers and the weights of its parts were chosen on users with even numbers ({len(chosen)}), the first columns "
        f"are of the others ({len(reported)}). Votes and averages are those of TMDB 5000, of 2017, and so know a little of "
        f"the future. Goal: nDCG@10 at least {GOAL}x that of popularity. TMDB's own recommendations are in no data here: "
        "their weight is a judgement.",
    )


def series_section(query: Query) -> str:
    """Return the table of films of one series among the likest."""
    cards = query.world.published.cards.values()
    titled = [(card["movie_id"], card["title"], int((card["release_date"] or "0")[:4]) or None) for card in cards]
    found = series.present(titled)

    def likest(movie_id: int) -> list[int]:
        return [line["movie_id"] for line in similar(query, movie_id, ALL_FILMS, series.AMONG)["results"]]

    rows: list[tuple[object, ...]] = [("series", "films", "of their series among the first ten")]
    for name, half in zip(("chosen on", "reported"), series.halves(found), strict=True):
        rows.append((f"{name}: {len(half)}", sum(map(len, half.values())), f"{series.share(half, likest):.1%}"))
    return table(
        "Likeness",
        rows,
        "`/v1/movies/{id}/similar` of the films of series listed by hand (`tests/search/series.csv`), among "
        f"{len(cards):,} films of TMDB 5000 and MovieLens. Every other series by name was chosen on. No file here says "
        "which films are of one collection: what finds them are titles, subjects and people. Goal: at least 85 %.",
    )
