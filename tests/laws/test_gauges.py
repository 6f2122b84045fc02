"""The plan of which list pages are read when."""

from hypothesis import given
from hypothesis import strategies as st

from marquee.domain.timeline import DAY, HOUR, MINUTE
from marquee.ingest.gauges import DAILY_PAGES, HOURLY_PAGES, Round, plan

START = 20_000 * DAY
HOURLY = list(range(1, HOURLY_PAGES + 1))


def day_of_polls(every: int, last: int = DAILY_PAGES) -> list[list[int]]:
    found, at = [], Round(last=last)
    for now in range(START, START + DAY, every):
        pages, at = plan(at, now)
        found.append(pages)
    return found


def test_a_thousand_films_every_hour_and_ten_thousand_every_day() -> None:
    polls = day_of_polls(HOUR)
    assert all(pages[:HOURLY_PAGES] == HOURLY for pages in polls)
    assert sorted(page for pages in polls for page in pages[HOURLY_PAGES:]) == list(range(HOURLY_PAGES + 1, 501))
    assert max(map(len, polls)) <= HOURLY_PAGES + 19
    assert sum(map(len, polls)) / 4 < 0.02 * DAY / 1_000, "under 2 % of the budget at 4 requests a second"


def test_polls_between_the_hours_read_nothing() -> None:
    often = [pages for pages in day_of_polls(5 * MINUTE) if pages]
    assert len(often) == 24
    assert often == day_of_polls(HOUR)


def test_hours_that_were_missed_are_made_up_for() -> None:
    _, at = plan(Round(), START)
    pages, at = plan(at, START + 10 * HOUR)
    assert pages == [*HOURLY, *range(at_first(), 258)]
    assert plan(at, START + 11 * HOUR)[0][HOURLY_PAGES:] == list(range(258, 276))


def at_first() -> int:
    return HOURLY_PAGES + 19 + 1


def test_a_small_world_is_read_to_its_end_and_a_new_day_begins_anew() -> None:
    assert day_of_polls(HOUR, last=15) == [list(range(1, 16))] * 24
    _, at = plan(Round(START, START, 501), START + DAY)
    assert (at.day, at.page) == (START + DAY, HOURLY_PAGES + 20)


@given(moments=st.lists(st.integers(-3 * DAY, 40 * DAY), min_size=1, max_size=40))
def test_whatever_the_clock_does_it_goes_on(moments: list[int]) -> None:
    at = Round()
    for moment in moments:
        pages, at = plan(at, START + moment)
        assert len(pages) <= DAILY_PAGES
        assert pages == sorted(set(pages))
        assert at.hour <= START + moment or not pages
        assert Round.of(at.noted()) == at
    assert plan(at, START + 41 * DAY)[0][:HOURLY_PAGES] == HOURLY


def test_what_another_version_noted_begins_anew() -> None:
    for noted in (None, 5, {}, {"hour": "x", "day": 0, "page": 1, "last": 2}, []):
        assert Round.of(noted) == Round()
