"""What a file is: told by its content - magic bytes, columns, the shape of its lines - and by its name where that is silent."""

import json
import re
from dataclasses import dataclass, replace

from marquee.importers.files import Member
from marquee.importers.letters import Letters, of_head, settle
from marquee.importers.tables import Table, tables

Columns = frozenset[str]

UNUSED = ""
"""The role of a part that belongs to a data set and says nothing that is read."""


@dataclass(frozen=True, slots=True)
class Part:
    """A member, what data set it belongs to, and its role there.

    table: how its rows are parted, None of JSON; letters: its encoding.
    """

    member: Member
    kind: str
    role: str
    letters: Letters
    table: Table | None = None


@dataclass(frozen=True, slots=True)
class Stranger:
    """A member that is of no data set known here, and what it seems to be."""

    member: Member
    seems: str


def columns(text: str) -> Columns:
    """Return column keys."""
    return frozenset(text.split())


SIGNATURES: tuple[tuple[str, str, Columns, Columns], ...] = (
    ("movielens", "links", columns("movieid tmdbid"), columns("")),
    ("movielens", "ratings", columns("userid movieid rating timestamp"), columns("")),
    ("movielens", UNUSED, columns("userid movieid tag"), columns("")),
    ("movielens", UNUSED, columns("movieid tagid relevance"), columns("")),
    ("movielens", UNUSED, columns("tagid tag"), columns("")),
    ("movielens", "films", columns("movieid title genres"), columns("cast crew")),
    ("tmdb5000", "credits", columns("movieid title cast crew"), columns("")),
    ("movies-dataset", "credits", columns("id cast crew"), columns("title")),
    ("movies-dataset", "keywords", columns("id keywords"), columns("title")),
    ("letterboxd", "films", columns("date name year letterboxduri"), columns("")),
    ("imdb", "films", columns("const title titletype"), columns("")),
    ("imdb", "films", columns("const yourrating"), columns("")),
    ("movies-dataset", "films", columns("id title belongstocollection"), columns("")),
    ("movies-dataset", "films", columns("id title video imdbid votecount"), columns("backdroppath")),
)
"""(data set, role, columns it has, columns it has not), the first that fits counting."""

FILM_COLUMNS = columns(
    "voteaverage votecount releasedate budget revenue runtime genres overview popularity originaltitle originallanguage"
)
LEAST_FILM_COLUMNS = 2
ONLY_5000 = columns("imdbid adult backdroppath posterpath")
"""Columns that TMDB 5000 lacks and later films' tables have."""

SHAPES = (
    ("movielens", "ratings", "::", "userid movieid rating timestamp", re.compile(r"\d+::\d+::[\d.]+::\d+")),
    ("movielens", UNUSED, "::", "userid gender age occupation zip", re.compile(r"\d+::[MF]::\d+::\d+::[^:]+")),
    ("movielens", UNUSED, "::", "userid movieid tag timestamp", re.compile(r"\d+::\d+::.*::\d+")),
    ("movielens", "films", "::", "movieid title genres", re.compile(r"\d+::.+::[^:]+")),
    ("movielens", "ratings", "\t", "userid movieid rating timestamp", re.compile(r"\d+\t\d+\t[1-5]\t\d{6,10}")),
    (
        *("movielens", "films", "|", "movieid title released video url " + " ".join(f"genre{n}" for n in range(19))),
        re.compile(r"\d+\|[^|]*\|[^|]*\|[^|]*\|[^|]*(?:\|[01]){19}"),
    ),
    ("movielens", UNUSED, "|", "userid age gender occupation zip", re.compile(r"\d+\|\d+\|[MF]\|[a-z]+\|[^|]+")),
)
"""MovieLens' files without headers: (data set, role, separator, columns, shape of each line)."""

OTHER_EXPORTS = {
    "original_name": "TMDB's daily list of the ids of series",
    "name": "TMDB's daily list of the ids of people, companies or the like",
}
JSON = re.compile(r"\s*(?:\{\s*[\"}]|\[\s*(?:[\"\[{\]\d-]|true|false|null|NaN))")
LONGEST_NAME = 40
"""Characters of a column's name, beyond which a line is prose with commas in it."""

ENDINGS = re.compile(r"\.(json|jsonl|ndjson)(\.|$)", re.IGNORECASE)

MAGIC = (
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"GIF8", "a picture (GIF)"),
    (b"SQLite format 3\x00", "a SQLite database"),
    (b"PAR1", "a Parquet file; write it as CSV"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it and import the folder"),
    (b"Rar!", "a RAR archive; unpack it and import the folder"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive; unpack it and import what is in it"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook; save its table as CSV"),
    (b"\x80\x04", "a Python pickle, which is never loaded; write it as CSV"),
    (b"\x80\x05", "a Python pickle, which is never loaded; write it as CSV"),
)


