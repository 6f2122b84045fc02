"""The films that are searched, and what people type: our own lists, which lie beside this, and TMDB 5000."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from marquee.libraries.titles import IndexedFilm, TitleSearch

LISTS = Path(__file__).parent
DEPTH = 50


class Question(NamedTuple):
    """What somebody types, its kind, and the film that is meant."""

    kind: str
    text: str
    movie_id: int
    title: str


class Catalogue(NamedTuple):
    """Films and their index."""

    index: TitleSearch
    films: dict[int, IndexedFilm]

    def first(self, text: str, count: int = 3) -> list[IndexedFilm]:
        """Return the first films as the API lists them: by relevance, then votes."""
        hits = self.index.search(text, DEPTH)
        hits.sort(key=lambda hit: (-round(hit[1], 4), -self.films[hit[0]].votes, hit[0]))
        return [self.films[movie_id] for movie_id, _ in hits[:count]]


def rows(path: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of a CSV file."""
    csv.field_size_limit(2**31 - 1)
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def indexed(films: Sequence[IndexedFilm]) -> Catalogue:
    """Return films with their index."""
    index = TitleSearch()
    index.update(films)
    return Catalogue(index, {film.movie_id: film for film in films})


def own_films() -> list[IndexedFilm]:
    """Return the films of our own, whose titles are harder than most."""
    return [
        IndexedFilm(
            int(row["movie_id"]),
            row["title"],
            row["original_title"],
            [name for name in row["people"].split(";") if name],
            int(row["year"]),
            int(row["votes"]),
        )
        for row in rows(LISTS / "films.csv")
    ]


def real_films(data: Path) -> list[IndexedFilm]:
    """Return the films of TMDB 5000."""
    return [
        IndexedFilm(
            int(row["id"]),
            row["title"],
            row["original_title"],
            [],
            int(row["release_date"][:4]) if row["release_date"] else None,
            int(row["vote_count"]),
        )
        for row in rows(data / "tmdb_5000" / "tmdb_5000_movies.csv")
    ]


def questions() -> list[Question]:
    """Return the queries."""
    return [
        Question(row["kind"], row["query"], int(row["movie_id"]), row["title"]) for row in rows(LISTS / "queries.csv")
    ]
