"""What the memory of a crawl owes."""

from marquee.domain.aside import Aside, CrawlState, Trouble
from marquee.testing.events import NOON
from marquee.testing.suite import MEMORY, Make

PORT = "crawl"


def test_notes_are_remembered_and_forgotten(adapter: Make) -> None:
    crawl = adapter(PORT)
    assert crawl.note("page") is None
    crawl.remember("page", {"n": [1, 2]})
    crawl.remember("done", value=True)
    assert (crawl.note("page"), crawl.note("done")) == ({"n": [1, 2]}, True)
    crawl.forget("page")
    crawl.forget("never there")
    assert (crawl.note("page"), crawl.note("done")) == (None, True)


def test_films_are_fetched_by_votes_then_popularity_then_number(adapter: Make) -> None:
    crawl = adapter(PORT)
    assert crawl.seed([(0.5, 5), (0.9, 4), (0.5, 3)]) == 3
    assert crawl.seed([(0.1, 5), (0.2, 6)]) == 1
    crawl.remember("page", 1, [(9, 10), (8, None), (5, 20)])
    crawl.remember("page", 2, [(5, None)])
    assert crawl.todo(10) == [5, 9, 4, 3, 6, 8]
    assert crawl.todo(4, last=[5, 4]) == [9, 3, 6, 8]
    assert crawl.todo(10, last=[5, 4]) == [9, 3, 6, 8, 5, 4]
    assert crawl.counts() == (6, 0)
    crawl.mark([9], [Aside(4, "failed", "x", NOON, 1, NOON + 5)], NOON)
    assert crawl.todo(10) == [5, 3, 6, 8]
    assert crawl.counts() == (6, 2)


def test_films_are_set_aside_and_asked_for_again(adapter: Make) -> None:
    crawl = adapter(PORT)
    failed = Aside(1, "failed", "500", NOON, 2, NOON + 10)
    partial = Aside(2, "partial", "page 2", NOON, 1, NOON + 5)
    missing = Aside(3, "missing", "404", NOON, 1, NOON + 20)
    gone = Aside(4, "gone", "404", NOON, 1, NOON + 30)
    crawl.mark([2, 3, 5], [failed, partial, missing, gone], NOON)
    assert crawl.aside([1, 2, 5, 9]) == {1: failed, 2: partial}
    assert crawl.again(NOON + 4, 10) == []
    assert crawl.again(NOON + 10, 10) == [2, 1]
    assert crawl.again(NOON + 100, 3) == [2, 1, 3]
    assert crawl.again(NOON - 1, 10) == [2, 1, 3, 4], "a clock that was ahead counts for nothing"
    assert crawl.fetched([1, 2, 3, 4, 5, 6]) == {2, 3, 5}
    assert crawl.given(10) == [5]
    crawl.end_pauses(NOON + 1)
    assert crawl.again(NOON + 1, 10) == [1, 2, 3]
    assert crawl.aside([4]) == {4: gone}
    crawl.mark([1], [], NOON + 2)
    assert crawl.aside([1]) == {}
    assert crawl.given(10) == [1, 5]


def test_films_are_due_where_they_were_not_heard_of_lately(adapter: Make) -> None:
    crawl = adapter(PORT)
    crawl.mark([1, 2], [], NOON)
    crawl.mark([3], [Aside(4, "failed", "500", NOON, 1, NOON + 50)], NOON + 10)
    assert crawl.due([3, 2, 1, 9, 4], NOON + 5, NOON + 20, 10) == [9, 1, 2]
    assert crawl.due([3, 2, 1, 9, 4], NOON + 11, NOON + 50, 3) == [4, 9, 1]
    assert crawl.due([], NOON, NOON, 5) == []


def test_a_crawl_says_how_far_it_is(adapter: Make) -> None:
    crawl = adapter(PORT)
    assert crawl.state(5) == CrawlState(0, 0, 0, 0, (), None)
    often = Aside(2, "failed", "500", NOON, 7, NOON)
    once = Aside(1, "failed", "500", NOON, 1, NOON)
    crawl.mark([5, 6], [once, often, Aside(3, "gone", "404", NOON, 1, NOON)], NOON)
    crawl.troubled(Trouble(NOON, "away", "wait"))
    assert crawl.state(1) == CrawlState(5, 2, 1, 2, (often,), Trouble(NOON, "away", "wait"))
    crawl.troubled(None)
    assert crawl.state(5) == CrawlState(5, 2, 1, 2, (often, once), None)
    crawl.mark([3], [], NOON + 1)
    assert crawl.state(0) == CrawlState(5, 3, 0, 2, (), None), "what is back is not gone"


@MEMORY
def test_a_crawl_goes_on_where_another_process_left_it(adapter: Make) -> None:
    first = adapter(PORT, "one")
    first.remember("page", 7, [(1, 5), (2, 6)])
    first.mark([1], [], NOON)
    again = adapter(PORT, "one")
    assert (again.note("page"), again.todo(5), again.fetched([1, 2])) == (7, [2], {1})