def recognise(member: Member, encoding: Letters | None) -> Part | Stranger:
    """Return what a member is. `encoding`: what the person names. UnreadableError where it cannot be read."""
    head = member.head()
    letters = encoding or of_head(head)
    strange = magic(head)
    if strange is not None:
        return Stranger(member, strange)
    text = head.decode(letters.encoding, "replace").lstrip("\ufeff")
    if not text.strip("\x00 \t\r\n"):
        return Stranger(member, "a file of blanks")
    if JSON.match(text):
        return of_json(member, encoding, text.lstrip())
    if text.lstrip()[:1] == "<":
        return Stranger(member, marked_up(text))
    return of_lines(member, letters, text) or of_columns(member, letters, text, encoding)


def magic(head: bytes) -> str | None:
    """Say what a head is that is no text, None of text."""
    found = next((seems for start, seems in MAGIC if head.startswith(start)), None)
    if found is None and head[257:262] == b"ustar":
        found = "a tar archive; unpack it and import the folder"
    return found


def marked_up(text: str) -> str:
    """Say what a text is that begins with '<'."""
    if re.search(r"<(!doctype\s+html|html|head|body)\b", text[:4096], re.IGNORECASE):
        return "a web page (HTML): likely what a site shows before it lets one download, such as its login page"
    return "XML"


def of_json(member: Member, encoding: Letters | None, text: str) -> Part | Stranger:
    """Return what a JSON file is: TMDB's daily ids, or whatever TMDB answers."""
    line = text.split("\n", 1)[0].strip().rstrip(",")
    try:
        first = json.loads(line)
    except (ValueError, RecursionError):
        first = None
    if isinstance(first, dict) and "id" in first and len(first) <= 6:
        if {"original_title", "popularity"} <= first.keys() and not first.keys() - {
            *("adult", "id", "original_title", "popularity", "video")
        }:
            return Part(member, "tmdb-ids", "ids", encoding or Letters("utf-8-sig"))
        other = next((seems for name, seems in OTHER_EXPORTS.items() if name in first), None)
        if other is not None and first.keys() <= {"adult", "id", "popularity", "original_name", "name"}:
            return Stranger(member, other)
    return Part(member, "tmdb-json", "bodies", encoding or settle(member))


def of_lines(member: Member, letters: Letters, text: str) -> Part | None:
    """Return what a table without a header is, None where its lines have no shape that is known."""
    lines = [line.rstrip("\r\n") for line in text.split("\n")[:6]][:-1] or [text.strip("\r\n")]
    for kind, role, separator, names, shape in SHAPES:
        if lines and all(shape.fullmatch(line) for line in lines):
            keys = tuple(names.split())
            found = letters if role != "films" else settle(member)
            return Part(member, kind, role, found, Table(member, found, separator, keys, keys, 0))
    return None


def of_columns(member: Member, letters: Letters, text: str, encoding: Letters | None) -> Part | Stranger:
    """Return what a table is by its columns."""
    best: Table | None = None
    for table in tables(member, letters, text):
        best = best or (table if all(len(name) <= LONGEST_NAME for name in table.names) else None)
        found = role_of(frozenset(table.columns), member.name)
        if found is None:
            continue
        kind, role = found
        # Ratings are digits in any encoding, and are many: their bytes are looked at only once.
        whole = letters if role in ("ratings", "links", UNUSED) else encoding or settle(member)
        return Part(member, kind, role, whole, replace(table, letters=whole))
    if ENDINGS.search(member.name):
        return Part(member, "tmdb-json", "bodies", encoding or settle(member))
    if "\x00" in text or sum(not c.isprintable() and not c.isspace() for c in text) > len(text) // 10:
        return Stranger(member, "no text")
    if best is None:
        return Stranger(member, "text that is no table")
    shown = ", ".join(best.names[:8]) + (", ..." if len(best.names) > 8 else "")
    return Stranger(member, f"a table with the columns {shown}")


def role_of(found: Columns, name: str) -> tuple[str, str] | None:
    """Return (data set, role) of a table by its column keys, None of one that is of no data set known."""
    for kind, role, has, lacks in SIGNATURES:
        if has <= found and not lacks & found:
            return kind, role
    if not {"id", "tmdbid"} & found or "title" not in found or len(FILM_COLUMNS & found) < LEAST_FILM_COLUMNS:
        return None
    of_5000 = "5000" in name or (not ONLY_5000 & found and {"keywords", "productioncompanies"} <= found)
    return ("tmdb5000" if of_5000 else "tmdb-csv"), "films"
