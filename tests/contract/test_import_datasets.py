"""Data sets: each is recognised and read; bad rows are quarantined with film, column and reason; a second import adds nothing."""

import gzip
import json
import os
from pathlib import Path

import pytest
from tests.conftest import NOON
from tests.files import body, dumped, events, film_5000, films, imported, readings, table, zipped

from marquee.app import Platform
from marquee.domain.events import METADATA, RATINGS, REVIEWS, Credit
from marquee.domain.timeline import DAY, ManualClock, parse_iso
from marquee.errors import SettingsError

METADATA_ROW = {
    "adult": "False",
    "belongs_to_collection": "{'id': 11, 'name': \"Glass's Collection\", 'poster_path': None}",
    "budget": "30000000",
    "genres": "[{'id': 16, 'name': 'Animation'}]",
    "homepage": "",
    "id": "101",
    "imdb_id": "tt0114709",
    "original_language": "en",
    "original_title": "Glass Harbour",
    "overview": 'Led by "Ada",\n toys leave.',
    "popularity": "21.9",
    "poster_path": "/b.jpg",
    "production_companies": "[{'name': 'Quay', 'id': 3}]",
    "production_countries": "[{'iso_3166_1': 'US', 'name': 'United States of America'}]",
    "release_date": "1995-10-30",
    "revenue": "373554033.0",
    "runtime": "81.0",
    "spoken_languages": "[]",
    "status": "Released",
    "tagline": "",
    "title": "Glass Harbour",
    "video": "False",
    "vote_average": "7.7",
    "vote_count": "5415.0",
}
DAILY_ROW = {
    "id": "101",
    "title": "Glass Harbour",
    "vote_average": "8.364",
    "vote_count": "34495",
    "status": "Released",
    "release_date": "2010-07-15",
    "revenue": "825532764",
    "runtime": "148",
    "adult": "False",
    "backdrop_path": "/a.jpg",
    "budget": "160000000",
    "imdb_id": "tt1375666",
    "original_language": "en",
    "original_title": "Glass Harbour",
    "overview": "A port.",
    "popularity": "83.952",
    "poster_path": "/b.jpg",
    "tagline": "",
    "genres": "Action, Science Fiction",
    "production_companies": "Quay, Inc., Left Bank",
    "production_countries": "United Kingdom",
    "spoken_languages": "English",
    "keywords": "dream, port",
}


def test_tmdb_5000_with_its_credits(platform: Platform, tmp_path: Path) -> None:
    cast = [
        {"id": 7, "name": "Ada", "character": "Toy", "order": 1},
        {"id": 8, "name": "Bo", "character": "X", "order": 0},
    ]
    crew = [{"id": 9, "name": "Cy", "job": "Director"}, {"id": 9, "name": "Cy", "job": "Catering"}]
    credits = {"movie_id": "101", "title": "Glass Harbour", "cast": json.dumps(cast), "crew": json.dumps(crew)}
    zipped(
        tmp_path / "archive.zip",
        {"tmdb_5000_credits.csv": table([credits]), "tmdb_5000_movies.csv": table([film_5000(), film_5000(id=102)])},
    )
    found = imported(platform, tmp_path / "archive.zip")
    assert (found.receipt.logged, found.reasons, found.well) == ({METADATA: 2, RATINGS: 2}, {}, True)
    film = films(platform)[101]
    assert [credit.name for credit in film.cast] == ["Bo", "Ada"], "by billing"
    assert film.crew == (Credit(person_id=9, name="Cy", job="Director"),)
    assert (film.source, film.budget, film.runtime, film.companies) == ("tmdb5000", 1_000_000, 120, ("Quay, Inc.",))
    assert (film.genres, film.keywords, film.countries) == (("Drama",), ("sea",), ("US",))
    (reading,) = [r for r in readings(platform).values() if r.movie_id == 101]
    assert (reading.votes, reading.average, reading.popularity) == (250, 7_100, 125_000)
    assert reading.event_time == parse_iso("2017-09-28")
    assert imported(platform, tmp_path).receipt.total == 0


