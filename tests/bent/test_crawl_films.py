"""A failure belongs to one film: it is set aside, named, asked for again, and costs no other film anything."""

import gzip
import json
import re
import sqlite3
from pathlib import Path

import pytest
from tests.bent.crawls import Bench, bench
from tests.bent.tmdb import BROKEN, NONE_SUCH, Asked, Bend, Bending, film, review

from marquee.domain.timeline import DAY, HOUR, MINUTE
from marquee.sources import tmdb as client

HTML = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>Checking</body></html>"
PAGE = (("content-type", "text/html; charset=utf-8"),)
WHOLE = json.dumps(film(7)).encode()

BENDS = {
    "500": (Bend(500, BROKEN), "answered 500 for /movie/7: Internal error"),
    "500 without a word": (Bend(500, b""), "answered 500 for /movie/7"),
    "503 of a gateway": (Bend(503, HTML, PAGE), "status 503, \"Just a moment...\""),
    "400": (Bend(400, {"status_code": 5, "status_message": "Invalid parameters."}), "answered 400 .*: Invalid parameters"),
    "403 page": (Bend(403, HTML, PAGE), "status 403, \"Just a moment...\""),
    "404 page": (Bend(404, HTML, PAGE), "status 404, \"Just a moment...\""),
    "404 of another kind": (Bend(404, {"status_code": 6, "status_message": "Invalid id."}), "answered 404 .*: Invalid id"),
    "200 page": (Bend(200, HTML, PAGE), "something other than TMDB"),
    "200 with an error": (Bend(200, NONE_SUCH), "answered 200 for /movie/7, with an error: The resource"),
    "200 with an error that passes": (Bend(200, BROKEN), r"an error of its own \(11\).*tried 7 times"),
    "nothing": (Bend(200, b""), "not JSON"),
    "no content": (Bend(204, b""), "not JSON"),
    "an array": (Bend(200, [film(7)]), "about no film"),
    "null": (Bend(200, b"null"), "about no film"),
    "a word": (Bend(200, b'"film 7"'), "about no film"),
    "an empty object": (Bend(200, {}), "about no film"),
    "another film": (Bend(200, film(8)), "about film 8"),
    "true for an id": (Bend(200, film(True)), "about no film"),
    "half of it": (Bend(200, WHOLE[: len(WHOLE) // 2]), "not JSON"),
    "broken off": (Bend(200, WHOLE, cut=50), "broke off"),
    "broken off at once": (Bend(200, WHOLE, cut=0), "broke off"),
    "no gzip": (Bend(200, WHOLE, (("content-encoding", "gzip"),)), "cannot be unpacked"),
    "half a gzip": (Bend(200, gzip.compress(WHOLE)[:-60], (("content-encoding", "gzip"),)), "not JSON|unpacked"),
    "packed thrice": (Bend(200, WHOLE, (("content-encoding", "gzip, gzip, gzip"),)), "packed more than once"),
    "nested": (Bend(200, b'{"id": 7, "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"), "nested without end"),
    "nested, not as deep": (Bend(200, b'{"id": 7, "x": ' + b"[" * 600 + b"]" * 600 + b"}"), "nested without end"),
    "other letters": (Bend(200, json.dumps(film(7, title="Amélie"), ensure_ascii=False).encode("latin-1")), "encoding"),
    "an unknown encoding": (Bend(200, b"\xff\xfe\xfd", (("content-type", "text/plain; charset=klingon"),)), "encoding"),
    "a number of 5,000 digits": (Bend(200, b'{"id": ' + b"7" * 5_000 + b"}"), "not JSON"),
    "elsewhere": (Bend(302, b"", (("location", "http://portal.example/login?to=x"),)), "to http://portal.example/login[^?]"),
    "to nowhere": (Bend(301, b"", (("location", "http://[x"),)), "cannot be read"),
    "without a place": (Bend(307, b""), "leads to another address"),
    "not modified": (Bend(304, b""), "status 304"),
    "a log-in": (Bend(511, HTML, PAGE), "status 511"),
    "bad headers": (Bend(200, WHOLE, (("bad header", "x"),)), "broke off"),
    "too many requests": (Bend(429, HTML, (*PAGE, ("retry-after", "1e9"))), "answered 429"),
}  # fmt: skip


def only(bent: Bend, path: str = "/movie/7") -> Bending:
    return lambda asked, number: bent if asked.path == path else None


@pytest.mark.parametrize("name", BENDS)
def test_one_film_fails_and_the_others_go_on(tmp_path: Path, name: str) -> None:
    bent, words = BENDS[name]
    with bench(tmp_path) as made:
        made.tmdb.bend = only(bent)
        made.crawl()
        assert set(made.films()) == {1, 2, 3, 4, 5, 6, 8, 9, 10}
        set_aside = made.aside()
        assert set(set_aside) == {7}
        assert made.memory.counts() == (10, 10), "the first crawl ends when all that can be fetched is"
        assert set_aside[7].kind == "failed"
        assert re.search(words, set_aside[7].reason), set_aside[7].reason
        assert max(made.waits, default=0) < 125, "whatever a source asks, it is not waited for without end"
        before = made.tmdb.paths().count("/movie/7")
        made.crawl()
        assert made.tmdb.paths().count("/movie/7") == before, "a second start does not ask again at once"
        made.tmdb.bend = only(Bend(200, None), "/nothing")
        made.poll()
        assert set(made.films()) == set(range(1, 11))
        assert not made.aside()


def test_a_large_answer_is_not_read_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MOST_BYTES", 10_000)
    bomb = gzip.compress(b" " * 10_000_000)
    with bench(tmp_path) as made:
        made.tmdb.bend = only(Bend(200, bomb, (("content-encoding", "gzip"),)))
        made.crawl()
        assert "longer than" in made.aside()[7].reason


def test_a_slow_answer_is_waited_for_only_so_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "ANSWER_SECONDS", 0.2)
    with bench(tmp_path) as made:
        # More is promised than comes, and the connection stays open.
        made.tmdb.bend = only(Bend(200, b"{", (("content-length", "5"),)))
        monkeypatch.setattr(made.tmdb, "head", lambda answer: promising(answer))
        made.crawl()
        assert "did not answer /movie/7 in time" in made.aside()[7].reason


def promising(answer: Bend) -> bytes:
    lengths = [value for name, value in answer.headers if name == "content-length"] or [str(len(answer.content))]
    return f"HTTP/1.1 {answer.status} x\r\ncontent-length: {lengths[0]}\r\n\r\n".encode()


def test_pauses_grow_and_have_an_end(tmp_path: Path) -> None:
    with bench(tmp_path) as made:
        made.tmdb.bend = only(Bend(500, BROKEN))
        made.crawl()
        pauses = []
        for tries in range(1, 9):
            held = made.aside()[7]
            assert held.tries == tries
            pauses.append(held.next_at - made.clock.time)
            made.poll(pauses[-1] - 1)
            assert made.aside()[7].tries == tries, "not before its pause is over"
            made.poll(1)
        assert pauses[:4] == [MINUTE, 4 * MINUTE, 16 * MINUTE, 64 * MINUTE]
        assert pauses[-1] == DAY
        assert made.aside()[7].since < made.clock.time - DAY


def test_a_film_that_goes_on_failing_is_not_asked_for_at_every_poll_that_names_it(tmp_path: Path) -> None:
    with bench(tmp_path) as made:
        made.crawl()
        made.changes(3, 7, 8)
        made.world.films[3]["vote_count"] = 999
        made.tmdb.bend = only(Bend(400, {"status_code": 5}))
        made.poll()
        assert made.votes()[3] == 999
        assert made.aside()[7].reason.startswith("TMDB answered 400")
        asked = made.tmdb.paths().count("/movie/7")
        made.poll(30_000)
        assert made.tmdb.paths().count("/movie/7") == asked
        made.world.films[7]["vote_count"] = 777
        made.tmdb.bend = only(Bend(), "/nothing")
        made.poll(MINUTE)
        assert made.votes()[7] == 777


def test_a_film_that_lacks_what_was_asked_for_keeps_what_it_had(tmp_path: Path) -> None:
    """An answer without credits is not a film without people."""
    with bench(tmp_path, films=2) as made:
        made.crawl()
        del made.world.films[1]["credits"]
        made.world.films[2]["keywords"] = {"success": False}
        made.changes(1, 2)
        made.poll()
        assert [credit.name for credit in made.films()[1].cast] == ["Ada Player"]
        assert made.films()[2].keywords == ("harbour",)
        assert [made.aside()[n].reason for n in (1, 2)] == [
            "TMDB's answer lacks its credits",
            "TMDB's answer lacks its keywords",
        ]


def test_a_start_tries_at_once_what_has_failed(tmp_path: Path) -> None:
    """Whatever its pause has grown to; who is gone is looked for in his time."""
    with bench(tmp_path) as made:
        made.crawl()
        made.changes(5, 6, 7)
        del made.world.films[5]
        made.world.reviews[6] = [review("a")]
        wrong = {"/movie/7": Bend(500, BROKEN), "/movie/6": Bend(200, film(6, vote_count=1, reviews={}))}
        made.tmdb.bend = lambda asked, number: wrong.get(asked.path)
        for _ in range(3):
            made.poll(2 * DAY)
        assert [made.aside()[n].kind for n in (5, 6, 7)] == ["gone", "partial", "failed"]
        made.tmdb.bend = only(Bend(), "/nothing")
        made.changes()
        made.poll(30_000)
        assert set(made.aside()) == {5, 6, 7}, "no pause is over"
        asked = made.tmdb.paths().count("/movie/5")
        made.crawl()
        made.poll(30_000)
        assert set(made.aside()) == {5}
        assert made.tmdb.paths().count("/movie/5") == asked
        assert made.standing() == {"a"}


def test_a_film_that_is_missing_is_asked_for_at_a_start_and_not_at_every_poll(tmp_path: Path) -> None:
    with bench(tmp_path) as made:
        made.crawl()
        del made.world.films[5]
        made.changes(5)
        made.poll()
        made.changes()
        asked = made.tmdb.paths().count("/movie/5")
        made.crawl()
        for _ in range(5):
            made.poll(MINUTE)
        assert made.tmdb.paths().count("/movie/5") == asked + 1
        assert (made.aside()[5].kind, made.aside()[5].next_at - made.aside()[5].since) == ("missing", HOUR)
        made.poll(55 * MINUTE)
        assert made.aside()[5].kind == "gone"


ODD = {
    "no title": (film(7, title=None), "film has no title"),
    "a blank title": (film(7, title=" "), "film has no title"),
    "a title that is none": (film(7, title=["A"]), "film has no title"),
    "a title of half a letter": (film(7, title="A\ud83d"), "title is not valid Unicode"),
    "no language": (film(7, original_language=None), "does not say in which language"),
    "a language that is none": (film(7, original_language={"en": 1}), "does not say in which language"),
}


@pytest.mark.parametrize("held", [False, True])
@pytest.mark.parametrize("name", ODD)
def test_a_film_that_cannot_be_described_is_set_aside(tmp_path: Path, name: str, held: bool) -> None:
    body, reason = ODD[name]
    with bench(tmp_path) as made:
        if held:
            made.crawl()
        made.tmdb.bend = only(Bend(200, body))
        if held:
            made.changes(7)
            made.poll()
        else:
            made.crawl()
        assert made.aside()[7].kind == "failed"
        assert reason in made.aside()[7].reason
        assert (7 in made.films()) is held
        assert 7 in made.votes() if held else 7 not in made.votes()
        asked = made.tmdb.paths().count("/movie/7")
        made.changes(7)
        made.poll(30_000)
        assert made.tmdb.paths().count("/movie/7") == asked, "not at every poll that names it"
        made.tmdb.bend = only(Bend(), "/nothing")
        made.poll()
        assert 7 in made.films()
        assert not made.aside()


def test_any_language_is_taken_where_all_are(tmp_path: Path) -> None:
    with bench(tmp_path) as made:
        made.languages = ("*",)
        made.tmdb.bend = only(Bend(200, film(7, original_language=None)))
        made.crawl()
        assert 7 in made.films()


def test_the_most_voted_come_first(tmp_path: Path) -> None:
    with bench(tmp_path, films=0) as made:
        for movie_id, votes in ((1, 5), (2, 500), (3, 50), (4, 5_000)):
            made.world.films[movie_id] = film(movie_id, vote_count=votes, release_date=f"{2000 + movie_id}-01-01")
        made.crawl()
        assert [path for path in made.tmdb.paths() if path.count("/") == 2 and path[-1].isdigit()][:2] == [
            "/movie/4",
            "/movie/2",
        ]


def test_a_clock_that_was_ahead_does_not_keep_a_film_waiting(tmp_path: Path) -> None:
    with bench(tmp_path) as made:
        made.tmdb.bend = only(Bend(500, BROKEN))
        made.clock.time += 400 * DAY
        made.crawl()
        made.clock.time -= 400 * DAY
        made.tmdb.bend = only(Bend(), "/nothing")
        made.poll(MINUTE)
        assert not made.aside()


def test_languages_are_a_setting_and_one_may_be_added(tmp_path: Path) -> None:
    with bench(tmp_path, films=0) as made:
        made.world.films = {n: film(n, original_language=code) for n, code in enumerate(("en", "fr", "ja", "EN"), 1)}
        made.crawl(100)
        assert set(made.films()) == {1}
        made.languages = ("en", "fr")
        made.crawl(100)
        assert set(made.films()) == {1, 2}
        made.languages = ("*",)
        made.crawl(100)
        assert set(made.films()) == {1, 2, 3, 4}
        asked = len(made.tmdb.log)
        made.crawl(100)
        assert len(made.tmdb.log) == asked, "what was searched is not searched again"


def test_a_year_that_cannot_be_listed_is_looked_for_at_the_next_start(tmp_path: Path) -> None:
    def bend(asked: Asked, number: int) -> Bend | None:
        year = asked.query.get("primary_release_year")
        return Bend(500, BROKEN) if asked.path == "/discover/movie" and year == "2010" else None

    def made_film(made: Bench, movie_id: int, year: int) -> None:
        made.world.films[movie_id] = film(movie_id, release_date=f"{year}-01-01")

    with bench(tmp_path) as made:
        made_film(made, 50, 2010)
        made_film(made, 51, 2005)
        made.tmdb.bend = bend
        made.crawl(100)
        assert set(made.films()) == {*range(1, 11), 51}
        made.tmdb.bend = only(Bend(), "/nothing")
        made.crawl(100)
        assert set(made.films()) == {*range(1, 11), 50, 51}


def test_an_old_memory_asks_again_for_what_it_took_as_gone(tmp_path: Path) -> None:
    """Earlier versions kept (movie_id, fetched_at, gone), and one 404 was for ever."""
    old = sqlite3.connect(tmp_path / "crawl.db")
    old.executescript(
        "CREATE TABLE films (movie_id INTEGER PRIMARY KEY, fetched_at INTEGER, gone INTEGER NOT NULL DEFAULT 0);"
        "CREATE INDEX films_todo ON films (movie_id) WHERE fetched_at IS NULL;"
        "CREATE TABLE notes (name TEXT PRIMARY KEY, value TEXT NOT NULL);"
        "INSERT INTO films VALUES (1, 5, 0), (2, 5, 1), (3, NULL, 0); INSERT INTO notes VALUES ('found', 'true');"
    )
    old.close()
    with bench(tmp_path, films=3) as made:
        made.crawl()
        assert set(made.films()) == {3}
        made.poll(HOUR)
        assert set(made.films()) == {2, 3}
        assert not made.aside()
