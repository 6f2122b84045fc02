"""What sources hand to the door: statements about films, not yet identified, validated or logged."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
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
class VoteSeries:
    """All historic readings of a film at a source, in order of time: (time, votes, average) each.

    Whatever else is held of that source's historic readings is superseded by what this says of its time.
    """

    movie_id: int
    source: str
    readings: tuple[tuple[int, int, int], ...]

    def facts(self) -> Iterator[VoteFact]:
        """Yield the readings; these sources know no popularity."""
        for time, votes, average in self.readings:
            yield VoteFact(self.movie_id, time, self.source, votes, average, -1, historic=True)

    def at(self, time: int) -> VoteFact:
        """Return what the series says of a time: the last reading until then, no votes before the first."""
        found = bisect_right(self.readings, time, key=lambda reading: reading[0])
        _, votes, average = self.readings[found - 1] if found else (time, 0, 0)
        return VoteFact(self.movie_id, time, self.source, votes, average, -1, historic=True)


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
    """Something that could not be read as a fact; `raw` is what it was.

    film: whose it was, by id and title as far as they are known; column: where it stood; rows: how many such this one
    stands for.
    """

    source: str
    reason: str
    raw: str
    film: str = ""
    column: str = ""
    rows: int = 1


Fact = FilmFact | VoteFact | VoteSeries | ReviewFact | ReviewList | Gone | Malformed
