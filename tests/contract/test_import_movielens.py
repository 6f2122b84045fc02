"""MovieLens in all its layouts, and which of two releases counts."""

import contextlib
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.files import events, film_5000, films, imported, movielens, readings, table

from marquee.app import Platform
from marquee.domain.catalogued import catalogued, folded
from marquee.domain.events import METADATA, RATINGS
from marquee.domain.facts import VoteFact
from marquee.domain.timeline import DAY, SECOND, parse_iso
from marquee.libraries.arrow_ratings import RECORD, ordered, series_of, span_ends

DAY_10_000 = 10_000 * 86_400


def votes(platform: Platform) -> list[tuple[int, int, int, int]]:
    """(film, day that ended, votes, average) of MovieLens' readings, in order of time."""
    found = sorted(readings(platform, "movielens").values(), key=lambda r: (r.movie_id, r.event_time))
    return [(r.movie_id, (r.event_time + 1) // DAY, r.votes, r.average) for r in found]


def test_ratings_become_a_series_of_votes(platform: Platform, tmp_path: Path) -> None:
    rows = [
        f"5,1,3.0,{DAY_10_000 + 5}",
        f"6,1,5.0,{DAY_10_000 + 9}",
        f"7,1,4.0,{DAY_10_000 + 86_400}",
        f"7,1,4.0,{DAY_10_000 + 86_400}",
        "8,1,9.0,1",
        "9,1,x,1",
        f"5,2,4.0,{DAY_10_000}",
        "userId,movieId,rating,timestamp",
        "10,1,4.0,9999999999",
        "11,1,4.0,-5",
        "12,1",
        "x,1,4.0,1",
    ]
    folder = movielens(tmp_path / "ml", rows, "1,0114709,862\n2,0113497,\n")
    found = imported(platform, folder)
    assert votes(platform) == [(862, 10_001, 2, 8_000), (862, 10_002, 3, 8_000)]
    assert all(r.popularity == -1 for r in readings(platform).values())
    assert found.reasons == {
        "film has no TMDB id in links.csv": 1,
        "rating of a film without a TMDB id": 1,
        "rating is outside 0.5 to 5": 1,
        "rating is not a number": 1,
        "timestamp lies before 1970 or in the future": 2,
        "row has 2 cells where the header has 4": 1,
        "userId is not a whole number": 1,
    }
    film = films(platform)[862]
    assert (film.title, film.release_date, film.genres, film.imdb_id) == (
        "Toy Harbour",
        "1995-01-01",
        ("Comedy", "Science Fiction"),
        "tt0114709",
    )
    assert imported(platform, folder).receipt.total == 0


WRITTEN = [(1, 1, 4.0, 1_500_000_000), (2, 1, 3.5, 1_500_086_400), (3, 2, 0.5, 1_500_000_001)]
WANTED = [(862, 17_362, 1, 8_000), (862, 17_363, 2, 7_500), (8_844, 17_362, 1, 1_000)]
LINKS = "1,114709,862.0\n2,113497,8844.0\n"


def written(name: str) -> bytes:
    """The same ratings as different people have them."""
    day = {
        1_500_000_000: "2017-07-14 02:40:00",
        1_500_086_400: "2017-07-15 02:40:00",
        1_500_000_001: "2017-07-14 02:40:01",
    }
    plain = [("userId", "movieId", "rating", "timestamp"), *(tuple(map(str, row)) for row in WRITTEN)]
    if name == "20m":
        quoted = [
            ",".join(f'"{cell}"' for cell in (u, m, r, day[int(t)] if t.isdecimal() else t)) for u, m, r, t in plain
        ]
        return "\n".join(quoted).encode()
    made = {
        "crlf": "\r\n".join(map(",".join, plain)),
        "cr": "\r".join(map(",".join, plain)),
        "mark": "\ufeff" + "\n".join(map(",".join, plain)) + "\n",
        "semicolons": "\n".join(";".join(row).replace(".", ",") for row in plain),
        "tabs": "\n".join(map("\t".join, plain)),
        "excel": "sep=;\r\n" + "\r\n".join(map(";".join, plain)),
        "floats": "\n".join(f"{u}.0,{m}.0,{r},{t}.0" if u.isdecimal() else f"{u},{m},{r},{t}" for u, m, r, t in plain),
        "exponents": "\n".join(
            f"{u},{m},{r},{float(t):.10e}" if u.isdecimal() else f"{u},{m},{r},{t}" for u, m, r, t in plain
        ),
        "ms": "\n".join(f"{u},{m},{r},{t}000" if u.isdecimal() else f"{u},{m},{r},{t}" for u, m, r, t in plain),
        "blanks": "\n".join(" , ".join(row) for row in plain),
        "order": "\n".join(f"{t},{r},{m},x,{u}" for u, m, r, t in plain).replace("x,userId", "more,userId"),
        "case": "\n".join(map(",".join, plain)).replace("userId,movieId", "USER_ID,Movie ID"),
        "index": "\n".join(f"{n},{','.join(row)}" for n, row in enumerate(plain)).replace("0,userId", ",userId", 1),
    }
    return made[name].encode() if name != "utf16" else "\r\n".join(map(",".join, plain)).encode("utf-16")


@pytest.mark.parametrize(
    "name",
    [
        *("20m", "crlf", "cr", "mark", "semicolons", "tabs", "excel", "floats", "exponents", "ms", "blanks", "order"),
        *("case", "index", "utf16"),
    ],
)
def test_ratings_however_they_are_written(platform: Platform, tmp_path: Path, name: str) -> None:
    folder = movielens(tmp_path / "ml", [], LINKS, "1,A (1995),X\n2,B (1996),Y\n")
    (folder / "ratings.csv").write_bytes(written(name))
    found = imported(platform, folder)
    assert found.reasons == {}
    assert votes(platform) == WANTED


def test_kaggles_names_of_the_20m_release(platform: Platform, tmp_path: Path) -> None:
    folder = movielens(tmp_path / "ml", [], LINKS, "1,A (1995),X\n2,B (1996),Y\n")
    (folder / "ratings.csv").unlink()
    (folder / "rating.csv").write_bytes(written("20m"))
    for name in ("links", "movies"):
        (folder / f"{name}.csv").rename(folder / f"{name[:-1]}.csv")
    (folder / "tag.csv").write_text('"userId","movieId","tag","timestamp"\n"1","1","slow","2009-04-24 18:19:40"\n')
    (folder / "genome_scores.csv").write_text("movieId,tagId,relevance\n1,1,0.5\n")
    found = imported(platform, folder)
    assert votes(platform) == WANTED
    assert sorted(part.member.name for part in found.sets[0].unused) == ["genome_scores.csv", "tag.csv"]


def dat(folder: Path) -> Path:
    """The 1M and 10M releases' files."""
    folder.mkdir()
    (folder / "movies.dat").write_bytes(
        "1::Amélie Harbour, The (1995)::Comedy\n2::B (1996)::Drama|Sci-Fi\n".encode("cp1252")
    )
    (folder / "ratings.dat").write_text("".join(f"{u}::{m}::{r}::{t}\n" for u, m, r, t in WRITTEN))
    (folder / "users.dat").write_text("1::F::1::10::48067\n")
    return folder


def test_the_old_releases_with_a_links_file_of_a_later_one(platform: Platform, tmp_path: Path) -> None:
    folder = dat(tmp_path / "ml-1m")
    (folder / "links.csv").write_text(f"movieId,imdbId,tmdbId\n{LINKS}")
    found = imported(platform, folder)
    assert found.well
    assert votes(platform) == WANTED
    assert films(platform)[862].title == "The Amélie Harbour"


def test_the_old_releases_are_matched_by_title_and_year(platform: Platform, tmp_path: Path) -> None:
    known = [
        film_5000(id=862, title="The Amelie Harbour", original_title="x", release_date="1995-05-05"),
        film_5000(id=8_844, title="B", original_title="B", release_date="1997-01-01"),
        film_5000(id=9, title="B", original_title="B", release_date="2012-01-01"),
    ]
    (tmp_path / "tmdb_5000_movies.csv").write_text(table(known))
    imported(platform, tmp_path / "tmdb_5000_movies.csv")
    folder = dat(tmp_path / "ml-1m")
    nothing = imported(platform, folder)
    assert (nothing.well, nothing.anything) == (False, False)
    assert "put the links.csv of a later release beside it" in nothing.errors[0]
    platform.speed().drain()
    found = imported(platform, folder)
    assert found.well
    assert "2 of 2 films were found by title and year" in found.said[0]
    assert votes(platform) == WANTED


def test_the_100k_release(platform: Platform, tmp_path: Path) -> None:
    """Its movie ids are its own, so that a links file beside it says nothing of them."""
    known = [film_5000(id=862, title="Amélie Harbour", release_date="1995-05-05"), film_5000(id=8_844, title="B")]
    (tmp_path / "tmdb_5000_movies.csv").write_text(table(known))
    imported(platform, tmp_path)
    platform.speed().drain()
    folder = tmp_path / "ml-100k"
    folder.mkdir()
    flags = ["0"] * 19
    flags[5] = flags[15] = "1"
    items = [
        f"1|Amélie Harbour (1995)|01-Jan-1995||http://x/y|{'|'.join(flags)}",
        f"2|Lost (1995)|||http://x/y|{'|'.join(['0'] * 19)}",
    ]
    (folder / "u.item").write_bytes("\n".join(items).encode("latin-1"))
    (folder / "u.data").write_text("196\t1\t3\t881250949\n186\t2\t3\t891717742\n22\t1\t1\t878887116\n")
    (folder / "u1.base").write_text("196\t1\t3\t881250949\n")
    (folder / "u.genre").write_text("unknown|0\nAction|1\n")
    (folder / "links.csv").write_text("movieId,imdbId,tmdbId\n1,1,5\n2,1,6\n")
    found = imported(platform, folder)
    assert {(film, count) for film, _, count, _ in votes(platform)} == {(862, 1), (862, 2)}
    assert films(platform, "movielens")[862].genres == ("Comedy", "Science Fiction")
    assert found.reasons == {
        "film without a TMDB id is not among those known": 1,
        "rating of a film without a TMDB id": 1,
    }


def test_an_older_release_does_not_take_the_place_of_a_newer(platform: Platform, tmp_path: Path) -> None:
    old = movielens(tmp_path / "2015", ["1,1,1.0,1420000000", "1,2,2.0,1425000000"], LINKS)
    new = movielens(tmp_path / "2018", ["1,1,5.0,1530000000", "2,1,4.0,1420000000"], LINKS)
    imported(platform, new)
    wanted = votes(platform)
    found = imported(platform, old)
    assert (found.receipt.total, found.well) == (0, True)
    assert "is left out; --replace takes it all the same" in found.said[0]
    assert votes(platform) == wanted
    assert imported(platform, new).receipt.total == 0
    assert imported(platform, old, replace=True).receipt.total > 0


def test_a_newer_release_takes_the_place_of_the_older_wholly(platform: Platform, tmp_path: Path) -> None:
    old = movielens(
        tmp_path / "2015",
        [*(f"{u},1,1.0,{1_400_000_000 + u * 86_400}" for u in range(30)), "1,2,2.0,1425000000"],
        LINKS,
    )
    new = movielens(tmp_path / "2018", ["1,1,5.0,1530000000", "2,1,4.0,1410000000", "3,1,4.5,1535000000"], LINKS)
    imported(platform, old)
    imported(platform, new)
    seen = votes(platform)
    counts = [count for film, _, count, _ in seen if film == 862]
    assert counts == sorted(counts), "no reading of the older release stands out"
    assert counts[-1] == 3
    assert [count for film, _, count, _ in seen if film == 8_844][-1] == 0, "a film that only the older one had"
    assert imported(platform, new).receipt.total == 0


def test_a_sample_is_no_release(platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("marquee.domain.releases.LARGE", 150)
    whole = movielens(tmp_path / "20m", [f"{u},1,3.0,{1_400_000_000 + u}" for u in range(200)])
    sample = movielens(tmp_path / "small", ["1,1,5.0,1530000000"])
    for order in ((whole, sample), (sample, whole)):
        for folder in order:
            imported(platform, folder)
        assert votes(platform)[-1][2:] == (200, 6_000)


def test_a_cut_archive_of_ratings_is_no_release(platform: Platform, tmp_path: Path) -> None:
    import gzip

    folder = movielens(tmp_path / "ml", [f"{u},1,3.0,{1_400_000_000 + u}" for u in range(5_000)])
    packed = gzip.compress((folder / "ratings.csv").read_bytes())
    (folder / "ratings.csv").unlink()
    (folder / "ratings.csv.gz").write_bytes(packed[: len(packed) // 2])
    found = imported(platform, folder)
    assert "is cut off" in found.unreadable[0].reason
    assert votes(platform) == []
    (folder / "ratings.csv.gz").write_bytes(packed)
    assert imported(platform, folder).well
    assert votes(platform)[-1][2] == 5_000


def test_ratings_without_links_say_what_is_missing(platform: Platform, tmp_path: Path) -> None:
    folder = movielens(tmp_path / "ml", ["1,1,4.0,1500000000"])
    found = imported(platform, folder / "ratings.csv")
    assert not found.well
    assert "no links.csv with TMDB's ids" in found.errors[0]


def test_a_column_of_ratings_that_always_fails_is_one_complaint(platform: Platform, tmp_path: Path) -> None:
    folder = movielens(tmp_path / "ml", [f"{u},1,4.0,yesterday" for u in range(500)])
    found = imported(platform, folder)
    assert found.receipt.quarantined == 1
    assert "column timestamp fails in all 500 rows" in found.errors[0]
    assert not found.well


def test_readings_of_an_earlier_version_are_superseded(platform: Platform, tmp_path: Path) -> None:
    """They were one a day for ever, and no release was noted."""
    facts = [
        VoteFact(862, day * DAY - 1, "movielens", day - 16_000, 9_000, -1, historic=True)
        for day in range(16_001, 16_050)
    ]
    platform.door().accept(facts)
    imported(platform, movielens(tmp_path / "ml", ["1,1,4.0,1500000000", "2,1,4.0,1300000000"]))
    found = votes(platform)
    assert [count for *_, count, _ in found] == sorted(count for *_, count, _ in found)
    assert found[-1][2] == 2


def test_what_is_remembered_of_releases_survives(platform: Platform, tmp_path: Path) -> None:
    imported(platform, movielens(tmp_path / "ml", ["1,1,4.0,1500000000"]))
    with contextlib.closing(sqlite3.connect(platform.home.path("releases.db"))) as held:
        assert held.execute("SELECT * FROM releases").fetchall() == [("movielens", 1_500_000_000_000, 1)]


TITLES = {
    "Night Ledger (2006": ("Night Ledger", "Night Ledger", 2006),
    "Matrix, The (1999)": ("The Matrix", "The Matrix", 1999),
    "Amelie (Fabuleux destin d'Amélie Poulain, Le) (2001)": ("Amelie", "Le Fabuleux destin d'Amélie Poulain", 2001),
    "City of Lost Children, The (Cité des enfants perdus, La) (1995)": (
        "The City of Lost Children",
        "La Cité des enfants perdus",
        1995,
    ),
    "Babylon 5": ("Babylon 5", "Babylon 5", None),
    " Toy Harbour (1995)  ": ("Toy Harbour", "Toy Harbour", 1995),
    "Night Ledger (2006–2007)": ("Night Ledger", "Night Ledger", 2006),
    "Fargo (TV) (2014- )": ("Fargo", "Fargo", 2014),
    "Seven (a.k.a. Se7en) (1995)": ("Seven", "Seven", 1995),
    "Avventura, L' (1960)": ("L'Avventura", "L'Avventura", 1960),
    "Birdman: Or (The Unexpected Virtue of Ignorance) (2014)": (
        "Birdman: Or (The Unexpected Virtue of Ignorance)",
        "Birdman: Or (The Unexpected Virtue of Ignorance)",
        2014,
    ),
    "(500) Days of Summer (2009)": ("(500) Days of Summer", "(500) Days of Summer", 2009),
    "2001: A Space Odyssey (1968)": ("2001: A Space Odyssey", "2001: A Space Odyssey", 1968),
    "(2010)": ("(2010)", "(2010)", None),
    "I, Robot (2004)": ("I, Robot", "I, Robot", 2004),
    "Blade Runner 2049 (2017)": ("Blade Runner 2049", "Blade Runner 2049", 2017),
}


@pytest.mark.parametrize("title", TITLES)
def test_titles_as_catalogues_sort_them(title: str) -> None:
    assert catalogued(title) == TITLES[title]


@given(st.text(max_size=200))
def test_any_title_is_read(title: str) -> None:
    name, original, year = catalogued(title)
    assert bool(name) == bool(title.strip())
    assert bool(original) == bool(name)
    assert year is None or 1870 <= year <= 2100
    assert folded(folded(title)) == folded(title)


RATING = st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(0, 9_000 * 86_400), st.integers(1, 10))


@given(st.lists(RATING, max_size=60))
def test_a_series_says_what_counting_says(ratings: list[tuple[int, int, int, int]]) -> None:
    """At each of its times a series has all ratings until then, each once; its last reading has all of them."""
    records = np.array(
        [(film, user, time * SECOND, stars * 1_000) for film, user, time, stars in ratings], dtype=RECORD
    )
    through = max((time * SECOND for *_, time, _ in ratings), default=0)
    found = dict(series_of(ordered(records), through))
    once = {
        (film, user, time): max(s for f, u, t, s in ratings if (f, u, t) == (film, user, time))
        for film, user, time, _ in ratings
    }
    assert found.keys() == {film for film, *_ in ratings}
    for film, series in found.items():
        times = [time for time, _, _ in series]
        assert times == sorted(set(times))
        for time, count, average in series:
            until = [stars * 1_000 for (f, _, t), stars in once.items() if f == film and t * SECOND <= time]
            assert (count, average) == (len(until), sum(until) // len(until))
        assert series[-1][1] == sum(f == film for f, _, _ in once)


@given(st.integers(0, 2_000_000_000), st.integers(0, 2_000_000_000))
def test_spans_are_whole_and_grow_with_age(first: int, second: int) -> None:
    time, through = sorted((first * SECOND, second * SECOND))
    (end,) = span_ends(np.array([time]), through).tolist()
    width = next(w for w in (1, 7, 28, 364) if (end + 1) % (w * DAY) == 0 and end - w * DAY < time)
    assert time <= end
    assert width == 1 or through - time > 60 * DAY


def test_a_years_ratings_are_days_and_older_ones_years(platform: Platform, tmp_path: Path) -> None:
    start = parse_iso("2000-01-01") // SECOND
    rows = [f"{n},1,4.0,{start + n * 86_400}" for n in range(20 * 365)]
    imported(platform, movielens(tmp_path / "ml", rows))
    assert len(votes(platform)) < 300
    assert votes(platform)[-1][2] == 20 * 365
    assert len(events(platform, METADATA)) == 1
    assert len(events(platform, RATINGS)) == len(votes(platform))


def test_ratings_with_nothing_below_their_header(platform: Platform, tmp_path: Path) -> None:
    found = imported(platform, movielens(tmp_path / "ml", []))
    assert (found.well, found.receipt.logged) == (True, {METADATA: 1})
