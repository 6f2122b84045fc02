"""A person's own films, matched with the films that are known."""

from collections.abc import Iterable
from dataclasses import dataclass

from marquee.domain.own import OwnFilm, best_liked
from marquee.domain.scores import STARS_SCALE
from marquee.ports import OwnFilms
from marquee.serving.answers.matching import by_imdb, by_titles, cards_of
from marquee.serving.answers.query import Answer, Query, covered

MOST_LIKED = 20
"""Films that stand for a person's taste where nothing else is said."""

MOST_UNMATCHED = 100


@dataclass(frozen=True, slots=True)
class Matches:
    """Own films by TMDB's id, and those that no single film fits."""

    known: dict[int, OwnFilm]
    sources: dict[int, list[str]]
    unmatched: list[OwnFilm]


NOTHING = Matches({}, {}, [])


class Own:
    """Answers about a person's own films. Matches are kept until films or the list change."""

    def __init__(self, films: OwnFilms) -> None:
        self.films = films
        self.version: object = None
        self.held = NOTHING

    def matches(self, query: Query) -> Matches:
        """Return the own films that are known, at the present world."""
        films, world = self.films.films(), query.world
        version = (world.edition, len(world.films), films)
        if not films:
            return NOTHING
        if version != self.version:
            cards = list(cards_of(world, query.clock.now()))
            imdb = by_imdb(cards, (film.imdb_id for film in films if film.imdb_id))
            titles = by_titles(cards, ((film.title, film.year) for film in films))
            self.held, self.version = matched(films, imdb, titles), version
        return self.held

    def seen(self, query: Query) -> frozenset[int]:
        """Return the ids of films that the person has seen or rated."""
        known = self.matches(query).known
        return frozenset(m for m, film in known.items() if film.seen or film.stars is not None)

    def answer(self, query: Query) -> Answer:
        """Answer /v1/mine."""
        found, (world, now) = self.matches(query), query.sight()
        lines = []
        for movie_id in sorted(found.known, key=lambda m: (-(found.known[m].stars or 0), -found.known[m].at, m)):
            film, card = found.known[movie_id], world.card(movie_id, now)
            if card is not None:
                lines.append(
                    {
                        "movie_id": movie_id,
                        "title": card["title"] or None,
                        "release_date": card["release_date"],
                        "stars": None if film.stars is None else film.stars / STARS_SCALE,
                        "seen": film.seen,
                        "liked": film.liked,
                        "wanted": film.wanted,
                        "sources": found.sources[movie_id],
                    }
                )
        missing = [
            {"source": film.source, "title": film.title, "year": film.year, "imdb_id": film.imdb_id}
            for film in found.unmatched[:MOST_UNMATCHED]
        ]
        liked = best_liked(found.known, MOST_LIKED)
        answer = {"results": lines, "liked": liked, "unmatched": missing, "unmatched_total": len(found.unmatched)}
        return covered(answer, world)


def matched(films: Iterable[OwnFilm], imdb: dict[str, int], titles: dict[tuple[str, int | None], int]) -> Matches:
    """Return own films by TMDB's id: by IMDb's where that is known, else by title and year. Sources are merged."""
    found = Matches({}, {}, [])
    for film in films:
        movie_id = imdb.get(film.imdb_id or "") or titles.get((film.title, film.year))
        if movie_id is None:
            found.unmatched.append(film)
            continue
        held = found.known.get(movie_id)
        found.known[movie_id] = film if held is None else held.with_more(film)
        found.sources.setdefault(movie_id, []).append(film.source)
    return found
