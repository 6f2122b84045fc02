"""Data sets people have, read as facts: TMDB 5000, MovieLens, and folders of TMDB's JSON."""

import csv
import gzip
import io
import json
import sys
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from marquee.domain.facts import Fact, FilmFact, Malformed, VoteFact
from marquee.domain.timeline import DAY, SECOND, parse_iso
from marquee.errors import SettingsError
from marquee.ingest.validation import known_date
from marquee.sources.tmdb_facts import film_facts, names, raw, review_facts, vote_fact

TMDB5000_DATE = "2017-09-28"
"""When the published file was last made; its gauges are of that day."""

MOVIELENS_FILMS_DATE = "1996-01-01"
"""MovieLens' titles and genres count as known from the beginning, so that any other source's are later."""

csv.field_size_limit(min(sys.maxsize, 2**31 - 1))


def opened(path: Path, suffix: str) -> Iterator[str]:
    """Yield the lines of a text file, unpacked from .gz or .zip; bytes that are not UTF-8 are marked."""
    if not path.exists():
        raise SettingsError(f"there is no file {path}", hint="Give the path of the data set.")
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            inside = [name for name in archive.namelist() if name.endswith(suffix)]
            if not inside:
                raise SettingsError(f"{path} holds no {suffix} file", hint="Give the data set's own archive.")
            with archive.open(inside[0]) as handle:
                yield from io.TextIOWrapper(handle, "utf-8", errors="replace", newline="")
    elif path.suffix == ".gz":
        with gzip.open(path, "rt", encoding="utf-8", errors="replace", newline="") as handle:
            yield from handle
    else:
        with path.open(encoding="utf-8", errors="replace", newline="") as handle:
            yield from handle


def rows(path: Path, columns: set[str]) -> Iterator[dict[str, Any]]:
    """Yield a CSV file's rows; SettingsError when columns are missing."""
    reader = csv.DictReader(opened(path, ".csv"))
    missing = columns - set(reader.fieldnames or ())
    if missing:
        raise SettingsError(
            f"{path} lacks the columns {', '.join(sorted(missing))}", hint="Is it the file of this data set?"
        )
    yield from reader


def tmdb5000(path: Path) -> Iterator[Fact]:
    """Yield the facts of tmdb_5000_movies.csv (4,803 films of 2017), or of the folder or archive that holds it."""
    source = "tmdb5000"
    if path.is_dir():
        path = path / "tmdb_5000_movies.csv"
    observed_at = parse_iso(TMDB5000_DATE)
    for row in rows(path, {"id", "title", "genres", "vote_count", "vote_average", "popularity"}):
        try:
            values: dict[str, Any] = {key: value for key, value in row.items() if isinstance(key, str)}
            for name in ("genres", "keywords", "production_companies", "production_countries"):
                values[name] = json.loads(row.get(name) or "[]")
            for name in ("id", "budget", "revenue", "vote_count"):
                values[name] = int(row.get(name) or 0)
            for name in ("popularity", "vote_average"):
                values[name] = float(row.get(name) or 0)
            values["runtime"] = round(float(row["runtime"])) if row.get("runtime") else None
        except (ValueError, TypeError, AttributeError) as error:
            yield Malformed(source, f"row cannot be read: {type(error).__name__}", raw(row))
            continue
        for fact in film_facts(values, observed_at, source):
            if isinstance(fact, VoteFact):
                dated = vote_fact(values, observed_at, source, historic=True)
                yield dated if dated is not None else fact
            else:
                yield fact


