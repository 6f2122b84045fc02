"""What is the source's failure is told in its own words, at the first try where it is there from the first, and is no film's."""

import re
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme
from tests.bent.crawls import bench
from tests.bent.tmdb import BAD_KEY, BROKEN, NONE_SUCH, Asked, Bend, Bending, film, straight

from marquee.domain.timeline import HOUR
from marquee.errors import (
    BlockedError,
    MarqueeError,
    NotFoundError,
    OutageError,
    RedirectedError,
    RefusedError,
    SettingsError,
    SourceError,
    TransientError,
    UnauthorizedError,
    UnreachableError,
)
from marquee.ingest.circuit import ROW

HTML = b"\xef\xbb\xbf  <html><head><TITLE lang=en>Access\n denied &amp; \x1b[31mlogged</TITLE></head></html>"
PAGE = (("content-type", "text/html"),)
SUSPENDED = {"status_code": 10, "status_message": "Suspended API key.", "success": False}


def is_film(path: str) -> bool:
    return path.removeprefix("/movie/").isdigit()


QUOTA = {"message": "You have exceeded your quota."}
"""What a proxy says with status 200, whatever is asked for."""


def every(bent: Bend) -> Bending:
    return lambda asked, number: bent


FIRST = {
    "block page": (Bend(200, HTML, PAGE), BlockedError, r'status 200, "Access denied & \[31mlogged".*A provider', 1),
    "block page, 403": (Bend(403, HTML, PAGE), BlockedError, "status 403.*HTTPS_PROXY", 1),
    "block page, 451": (Bend(451, b"Not here", (("content-type", "text/plain"),)), BlockedError, 'status 451, "Not here"', 1),
    "page of a gateway": (Bend(502, HTML, PAGE), UnreachableError, "status 502.*status.themoviedb", 1),
    "a network's log-in": (Bend(511, HTML, PAGE), BlockedError, "status 511.*login page of a network", 1),
    "captive portal": (
        Bend(302, b"", (("location", "http://portal.example/login?id=7"),)),
        RedirectedError,
        r"leads to another address for /discover/movie \(302, to http://portal.example/login\).*login page",
        1,
    ),
    "https": (
        Bend(301, b"", (("location", "https://127.0.0.1/3/discover/movie?page=1"),)),
        RedirectedError,
        "Set MARQUEE_TMDB_URL=https://127.0.0.1/3[.]",
        1,
    ),
    "wrong key": (Bend(401, BAD_KEY), UnauthorizedError, "refused the key: Invalid API key.*Set TMDB_API_KEY", 1),
    "wrong key, said with 200": (Bend(200, BAD_KEY), UnauthorizedError, "refused the key", 1),
    "suspended": (Bend(401, SUSPENDED), UnauthorizedError, "suspended the account.*Ask TMDB why", 1),
    "a proxy's 407": (Bend(407, HTML, PAGE), BlockedError, "status 407", 1),
    "no /3": (Bend(404, NONE_SUCH), NotFoundError, "has no /discover/movie.*MARQUEE_TMDB_URL end in /3", 2),
    "down": (Bend(503, {"status_code": 46, "status_message": "Maintenance."}), TransientError, "503.*Maintenance.*7 times", 14),
    "a proxy's quota": (Bend(200, QUOTA), OutageError, "has no results: .*exceeded your quota", 2),
    "too many": (Bend(429, b"", (("retry-after", "2"),)), TransientError, "429.*7 times", 14),
}  # fmt: skip


@pytest.mark.parametrize("name", FIRST)
def test_what_is_wrong_from_the_first_is_told_at_the_first_try(tmp_path: Path, name: str) -> None:
    bent, kind, words, requests = FIRST[name]
    with bench(tmp_path) as made:
        made.tmdb.bend = every(bent)
        with pytest.raises(kind) as caught:
            made.crawl()
        assert re.search(words, " ".join(str(caught.value).split())), str(caught.value)
        assert "\x1b" not in str(caught.value)
        assert len(made.tmdb.log) == requests
        assert not made.aside()
        made.tmdb.bend = straight
        made.crawl()
        assert set(made.films()) == set(range(1, 11))


def test_no_network_in_its_own_words(tmp_path: Path) -> None:
    with bench(tmp_path) as made:
        url = made.tmdb.url
        for address, words in (
            ("http://127.0.0.1:9/3", "the connection is refused"),
            ("http://tmdb.invalid/3", r"the name has no address \(DNS\)"),
            (url.replace("http:", "https:"), "the connection cannot be trusted"),
        ):
            made.tmdb.url = address
            with pytest.raises(UnreachableError, match=words):
                made.crawl()
        assert made.waits == []
        for address in ("", "api.themoviedb.org/3", "http://", "http://[::1/3", "http://x:99999/3", "ftp://x/3"):
            made.tmdb.url = address
            with pytest.raises(SettingsError, match="MARQUEE_TMDB_URL"):
                made.crawl()


