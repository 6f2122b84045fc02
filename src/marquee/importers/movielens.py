"""MovieLens in all its layouts: titles and genres, and ratings as series of votes that are MovieLens' own.

TMDB's ids come from links.csv; a release without one (100k, 1M, 10M) is matched by title and year with films that are
known. The movie ids of 1M and 10M are those of later releases, so that a links.csv of theirs serves too.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from marquee.domain.catalogued import catalogued
from marquee.domain.events import BLANK_FILM
from marquee.domain.facts import Fact, FilmFact
from marquee.domain.timeline import parse_iso
from marquee.domain.validation import known_date
from marquee.importers import cells
from marquee.importers.cells import CellError
from marquee.importers.film_rows import damaged
from marquee.importers.ids import Ids
from marquee.importers.movielens_ratings import SOURCE, Votes
from marquee.importers.reading import Complaints, Surroundings
from marquee.importers.recognise import Part
from marquee.importers.streams import UnreadableError
from marquee.importers.tables import Row, Table
from marquee.sources.tmdb_facts import names

FILMS_DATE = "1996-01-01"
"""MovieLens' titles and genres count as known from the beginning, so that any other source's are later."""

FLAGS = (
    *("", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama", "Fantasy"),
    *("Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western"),
)
"""What the 19 flags of u.item say, in order."""


@dataclass(frozen=True, slots=True)
class Link:
    """A film's ids elsewhere."""

    tmdb: int
    imdb: str | None


@dataclass(frozen=True, slots=True)
class Film:
    """A film as MovieLens has it."""

    title: str
    original: str
    year: int | None
    released: str | None
    genres: tuple[str, ...]


def read(parts: Mapping[str, Sequence[Part]], around: Surroundings) -> Iterator[Fact]:
    """Yield the facts of a release. One that is older than the one that is held is left out, and that is said."""
    largest = {role: max(given, key=lambda part: part.member.size) for role, given in parts.items() if given}
    if "ratings" not in largest and "films" not in largest:
        raise UnreadableError("lacks its ratings and its films; give the whole folder or archive")
    links: dict[int, Link] = {}
    films: dict[int, Film] = {}
    complaints: list[Complaints] = []
    table = largest["films"].table if "films" in largest else None
    own_ids = table is not None and "genre0" in table.columns
    if "links" in largest and not own_ids:
        complaints.append(read_links(largest["links"], around, links))
    if "films" in largest:
        complaints.append(read_films(largest["films"], around, films))
    if not links:
        links = matched(films, around, complaints)
    votes = None
    if "ratings" in largest:
        votes = Votes(largest["ratings"], around, {movie: link.tmdb for movie, link in links.items()})
        votes.take()
        if not votes.begin():
            return
    for said in complaints:
        yield from said.finish()
    yield from descriptions(films, links)
    if votes is not None:
        yield from votes.facts({movie: film.title for movie, film in films.items()})


def rows_of(part: Part, around: Surroundings, complaints: Complaints) -> Iterator[Row]:
    """Yield the whole rows of a part; others are complained of."""
    assert part.table is not None  # noqa: S101
    for row in part.table.rows():
        around.counts[part.member.name] += 1
        if row.problem:
            complaints.row(row.problem, row.raw)
        else:
            yield row


def movie_id(row: Row, complaints: Complaints) -> int | None:
    """Return a row's movie id; None, with a complaint, where it has none."""
    try:
        found = cells.whole(row.cells["movieid"])
    except CellError as error:
        complaints.cell("movieId", str(error), row.raw, row.cells.get("title", ""), "the row is left out")
        return None
    if found is None:
        complaints.cell("movieId", "is empty", row.raw, row.cells.get("title", ""), "the row is left out")
    else:
        complaints.good("movieId")
    return found


