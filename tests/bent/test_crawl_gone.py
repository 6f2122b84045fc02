"""A film is gone at its source's second word, an hour after the first or more, and is looked for again."""

from pathlib import Path
from typing import Any

import pytest
from tests.bent.crawls import Bench, bench
from tests.bent.tmdb import BROKEN, NONE_SUCH, Asked, Bend, film, review, straight

from marquee.domain.timeline import DAY, HOUR, MINUTE

OTHER_404 = {
    "a page": Bend(404, b"<html>no</html>", (("content-type", "text/html"),)),
    "another code": Bend(404, {"status_code": 6, "status_message": "Invalid id."}),
    "no code": Bend(404, {}),
    "nothing": Bend(404, b""),
    "200": Bend(200, NONE_SUCH),
    "410": Bend(410, NONE_SUCH),
}


def away(made: Bench, movie_id: int) -> dict[str, Any]:
    """Let a film vanish from TMDB."""
    return made.world.films.pop(movie_id)


def asked(made: Bench, movie_id: int) -> int:
    return made.tmdb.paths().count(f"/movie/{movie_id}")


def test_one_word_deletes_no_film(tmp_path: Path) -> None:
    with bench(tmp_path) as made:
        made.crawl()
        held = away(made, 3)
        made.changes(3)
        made.poll()
        assert (made.aside()[3].kind, 3 in made.films()) == ("missing", True)
        made.world.films[3] = held
        made.poll()
        assert not made.aside()
        assert 3 in made.films()


def test_two_words_an_hour_apart_do(tmp_path: Path) -> None:
    with bench(tmp_path) as made:
        made.crawl()
        away(made, 3)
        made.changes(3)
        made.poll()
        for _ in range(3):
            made.poll(19 * MINUTE)
            assert 3 in made.films(), "not within the hour, however often it is said"
        made.changes()
        made.poll(3 * MINUTE)
        assert made.aside()[3].kind == "gone"
        assert 3 not in made.films()
        assert made.memory.state(5).gone == 1
        assert made.memory.state(5).set_aside == 0


def test_a_failure_in_between_is_no_word(tmp_path: Path) -> None:
    with bench(tmp_path) as made:
        made.crawl()
        held = away(made, 3)
        made.changes(3)
        made.poll()
        made.changes()
        made.tmdb.bend = lambda asked, number: Bend(500, BROKEN) if asked.path == "/movie/3" else None
        made.poll()
        assert made.aside()[3].kind == "failed"
        made.tmdb.bend = straight
        made.poll()
        assert made.aside()[3].kind == "missing"
        assert 3 in made.films()
        made.world.films[3] = held
        made.poll()
        assert not made.aside()


@pytest.mark.parametrize("name", OTHER_404)
def test_a_404_that_is_not_the_films_own_says_nothing(tmp_path: Path, name: str) -> None:
    def bend(asked: Asked, number: int) -> Bend | None:
        return OTHER_404[name] if asked.path == "/movie/3" else None

    with bench(tmp_path) as made:
        made.crawl()
        made.changes(3)
        made.tmdb.bend = bend
        for _ in range(6):
            made.poll(12 * HOUR)
        assert made.aside()[3].kind == "failed"
        assert 3 in made.films()


def test_who_is_gone_is_looked_for_again(tmp_path: Path) -> None:
    with bench(tmp_path) as made:
        made.crawl()
        away(made, 3)
        made.changes(3)
        made.poll()
        made.changes()
        made.poll()
        for days in (1, 7, 30, 30, 30):
            before = asked(made, 3)
            made.poll(days * DAY - 1)
            assert asked(made, 3) == before
            made.poll(1)
            assert asked(made, 3) == before + 1
        before = asked(made, 3)
        made.changes(3)
        made.poll()
        assert asked(made, 3) == before + 1, "also as soon as its source names it"
        made.poll(MINUTE)
        assert asked(made, 3) == before + 1, "though not at every poll"


