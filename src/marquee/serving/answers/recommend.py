"""Similar films and personal lists: by who liked what, by what TMDB recommends, and by what films are about.

A list is made of three parts, as far as there are any: the item-item model of imported ratings, TMDB's own recommendations,
and content, ranked again by audience and by what is talked about. No part needs anything but the ids in the question.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from marquee.domain.documents import FILM, LIKED, LIKED_SCALE, SIMILAR, SIMILAR_SCALE
from marquee.domain.films import FilmView
from marquee.domain.scores import AVERAGE_SCALE
from marquee.errors import NotFoundError
from marquee.serving.answers.query import Answer, Query, covered
from marquee.serving.answers.reasons import REASONS, liked_beside, reasons, recommended_beside
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

TASTE, LISTED, CONTENT = 1.0, 0.5, 0.4
"""What the best film of each part counts in a list: the first and the last chosen on one half of MovieLens' users
(docs/accuracy.md). The one between is a judgement: no data here has both TMDB's lists and people's ratings."""

FIRST_LISTED = 10
"""A film in place n of TMDB's recommendations counts 1 / (n + this): reciprocal rank fusion (Cormack et al., SIGIR 2009)."""

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


def taste(liked: Iterable[Mapping[int, float]], disliked: Iterable[Mapping[int, float]]) -> dict[int, float]:
    """Return what the model says of each film: the sum of its weights, those of disliked films against it."""
    found: dict[int, float] = defaultdict(float)
    for sides, sign in ((liked, 1.0), (disliked, -DISLIKE)):
        for row in sides:
            for movie_id, weight in row.items():
                found[movie_id] += sign * weight
    return dict(found)


def fused(lists: Iterable[Sequence[int]]) -> dict[int, float]:
    """Return what several ranked lists say of each film, by reciprocal rank."""
    found: dict[int, float] = defaultdict(float)
    for ids in lists:
        for place, movie_id in enumerate(ids):
            found[movie_id] += 1 / (FIRST_LISTED + place)
    return dict(found)


def combined(parts: Iterable[tuple[float, Mapping[int, float]]]) -> dict[int, float]:
    """Return scores of several parts as one: each part's best film has the part's weight. What is not above 0 is left out."""
    found: dict[int, float] = defaultdict(float)
    for weight, scores in parts:
        top = max(scores.values(), default=0.0)
        for movie_id, score in scores.items():
            if score > 0:
                found[movie_id] += weight * score / top
    return dict(found)


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

    def beside(self, movie_id: int) -> dict[int, float]:
        """Return a film's row of the model of tastes: films and their weights, some below 0."""
        found: Neighbours | None = self.query.document(LIKED, movie_id)
        return {} if found is None else {m: weight / LIKED_SCALE for m, weight in zip(*found, strict=True)}

    def title(self, movie_id: int) -> str:
        """Return a film's title, or its id where it has none."""
        return (self.world.card(movie_id, self.now) or {}).get("title") or f"film {movie_id}"

    def listed(self, movie_id: int) -> list[int]:
        """Return the films that TMDB recommends beside one, best first."""
        film = self.world.speed_film(movie_id, self.now) or self.query.document(FILM, movie_id) or {}
        return film.get("recommended") or []

    def place(self, card: Mapping[str, Any], likeness: float) -> float:
        """Return a candidate's score."""
        rating = weighted(dict(card), self.world)
        prior = self.world.pins.prior_mean / AVERAGE_SCALE
        return likeness * appeal(
            prior if rating is None else rating, self.world.published.talk.get(card["movie_id"], 0)
        )

    def passing(self, ids: Iterable[int], films: Filter, left_out: Iterable[int]) -> dict[int, Answer]:
        """Return the cards of the films that are known and pass."""
        cards = {movie_id: self.world.card(movie_id, self.now) for movie_id in set(ids).difference(left_out)}
        return {m: card for m, card in cards.items() if card is not None and films.passes(card, self.world.pins)}

    def line(
        self, movie_id: int, likeness: float, score: float, said: Sequence[str], like: Sequence[FilmView]
    ) -> Answer:
        """Present a film with the reasons it is there: what is `said` of it, then what it shares with other films."""
        card = self.world.card(movie_id, self.now) or {}
        _, _, film, _ = self.query.film(movie_id)
        return {
            **card_line(card, self.world),
            "likeness": round(likeness, 3),
            "score": round(score, 3),
            "reasons": [*said, *reasons(film, like)][:REASONS],
        }