def read_links(part: Part, around: Surroundings, links: dict[int, Link]) -> Complaints:
    """Read links.csv; return what could not be read of it."""
    complaints = Complaints(SOURCE, part.member.name, around)
    for row in rows_of(part, around, complaints):
        movie = movie_id(row, complaints)
        if movie is None:
            continue
        try:
            tmdb = cells.whole(row.cells["tmdbid"])
        except CellError as error:
            complaints.cell("tmdbId", str(error), row.raw, f"movieId {movie}", "the film is left out")
            continue
        if tmdb is None or tmdb <= 0:
            complaints.row("film has no TMDB id in links.csv", row.raw, f"movieId {movie}")
            continue
        complaints.good("tmdbId")
        links[movie] = Link(tmdb, imdb_of(row.cells.get("imdbid", "")))
    return complaints


def imdb_of(text: str) -> str | None:
    """Return an IMDb id as IMDb writes it, None where it is unknown or unreadable."""
    try:
        number = cells.whole(text.removeprefix("tt"))
    except CellError:
        return None
    return f"tt{number:07d}" if number is not None and 0 < number < 10**10 else None


def read_films(part: Part, around: Surroundings, films: dict[int, Film]) -> Complaints:
    """Read movies.csv, movies.dat or u.item; return what could not be read of it."""
    complaints = Complaints(SOURCE, part.member.name, around)
    assert part.table is not None  # noqa: S101
    for row in rows_of(part, around, complaints):
        movie = movie_id(row, complaints)
        if movie is None:
            continue
        text = row.cells["title"]
        if not text or damaged(text):
            reason = "film has no title" if not text else "title holds bytes that are not of the file's encoding"
            complaints.row(reason, row.raw, f"movieId {movie}")
            continue
        title, original, year = catalogued(text)
        films.setdefault(movie, Film(title, original, year, released(row, year), genres(row, part.table)))
    return complaints


def released(row: Row, year: int | None) -> str | None:
    """Return a release date: as 100k has it, or the first day of the year in the title."""
    try:
        found = cells.day(row.cells.get("released", ""))
    except CellError:
        found = None
    return found or (known_date(f"{year}-01-01") if year is not None else None)


def genres(row: Row, table: Table) -> tuple[str, ...]:
    """Return genres as TMDB names them, from "Adventure|Sci-Fi" or from 100k's flags."""
    if "genre0" in table.columns:
        found = [name for number, name in enumerate(FLAGS) if name and row.cells[f"genre{number}"] == "1"]
    else:
        found = [name for name in row.cells["genres"].split("|") if name and not name.startswith("(")]
    return names(["Science Fiction" if name == "Sci-Fi" else name for name in found])


def matched(films: Mapping[int, Film], around: Surroundings, complaints: list[Complaints]) -> dict[int, Link]:
    """Find films that are known by title and year, where a release names no TMDB ids."""
    wanted = {movie: {(film.title, film.year), (film.original, film.year)} for movie, film in films.items()}
    known = around.find(key for keys in wanted.values() for key in keys)
    found: dict[int, Link] = {}
    lost = Complaints(SOURCE, "films", around)
    for movie, keys in wanted.items():
        ids = {known[key] for key in keys if key in known}
        if len(ids) == 1:
            found[movie] = Link(ids.pop(), None)
        else:
            film = films[movie]
            lost.row("film without a TMDB id is not among those known", [movie, film.title, film.year], film.title)
    complaints.append(lost)
    said = (
        f"MovieLens: no links.csv with TMDB's ids; {len(found):,} of {len(films):,} films were found by title and year"
    )
    around.said.append(said)
    if not found:
        around.errors.append(
            f"{said}. Import films first (TMDB 5000, TMDB's own), or put the links.csv of a later release beside it "
            "(the movie ids of 1M and 10M are the same)."
        )
    return found


def descriptions(films: Mapping[int, Film], links: Mapping[int, Link]) -> Iterator[FilmFact]:
    """Yield what MovieLens says of films; of two movies with one TMDB id the first counts."""
    seen, observed_at = Ids(), parse_iso(FILMS_DATE)
    for movie, film in films.items():
        link = links.get(movie)
        if link is None or not seen.add(link.tmdb):
            continue
        values = {
            **BLANK_FILM,
            "title": film.title,
            "original_title": film.original,
            "release_date": film.released,
            "genres": film.genres,
            "imdb_id": link.imdb,
        }
        yield FilmFact(link.tmdb, observed_at, SOURCE, values)
