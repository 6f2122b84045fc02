"""Similar films and personal lists: content neighbours, ranked again by audience and by what is talked about."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from marquee.domain.documents import SIMILAR, SIMILAR_SCALE
from marquee.domain.films import FilmView
from marquee.domain.scores import AVERAGE_SCALE
from marquee.errors import NotFoundError
from marquee.serving.answers.query import Answer, Query, covered
from marquee.serving.answers.search import card_line, weighted
from marquee.serving.world.cube import ALL_FILMS, Filter

NEAREST = 3
"""How many of the liked films a candidate is measured by: its nearest ones."""

DISLIKE = 0.5
"""What likeness to a disliked film counts against likeness to a liked one."""

LEAST_RATING = 4.0
RATING_POWER = 3
TREND_POWER = 0.5
"""The ranking's shape: chosen on one half of MovieLens' users, shown to help on the other (docs/accuracy.md)."""

REASONS = 3

Neighbours = Sequence[Sequence[int]]


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants: ids of films liked and disliked, which films to choose from, and films to leave out.

    diversity in [0, 1]: how much likeness to what is already on the list counts against a film.
    """

    liked: Sequence[int]
    disliked: Sequence[int] = ()
    films: Filter = ALL_FILMS
    diversity: float = 0.2
    limit: int = 20
    without: frozenset[int] = frozenset()


def affinity(liked: Iterable[Mapping[int, float]], disliked: Iterable[Mapping[int, float]]) -> dict[int, float]:
    """Return each candidate's likeness to its nearest liked films, less that to its nearest disliked ones."""
    found: dict[int, float] = {}
    for sides, sign in ((liked, 1.0), (disliked, -DISLIKE)):
        likeness: dict[int, list[float]] = defaultdict(list)
        for neighbours in sides:
            for movie_id, value in neighbours.items():
                likeness[movie_id].append(value)
        for movie_id, values in likeness.items():
            if sign > 0 or movie_id in found:
                found[movie_id] = found.get(movie_id, 0.0) + sign * sum(sorted(values, reverse=True)[:NEAREST])
    return found


def appeal(rating: float, talk: int) -> float:
    """Return what a film's weighted rating in [0, 10] and its reviews of the last 90 days do to its place."""
    return float(max(rating - LEAST_RATING, 0.1) ** RATING_POWER * (1 + math.log1p(max(0, talk))) ** TREND_POWER)


def ranked(scores: Mapping[int, float]) -> list[int]:
    """Return ids by score, best first; ties by id."""
    return sorted(scores, key=lambda movie_id: (-scores[movie_id], movie_id))


def diverse(
    scores: Mapping[int, float], likeness: Mapping[int, Mapping[int, float]], diversity: float, limit: int
) -> list[int]:
    """Choose by maximal marginal relevance (Carbonell & Goldstein, SIGIR 1998) among the best candidates."""
    best = ranked(scores)[: 5 * limit]
    top = scores[best[0]] if best else 1.0
    chosen: list[int] = []
    closest = dict.fromkeys(best, 0.0)
    while best and len(chosen) < limit:
        pick = max(best, key=lambda m: ((1 - diversity) * scores[m] / top - diversity * closest[m], -m))
        best.remove(pick)
        chosen.append(pick)
        for movie_id in best:
            near = max(likeness[pick].get(movie_id, 0.0), likeness[movie_id].get(pick, 0.0))
            closest[movie_id] = max(closest[movie_id], near)
    return chosen


