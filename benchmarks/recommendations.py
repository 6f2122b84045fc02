"""Recommendations on MovieLens, each user's ratings split in time; the serving likeness and ranking."""

import csv
import gzip
import json
import math
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.measure import table
from marquee.batch.similar import neighbours
from marquee.domain.documents import SIMILAR_SCALE
from marquee.domain.films import unknown_film
from marquee.domain.scores import weighted_rating
from marquee.serving.answers.recommend import affinity, appeal, ranked

LIKED, DISLIKED = 4.0, 2.5
TALK_SECONDS = 90 * 86_400


@dataclass(frozen=True, slots=True)
class User:
    """A user's earlier and later ratings. time: when the later part begins."""

    number: int
    liked: list[int]
    disliked: list[int]
    seen: set[int]
    later: set[int]
    time: int


def films(data: Path) -> dict[int, dict[str, Any]]:
    """Return MovieLens' films described by TMDB 5000 and the credits of 2024: those with a subject or a summary."""
    folder = data / "movielens_ml-latest-small"
    links = {row["movieId"]: int(row["tmdbId"]) for row in read(folder / "links.csv") if row["tmdbId"]}
    found: dict[int, dict[str, Any]] = {}
    for row in read(folder / "movies.csv"):
        if row["movieId"] in links:
            title = row["title"].strip()
            year = title[-5:-1] if title[-5:-1].isdigit() else None
            genres = [genre for genre in row["genres"].split("|") if genre and genre[0] != "("]
            values = {"genres": genres, "release_date": f"{year}-01-01" if year else None, "votes": 0, "average": 0.0}
            found[links[row["movieId"]]] = {**unknown_film(links[row["movieId"]]), **values}
    csv.field_size_limit(2**31 - 1)
    for row in read(data / "tmdb_5000" / "tmdb_5000_movies.csv"):
        if int(row["id"]) in found:
            lists = {
                name: [item["name"] for item in json.loads(row[column])]
                for name, column in (
                    ("keywords", "keywords"),
                    ("genres", "genres"),
                    ("companies", "production_companies"),
                )
            }
            found[int(row["id"])] |= {
                **lists,
                "overview": row["overview"],
                "votes": int(row["vote_count"]),
                "average": float(row["vote_average"]),
            }
    with gzip.open(data / "tmdb_movies_credits_2024" / "movies.jsonl.gz") as handle:
        for line in handle:
            body = json.loads(line)
            if body["id"] in found:
                film = found[body["id"]]
                people = {
                    part: [
                        {"person_id": None, "name": c["name"], "job": c.get("job", "")} for c in body["credits"][part]
                    ]
                    for part in ("cast", "crew")
                }
                words = [k if isinstance(k, str) else k["name"] for k in body.get("keywords", [])]
                film |= {**people, "overview": body["overview"], "keywords": film["keywords"] or words}
                film |= {} if film["votes"] else {"votes": body["vote_count"], "average": body["vote_average"]}
    return {movie_id: film for movie_id, film in found.items() if film["keywords"] or film["overview"]}


