"""A person's own films: from Letterboxd's and IMDb's files to the answers, apart from the world's figures."""

import shutil
from pathlib import Path

import pytest
from tests.e2e.asgi import Caller
from tests.facts import film
from tests.files import events, imported, table, zipped

from marquee.app import Platform
from marquee.domain.timeline import HOUR, ManualClock
from marquee.settings import load

LETTERBOXD = {
    "ratings.csv": """Date,Name,Year,Letterboxd URI,Rating
2024-01-02,Film 3,1993,https://boxd.it/a,5
2024-01-03,Film 5,1995,https://boxd.it/b,4.5
2024-01-03,Film 7,1998,https://boxd.it/b7,1.5
2024-01-04,Unheard Of,1931,https://boxd.it/c,4
2024-01-04,Film 6,1996,https://boxd.it/d,9
""",
    "watched.csv": """Date,Name,Year,Letterboxd URI
2024-01-02,Film 3,1993,https://boxd.it/a
2024-01-02,Film 4,1994,https://boxd.it/e
2024-01-02,Film 6,1996,https://boxd.it/e
""",
    "diary.csv": """Date,Name,Year,Letterboxd URI,Rating,Rewatch,Tags,Watched Date
2024-02-02,Film 3,1993,https://boxd.it/x,4,Yes,,2024-02-01
""",
    "watchlist.csv": "Date,Name,Year,Letterboxd URI\n2024-01-02,Film 9,1999,https://boxd.it/f\n",
    "likes/films.csv": "Date,Name,Year,Letterboxd URI\n2024-01-02,Film 4,1994,https://boxd.it/e\n",
    "deleted/diary.csv": "Date,Name,Year,Letterboxd URI,Rating\n2024-01-02,Film 20,2010,https://boxd.it/g,5\n",
    "profile.csv": "Date Joined,Username\n2020-01-01,ada\n",
    "lists/best.csv": "Letterboxd list export v7\nDate,Name,Tags,URL,Description\n2024-01-01,Best,,https://boxd.it/h,\n",
}
IMDB = {
    "Const": "tt0000003",
    "Your Rating": "8",
    "Date Rated": "2024-03-01",
    "Title": "Film Three",
    "URL": "https://www.imdb.com/title/tt0000003/",
    "Title Type": "Movie",
    "IMDb Rating": "7.1",
    "Runtime (mins)": "100",
    "Year": "1993",
    "Genres": "Drama",
    "Num Votes": "12",
    "Release Date": "1993-01-01",
    "Directors": "A",
}


@pytest.fixture
def mine(world_home: Path, tmp_path: Path, clock: ManualClock) -> Platform:
    """A platform on a copy of the little world, where film 3 is known by IMDb's id too."""
    clock.time += HOUR
    platform = Platform(load(home=shutil.copytree(world_home, tmp_path / "home")), clock)
    known = film(3, clock.now(), "tmdb", title="Film 3", release_date="1993-04-04", imdb_id="tt0000003", language="en")
    platform.door().accept([known])
    platform.speed().drain()
    return platform


def test_a_letterboxd_export(mine: Platform, tmp_path: Path) -> None:
    before = len(events(mine, "movie.ratings"))
    path = zipped(tmp_path / "letterboxd-ada-2024.zip", LETTERBOXD)
    found = imported(mine, path)
    assert (found.own_held, found.own, found.well) == (7, 7, True)
    assert found.reasons == {"rating is outside 0 to 5; the film is kept without it": 1}
    assert len(events(mine, "movie.ratings")) == before, "nobody's stars are the world's"
    assert imported(mine, path).own == 0
    (answer,) = (response.json() for response in Caller(mine)("/v1/mine"))
    lines = {line["movie_id"]: line for line in answer["results"]}
    assert {m: (line["stars"], line["seen"], line["liked"], line["wanted"]) for m, line in lines.items()} == {
        3: (8.0, True, False, False),
        4: (None, True, True, False),
        5: (9.0, True, False, False),
        6: (None, True, False, False),
        7: (3.0, True, False, False),
        9: (None, False, False, True),
    }
    assert answer["liked"] == [5, 3, 4]
    assert [one["title"] for one in answer["unmatched"]] == ["Unheard Of"]


