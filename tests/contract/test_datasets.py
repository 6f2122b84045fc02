"""Data sets: bad rows are quarantined with the reason, the rest goes in, and a second import adds nothing."""

import gzip
import json
import os
from collections.abc import Iterable
from contextlib import nullcontext
from pathlib import Path

import pytest
from tests.conftest import NOON

from marquee.adapters.memory import MemoryIndex, MemoryLog, MemoryQuarantine
from marquee.domain.events import METADATA, RATINGS, REVIEWS
from marquee.domain.facts import Fact, VoteFact
from marquee.domain.timeline import DAY, ManualClock
from marquee.errors import SettingsError
from marquee.ingest.door import Door, Receipt
from marquee.sources.datasets import movielens, tmdb5000, tmdb_json

HEADER = (
    "budget,genres,id,keywords,popularity,production_companies,production_countries,release_date,revenue,runtime,"
    "title,vote_average,vote_count\n"
)
GOOD = '0,"[{""id"": 18, ""name"": ""Drama""}]",7,[],1.5,[],[],1999-01-01,0,100.0,Good Film,7.1,10\n'


@pytest.fixture
def door(clock: ManualClock) -> Door:
    return Door(MemoryLog(), MemoryIndex(), MemoryQuarantine(), clock, nullcontext)


def twice(door: Door, first: Iterable[Fact], second: Iterable[Fact]) -> tuple[Receipt, Receipt]:
    return door.accept(first), door.accept(second)


def test_tmdb5000_takes_what_can_be_read(tmp_path: Path, door: Door) -> None:
    path = tmp_path / "tmdb_5000_movies.csv"
    bad = [
        "0,not json,8,[],1,[],[],,0,,Bad Genres,1,1\n",
        "0,[],abc,[],1,[],[],,0,,Bad Id,1,1\n",
        "0,[],9,[],1,[],[],,0,,,1,1\n",
        "0,[],10\n",
        "0,[],11,[],1,[],[],,0,,Bad Votes,99,1\n",
        "0,[],12,[],1,[],[],0000-00-00,0,,No Date,1,1\n",
    ]
    path.write_text(HEADER + GOOD + "".join(bad) + GOOD.replace("7.1", "7.1") + "\ufffd\x00garbage\n")
    first, second = twice(door, tmdb5000(path), tmdb5000(tmp_path))
    assert first.logged == {METADATA: 3, RATINGS: 2}
    assert first.quarantined == 7
    assert set(door.quarantine.counts()) >= {
        "row cannot be read: JSONDecodeError",
        "row cannot be read: ValueError",
        "film has no title",
        "vote average is outside 0 to 10",
        "release date cannot be; the film is kept without it",
    }
    assert second.total == 0


def test_a_file_of_another_kind_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(SettingsError, match="lacks the columns genres"):
        list(tmdb5000(path))
    with pytest.raises(SettingsError, match="there is no file"):
        list(tmdb5000(tmp_path / "missing.csv"))
    with pytest.raises(SettingsError, match="is not a folder"):
        list(tmdb_json(path))


def test_movielens_ratings_become_vote_snapshots(tmp_path: Path, door: Door) -> None:
    (tmp_path / "links.csv").write_text("movieId,imdbId,tmdbId\n1,0114709,862\n2,0113497,\n")
    (tmp_path / "movies.csv").write_text(
        "movieId,title,genres\n1,Toy Story (1995),Animation|Sci-Fi\n2,Lost (1990),(no genres listed)\n"
    )
    day = 10_000 * 86_400
    ratings = [
        f"5,1,3.0,{day + 5}",
        f"6,1,5.0,{day + 9}",
        f"7,1,4.0,{day + 86_400}",
        "8,1,9.0,1",
        "9,1,x,1",
        f"5,2,4.0,{day}",
    ]
    (tmp_path / "ratings.csv").write_text("userId,movieId,rating,timestamp\n" + "\n".join(ratings) + "\n")
    votes = [fact for fact in movielens(tmp_path) if isinstance(fact, VoteFact)]
    assert [(v.votes, v.average, v.popularity, v.observed_at) for v in votes] == [
        (2, 8_000, -1, 10_001 * DAY - 1),
        (3, 8_000, -1, 10_002 * DAY - 1),
    ]
    first, second = twice(door, movielens(tmp_path), movielens(tmp_path))
    assert first.logged == {METADATA: 1, RATINGS: 2}
    assert first.quarantined == 4
    assert second.total == 0


def test_tmdb_json_reads_films_lists_reviews_and_names_the_rest(tmp_path: Path, door: Door) -> None:
    review = {"id": "a", "author": "x", "content": "Fine.", "created_at": "2020-01-01T00:00:00Z"}
    film = {
        "id": 5,
        "title": "Five",
        "budget": 0,
        "genres": ["Drama"],
        "vote_count": 3,
        "vote_average": 6.0,
        "popularity": 1,
    }
    (tmp_path / "film.json").write_text(json.dumps({**film, "reviews": {"results": [review], "total_pages": 1}}))
    (tmp_path / "list.json").write_text(json.dumps({"results": [{**film, "id": 6}, {"name": "a series"}]}))
    (tmp_path / "reviews.json").write_text(json.dumps({"id": 5, "results": [review], "total_pages": 1}))
    (tmp_path / "cut.json").write_text('{"id": 7, "title": "cu')
    (tmp_path / "other.json").write_text("[1, 2]")
    with gzip.open(tmp_path / "films.jsonl.gz", "wt") as handle:
        handle.write(json.dumps({**film, "id": 8, "title": "Eight"}) + "\n{oops\n")
    for path in tmp_path.iterdir():
        os.utime(path, (NOON / 1_000, NOON / 1_000))
    first, second = twice(door, tmdb_json(tmp_path), tmdb_json(tmp_path))
    assert first.logged == {METADATA: 2, RATINGS: 3, REVIEWS: 1}
    assert door.quarantine.counts() == {
        "not JSON (truncated?)": 2,
        "list entry is not a film with votes": 1,
        "not a TMDB body that holds films or reviews": 1,
    }
    assert second.total == 0