def read(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        yield from csv.DictReader(handle)


def users(data: Path, known: Mapping[int, Any]) -> tuple[list[User], dict[int, list[int]]]:
    """Return users with something liked before and after, and the times of all ratings by film."""
    folder = data / "movielens_ml-latest-small"
    links = {row["movieId"]: int(row["tmdbId"]) for row in read(folder / "links.csv") if row["tmdbId"]}
    of: dict[int, list[tuple[int, int, float]]] = defaultdict(list)
    times: dict[int, list[int]] = defaultdict(list)
    for row in read(folder / "ratings.csv"):
        movie_id = links.get(row["movieId"])
        if movie_id in known:
            of[int(row["userId"])].append((int(row["timestamp"]), movie_id, float(row["rating"])))
            times[movie_id].append(int(row["timestamp"]))
    found = []
    for number, rated in of.items():
        rated.sort()
        split = int(0.8 * len(rated))
        early, late = rated[:split], rated[split:]
        liked, later = [m for _, m, s in early if s >= LIKED], {m for _, m, s in late if s >= LIKED}
        if liked and later:
            disliked = [m for _, m, s in early if s <= DISLIKED]
            found.append(User(number, liked, disliked, {m for _, m, _ in early}, later, late[0][0]))
    return found, {movie_id: sorted(at) for movie_id, at in times.items()}


def measured(users_: list[User], scores: Callable[[User], Mapping[int, float]]) -> tuple[float, float]:
    """Return nDCG@10 and recall@20 of a ranking, over users."""
    gain = recall = 0.0
    for user in users_:
        top = ranked({m: s for m, s in scores(user).items() if m not in user.seen})[:20]
        hits = [movie_id in user.later for movie_id in top]
        ideal = sum(1 / math.log2(k + 2) for k in range(min(10, len(user.later))))
        gain += sum(hit / math.log2(k + 2) for k, hit in enumerate(hits[:10])) / ideal
        recall += sum(hits) / len(user.later)
    return gain / len(users_), recall / len(users_)


def run(data: Path) -> str:
    known = films(data)
    everyone, times = users(data, known)
    near = {
        m: {other: s / SIMILAR_SCALE for other, s in zip(ids, likeness, strict=True)}
        for m, ids, likeness in neighbours(list(known.values()))
    }
    voted = [film for film in known.values() if film["votes"]]
    mean = sum(film["average"] for film in voted) / len(voted)
    prior = sorted(film["votes"] for film in voted)[int(0.75 * len(voted))]
    rating = {m: weighted_rating(f["average"], f["votes"], mean, prior) for m, f in known.items()}
    popular = Counter(m for user in everyone for m in user.liked)
    rarity = {
        genre: math.log(len(known) / count) + 0.1
        for genre, count in Counter(g for f in known.values() for g in f["genres"]).items()
    }

    def talk(movie_id: int, user: User) -> int:
        at = times.get(movie_id, [])
        return max(0, bisect_left(at, user.time) - bisect_left(at, user.time - TALK_SECONDS))

    def overlap(user: User) -> dict[int, float]:
        taste = Counter(genre for m in user.liked for genre in known[m]["genres"])
        return {m: sum(taste[g] * rarity[g] for g in f["genres"]) / (1 + len(f["genres"])) for m, f in known.items()}

    def content(user: User) -> dict[int, float]:
        return {
            m: s
            for m, s in affinity(
                (near.get(m, {}) for m in user.liked), (near.get(m, {}) for m in user.disliked)
            ).items()
            if s > 0
        }

    rankings: dict[str, Callable[[User], Mapping[int, float]]] = {
        "genre overlap": overlap,
        "popularity (likes before each user's split)": lambda user: {
            m: float(popular[m] - (m in user.liked)) for m in known
        },
        "content likeness alone": content,
        "content, ranked by rating": lambda user: {m: s * appeal(rating[m], 0) for m, s in content(user).items()},
        "content, ranked by talk": lambda user: {m: s * appeal(mean, talk(m, user)) for m, s in content(user).items()},
        "content, ranked by rating and talk (Marquee's)": lambda user: {
            m: s * appeal(rating[m], talk(m, user)) for m, s in content(user).items()
        },
    }
    halves = [[user for user in everyone if user.number % 2 == side] for side in (0, 1)]
    rows: list[tuple[object, ...]] = [
        ("ranking", "nDCG@10", "recall@20", "against genre overlap", "the half it was chosen on")
    ]
    base = measured(halves[1], overlap)
    for name, scores in rankings.items():
        chosen, found = (measured(half, scores) for half in halves)
        rows.append(
            (
                name,
                f"{found[0]:.4f}",
                f"{found[1]:.4f}",
                f"{found[0] / base[0]:.1f}x",
                f"{chosen[0]:.4f} / {chosen[1]:.4f}",
            )
        )
    return table(
        "Recommendations",
        rows,
        f"MovieLens (latest, small): {len(everyone)} users with something liked (4 stars or more) on both sides of "
        "their own split in time (the last fifth of their ratings is asked for), "
        f"{len(known):,} films with a summary or keywords. Likeness, weights, nearest films and ranking are those "
        "that serve. Their shape was chosen in trials that saw all users, so the two halves of the users (odd "
        "numbers first) are shown apart, to show how far the figures move. "
        "Talk is the number of ratings in the 90 days before a user's split. Goal: at least 2x genre overlap. "
        "VADER's sentiment is left out of the ranking: no data here joins reviews to these users, so it could not "
        "be shown to help; the weighted rating stands for how a film was received.",
    )