def test_a_failure_does_not_bring_back_who_is_gone(tmp_path: Path) -> None:
    with bench(tmp_path) as made:
        made.crawl()
        away(made, 3)
        made.changes(3)
        made.poll()
        made.poll()
        made.tmdb.bend = lambda asked, number: Bend(500, BROKEN) if asked.path == "/movie/3" else None
        made.poll(DAY)
        assert made.aside()[3].kind == "gone"
        assert 3 not in made.films()


def test_who_comes_back_comes_back_whole(tmp_path: Path) -> None:
    with bench(tmp_path) as made:
        made.world.reviews[3] = [review("kept"), review("edited"), review("deleted")]
        made.crawl()
        held = away(made, 3)
        made.changes(3)
        made.poll()
        made.poll()
        assert 3 not in made.films()
        made.world.films[3] = {**held, "title": "Harbour again", "vote_count": 700}
        made.world.reviews[3] = [review("kept"), review("edited", content="Not so fine."), review("new")]
        made.poll()
        assert made.films()[3].title == "Harbour again"
        assert [credit.name for credit in made.films()[3].cast] == ["Ada Player"]
        assert made.votes()[3] == 700
        assert made.standing() == {"kept", "edited", "new"}
        assert not made.aside()


def test_who_comes_back_with_a_short_list_of_reviews_is_back(tmp_path: Path) -> None:
    with bench(tmp_path) as made:
        made.world.reviews[3] = [review(f"r{n:02d}") for n in range(45)]
        made.crawl()
        held = away(made, 3)
        made.changes(3)
        made.poll()
        made.poll()
        assert 3 not in made.films()
        made.world.films[3] = held
        made.tmdb.bend = lambda asked, number: (
            Bend(500, BROKEN) if asked.path == "/movie/3/reviews" and asked.query["page"] == "2" else None
        )
        made.poll()
        assert 3 in made.films()
        assert made.aside()[3].kind == "partial"
        assert {f"r{n:02d}" for n in (*range(20), *range(40, 45))} <= made.standing()
        made.tmdb.bend = straight
        made.poll()
        assert len(made.standing()) == 45
        assert not made.aside()


def test_a_film_that_is_merged_into_another_leaves_it_its_reviews(tmp_path: Path) -> None:
    with bench(tmp_path, films=2) as made:
        made.world.reviews = {1: [review("a")], 2: [review("b")]}
        made.crawl()
        away(made, 1)
        made.world.reviews[2].append(review("a"))
        made.changes(1, 2)
        made.poll()
        made.poll()
        assert set(made.films()) == {2}
        assert {event.identity for event in made.events() if getattr(event, "text", "") and event.movie_id == 2} == {
            "a",
            "b",
        }
        assert made.standing() == {"a", "b"}


def test_a_listed_film_that_was_never_there_is_let_go(tmp_path: Path) -> None:
    with bench(tmp_path) as made:
        made.tmdb.bend = lambda asked, number: Bend(404, NONE_SUCH) if asked.path == "/movie/3" else None
        made.crawl()
        made.poll()
        assert made.aside()[3].kind == "gone"
        assert [event for event in made.events() if event.movie_id == 3] == []


def test_adult_films_are_not_crawled_and_one_that_turns_adult_is_gone(tmp_path: Path) -> None:
    with bench(tmp_path) as made:
        made.world.films[11] = film(11, adult=True)
        made.crawl()
        assert set(made.films()) == set(range(1, 11))
        made.world.films[3]["adult"] = True
        made.world.changed = [{"id": 3, "adult": True}, {"id": 12, "adult": True}, {"id": 4, "adult": None}]
        made.world.films[4]["vote_count"] = 444
        made.poll()
        assert 3 not in made.films()
        assert (made.aside()[3].kind, made.aside()[3].reason) == (
            "gone",
            "TMDB lists it among adult films, which are not crawled",
        )
        assert asked(made, 12) == 0, "an adult film that is not held is not asked for"
        assert made.votes()[4] == 444
        made.world.films[3] = film(3, vote_count=333)
        made.changes()
        made.poll(DAY)
        assert 3 in made.films()
        assert made.votes()[3] == 333
        made.world.films[11] = film(11)
        made.changes(11)
        made.poll()
        assert 11 in made.films()