def test_the_movies_dataset_with_everything(platform: Platform, tmp_path: Path) -> None:
    shifted = dict.fromkeys(METADATA_ROW, "") | {"adult": " - Written by nobody", "id": "1997-08-20", "title": "x"}
    (tmp_path / "movies_metadata.csv").write_text(table([METADATA_ROW, shifted]))
    cast = "[{'cast_id': 14, 'character': \"Ada's\", 'id': 31, 'name': 'Tom', 'order': 0, 'profile_path': None}]"
    (tmp_path / "credits.csv").write_text(table([{"cast": cast, "crew": "[]", "id": "101"}]))
    (tmp_path / "keywords.csv").write_text(table([{"id": "101", "keywords": "[{'id': 1, 'name': 'toy'}]"}]))
    for name in ("links.csv", "links_small.csv"):
        (tmp_path / name).write_text("movieId,imdbId,tmdbId\n1,0114709,101.0\n")
    (tmp_path / "ratings.csv").write_text("userId,movieId,rating,timestamp\n1,1,4.0,1260759144\n2,1,3.0,1260759145\n")
    (tmp_path / "ratings_small.csv").write_text("userId,movieId,rating,timestamp\n1,1,4.0,1260759144\n")
    found = imported(platform, tmp_path)
    assert [one.kind.name for one in found.sets] == ["movies-dataset", "movielens"]
    film = films(platform)[101]
    assert (film.source, film.title, film.runtime, film.revenue) == (
        "tmdb-movies-dataset",
        "Glass Harbour",
        81,
        373_554_033,
    )
    assert (film.cast, film.keywords) == ((Credit(person_id=31, name="Tom", job="Ada's"),), ("toy",))
    assert film.overview == 'Led by "Ada",\n toys leave.'
    assert (film.collection_id, film.collection, film.recommended) == (11, "Glass's Collection", None)
    assert {(r.source, r.votes) for r in readings(platform).values()} == {
        ("tmdb-movies-dataset", 5_415),
        ("movielens", 2),
    }
    assert found.reasons == {"id is not a number; the row is left out": 1}
    assert imported(platform, tmp_path).receipt.total == 0


def test_the_daily_table_with_lists_between_commas(platform: Platform, tmp_path: Path) -> None:
    empty = {**dict.fromkeys(DAILY_ROW, ""), "id": "102", "title": "No Lists", "adult": "False", "vote_count": "0"}
    adult = {**DAILY_ROW, "id": "103", "adult": "True"}
    path = tmp_path / "TMDB_movie_dataset_v11.csv"
    path.write_text(table([DAILY_ROW, empty, adult]))
    os.utime(path, (NOON / 1_000 - 86_400, NOON / 1_000 - 86_400))
    found = imported(platform, path)
    film, poor = films(platform)[101], films(platform)[102]
    assert (film.genres, film.keywords) == (("Action", "Science Fiction"), ("dream", "port"))
    assert film.companies == ("Quay, Inc.", "Left Bank"), "a comma inside a company's name parts nothing"
    assert (poor.genres, poor.budget, poor.runtime, poor.release_date) == ((), None, None, None)
    assert 103 not in films(platform)
    assert found.reasons == {"an adult film; the crawl passes them over too": 1}
    assert {r.event_time for r in readings(platform).values()} == {NOON - DAY}, "as old as the file"


def test_a_date_in_the_name_is_the_date_of_the_figures(platform: Platform, tmp_path: Path) -> None:
    (tmp_path / "films_2024-05-01.csv").write_text(table([DAILY_ROW]))
    (tmp_path / "films_2023-05-01.csv").write_text(table([{**DAILY_ROW, "vote_count": "30000", "tagline": "old"}]))
    for path in tmp_path.glob("*.csv"):
        os.utime(path, (NOON / 1_000, NOON / 1_000))
    assert imported(platform, tmp_path).receipt.logged[RATINGS] == 2
    assert {(r.event_time, r.votes) for r in readings(platform).values()} == {
        (parse_iso("2024-05-01"), 34_495),
        (parse_iso("2023-05-01"), 30_000),
    }
    assert imported(platform, tmp_path / "films_2023-05-01.csv").receipt.total == 0
    assert films(platform)[101].tagline == "", "an older file does not win over a newer one"
    assert imported(platform, tmp_path).receipt.total == 0


def test_what_is_absent_is_unknown_and_never_zero(platform: Platform, tmp_path: Path) -> None:
    rows = [
        film_5000(id=1, popularity="", budget="0", runtime="0.0", revenue=""),
        film_5000(id=2, vote_count=""),
        film_5000(id=3, vote_average="", vote_count="12"),
        film_5000(id=4, vote_average="", vote_count="0", popularity="nan"),
    ]
    (tmp_path / "tmdb_5000_movies.csv").write_text(table(rows))
    assert imported(platform, tmp_path).reasons == {}
    known = films(platform)
    assert (known[1].budget, known[1].runtime, known[1].revenue) == (None, None, None)
    assert {(r.movie_id, r.votes, r.average, r.popularity) for r in readings(platform).values()} == {
        (1, 250, 7_100, -1),
        (4, 0, 0, -1),
    }


