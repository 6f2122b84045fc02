"""Files beside a table of films: credits and keywords by film id."""

from collections.abc import Iterator, Sequence

from marquee.domain.facts import Malformed
from marquee.importers import cells
from marquee.importers.cells import CellError
from marquee.importers.extras import Extras
from marquee.importers.film_rows import sound_list
from marquee.importers.reading import Complaints, Surroundings
from marquee.importers.recognise import Part
from marquee.importers.tables import Row
from marquee.sources.tmdb_facts import CAST_KEPT, CREW_JOBS

COLUMNS = ("cast", "crew", "keywords")


def keep(part: Part, around: Surroundings, source: str, extras: Extras) -> Iterator[Malformed]:
    """Keep what a file says of films; yield what cannot be read of it."""
    assert part.table is not None  # noqa: S101
    complaints = Complaints(source, part.member.name, around)
    id_column = "movieid" if "movieid" in part.table.columns else "id"

    for row in part.table.rows(around.meter(part.member)):
        around.counts[part.member.name] += 1
        keep_row(row, id_column, complaints, extras)
        yield from complaints.drain()
    yield from complaints.finish()


def keep_row(row: Row, id_column: str, complaints: Complaints, extras: Extras) -> None:
    """Keep one row's lists."""
    film = f"{row.cells.get(id_column, '')} {row.cells.get('title', '')}".strip()[:200]
    if row.problem:
        complaints.row(row.problem, row.raw, film)
        return
    try:
        movie_id = cells.whole(row.cells[id_column])
    except CellError as error:
        complaints.cell("id", str(error), row.raw, film, "the row is left out")
        return
    if movie_id is None:
        complaints.cell("id", "is empty", row.raw, film, "the row is left out")
        return
    complaints.good("id")
    for column in COLUMNS:
        text = row.cells.get(column)
        if text is None:
            continue
        try:
            found = sound_list(text, cells.names if column == "keywords" else cells.structure)
        except CellError as error:
            complaints.cell(column, str(error), text, film)
            continue
        complaints.good(column)
        if found:
            extras.put(movie_id, column, reduced(column, found))


def reduced(column: str, found: Sequence[object]) -> Sequence[object]:
    """Return of a list what a film's description keeps: the first of the cast by billing, the crew whose jobs count."""
    entries = [entry for entry in found if isinstance(entry, dict)]
    if column == "cast":
        return sorted(entries, key=billing)[:CAST_KEPT]
    return [entry for entry in entries if entry.get("job") in CREW_JOBS] if column == "crew" else found


def billing(entry: dict[str, object]) -> float:
    """Return an actor's place in the billing; those without one come last."""
    order = entry.get("order")
    return float(order) if isinstance(order, int | float) else float("inf")
