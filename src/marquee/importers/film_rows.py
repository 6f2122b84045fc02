"""Rows of films, whatever table they stand in, as bodies such as TMDB itself answers with, and as facts."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from marquee.domain.events import BLANK_FILM
from marquee.domain.facts import Fact, FilmFact, VoteFact
from marquee.importers import cells
from marquee.importers.cells import CellError
from marquee.importers.extras import Extras
from marquee.importers.ids import Ids
from marquee.importers.reading import Complaints, Surroundings
from marquee.importers.recognise import Part
from marquee.importers.tables import Row, Table
from marquee.sources.tmdb_facts import film_values, vote_fact

Body = dict[str, Any]
TEXTS = {
    "title": "title",
    "originaltitle": "original_title",
    "originallanguage": "original_language",
    "overview": "overview",
    "tagline": "tagline",
    "status": "status",
}
NAMES = {"posterpath": "poster_path", "imdbid": "imdb_id"}
LONGEST_TEXT, LONGEST_NAME, LONGEST_ENTRY = 50_000, 1_000, 5_000
"""Characters, above any that TMDB allows; what is longer comes of a quote that was not closed or the like."""

WHOLE = {"votecount": "vote_count"}
FRACTIONS = {
    "budget": "budget",
    "revenue": "revenue",
    "runtime": "runtime",
    "voteaverage": "vote_average",
    "popularity": "popularity",
}
LISTS = {
    "genres": "genres",
    "keywords": "keywords",
    "productioncompanies": "production_companies",
    "productioncountries": "production_countries",
}
SERIES = "belongs_to_collection"
HALF = re.compile(r"[\ud800-\udfff]")
"""Half a surrogate pair: what stands for a byte that did not belong."""

Cell = Callable[[str], Any]


def film_facts(
    part: Part,
    around: Surroundings,
    observed_at: int,
    source: str,
    *,
    historic: bool = False,
    lists: Cell = cells.names,
    extras: Extras | None = None,
) -> Iterator[Fact]:
    """Yield the facts of a table of films, row by row; what cannot be read of a row is named, the rest goes in.

    historic: whether the table is of a known date; lists: how a cell that holds a list is read; extras: credits and
    keywords of the films from other files.
    """
    assert part.table is not None  # noqa: S101
    complaints, seen = Complaints(source, part.member.name, around), Ids()

    for row in part.table.rows(around.meter(part.member)):
        around.counts[part.member.name] += 1
        body = film_body(row, part.table, complaints, lists)
        if body is not None and not seen.add(body["id"]):
            complaints.row("film stands in the file twice; its first row counts", row.raw, name_of(body))
            body = None
        if body is not None:
            more = extras.get(body["id"]) if extras is not None else {}
            yield from facts_of({**body, **joined(more)}, observed_at, source, historic=historic)
        yield from complaints.drain()
    yield from complaints.finish()


def joined(more: Mapping[str, Any]) -> Body:
    """Return what other files say of a film as parts of its body."""
    credits = {name: more[name] for name in ("cast", "crew") if name in more}
    return {
        **({"credits": credits} if credits else {}),
        **({"keywords": more["keywords"]} if "keywords" in more else {}),
    }


def facts_of(body: Body, observed_at: int, source: str, *, historic: bool) -> Iterator[FilmFact | VoteFact]:
    """Yield a film's description, and its gauges where they are known."""
    yield FilmFact(body["id"], observed_at, source, {**BLANK_FILM, **film_values(body)})
    votes = vote_fact(body, observed_at, source, historic=historic)
    if isinstance(votes, VoteFact):
        yield votes


