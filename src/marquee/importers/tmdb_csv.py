"""Tables of films made from TMDB, such as the daily one of over a million films: lists have commas between their names.

A date in the file's name is the date of its gauges. Without one they are no later than the file, and are dated so.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from marquee.domain.facts import Fact
from marquee.domain.timeline import parse_iso
from marquee.importers.film_rows import film_facts
from marquee.importers.reading import Surroundings
from marquee.importers.recognise import Part

SOURCE = "tmdb-csv"
DATED = re.compile(r"(?<!\d)(20\d\d)[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])(?!\d)")


def date_in(name: str) -> int | None:
    """Return the date (ms) that a file's name bears as YYYY-MM-DD, None where it bears none."""
    found = DATED.search(name.rsplit("/", 1)[-1])
    try:
        return None if found is None else parse_iso("-".join(found.groups()))
    except ValueError:
        return None


def read(parts: Mapping[str, Sequence[Part]], around: Surroundings) -> Iterator[Fact]:
    """Yield the facts of a table of films."""
    for part in parts["films"]:
        dated = date_in(part.member.name)
        known = dated is not None and dated <= around.now
        observed_at = dated if dated is not None and known else min(part.member.modified, around.now)
        yield from film_facts(part, around, observed_at, SOURCE, historic=known)