def similar(query: Query, movie_id: int, films: Filter, limit: int) -> Answer:
    """Answer /v1/movies/{id}/similar: films by likeness alone, and beside them those that the same people like."""
    _, _, film, _ = query.film(movie_id)
    recommender = Recommender(query)
    wanted = query.known(recommender.world, films)
    likeness, beside = recommender.near(movie_id), recommender.beside(movie_id)
    cards = recommender.passing([*likeness, *beside], wanted, [movie_id])
    said = [liked_beside(film["title"])]

    def lines(scores: Mapping[int, float], said: Sequence[str]) -> list[Answer]:
        best = ranked({m: score for m, score in scores.items() if m in cards and score > 0})[:limit]
        return [recommender.line(m, likeness.get(m, 0.0), scores[m], said, [film]) for m in best]

    answer = {
        "movie_id": movie_id,
        "title": film["title"] or None,
        "results": lines(likeness, []),
        "liked_together": lines(beside, said),
    }
    return covered(answer, recommender.world)


def recommend(query: Query, wish: Wish) -> Answer:
    """Answer /v1/recommendations: films for who likes those liked, none of those named, with reasons. Unknown ids are named."""
    recommender = Recommender(query)
    world, now = recommender.world, recommender.now
    wanted = query.known(world, wish.films)
    named = [*wish.liked, *wish.disliked]
    unknown = sorted({movie_id for movie_id in named if world.card(movie_id, now) is None})
    liked = [m for m in dict.fromkeys(wish.liked) if m not in unknown]
    disliked = [m for m in dict.fromkeys(wish.disliked) if m not in unknown]
    if not liked:
        raise NotFoundError(
            "none of the liked films is known", hint="Find ids with /v1/search/movies?q=... and name at least one."
        )
    near = {m: recommender.near(m) for m in liked}
    beside = {m: recommender.beside(m) for m in liked}
    listed = {m: recommender.listed(m) for m in liked}
    likeness = affinity(near.values(), map(recommender.near, disliked))
    tastes, lists = taste(beside.values(), map(recommender.beside, disliked)), fused(listed.values())
    cards = recommender.passing([*likeness, *tastes, *lists], wanted, wish.without.union(named))
    content = {m: recommender.place(cards[m], value) for m, value in likeness.items() if m in cards and value > 0}
    parts = ((TASTE, tastes), (LISTED, lists), (CONTENT, content))
    scores = combined((weight, {m: score for m, score in part.items() if m in cards}) for weight, part in parts)
    pool = {m: recommender.near(m) for m in ranked(scores)[: 5 * wish.limit]} if wish.diversity > 0 else {}
    chosen = diverse(scores, pool, wish.diversity, wish.limit) if pool else ranked(scores)[: wish.limit]
    lines = []
    for movie_id in chosen:
        like = nearest(near, movie_id)
        said = [liked_beside(recommender.title(m)) for m in nearest(beside, movie_id)[:1]]
        said += [recommended_beside(recommender.title(m)) for m in first(listed, movie_id)]
        films = [query.film(m)[2] for m in like]
        lines.append(recommender.line(movie_id, likeness.get(movie_id, 0.0), scores[movie_id], said, films))
    answer = {"liked": liked, "unknown": unknown, "genre": wanted.genre, "results": lines}
    return covered(answer, world)


def nearest(of: Mapping[int, Mapping[int, float]], movie_id: int) -> list[int]:
    """Return the films whose neighbour a film is, nearest first."""
    weights = {m: near[movie_id] for m, near in of.items() if near.get(movie_id, 0.0) > 0}
    return ranked(weights)[:NEAREST]


def first(lists: Mapping[int, Sequence[int]], movie_id: int) -> list[int]:
    """Return the film whose list has another in the first place of all, nothing where no list has it."""
    places = {m: -ids.index(movie_id) for m, ids in lists.items() if movie_id in ids}
    return ranked(places)[:1]
