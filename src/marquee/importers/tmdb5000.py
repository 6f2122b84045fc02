"""Kaggle's TMDB 5000: tmdb_5000_movies.csv, with JSON in its cells, and tmdb_5000_credits.csv."""

from collections.abc import Iterator, Mapping, Sequence

from marquee.domain.facts import Fact
from marquee.domain.timeline import parse_iso
from marquee.importers import cells
from marquee.importers.credits import keep
from marquee.importers.extras import Extras
from marquee.importers.film_rows import film_facts
from marquee.importers.reading import Surroundings
from marquee.importers.recognise import Part

SOURCE = "tmdb5000"
MADE = "2017-09-28"
"""When the published file was last made; its gauges are of that day."""


def read(parts: Mapping[str, Sequence[Part]], around: Surroundings) -> Iterator[Fact]:
    """Yield the facts of the films (4,803 of 2017), with their credits where that file is there."""
    yield from with_extras(parts, around, SOURCE, parse_iso(MADE))


def with_extras(
    parts: Mapping[str, Sequence[Part]], around: Surroundings, source: str, observed_at: int
) -> Iterator[Fact]:
    """Yield the facts of tables of films of a known date, and of the files beside them."""
    beside = [part for role in ("credits", "keywords") for part in parts.get(role, ())]
    extras = Extras(around.work) if beside else None
    try:
        for part in beside:
            assert extras is not None  # noqa: S101
            yield from keep(part, around, source, extras)
        for part in parts["films"]:
            yield from film_facts(
                part, around, observed_at, source, historic=True, lists=cells.structure, extras=extras
            )
    finally:
        if extras is not None:
            extras.close()
