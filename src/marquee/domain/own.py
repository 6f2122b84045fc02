"""A person's own films: what somebody has seen, rated, liked and means to see. Kept apart from the world's figures."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

STARS_LIKED = 70
"""Stars (x 10, on a scale of 10) from which a rated film counts as liked, where nothing better is known."""


@dataclass(frozen=True, slots=True)
class OwnFilm:
    """A film on a person's list.

    key: what tells it from others of its source; imdb_id: where the source knows it; stars: rating x 10 on a scale of 10;
    seen, liked, wanted: whether the person has seen it, marked it as liked, means to see it; at: time (ms) of the rating,
    0 where it is unknown.
    """

    source: str
    key: str
    title: str
    year: int | None
    imdb_id: str | None = None
    stars: int | None = None
    seen: bool = False
    liked: bool = False
    wanted: bool = False
    at: int = 0

    def with_more(self, other: "OwnFilm") -> "OwnFilm":
        """Return what two lists of one source say of a film together; of two ratings the later counts."""
        later, earlier = (
            (self, other) if (self.stars is not None, self.at) >= (other.stars is not None, other.at) else (other, self)
        )
        return replace(
            later,
            imdb_id=later.imdb_id or earlier.imdb_id,
            seen=self.seen or other.seen,
            liked=self.liked or other.liked,
            wanted=self.wanted or other.wanted,
        )


def together(films: Iterable[OwnFilm]) -> list[OwnFilm]:
    """Return films with all that is said of each in one."""
    found: dict[str, OwnFilm] = {}
    for film in films:
        found[film.key] = found[film.key].with_more(film) if film.key in found else film
    return list(found.values())


def best_liked(films: Mapping[int, OwnFilm], most: int) -> list[int]:
    """Return the ids of the films a person likes best: those with most stars, then those marked, the latest first."""
    liked = {m: film for m, film in films.items() if film.liked or (film.stars or 0) >= STARS_LIKED}
    return sorted(liked, key=lambda m: (-(liked[m].stars or STARS_LIKED), not liked[m].liked, -liked[m].at, m))[:most]