def film_body(row: Row, table: Table, complaints: Complaints, lists: Cell) -> Body | None:
    """Return a row as a film's body; None, with a complaint, where it is of no film."""
    found = row.cells
    if row.problem and not {"id", "tmdbid"} & found.keys():
        complaints.row(row.problem, row.raw)
        return None
    id_column = "id" if "id" in found else "tmdbid"
    film = f"{found.get(id_column, '')} {found.get('title', '')}".strip()[:200]
    try:
        movie_id = cells.whole(found.get(id_column, ""))
    except CellError as error:
        complaints.cell("id", str(error), row.raw, film, "the row is left out")
        return None
    if movie_id is None or movie_id <= 0:
        complaints.cell("id", "is not a positive whole number", row.raw, film, "the row is left out")
        return None
    complaints.good("id")
    try:
        title = text_of(found.get("title", ""))
    except CellError as error:
        complaints.row(row.problem or f"title {error}", row.raw, film)
        return None
    if title is None:
        complaints.row(row.problem or "film has no title", row.raw, film)
        return None
    if row.problem:
        complaints.row(f"{row.problem}; the film is kept with what stands before", row.raw, film)
    if cells.yes(found.get("adult", "")):
        complaints.row("an adult film; the crawl passes them over too", row.raw, film)
        return None
    return {"id": movie_id, **fields(found, table, complaints, film, lists)}


def fields(found: Mapping[str, str], table: Table, complaints: Complaints, film: str, lists: Cell) -> Body:
    """Return the fields of a body that can be read; those that cannot are complained of, and are not there."""
    body: Body = {}

    def read(name: str, text: str, cell: Cell) -> None:
        try:
            value = cell(text)
        except CellError as error:
            complaints.cell(name, str(error), text, film)
            return
        if value not in (None, []):
            complaints.good(name)
            body[name] = value

    for column, name in TEXTS.items():
        read(name, found.get(column, ""), text_of)
    for column, name in NAMES.items():
        read(name, found.get(column, ""), lambda text: text_of(text, LONGEST_NAME))
    for column, name in WHOLE.items():
        read(name, found.get(column, ""), not_negative(cells.whole))
    for column, name in FRACTIONS.items():
        read(name, found.get(column, ""), not_negative(lambda text: cells.fraction(text, comma=table.decimal_comma)))
    for column, name in LISTS.items():
        read(name, found.get(column, ""), lambda text: sound_list(text, lists))
    read(SERIES, found.get("belongstocollection", ""), lambda text: next(iter(sound_list(text, cells.structure)), None))
    read("release_date", found.get("releasedate", ""), cells.day)
    if "runtime" in body:
        body["runtime"] = round(body["runtime"])
    if body.get("vote_average", 0) > 10:
        complaints.cell("vote_average", "is outside 0 to 10", str(body.pop("vote_average")), film)
    return body


def sound_list(text: str, lists: Cell) -> list[Any]:
    """Read a list whose entries can all be kept; CellError of anything else."""
    found: list[Any] = lists(text)
    # Half a surrogate pair comes of a damaged byte, or of an escape.
    if damaged(text) or ("\\" in text and damaged(json.dumps(found, ensure_ascii=False, default=str))):
        raise CellError("holds bytes that are not of the file's encoding")
    if len(text) > LONGEST_ENTRY and any(len(str(entry)) > LONGEST_ENTRY for entry in found):
        raise CellError(f"has an entry of more than {LONGEST_ENTRY:,} characters")
    return found


def not_negative(number: Cell) -> Cell:
    """Return a reader of numbers that refuses those below zero."""

    def read(text: str) -> Any:
        value = number(text)
        if value is not None and value < 0:
            raise CellError("is negative")
        return value

    return read


def text_of(text: str, most: int = LONGEST_TEXT) -> str | None:
    """Read a text, None where there is none; pandas writes nan there."""
    if damaged(text):
        raise CellError("holds bytes that are not of the file's encoding")
    if len(text) > most:
        raise CellError(f"is longer than {most:,} characters")
    return None if text in ("", "nan", "NaN", "None", "NULL", "\\N") else text


def damaged(text: str) -> bool:
    """Say whether bytes of a text did not belong to its encoding."""
    return HALF.search(text) is not None


def name_of(body: Mapping[str, Any]) -> str:
    """Name a film for a person."""
    return f"{body['id']} {body.get('title', '')}".strip()