def test_a_bad_cell_costs_its_field_alone_and_is_named(platform: Platform, tmp_path: Path) -> None:
    bad = {
        "budget": "a lot",
        "genres": "Drama",
        "release_date": "5/1/2020",
        "runtime": "inf",
        "vote_average": "99",
        "popularity": "1,234",
        "keywords": "[{'id': 1",
        "revenue": "-5",
    }
    rows = [film_5000(), film_5000(id=102, title="Ninth Orchard", **bad), film_5000(id=103)]
    (tmp_path / "tmdb_5000_movies.csv").write_text(table(rows))
    found = imported(platform, tmp_path)
    film = films(platform)[102]
    assert (film.title, film.companies, film.budget, film.release_date, film.genres) == (
        "Ninth Orchard",
        ("Quay, Inc.",),
        None,
        None,
        (),
    )
    held = platform.quarantine.rows(50)
    assert {str(row["column"]) for row in held} == bad.keys()
    assert {str(row["film"]) for row in held} == {"102 Ninth Orchard"}
    assert "may be two dates" in next(str(row["reason"]) for row in held if row["column"] == "release_date")
    assert found.receipt.quarantined == len(bad)
    assert found.well, "a few bad cells are no failure"


def test_a_column_that_fails_in_every_row_is_one_complaint_and_an_error(platform: Platform, tmp_path: Path) -> None:
    rows = [film_5000(id=100 + n, genres=f"genre {n}") for n in range(300)]
    (tmp_path / "tmdb_5000_movies.csv").write_text(table(rows))
    found = imported(platform, tmp_path)
    assert found.receipt.logged == {METADATA: 300, RATINGS: 300}
    assert found.receipt.quarantined == 1
    assert len(platform.quarantine.rows(50)) == 1
    assert not found.well
    assert "column genres fails in all 300 rows" in found.errors[0]
    assert "genre 0" in found.errors[0]


def test_ids_that_all_fail_say_so_once(platform: Platform, tmp_path: Path) -> None:
    rows = [film_5000(id=f"film-{n}") for n in range(50)]
    (tmp_path / "tmdb_5000_movies.csv").write_text(table(rows))
    found = imported(platform, tmp_path)
    assert (found.anything, found.receipt.quarantined) == (False, 1)
    assert "column id fails in all 50 rows" in found.errors[0]


def test_the_quarantine_stays_smaller_than_the_file(platform: Platform, tmp_path: Path) -> None:
    rows = [film_5000(id=n, vote_average="7.1" if n == 1 else "high", overview="long " * 20) for n in range(1, 5_001)]
    path = tmp_path / "tmdb_5000_movies.csv"
    path.write_text(table(rows))
    found = imported(platform, path)
    assert found.receipt.quarantined == 4_999
    assert found.reasons == {"vote_average is not a number; the film is kept without it": 4_999}
    assert platform.quarantine.counts() == found.reasons
    held = platform.quarantine.rows(10_000)
    assert len(held) <= 201
    again = imported(platform, path)
    assert again.reasons == found.reasons, "the figures are those of this import"
    assert len(platform.quarantine.rows(10_000)) == len(held)
    assert platform.quarantine.counts() == found.reasons
    assert sum(len(str(row["raw"])) for row in held) < path.stat().st_size


def test_a_film_that_stands_twice_counts_once(platform: Platform, tmp_path: Path) -> None:
    rows = [film_5000(), film_5000(), film_5000(popularity="99")]
    (tmp_path / "tmdb_5000_movies.csv").write_text(table(rows))
    assert imported(platform, tmp_path).receipt.logged == {METADATA: 1, RATINGS: 1}
    assert imported(platform, tmp_path).receipt.total == 0


@pytest.fixture
def dated(tmp_path: Path) -> Path:
    """A folder whose files are dated at noon."""
    folder = tmp_path / "json"
    folder.mkdir()
    return folder


def at_noon(folder: Path) -> Path:
    for path in folder.rglob("*"):
        os.utime(path, (NOON / 1_000, NOON / 1_000))
    return folder


REVIEW = {"id": "a", "author": "x", "content": "Fine.\u2028Really.", "created_at": "2020-01-01T00:00:00Z"}


