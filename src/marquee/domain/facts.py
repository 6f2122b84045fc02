"""What sources hand to the door: statements about films, not yet identified, validated or logged."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class FilmFact:
    """A film's description as a source shows it; `values` holds the fields of `FilmEvent` beyond the envelope."""

    movie_id: int
    observed_at: int
    source: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class VoteFact:
    """A reading of a film's gauges. A `historic` one comes from an archive and is identified by its time too."""

    movie_id: int
    observed_at: int
    source: str
    votes: int
    average: int
    popularity: int
    historic: bool = False


@dataclass(frozen=True, slots=True)
class ReviewFact:
    """A review as it stands now; one with a known id and other content is an edit."""

    movie_id: int
    written_at: int
    source: str
    review_id: str
    author: str
    stars: int | None
    text: str


@dataclass(frozen=True, slots=True)
class ReviewList:
    """All ids of a film's reviews at a source: whatever else is held from that source has been deleted there."""

    movie_id: int
    source: str
    review_ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class Gone:
    """A film the source no longer has."""

    movie_id: int
    observed_at: int
    source: str


@dataclass(frozen=True, slots=True)
class Malformed:
    """Something that could not be read as a fact; `raw` is what it was."""

    source: str
    reason: str
    raw: str


Fact = FilmFact | VoteFact | ReviewFact | ReviewList | Gone | Malformed
