"""A person's own films, in one file of the home."""

from collections.abc import Iterable
from dataclasses import astuple, fields

from marquee.adapters.sqlite.connection import SqliteStore
from marquee.domain.own import OwnFilm, together

SCHEMA = """
CREATE TABLE IF NOT EXISTS own_films (
    source TEXT NOT NULL, key TEXT NOT NULL, title TEXT NOT NULL, year INTEGER, imdb_id TEXT, stars INTEGER,
    seen INTEGER NOT NULL, liked INTEGER NOT NULL, wanted INTEGER NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (source, key)) WITHOUT ROWID;
"""
NAMES = tuple(field.name for field in fields(OwnFilm))
FLAGS = ("seen", "liked", "wanted")
NOTHING = {"stars": "NULL", "seen": "0", "liked": "0", "wanted": "0"}


class SqliteOwnFilms(SqliteStore):
    """`OwnFilms` in one file."""

    schema = SCHEMA

    def put(self, source: str, films: Iterable[OwnFilm], says: Iterable[str]) -> int:
        """Keep a source's films; return how many are new or changed."""
        with self.writing() as db:
            before = {film.key: film for film in read(db.execute(SELECT + " WHERE source = ?", (source,)))}
            reset = ", ".join(f"{name} = {NOTHING[name]}" for name in NOTHING if name in set(says))
            if reset:
                db.execute(f"UPDATE own_films SET {reset} WHERE source = ?", (source,))
            held = {film.key: film for film in read(db.execute(SELECT + " WHERE source = ?", (source,)))}
            merged = together([*films, *held.values()])
            places = ", ".join("?" * len(NAMES))
            db.executemany(f"INSERT OR REPLACE INTO own_films VALUES ({places})", [astuple(film) for film in merged])
            db.execute(
                "DELETE FROM own_films WHERE source = ? AND stars IS NULL AND NOT seen AND NOT liked AND NOT wanted",
                (source,),
            )
        return sum(before.get(film.key) != film for film in merged)

    def films(self) -> list[OwnFilm]:
        """Return the films of all sources."""
        with self.reading() as db:
            return read(db.execute(SELECT + " ORDER BY source, key"))


SELECT = f"SELECT {', '.join(NAMES)} FROM own_films"


def read(rows: Iterable[tuple[object, ...]]) -> list[OwnFilm]:
    """Return rows as films."""
    named = (dict(zip(NAMES, row, strict=True)) for row in rows)
    return [OwnFilm(**{**values, **{name: bool(values[name]) for name in FLAGS}}) for values in named]  # type: ignore[arg-type]