def test_json_in_every_form(platform: Platform, dated: Path) -> None:
    (dated / "film.JSON").write_text(dumped(1, reviews={"results": [REVIEW], "total_pages": 1, "total_results": 1}))
    (dated / "list.json").write_text(json.dumps({"page": 1, "results": [body(2), {"name": "a", "first_air_date": ""}]}))
    (dated / "array.json").write_text("[" + ",\n".join(dumped(n) for n in range(10, 20)) + "]\n")
    (dated / "lines.NDJSON").write_text(
        "\n".join(dumped(n, overview="a\u2028b\x85c") for n in range(20, 30)) + "\n{oops\n"
    )
    (dated / "pretty.json").write_text(json.dumps(body(30), indent=2))
    (dated / "several.json").write_text(dumped(31) + dumped(32) + "\n\n" + dumped(33))
    (dated / "by-id.json").write_text(json.dumps({"34": dumped(34), "35": dumped(35)}))
    (dated / "page.json").write_text(
        json.dumps({"id": 1, "page": 1, "results": [REVIEW | {"id": "b"}], "total_pages": 1})
    )
    (dated / "reviews.json").write_text(json.dumps({**REVIEW, "id": "c", "media_id": 1, "media_type": "Movie"}))
    (dated / "deep.json").write_text("[" * 100_000)
    with gzip.open(dated / "more.jsonl.gz", "wt", encoding="utf-8") as handle:
        handle.write(dumped(40) + "\n" + dumped(41) + "\n")
    zipped(dated / "all.json.zip", {"a/50.json": dumped(50), "51.json": dumped(51), "52.json": "\ufeff" + dumped(52)})
    found = imported(platform, at_noon(dated))
    wanted = {1, *range(10, 36), 40, 41, 50, 51, 52} - {34 + 100}
    assert films(platform).keys() == wanted
    assert {r.movie_id for r in readings(platform).values()} == {*wanted, 2}
    assert {(e.identity, e.text) for e in events(platform, REVIEWS)} == {
        (name, "Fine.\u2028Really.") for name in ("a", "b", "c")
    }
    assert films(platform)[20].overview == "a\u2028b\x85c"
    assert found.reasons == {
        "not JSON (truncated?)": 1,
        "nested too deep to be read": 1,
        "a series or a person is no film": 1,
    }
    assert films(platform)[50].source == "tmdb-json:all.json.zip/a/50.json"
    assert imported(platform, dated).receipt.total == 0


def test_json_is_no_newer_than_its_file_and_no_younger_than_now(platform: Platform, dated: Path) -> None:
    (dated / "1.json").write_text(dumped(1))
    at_noon(dated)
    (dated / "2.json").write_text(dumped(2))
    os.utime(dated / "2.json", (2**32, 2**32))
    imported(platform, dated)
    assert {r.movie_id: r.event_time for r in readings(platform).values()} == {1: NOON, 2: platform.clock.now()}


@pytest.mark.parametrize("series", [{"media_type": "tv"}, {"title": None, "name": "S", "first_air_date": "2001-01-01"}])
def test_a_series_is_no_film(platform: Platform, dated: Path, series: dict[str, object]) -> None:
    given = {name: value for name, value in {**body(7), **series}.items() if value is not None}
    (dated / "1.json").write_text(json.dumps(given))
    (dated / "2.json").write_text(json.dumps({"results": [given]}))
    found = imported(platform, at_noon(dated))
    assert films(platform) == {}
    assert readings(platform) == {}
    assert found.receipt.quarantined == 2


def test_numbers_in_json_that_are_texts_or_none_at_all(platform: Platform, dated: Path) -> None:
    odd = {"id": "7", "budget": "1e6", "vote_count": "12", "vote_average": "6,5", "popularity": float("nan")}
    (dated / "1.json").write_text(json.dumps(body(7, **odd)))
    (dated / "2.json").write_text(json.dumps(body(8, popularity=float("inf"), runtime=True, vote_count=10.0)))
    (dated / "3.json").write_text(json.dumps(body(9, release_date="5/1/2020", runtime=139.0)))
    found = imported(platform, at_noon(dated))
    assert {(r.movie_id, r.votes, r.average, r.popularity) for r in readings(platform).values()} == {
        (7, 12, 6_500, -1),
        (8, 10, 6_500, -1),
        (9, 9, 6_500, 15_000),
    }
    assert (films(platform)[7].budget, films(platform)[9].runtime) == (1_000_000, 139)
    assert {str(row["column"]) for row in platform.quarantine.rows(9)} == {"popularity", "runtime", "release_date"}
    assert found.receipt.quarantined == 3


