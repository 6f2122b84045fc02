"""Whatever TMDB answers at whatever request: what is stored is what it said last, and nothing that stands is retracted."""

import gzip
import json
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.bent.crawls import Bench, bench
from tests.bent.tmdb import BAD_KEY, BROKEN, NONE_SUCH, Asked, Bend, film, review, straight

from marquee.domain.timeline import DAY, HOUR, MINUTE
from marquee.errors import MarqueeError
from marquee.ingest import search

FILMS = range(1, 7)
HTML = b"<html><title>Just a moment</title></html>"
PAGE = (("content-type", "text/html"),)


def encoded(change: Callable[[bytes], bytes], *headers: tuple[str, str]) -> Callable[[Any], Bend]:
    return lambda body: Bend(200, change(json.dumps(body).encode()), headers)


def emptied(body: Any) -> Bend:
    return Bend(200, {**body, "results": []} if "results" in body else {"id": body.get("id")})


READABLE: dict[str, Callable[[Any], Bend]] = {
    "with a mark": encoded(lambda text: b"\xef\xbb\xbf" + text),
    "UTF-16": encoded(lambda text: text.decode().encode("utf-16")),
    "packed": encoded(gzip.compress, ("content-encoding", "gzip")),
    "as text": encoded(lambda text: text, ("content-type", "text/plain")),
}
UNREADABLE: dict[str, Callable[[Any], Bend]] = {
    "half": encoded(lambda text: text[: len(text) // 2]),
    "broken off": lambda body: Bend(200, body, cut=20),
    "half packed": encoded(lambda text: gzip.compress(text)[:-9], ("content-encoding", "gzip")),
    "not packed": encoded(lambda text: text, ("content-encoding", "gzip")),
    "other letters": encoded(lambda text: text[:-1] + b', "x": "\xe9"}'),
    "nested": encoded(lambda text: text[:-1] + b', "x": ' + b"[" * 5_000 + b"]" * 5_000 + b"}"),
    "an array": lambda body: Bend(200, [body]),
    "another": lambda body: Bend(200, {**body, "id": 99}),
    "empty": lambda body: Bend(200, {}),
    "empty results": emptied,
    "quota": lambda body: Bend(200, {"message": "quota"}),
    "page": lambda body: Bend(200, HTML, PAGE),
    "403": lambda body: Bend(403, HTML, PAGE),
    "404 page": lambda body: Bend(404, HTML, PAGE),
    "502": lambda body: Bend(502, HTML, PAGE),
    "500": lambda body: Bend(500, BROKEN),
    "400": lambda body: Bend(400, {"status_code": 5}),
    "401": lambda body: Bend(401, BAD_KEY),
    "429": lambda body: Bend(429, b"", (("retry-after", "30"),)),
    "204": lambda body: Bend(204),
    "302": lambda body: Bend(302, b"", (("location", "http://portal.example/"),)),
}
GONE = {"404": lambda body: Bend(404, NONE_SUCH)}
BENDS = {**READABLE, **UNREADABLE, **GONE}

PATHS = (
    *(f"/movie/{movie_id}" for movie_id in FILMS),
    "/movie/1/reviews",
    "/movie/2/reviews",
    "/movie/changes",
    "/movie/popular",
    "/discover/movie",
    "/genre/movie/list",
    "",
)
"""Beginnings of paths: the last is that of all."""


@dataclass(frozen=True)
class Trick:
    """How answers are bent: those to a path, from the n-th such request on, so many of them."""

    path: str
    bend: str
    first: int
    times: int


@dataclass
class Teller:
    """Bends answers, and keeps what was said of each film: its title, None where there is none such, or something else."""

    made: Bench
    tricks: list[Trick] = field(default_factory=list)
    said: dict[int, list[tuple[int, str | None]]] = field(default_factory=dict)
    counts: dict[Trick, int] = field(default_factory=dict)

    def __call__(self, asked: Asked, number: int) -> Bend | None:
        status, body = self.made.world.answer(asked.path, asked.query)
        name = next((trick.bend for trick in self.tricks if self.strikes(trick, asked.path)), None)
        name = None if status != 200 and name in READABLE else name
        if "append_to_response" in asked.query:
            movie_id = int(asked.path.rpartition("/")[2])
            missing = name in GONE or (name is None and status == 404)
            title = None if missing else "?" if name in UNREADABLE else body["title"]
            self.said.setdefault(movie_id, []).append((self.made.clock.time, title))
        return None if name is None else BENDS[name](body)

    def strikes(self, trick: Trick, path: str) -> bool:
        if not path.startswith(trick.path):
            return False
        self.counts[trick] = self.counts.get(trick, 0) + 1
        return trick.first <= self.counts[trick] < trick.first + trick.times

    def may_be_gone(self, movie_id: int) -> bool:
        """Whether it was said twice, an hour apart, since the film was last shown, that there is none such."""
        words: list[int] = []
        for time, title in self.said.get(movie_id, []):
            if title is None:
                words.append(time)
            elif title != "?":
                words.clear()
        return bool(words) and words[-1] - words[0] >= HOUR

    def last_title(self, movie_id: int) -> str | None:
        shown = [title for _, title in self.said.get(movie_id, []) if title not in (None, "?")]
        return shown[-1] if shown else None


TRICKS = st.lists(
    st.builds(
        Trick,
        st.sampled_from(PATHS),
        st.sampled_from(sorted(BENDS)),
        st.integers(1, 5),
        st.sampled_from([1, 2, 8, 10**6]),
    ),
    max_size=3,
)
EDITS = st.lists(
    st.tuples(st.sampled_from(["title", "votes", "write", "delete", "vanish", "appear"]), st.sampled_from(FILMS)),
    max_size=4,
)
ROUNDS = st.lists(
    st.tuples(TRICKS, EDITS, st.sampled_from([MINUTE, 40 * MINUTE, 2 * HOUR, DAY])), min_size=1, max_size=4
)


def edit(made: Bench, what: str, movie_id: int, number: int) -> None:
    """Change TMDB's world a little."""
    films, reviews = made.world.films, made.world.reviews.setdefault(movie_id, [])
    if what == "appear":
        films.setdefault(movie_id, film(movie_id))
    elif what == "vanish":
        films.pop(movie_id, None)
    elif what == "write":
        reviews.insert(0, review(f"{movie_id}-new-{number}"))
    elif what == "delete" and reviews:
        reviews.pop()
    elif movie_id in films and what in ("title", "votes"):
        films[movie_id] |= {"title": f"Harbour {number}"} if what == "title" else {"vote_count": 1_000 + number}


def in_the_world(made: Bench) -> set[str]:
    return {body["id"] for movie_id in made.world.films for body in made.world.reviews.get(movie_id, [])}


def poll(made: Bench, later: int) -> bool:
    """Poll, and say whether it came to its end; an error in words is one way to end."""
    try:
        made.poll(later)
    except MarqueeError:
        return False
    return True


@settings(max_examples=30)
@given(first=TRICKS, rounds=ROUNDS)
def test_what_is_stored_is_what_tmdb_said_last(first: list[Trick], rounds: list[Any]) -> None:
    with (
        pytest.MonkeyPatch.context() as patch,
        tempfile.TemporaryDirectory() as folder,
        bench(Path(folder), films=len(FILMS)) as made,
    ):
        patch.setattr(search, "OLDEST_YEAR", 2018)
        teller = Teller(made, first)
        made.tmdb.bend = teller
        made.world.reviews = {
            1: [review(f"1-{n:02d}") for n in range(45)],
            2: [review(f"2-{n:02d}") for n in range(25)],
        }
        with suppress(MarqueeError):
            made.crawl(len(FILMS))
        made.changes(*FILMS)
        for number, (tricks, edits, later) in enumerate(rounds):
            teller.tricks = tricks
            for what, movie_id in edits:
                edit(made, what, movie_id, number)
            films, standing = set(made.films()), made.standing()
            ended = poll(made, later)
            for movie_id in films:
                assert movie_id in made.films() or teller.may_be_gone(movie_id), "one word retracted a film"
            there = {name for name in in_the_world(made) if int(name.partition("-")[0]) in made.films()}
            assert made.standing() >= standing & there, "a review that stands was retracted"
            if ended:
                for movie_id, event in made.films().items():
                    assert event.title == teller.last_title(movie_id)
        made.tmdb.bend = straight
        made.crawl(len(FILMS))
        for _ in range(3):
            made.poll(2 * HOUR)
        assert {movie_id: event.title for movie_id, event in made.films().items()} == {
            movie_id: body["title"] for movie_id, body in made.world.films.items()
        }
        assert {movie_id: made.votes()[movie_id] for movie_id in made.films()} == {
            movie_id: body["vote_count"] for movie_id, body in made.world.films.items()
        }
        assert made.standing() >= in_the_world(made)
        assert {name for name in made.standing() if int(name.partition("-")[0]) in made.films()} == in_the_world(made)
