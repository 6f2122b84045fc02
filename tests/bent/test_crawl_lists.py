"""A list is whole only if one reading of it adds up; else it adds, and takes nothing away."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.bent.crawls import Bench, bench
from tests.bent.tmdb import BROKEN, NONE_SUCH, Asked, Bend, paged, review, straight

from marquee.domain.aside import PARTIAL_TRIES
from marquee.domain.timeline import DAY, HOUR, MINUTE
from marquee.ingest.crawl import CHANGES, UNREAD_TRIES

REVIEWS = "/movie/1/reviews"
Change = Callable[[dict[str, Any]], object]


def pages(change: Change, number: str = "2", path: str = REVIEWS) -> Callable[[Bench], Any]:
    """Bend one page of a list, wherever it is asked for."""

    def bending(made: Bench) -> Any:
        def bend(asked: Asked, count: int) -> Bend | None:
            status, body = made.world.answer(asked.path, asked.query)
            if number == "1" and asked.path == "/movie/1" and path == REVIEWS:
                change(body["reviews"])
                return Bend(status, body)
            if asked.path != path or asked.query.get("page", "1") != number:
                return None
            change(body)
            return Bend(status, body)

        return bend

    return bending


def failing(bent: Bend) -> Callable[[Bench], Any]:
    return lambda made: lambda asked, count: bent if asked.path == REVIEWS and asked.query["page"] == "2" else None


SHORT: dict[str, Callable[[Bench], Any]] = {
    "an empty page": pages(lambda body: body.update(results=[])),
    "a short page": pages(lambda body: body["results"].pop()),
    "a page that repeats the first": pages(lambda body: body.update(results=[review(f"r{n:02d}") for n in range(20)])),
    "the page before": pages(lambda body: body.update(results=[review(f"r{n:02d}") for n in range(20)], page=1)),
    "an item that comes twice": pages(lambda body: body["results"].__setitem__(3, body["results"][4])),
    "an item without a name": pages(lambda body: body["results"].__setitem__(3, {"content": "x"})),
    "an item that is none": pages(lambda body: body["results"].__setitem__(3, None)),
    "another total": pages(lambda body: body.update(total_results=44)),
    "another number of pages": pages(lambda body: body.update(total_pages=2)),
    "no total": pages(lambda body: body.pop("total_results")),
    "a total that is a text": pages(lambda body: body.update(total_results="45")),
    "no results": pages(lambda body: body.pop("results")),
    "results that are no list": pages(lambda body: body.update(results={})),
    "an empty first page": pages(lambda body: body.update(results=[]), "1"),
    "a first page that says it is the last": pages(lambda body: body.update(total_pages=1), "1"),
    "a first page without a total": pages(lambda body: body.pop("total_results"), "1"),
    "pages without end": pages(lambda body: body.update(total_pages=10**9), "1"),
    "404": failing(Bend(404, NONE_SUCH)),
    "500": failing(Bend(500, BROKEN)),
    "400": failing(Bend(400, {"status_code": 5})),
    "a page of a proxy": failing(Bend(403, b"<html>", (("content-type", "text/html"),))),
    "401": failing(Bend(401, {"status_code": 7})),
    "elsewhere": failing(Bend(302, b"", (("location", "http://portal.example/"),))),
    "half a page": failing(Bend(200, b'{"page": 2, "res')),
}


def filled(made: Bench) -> None:
    made.world.reviews[1] = [review(f"r{n:02d}") for n in range(45)]
    made.crawl()
    assert len(made.standing()) == 45


@pytest.mark.parametrize("name", SHORT)
def test_a_reading_that_does_not_add_up_takes_nothing_away(tmp_path: Path, name: str) -> None:
    with bench(tmp_path, films=1) as made:
        filled(made)
        del made.world.reviews[1][44]  # deleted, on the last page
        made.world.reviews[1].insert(0, review("new"))
        made.world.films[1]["vote_count"] = 999
        made.changes(1)
        made.tmdb.bend = SHORT[name](made)
        asked = len(made.tmdb.log)
        made.poll()
        assert made.standing() >= {f"r{n:02d}" for n in range(45)}
        assert made.votes()[1] == 999
        assert set(made.films()) == {1}, "what is wrong with its reviews is not wrong with the film"
        assert made.aside()[1].kind == "partial"
        assert made.aside()[1].reason.startswith("its reviews did not come as a whole: ")
        assert len(made.tmdb.log) - asked < 30, "a list that is not whole is not read without end"
        made.tmdb.bend = straight
        made.poll(made.aside()[1].next_at - made.clock.time)
        assert made.standing() == {"new", *(f"r{n:02d}" for n in range(44))}
        assert not made.aside()


@pytest.mark.parametrize("name", ["500", "400", "404", "an empty page", "a page that repeats the first", "half a page"])
def test_pages_after_one_that_is_wrong_still_add(tmp_path: Path, name: str) -> None:
    with bench(tmp_path, films=1) as made:
        filled(made)
        made.world.reviews[1] += [review(f"s{n:02d}") for n in range(5)]
        made.changes(1)
        made.tmdb.bend = SHORT[name](made)
        made.poll()
        assert made.standing() == {*(f"r{n:02d}" for n in range(45)), *(f"s{n:02d}" for n in range(5))}
        assert made.aside()[1].kind == "partial"


def test_a_review_that_a_page_repeats_is_no_gap(tmp_path: Path) -> None:
    """The names add up, though one comes twice, alike; where the two are not alike, nobody knows which holds."""

    def bent(body: dict[str, Any]) -> None:
        body["results"].insert(3, body["results"][3])

    def unlike(body: dict[str, Any]) -> None:
        body["results"].insert(3, {**body["results"][3], "content": "Bad."})

    with bench(tmp_path, films=1) as made:
        filled(made)
        del made.world.reviews[1][44]
        made.changes(1)
        for number in ("1", "2"):
            made.tmdb.bend = pages(unlike, number)(made)
            made.poll()
            assert "twice, and not alike" in made.aside()[1].reason
            assert len(made.standing()) == 45
        made.tmdb.bend = pages(bent)(made)
        made.poll()
        assert made.standing() == {f"r{n:02d}" for n in range(44)}
        assert not made.aside()


def test_repeats_may_push_reviews_to_a_page_more(tmp_path: Path) -> None:
    """40 names, said to be 40, on three pages since some come twice."""
    with bench(tmp_path, films=1) as made:
        names = [review(f"r{n:02d}") for n in range(40)]
        lines = [line for n, line in enumerate(names) for line in [line] * (1 + (n in (3, 25)))]

        def bend(asked: Asked, number: int) -> Bend | None:
            page = {**paged(lines, int(asked.query.get("page", "1"))), "total_results": 40}
            if asked.path == "/movie/1":
                return Bend(200, {**made.world.films[1], "reviews": page})
            return Bend(200, {"id": 1, **page}) if asked.path == REVIEWS else None

        made.tmdb.bend = bend
        made.crawl()
        assert len(made.standing()) == 40
        assert not made.aside()


def test_a_page_that_is_short_once_is_read_again_at_once(tmp_path: Path) -> None:
    with bench(tmp_path, films=1) as made:
        filled(made)
        made.changes(1)
        del made.world.reviews[1][0]
        times = []

        def bend(asked: Asked, number: int) -> Bend | None:
            if asked.path == REVIEWS and asked.query["page"] == "2":
                times.append(number)
                if len(times) == 1:
                    return Bend(200, {"page": 2, "results": [], "total_pages": 3, "total_results": 44})
            return None

        made.tmdb.bend = bend
        made.poll()
        assert made.standing() == {f"r{n:02d}" for n in range(1, 45)}
        assert not made.aside()


def test_a_list_that_changes_between_two_pages_is_read_again(tmp_path: Path) -> None:
    """A review that comes while page 2 is on its way pushes another from page 1 to page 2."""
    with bench(tmp_path, films=1) as made:
        filled(made)
        made.changes(1)

        def bend(asked: Asked, number: int) -> Bend | None:
            if asked.path == REVIEWS and len(made.world.reviews[1]) == 45:
                made.world.reviews[1].insert(0, review("new"))
            return None

        made.tmdb.bend = bend
        made.poll()
        assert made.standing() == {"new", *(f"r{n:02d}" for n in range(45))}
        assert not made.aside()


def test_a_film_whose_reviews_never_add_up_is_taken_as_it_comes(tmp_path: Path) -> None:
    with bench(tmp_path, films=1) as made:
        filled(made)
        made.changes(1)
        made.tmdb.bend = SHORT["another total"](made)
        made.poll()
        made.changes()
        for tries in range(1, PARTIAL_TRIES + 1):
            assert made.aside()[1].tries == tries
            made.poll(made.aside()[1].next_at - made.clock.time)
        assert not made.aside()
        assert len(made.standing()) == 45


def test_reviews_that_are_all_gone_go(tmp_path: Path) -> None:
    """A list that says that it is empty, and is, adds up."""
    with bench(tmp_path, films=1) as made:
        filled(made)
        made.world.reviews[1] = []
        made.changes(1)
        made.poll()
        assert made.standing() == set()


def changed(made: Bench, films: int = 250) -> None:
    made.changes(*range(1, films + 1))


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body.update(results=[]),
        lambda body: body["results"].pop(),
        lambda body: body.update(page=1),
        lambda body: body.pop("total_results"),
        lambda body: body.update(total_results=251),
    ],
    ids=["empty", "short", "another page", "no total", "another total"],
)
def test_changes_of_a_day_that_do_not_add_up_are_read_again(tmp_path: Path, change: Change) -> None:
    with bench(tmp_path) as made:
        made.crawl()
        changed(made)
        noted = made.clock.time - 2 * DAY
        made.memory.remember(CHANGES, noted)
        made.world.films[5]["vote_count"] = 555
        made.tmdb.bend = pages(change, path="/movie/changes")(made)
        made.poll()
        assert made.votes()[5] == 555, "what was read of them counts"
        assert made.memory.note(CHANGES) == noted, "the position does not move past what was not read"
        for _ in range(UNREAD_TRIES):
            made.poll(MINUTE)
        assert made.memory.note(CHANGES) > noted, "but not for ever"


def test_changes_that_cannot_be_had_are_waited_for(tmp_path: Path) -> None:
    with bench(tmp_path) as made:
        made.crawl()
        noted = made.clock.time - 2 * DAY
        made.memory.remember(CHANGES, noted)
        made.tmdb.bend = lambda asked, number: Bend(500, BROKEN) if asked.path == "/movie/changes" else None
        for _ in range(UNREAD_TRIES + 3):
            made.poll(MINUTE)
        assert made.memory.note(CHANGES) == noted
        made.tmdb.bend = straight
        made.poll()
        assert made.memory.note(CHANGES) == made.clock.time


def test_what_changed_while_the_first_crawl_ran_is_not_missed(tmp_path: Path) -> None:
    """Days are asked for one by one, from the one on which the first crawl began."""
    with bench(tmp_path) as made:
        made.crawl()
        made.memory.remember(CHANGES, made.clock.time)
        made.poll(3 * DAY)
        days = [asked.query["start_date"] for asked in made.tmdb.log if asked.path == "/movie/changes"]
        assert days == ["2026-03-14", "2026-03-15", "2026-03-16", "2026-03-17"]
        assert all(a.query["start_date"] == a.query["end_date"] for a in made.tmdb.log if "changes" in a.path)


def test_more_pages_than_are_served_are_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with bench(tmp_path, films=2) as made:
        made.crawl()
        made.memory.remember(CHANGES, made.clock.time - DAY)

        def bend(asked: Asked, number: int) -> Bend | None:
            if asked.path != "/movie/changes":
                return None
            page = int(asked.query["page"])
            assert page <= 500
            return Bend(200, {"page": page, "results": [{"id": page}], "total_pages": 700, "total_results": 700})

        made.tmdb.bend = bend
        made.poll(HOUR)
        assert "it has more than the 500 pages that TMDB serves" in caplog.text


@pytest.mark.parametrize("page", [1, 2])
def test_a_page_of_a_search_that_is_empty_once_costs_no_film(tmp_path: Path, page: int) -> None:
    with bench(tmp_path, films=45) as made:
        empty = {"page": page, "results": [], "total_pages": 3, "total_results": 45}
        seen = []

        def bend(asked: Asked, number: int) -> Bend | None:
            if (
                asked.path == "/discover/movie"
                and asked.query["page"] == str(page)
                and asked.query["primary_release_year"] == "2020"
            ):
                seen.append(number)
                return Bend(200, empty) if len(seen) < 3 else None
            return None

        made.tmdb.bend = bend
        made.crawl(100)
        assert set(made.films()) == set(range(1, 46))


def test_a_page_of_a_search_that_stays_empty_costs_only_its_own_films(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with bench(tmp_path, films=65) as made:
        empty = {"page": 2, "results": [], "total_pages": 4, "total_results": 65}

        def bend(asked: Asked, number: int) -> Bend | None:
            wrong = asked.path == "/discover/movie" and asked.query["page"] == "2"
            return Bend(200, empty) if wrong and asked.query["primary_release_year"] == "2020" else None

        made.tmdb.bend = bend
        made.crawl(100)
        assert set(made.films()) == {*range(1, 26), *range(46, 66)}
        assert "page 2 of 2020/en came as page 2 with 0 films" in caplog.text


def test_odd_items_of_lists_are_passed_over(tmp_path: Path) -> None:
    odd = [None, 7, "x", {}, {"id": "7"}, {"id": True}, {"id": -3}, {"id": 10**30}, {"id": 0}]
    with bench(tmp_path) as made:
        made.tmdb.bend = lambda asked, number: (
            Bend(200, {"page": 1, "results": odd, "total_pages": 1, "total_results": 9})
            if asked.path in ("/discover/movie", "/movie/changes", "/movie/popular")
            else None
        )
        made.crawl(50)
        made.poll()
        assert made.memory.counts() == (0, 0)
