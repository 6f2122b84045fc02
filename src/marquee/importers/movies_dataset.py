"""Kaggle's The Movies Dataset: movies_metadata.csv with Python literals in its cells, credits.csv, keywords.csv.

Its links and ratings are MovieLens' and are read as such.
"""

from collections.abc import Iterator, Mapping, Sequence

from marquee.domain.facts import Fact
from marquee.domain.timeline import parse_iso
from marquee.importers.reading import Surroundings
from marquee.importers.recognise import Part
from marquee.importers.tmdb5000 import with_extras

SOURCE = "tmdb-movies-dataset"
MADE = "2017-11-10"
"""When the published files were last made; their gauges are no later."""


def read(parts: Mapping[str, Sequence[Part]], around: Surroundings) -> Iterator[Fact]:
    """Yield the facts of the films (45,466 until 2017), with credits and keywords where those files are there."""
    yield from with_extras(parts, around, SOURCE, parse_iso(MADE))