def test_a_page_takes_back_only_what_it_lists_wholly(platform: Platform, dated: Path) -> None:
    def page(reviews: list[dict[str, str]], **more: object) -> str:
        return json.dumps({"id": 1, "results": reviews, **more})

    whole = {"total_pages": 1, "total_results": 2}
    other = {**REVIEW, "id": "b"}
    (dated / "reviews.json").write_text(page([REVIEW, other], **whole))
    imported(platform, at_noon(dated))
    (dated / "reviews.json").write_text(page([REVIEW], **whole))
    imported(platform, at_noon(dated))
    assert [e.weight for e in events(platform, REVIEWS)] == [1, 1], "one of two is not the whole list"
    (dated / "reviews.json").write_text(page([REVIEW], total_pages=1, total_results=1))
    imported(platform, at_noon(dated))
    assert [(e.identity, e.weight) for e in events(platform, REVIEWS)][2:] == [("b", -1)]


def test_the_newer_of_two_copies_of_a_review_counts(platform: Platform, dated: Path, clock: ManualClock) -> None:
    for name, text, age in (("a.json", "new", 1), ("b.json", "old", 500)):
        (dated / name).write_text(json.dumps({**REVIEW, "content": text, "media_id": 1}))
        os.utime(dated / name, (NOON / 1_000 - age, NOON / 1_000 - age))
    for _ in range(2):
        imported(platform, dated)
    assert [e.text for e in events(platform, REVIEWS)] == ["new"]


def test_a_kind_that_is_named_must_be_there(platform: Platform, tmp_path: Path) -> None:
    (tmp_path / "tmdb_5000_movies.csv").write_text(table([film_5000()]))
    with pytest.raises(SettingsError, match=r"nothing of MovieLens .*it seems to be TMDB 5000 \(tmdb5000\)"):
        imported(platform, tmp_path, kind="movielens")
    assert imported(platform, tmp_path, kind="tmdb5000").receipt.total == 2
    with pytest.raises(SettingsError, match="there is no file or folder"):
        imported(platform, tmp_path / "missing.csv")


def test_credits_alone_say_what_they_lack(platform: Platform, tmp_path: Path) -> None:
    (tmp_path / "credits.csv").write_text(table([{"movie_id": "1", "title": "x", "cast": "[]", "crew": "[]"}]))
    found = imported(platform, tmp_path)
    assert not found.well
    assert found.unreadable[0].reason == "lacks the file of its films; there are only credits.csv"


def test_lists_and_titles_in_json_as_other_tools_write_them(platform: Platform, dated: Path) -> None:
    (dated / "1.json").write_text(json.dumps(body(1, title=1917, genres="Drama, War", keywords="['sea', 'port']")))
    (dated / "2.json").write_text(json.dumps(body(2, genres=5, keywords={"keywords": [{"id": 1, "name": "sea"}]})))
    found = imported(platform, at_noon(dated))
    first, second = films(platform)[1], films(platform)[2]
    assert (first.title, first.genres, first.keywords) == ("1917", ("Drama", "War"), ("sea", "port"))
    assert (second.genres, second.keywords) == ((), ("sea",))
    assert found.reasons == {"genres is not a list; the film is kept without it": 1}


def test_a_cell_that_is_too_long_or_holds_nul_bytes(platform: Platform, tmp_path: Path) -> None:
    rows = [film_5000(overview="x" * 60_000, tagline="a\x00b"), film_5000(id=2, title="y" * 60_000), film_5000(id=3)]
    (tmp_path / "tmdb_5000_movies.csv").write_text(table(rows))
    found = imported(platform, tmp_path)
    assert (films(platform)[101].overview, films(platform)[101].tagline) == ("", "ab")
    assert films(platform).keys() == {101, 3}
    assert found.receipt.quarantined == 2


def test_credits_with_bytes_that_do_not_belong(platform: Platform, tmp_path: Path) -> None:
    (tmp_path / "tmdb_5000_movies.csv").write_text(table([film_5000(), film_5000(id=102)]))
    rows = [
        {"movie_id": str(n), "title": "Füchse", "cast": json.dumps([{"id": 10**30, "name": name}]), "crew": "[]"}
        for n, name in ((101, "Ada"), (102, "Bo \ud83d"))
    ]
    content = table(rows).encode().replace(b"Ada", b"Ad\xe1")
    (tmp_path / "tmdb_5000_credits.csv").write_bytes(content)
    found = imported(platform, tmp_path)
    assert films(platform).keys() == {101, 102}
    assert "column cast fails in all 2 rows" in found.errors[0]
    assert "holds bytes that are not of the file's encoding" in found.errors[0]
