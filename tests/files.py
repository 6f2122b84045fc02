"""Small files as people have them, made for tests, and imports of them."""

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from marquee.app import Platform
from marquee.domain.codec import records
from marquee.domain.events import METADATA, RATINGS, FilmEvent, RatingEvent
from marquee.run.importing import Summary, run

FILM_5000: dict[str, str] = {
    "budget": "1000000",
    "genres": '[{"id": 18, "name": "Drama"}]',
    "homepage": "",
    "id": "101",
    "keywords": '[{"id": 1, "name": "sea"}]',
    "original_language": "en",
    "original_title": "Glass Harbour",
    "overview": "A port, quiet.",
    "popularity": "12.5",
    "production_companies": '[{"name": "Quay, Inc.", "id": 4}]',
    "production_countries": '[{"iso_3166_1": "US", "name": "United States of America"}]',
    "release_date": "2009-12-10",
    "revenue": "5000000",
    "runtime": "120.0",
    "spoken_languages": "[]",
    "status": "Released",
    "tagline": "",
    "title": "Glass Harbour",
    "vote_average": "7.1",
    "vote_count": "250",
}


def film_5000(**changed: object) -> dict[str, str]:
    return {**FILM_5000, **{name: str(value) for name, value in changed.items()}}


def table(rows: Sequence[Mapping[str, object]], separator: str = ",", ending: str = "\n", **options: Any) -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), delimiter=separator, lineterminator=ending, **options)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def zipped(path: Path, members: Mapping[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def movielens(folder: Path, ratings: Iterable[str], links: str = "1,0114709,862\n", films: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "links.csv").write_text(f"movieId,imdbId,tmdbId\n{links}", encoding="utf-8")
    films = films or "1,Toy Harbour (1995),Comedy|Sci-Fi\n"
    (folder / "movies.csv").write_text(f"movieId,title,genres\n{films}", encoding="utf-8")
    (folder / "ratings.csv").write_text("userId,movieId,rating,timestamp\n" + "".join(f"{r}\n" for r in ratings))
    return folder


def imported(platform: Platform, path: Path, **options: Any) -> Summary:
    """Import a path as the command does."""
    return run(platform, path, lambda what, done, of: None, **options)


def events(platform: Platform, topic: str) -> list[Any]:
    batches, _ = platform.log.read("", 10**7, topic)
    return [record.event for batch in batches for record in records(batch)]


def films(platform: Platform, source: str | None = None) -> dict[int, FilmEvent]:
    """The last description of each film, of one source or of all."""
    found = [event for event in events(platform, METADATA) if source in (None, event.source)]
    return {event.movie_id: event for event in found}


def readings(platform: Platform, source: str | None = None) -> dict[tuple[int, int], RatingEvent]:
    """What is read of each film's gauges at each time: the last in the log counts."""
    found = [event for event in events(platform, RATINGS) if source in (None, event.source)]
    return {(event.movie_id, event.event_time): event for event in found}


def body(movie_id: int, **values: Any) -> dict[str, Any]:
    """A film's body such as TMDB answers with."""
    given = {"id": movie_id, "title": f"Film {movie_id}", "genres": [{"id": 18, "name": "Drama"}], "vote_count": 9}
    return {**given, "vote_average": 6.5, "popularity": 1.5, **values}


def dumped(movie_id: int, **values: Any) -> str:
    return json.dumps(body(movie_id, **values), ensure_ascii=False)
