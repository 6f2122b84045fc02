"""Similar films, by series, subject and people: TF-IDF of several fields, exact nearest neighbours."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain
from typing import Any

import orjson

from marquee.domain.documents import SIMILAR, SIMILAR_SCALE, Document
from marquee.domain.films import FilmView
from marquee.libraries.neighbours import joined, nearest, tfidf
from marquee.ports import Lake

NEIGHBOURS = 100
BLOCK = 2_000
"""Films whose neighbours are sought at once, by one worker."""

WEIGHTS = {
    "series": 1.0,
    "title": 0.2,
    "genres": 0.2,
    "keywords": 0.4,
    "overview": 0.2,
    "cast": 0.3,
    "directors": 0.3,
    "companies": 0.1,
}
"""What each field's likeness counts; chosen on one half of the series of TMDB 5000, measured on the other (docs/accuracy.md).

The decade counts nothing: with it any film of a genre's decade stands before a sequel made later.
"""

MOST = {"genres": 1.0, "overview": 0.1}
"""Largest share of films that a term may have; 0.25 elsewhere."""

BILLED = 8
"""Cast members that count, in the order of the billing."""

WORD = re.compile(r"[^\W\d_]{3,}")
STOP = frozenset(
    WORD.findall(
        "the and his her with for their she that from who they when are has but into this him one out after was not will"
        " have been them than then about between over where which while its all can only must himself herself"
    )
)

NUMBERS = frozenset(
    ["i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "part", "chapter", "episode", "vol", "volume"]
)
"""What tells the films of a series apart, and says nothing of it; as do digits."""


def title_words(title: str) -> list[str]:
    """Return the words of a title that its sequels share: "Rocky II" and "Rocky Balboa" have one of "Rocky"."""
    words = re.findall(r"\w+", re.sub("['’]", "", title.casefold()))
    return [
        word for word in words if word not in STOP and word not in NUMBERS and not (word.isdigit() and len(word) < 3)
    ]


def fields(film: FilmView) -> dict[str, list[str]]:
    """Return the terms of a film's fields. A person is told by id where there is one, else by name."""
    series = film["collection_id"] if film["collection_id"] is not None else film["collection"]
    return {
        "series": [] if series is None else [str(series)],
        "title": title_words(film["title"]),
        "genres": film["genres"],
        "keywords": film["keywords"],
        "overview": [word for word in WORD.findall((film["overview"] or "").casefold()) if word not in STOP],
        "cast": [person_key(credit) for credit in film["cast"][:BILLED]],
        "directors": [person_key(credit) for credit in film["crew"] if credit["job"] == "Director"],
        "companies": film["companies"],
    }


def person_key(credit: dict[str, Any]) -> str:
    """Return what tells a person from others."""
    return str(credit["person_id"] or credit["name"])


def neighbours(
    films: Sequence[FilmView], k: int = NEIGHBOURS, spread: Callable[..., Iterator[Any]] = map
) -> Iterator[tuple[int, list[int], list[int]]]:
    """Yield (film id, ids of its `k` nearest, their likeness x 1,000) of each film that has a neighbour.

    spread: a `map` that may compute in many places at once; each is given all vectors and a block of rows.
    """
    if not films:
        return
    terms = [fields(film) for film in films]
    parts = [(tfidf([t[name] for t in terms], MOST.get(name, 0.25)), weight) for name, weight in WEIGHTS.items()]
    ids = [film["movie_id"] for film in films]
    blocks = [range(start, min(start + BLOCK, len(films))) for start in range(0, len(films), BLOCK)]
    found = chain.from_iterable(spread(partial(nearest, joined(parts), k), blocks))
    for movie_id, (rows, likeness) in zip(ids, found, strict=True):
        scores = [round(value * SIMILAR_SCALE) for value in likeness.tolist()]
        near = [(ids[row], score) for row, score in zip(rows.tolist(), scores, strict=True) if score > 0]
        if near:
            yield movie_id, [other for other, _ in near], [score for _, score in near]


def documents(lake: Lake, films: Sequence[FilmView]) -> Iterator[Document]:
    """Yield the document of each film that has a neighbour."""
    for movie_id, ids, scores in neighbours(films, spread=lake.spread):
        yield SIMILAR, movie_id, orjson.dumps([ids, scores])