def test_a_host_that_is_not_what_it_claims(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with bench(tmp_path, tls=context) as made:
        with pytest.raises(UnreachableError, match=r"(?s)cannot be trusted \(.*issuer.*clock") as caught:
            made.crawl()
        assert "SSL_CERT_FILE" in caught.value.hint
        authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
        made.crawl()
        assert set(made.films()) == set(range(1, 11))


LATER = {
    "block page": (Bend(200, HTML, PAGE), BlockedError),
    "captive portal": (Bend(302, b"", (("location", "http://portal.example/"),)), RedirectedError),
    "key withdrawn": (Bend(401, BAD_KEY), UnauthorizedError),
    "gateway": (Bend(502, HTML, PAGE), UnreachableError),
    "down": (Bend(500, BROKEN), OutageError),
    "every film refused": (Bend(400, {"status_code": 5}), OutageError),
    "every film gone": (Bend(404, NONE_SUCH), OutageError),
    "a proxy's quota": (Bend(200, QUOTA), OutageError),
    "another film": (Bend(200, film(1)), OutageError),
    "nonsense": (Bend(200, b"<>"), BlockedError),
    "broken off": (Bend(200, b"{}", cut=1), OutageError),
}


@pytest.mark.parametrize("name", LATER)
def test_what_goes_wrong_in_the_midst_blames_no_film(tmp_path: Path, name: str) -> None:
    """Films fail after some have come: those are asked for once more, and do not come either."""
    bent, kind = LATER[name]
    given = 7

    def bend(asked: Asked, number: int) -> Bend | None:
        films = [path for path in made.tmdb.paths() if is_film(path)]
        return bent if is_film(asked.path) and len(films) > given else None

    with bench(tmp_path, films=40) as made:
        made.tmdb.bend = bend
        with pytest.raises(kind):
            made.crawl()
        assert len(made.films()) == given, "what came before is kept"
        assert not made.aside()
        asked = len([path for path in made.tmdb.paths() if is_film(path)])
        assert asked < given + 7 * (2 * ROW + 3)
        made.tmdb.bend = straight
        made.crawl()
        assert set(made.films()) == set(range(1, 41))


@pytest.mark.parametrize("later", [False, True])
def test_films_that_all_fail_from_the_first_are_the_sources(tmp_path: Path, later: bool) -> None:
    def bend(asked: Asked, number: int) -> Bend | None:
        return Bend(500, BROKEN) if is_film(asked.path) else None

    with bench(tmp_path, films=30) as made:
        if later:
            made.crawl()
            made.changes(*range(1, 31))
        made.tmdb.bend = bend
        with pytest.raises(OutageError, match="gives no film now: TMDB answered 500"):
            made.poll(HOUR) if later else made.crawl()
        assert not made.aside()
        assert sum(map(is_film, made.tmdb.paths())) <= 30 * later + 7 * (2 * ROW + 3)


def test_the_most_voted_films_may_all_fail_and_the_others_come(tmp_path: Path) -> None:
    """More films in a row than it takes to ask whether it is the source, and none was ever given."""
    bad = [f"/movie/{n}" for n in range(20, 41)]

    def bend(asked: Asked, number: int) -> Bend | None:
        return Bend(500, BROKEN) if asked.path in bad else None

    with bench(tmp_path, films=40) as made:
        made.tmdb.bend = bend
        with pytest.raises(OutageError):
            made.crawl()
        made.crawl()
        assert set(made.films()) == set(range(1, 20))
        assert {f"/movie/{n}" for n in made.aside()} == set(bad)


def test_many_films_that_fail_among_others_are_to_blame_themselves(tmp_path: Path) -> None:
    """Whatever their number and order: a film that came before still comes."""
    with bench(tmp_path, films=60) as made:
        made.tmdb.bend = lambda asked, number: (
            Bend(500, BROKEN) if is_film(asked.path) and int(asked.path[7:]) <= 45 else None
        )
        made.crawl()
        assert set(made.films()) == set(range(46, 61))
        assert set(made.aside()) == set(range(1, 46))


def test_one_list_that_fails_costs_no_other(tmp_path: Path) -> None:
    with bench(tmp_path) as made:
        made.crawl()
        made.changes(3)
        made.world.films[3]["vote_count"] = 999
        made.world.films[5]["vote_count"] = 555
        made.tmdb.bend = lambda asked, number: Bend(400, {"status_code": 5}) if asked.path.endswith("popular") else None
        made.poll()
        assert (made.votes()[3], made.votes()[5]) == (999, 555), "the other lists were read"
        made.tmdb.bend = lambda asked, number: Bend(500, BROKEN) if asked.path.endswith("changes") else None
        made.world.films[5]["vote_count"] = 556
        before = made.memory.note("changes")
        made.poll()
        assert made.votes()[5] == 556
        assert made.memory.note("changes") == before, "what could not be read is read again"


PARTS = {
    "changes": "/movie/changes",
    "popular": "/movie/popular",
    "top rated": "/movie/top_rated",
    "trending": "/trending/movie/day",
}
WAYS = {
    "500": Bend(500, BROKEN),
    "400": Bend(400, {"status_code": 5}),
    "404": Bend(404, NONE_SUCH),
    "401": Bend(401, BAD_KEY),
    "block page": Bend(403, HTML, PAGE),
    "gateway": Bend(502, HTML, PAGE),
    "redirect": Bend(302, b"", (("location", "http://portal.example/"),)),
    "quota": Bend(200, QUOTA),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("part", PARTS)
def test_each_part_of_a_poll_fails_alone_and_is_named(
    tmp_path: Path, part: str, way: str, caplog: pytest.LogCaptureFixture
) -> None:
    with bench(tmp_path) as made:
        made.tmdb.bend = lambda asked, number: Bend(500, BROKEN) if asked.path == "/movie/7" else None
        made.crawl()
        made.changes(3)
        made.world.films[3]["vote_count"] = 999
        made.world.films[5]["vote_count"] = 555
        made.tmdb.bend = lambda asked, number: WAYS[way] if asked.path == PARTS[part] else None
        made.poll()
        assert 7 in made.films(), "what was set aside is tried, whatever else fails"
        assert made.votes()[5] == 555, "the lists are read"
        assert made.votes()[3] == 999
        assert ("TMDB's changes of 2026-03-14" if part == "changes" else f"{PARTS[part]} is read") in caplog.text


@pytest.mark.parametrize("way", WAYS)
def test_a_poll_to_which_nothing_is_given_says_so(tmp_path: Path, way: str) -> None:
    with bench(tmp_path) as made:
        made.crawl()
        made.tmdb.bend = every(WAYS[way])
        with pytest.raises(SourceError):
            made.poll()
        assert not made.aside()


@pytest.mark.parametrize("way", [*WAYS, "all years"])
def test_years_that_cannot_be_listed_do_not_keep_the_others_waiting(tmp_path: Path, way: str) -> None:
    """Seven years in a row, the first that are asked for among them."""
    newest = 1900 if way == "all years" else 2021

    def bend(asked: Asked, number: int) -> Bend | None:
        year = int(asked.query.get("primary_release_year", "0"))
        return WAYS.get(way, Bend(400, {"status_code": 5})) if year >= newest else None

    with bench(tmp_path) as made:
        made.tmdb.bend = bend
        if way == "all years":
            with pytest.raises(RefusedError, match="400 for /discover/movie"):
                made.crawl(100)
        elif isinstance(WAYS[way].body, bytes) or WAYS[way].status == 401:
            made.tmdb.bend = lambda asked, number: None if number == 1 else bend(asked, number)
            made.crawl(100)
            assert set(made.films()) == set(range(1, 11))
        else:
            made.crawl(100)
            assert set(made.films()) == set(range(1, 11))
        made.tmdb.bend = straight
        made.world.films[50] = film(50, release_date="2023-01-01")
        made.crawl(100)
        assert 50 in made.films()


def test_the_address_that_is_advised_has_one_version(tmp_path: Path) -> None:
    """A proxy puts the version before a path that has it already."""
    with bench(tmp_path) as made:
        for location in ("https://127.0.0.1/3/3/discover/movie", "/3/3/discover/movie", "3/discover/movie"):
            made.tmdb.bend = every(Bend(301, b"", (("location", location),)))
            with pytest.raises(RedirectedError) as caught:
                made.crawl()
            assert "/3/3." not in caught.value.hint


def told(work: Callable[[], None]) -> str:
    with pytest.raises(MarqueeError) as caught:
        work()
    return str(caught.value)


def test_no_redirect_is_followed_and_no_key_is_sent_elsewhere(tmp_path: Path) -> None:
    with bench(tmp_path) as made, bench(tmp_path / "other") as other:
        made.tmdb.bend = every(Bend(307, b"", (("location", f"{other.tmdb.url}/discover/movie?page=1&api_key=x"),)))
        words = told(made.crawl)
        assert other.tmdb.log == []
        assert "api_key" not in words