def movielens(path: Path) -> Iterator[Fact]:
    """Yield the facts of a MovieLens folder: titles and genres, and its ratings as vote snapshots.

    A film's snapshot at the end of a day with ratings has all its ratings until then: their number, and
    their mean on a scale of 10. Films without a TMDB id in links.csv are quarantined.
    """
    source = "movielens"
    tmdb_ids: dict[str, int] = {}
    for row in rows(path / "links.csv", {"movieId", "tmdbId"}):
        if (row["tmdbId"] or "").strip().isdigit():
            tmdb_ids[row["movieId"]] = int(row["tmdbId"])
        else:
            yield Malformed(source, "film has no TMDB id in links.csv", raw(row))
    seen: set[int] = set()
    for row in rows(path / "movies.csv", {"movieId", "title", "genres"}):
        movie_id = tmdb_ids.get(row["movieId"])
        if movie_id is not None and movie_id not in seen:
            seen.add(movie_id)
            yield movielens_film(movie_id, row, source)
    by_day: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for row in rows(path / "ratings.csv", {"movieId", "rating", "timestamp"}):
        movie_id = tmdb_ids.get(row["movieId"])
        try:
            stars, time = float(row["rating"]), int(row["timestamp"]) * SECOND
        except (TypeError, ValueError):
            yield Malformed(source, "rating row cannot be read", raw(row))
            continue
        if movie_id is None:
            yield Malformed(source, "rating of a film without a TMDB id", raw(row))
        elif not 0.5 <= stars <= 5.0:
            yield Malformed(source, "rating is outside 0.5 to 5", raw(row))
        else:
            by_day[movie_id][time // DAY].append(round(stars * 2 * 1_000))
    for movie_id in sorted(by_day):
        votes = total = 0
        for day in sorted(by_day[movie_id]):
            votes += len(by_day[movie_id][day])
            total += sum(by_day[movie_id][day])
            yield VoteFact(movie_id, (day + 1) * DAY - 1, source, votes, total // votes, -1, historic=True)


def movielens_film(movie_id: int, row: Mapping[str, Any], source: str) -> FilmFact:
    """Read a title such as "Toy Story (1995)" and genres such as "Adventure|Animation"."""
    title = (row["title"] or "").strip()
    year = title[-5:-1] if title.endswith(")") and title[-5:-1].isdigit() else None
    genres = [genre for genre in (row["genres"] or "").split("|") if genre and not genre.startswith("(")]
    values = {
        "title": title[:-6].strip() if year else title,
        "original_title": title[:-6].strip() if year else title,
        "release_date": known_date(f"{year}-01-01") if year else None,
        "genres": names(["Science Fiction" if genre == "Sci-Fi" else genre for genre in genres]),
    }
    return FilmFact(movie_id, parse_iso(MOVIELENS_FILMS_DATE), source, values)


def tmdb_json(folder: Path) -> Iterator[Fact]:
    """Yield the facts of a folder of TMDB's JSON bodies: films, lists, review pages; .json, .jsonl, also .gz.

    Each file is a source of its own: several may hold different accounts of one film.
    """
    if not folder.is_dir():
        raise SettingsError(f"{folder} is not a folder", hint="Give the folder that holds the JSON files.")
    for path in sorted(folder.rglob("*")):
        kinds = [suffix for suffix in path.suffixes if suffix in (".json", ".jsonl")]
        if not path.is_file() or not kinds:
            continue
        observed_at = round(path.stat().st_mtime) * SECOND
        source = f"tmdb-json:{path.relative_to(folder)}"
        content = "".join(opened(path, kinds[0]))
        for piece in content.splitlines() if kinds[0] == ".jsonl" else [content]:
            try:
                body = json.loads(piece)
            except ValueError:
                yield Malformed(source, "not JSON (truncated?)", piece[:1_000])
                continue
            yield from body_facts(body, observed_at, source)


def body_facts(body: Any, observed_at: int, source: str) -> Iterator[Fact]:
    """Yield the facts of one body, whatever kind of answer it is."""
    if not isinstance(body, dict):
        yield Malformed(source, "not a TMDB body that holds films or reviews", raw(body))
        return
    results = body.get("results")
    if isinstance(results, list) and results and isinstance(results[0], dict) and "content" in results[0]:
        complete = body.get("total_pages", 1) == 1
        yield from review_facts(body.get("id", 0), results, source, complete=complete)
    elif isinstance(results, list):
        for item in results:
            if isinstance(item, dict) and item.get("media_type", "movie") == "movie" and "vote_count" in item:
                fact = vote_fact(item, observed_at, source)
                if fact is not None:
                    yield fact
            else:
                yield Malformed(source, "list entry is not a film with votes", raw(item))
    elif isinstance(body.get("title"), str) and ("budget" in body or "genres" in body or "vote_count" in body):
        yield from film_facts(body, observed_at, source)
        reviews = body.get("reviews")
        if isinstance(reviews, dict) and isinstance(reviews.get("results"), list):
            complete = reviews.get("total_pages", 1) == 1
            yield from review_facts(body.get("id", 0), reviews["results"], source, complete=complete)
    elif body and all(isinstance(value, str) and value.startswith("{") for value in body.values()):
        for piece in body.values():
            try:
                yield from body_facts(json.loads(piece), observed_at, source)
            except ValueError:
                yield Malformed(source, "not JSON (truncated?)", piece[:1_000])
    else:
        yield Malformed(source, "not a TMDB body that holds films or reviews", raw(body))


IMPORTS: dict[str, Callable[[Path], Iterator[Fact]]] = {
    "tmdb5000": tmdb5000,
    "movielens": movielens,
    "tmdb-json": tmdb_json,
}