class Recommender:
    """Recommends from one world."""

    def __init__(self, query: Query) -> None:
        self.query = query
        self.world, self.now = query.sight()

    def near(self, movie_id: int) -> dict[int, float]:
        """Return a film's neighbours and their likeness in [0, 1]."""
        found: Neighbours | None = self.query.document(SIMILAR, movie_id)
        return {} if found is None else {m: score / SIMILAR_SCALE for m, score in zip(*found, strict=True)}

    def place(self, card: Mapping[str, Any], likeness: float) -> float:
        """Return a candidate's score."""
        rating = weighted(dict(card), self.world)
        prior = self.world.pins.prior_mean / AVERAGE_SCALE
        return likeness * appeal(
            prior if rating is None else rating, self.world.published.talk.get(card["movie_id"], 0)
        )

    def scored(self, likeness: Mapping[int, float], films: Filter, left_out: Iterable[int]) -> dict[int, float]:
        """Return the scores of the candidates that pass."""
        without = set(left_out)
        found = {}
        for movie_id, value in likeness.items():
            if value <= 0 or movie_id in without:
                continue
            card = self.world.card(movie_id, self.now)
            if card is not None and films.passes(card, self.world.pins):
                found[movie_id] = self.place(card, value)
        return found

    def line(self, movie_id: int, likeness: float, score: float, like: Sequence[FilmView]) -> Answer:
        """Present a film with the reasons it is there."""
        card = self.world.card(movie_id, self.now) or {}
        _, _, film, _ = self.query.film(movie_id)
        return {
            **card_line(card, self.world),
            "likeness": round(likeness, 3),
            "score": round(score, 3),
            "reasons": reasons(film, like),
        }


def similar(query: Query, movie_id: int, films: Filter, limit: int) -> Answer:
    """Answer /v1/movies/{id}/similar."""
    _, _, film, _ = query.film(movie_id)
    recommender = Recommender(query)
    wanted = query.known(recommender.world, films)
    likeness = recommender.near(movie_id)
    scores = recommender.scored(likeness, wanted, [movie_id])
    lines = [recommender.line(m, likeness[m], scores[m], [film]) for m in ranked(scores)[:limit]]
    answer = {"movie_id": movie_id, "title": film["title"] or None, "results": lines}
    return covered(answer, recommender.world)


def recommend(query: Query, wish: Wish) -> Answer:
    """Answer /v1/recommendations: films like those liked, none of those named, with reasons. Unknown ids are named."""
    recommender = Recommender(query)
    world, now = recommender.world, recommender.now
    wanted = query.known(world, wish.films)
    named = [*wish.liked, *wish.disliked]
    unknown = sorted({movie_id for movie_id in named if world.card(movie_id, now) is None})
    liked = {m: recommender.near(m) for m in dict.fromkeys(wish.liked) if m not in unknown}
    if not liked:
        raise NotFoundError(
            "none of the liked films is known", hint="Find ids with /v1/search/movies?q=... and name at least one."
        )
    disliked = [recommender.near(m) for m in dict.fromkeys(wish.disliked) if m not in unknown]
    likeness = affinity(liked.values(), disliked)
    scores = recommender.scored(likeness, wanted, wish.without.union(named))
    pool = {m: recommender.near(m) for m in ranked(scores)[: 5 * wish.limit]} if wish.diversity > 0 else {}
    chosen = diverse(scores, pool, wish.diversity, wish.limit) if pool else ranked(scores)[: wish.limit]
    lines = []
    for movie_id in chosen:
        nearest = sorted((m for m in liked if movie_id in liked[m]), key=lambda m: (-liked[m][movie_id], m))[:NEAREST]
        like = [query.film(m)[2] for m in nearest]
        lines.append(recommender.line(movie_id, likeness[movie_id], scores[movie_id], like))
    answer = {"liked": list(liked), "unknown": unknown, "genre": wanted.genre, "results": lines}
    return covered(answer, world)


def reasons(film: FilmView, like: Sequence[FilmView]) -> list[str]:
    """Say what a film shares with those it is like: people first, then what it is about, then the genre."""
    found: list[str] = []
    for other in like:
        directors = names(film, "crew", "Director") & names(other, "crew", "Director")
        cast = names(film, "cast", None) & names(other, "cast", None)
        keywords = set(film["keywords"]) & set(other["keywords"])
        about = [f"same director as {other['title']}: {name}" for name in sorted(directors)]
        about += [f"with {name}, as {other['title']}" for name in sorted(cast)[:2]]
        about += [f"{', '.join(sorted(keywords)[:3])}, as {other['title']}"] if keywords else []
        found += [reason for reason in about if reason not in found]
    shared = set(film["genres"]) & {genre for other in like for genre in other["genres"]}
    if len(found) < REASONS and shared:
        found.append(" and ".join(sorted(shared)))
    return found[:REASONS]


def names(film: FilmView, part: str, job: str | None) -> set[str]:
    """Return the names of a film's people in a part."""
    return {credit["name"] for credit in film[part] if job is None or credit["job"] == job}