def test_what_is_no_longer_in_an_export_has_been_taken_back(mine: Platform, tmp_path: Path) -> None:
    imported(mine, zipped(tmp_path / "a.zip", LETTERBOXD))
    without = {**LETTERBOXD, "likes/films.csv": "Date,Name,Year,Letterboxd URI\n"}
    imported(mine, zipped(tmp_path / "b.zip", {**without, "watchlist.csv": "Date,Name,Year,Letterboxd URI\n"}))
    held = {held.title: held for held in mine.own_films.films()}
    assert not held["Film 4"].liked
    assert "Film 9" not in held
    (tmp_path / "ratings.csv").write_text(
        LETTERBOXD["ratings.csv"].replace("Film 5,1995,https://boxd.it/b,4.5", "Film 5,1995,x,2")
    )
    imported(mine, tmp_path / "ratings.csv")
    held = {held.title: held for held in mine.own_films.films()}
    assert (held["Film 5"].stars, held["Film 4"].seen) == (40, True)


def test_imdbs_ratings_and_watchlist(mine: Platform, tmp_path: Path) -> None:
    other = {**IMDB, "Const": "tt0000099", "Title": "Film 8", "Year": "1998"}
    series = {**IMDB, "Const": "tt0000055", "Title": "A Series", "Title Type": "TV Series"}
    odd = {**IMDB, "Const": "5", "Title": "Odd"}
    (tmp_path / "ratings.csv").write_text(table([IMDB, other, series, odd]), encoding="cp1252")
    listed = {"Position": "1", **IMDB, "Const": "tt0000010", "Title": "Film 10", "Year": "2000", "Your Rating": ""}
    (tmp_path / "WATCHLIST.csv").write_text(table([listed]))
    found = imported(mine, tmp_path)
    assert [one.kind.name for one in found.sets] == ["imdb"]
    assert found.reasons == {"a series, an episode or a game is no film": 1, "Const is no IMDb id": 1}
    (answer,) = (response.json() for response in Caller(mine)("/v1/mine"))
    lines = {line["movie_id"]: (line["stars"], line["seen"], line["wanted"]) for line in answer["results"]}
    assert lines == {3: (8.0, True, False), 8: (8.0, True, False), 10: (None, False, True)}, "by id, by title and year"


def test_what_was_not_known_is_found_when_it_comes(mine: Platform, tmp_path: Path) -> None:
    imported(mine, zipped(tmp_path / "a.zip", LETTERBOXD))
    call = Caller(mine)
    assert call("/v1/mine")[0].json()["unmatched_total"] == 1
    mine.door().accept(
        [film(900, mine.clock.now(), "tmdb", title="Unheard Of", release_date="1932-01-01", imdb_id=None)]
    )
    mine.speed().drain()
    answer = call("/v1/mine")[0].json()
    assert answer["unmatched_total"] == 0
    assert 900 in {line["movie_id"] for line in answer["results"]}


def test_recommendations_leave_out_what_was_seen(mine: Platform, tmp_path: Path) -> None:
    call = Caller(mine)
    wish = {"liked": [3, 5], "limit": 100, "diversity": 0}
    everything = {line["movie_id"] for line in call.post("/v1/recommendations", wish)[0].json()["results"]}
    assert 4 in everything
    imported(mine, zipped(tmp_path / "a.zip", LETTERBOXD))
    unseen = {
        line["movie_id"] for line in call.post("/v1/recommendations", {**wish, "unseen": True})[0].json()["results"]
    }
    assert unseen == everything - {4, 6, 7}
    again = {line["movie_id"] for line in call.post("/v1/recommendations", wish)[0].json()["results"]}
    assert again == everything


def test_a_list_whose_name_does_not_say_what_it_is_is_passed_over(mine: Platform, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text(LETTERBOXD["watched.csv"])
    found = imported(mine, tmp_path / "mine.csv")
    assert not found.well
    assert "it is none of ratings, watched" in found.said[0]
