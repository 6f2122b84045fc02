"""Votes gained are activity: read hour by hour, day by day or week by week, in both layers, through restarts and falls."""

import pytest
from tests.facts import film, review, votes

from marquee.app import Platform
from marquee.domain.authority import TMDB
from marquee.domain.codec import records
from marquee.domain.events import RATINGS, RatingEvent
from marquee.domain.records import START
from marquee.domain.timeline import DAY, HOUR, ManualClock
from marquee.serving.answers import outlook, stats
from marquee.serving.world.cube import ALL_FILMS
from marquee.watch import audit


def gains(platform: Platform, movie_id: int) -> list[tuple[int, int | None]]:
    batches, _ = platform.log.read(START, 10_000, RATINGS)
    events = [record.event for batch in batches for record in records(batch)]
    return [(e.gained, e.since) for e in events if isinstance(e, RatingEvent) and e.movie_id == movie_id]


def read_hourly(platform: Platform, clock: ManualClock, hours: int, rates: dict[int, int]) -> None:
    """Read every film's gauges each hour: as many votes a day as its rate, over a thousand it has."""
    platform.door().accept([film(movie_id, clock.now(), source=TMDB) for movie_id in rates])
    start = clock.now()
    for hour in range(hours):
        clock.time = start + hour * HOUR
        told = [votes(m, clock.now(), 1_000 + rate * hour // 24, source=TMDB) for m, rate in rates.items()]
        platform.door().accept(told)


def answers(platform: Platform, window: str = "7d") -> list[tuple[int, int, bool]]:
    query = platform.query()
    query.refresh()
    lines = query.trending(window, ALL_FILMS, 100)["results"]
    return [(line["movie_id"], line["votes_gained"], line["rising"]) for line in lines]


def test_a_quiet_world_trends_by_votes(platform: Platform, clock: ManualClock) -> None:
    rates = {movie_id: 6 * movie_id for movie_id in range(1, 8)}
    read_hourly(platform, clock, 24 * 12, rates)
    assert gains(platform, 2)[0] == (0, None)
    platform.speed().drain()
    assert platform.batch().run().state == "published"
    platform.speed().drain()
    found = answers(platform)
    assert [movie for movie, _, _ in found] == [7, 6, 5, 4, 3, 2, 1]
    assert all(abs(gained - rates[movie] * 6.5) <= rates[movie] for movie, gained, _ in found)
    before = clock.now()
    platform.door().accept([votes(3, before + HOUR, 2_000, source=TMDB), review(3, before, "one")])
    clock.time = before + HOUR
    platform.speed().drain()
    query = platform.query()
    query.refresh()
    line = query.rising("24h", ALL_FILMS, 5)["results"][0]
    assert (line["movie_id"], line["reviews_written"], line["rising"]) == (3, 1, True)
    assert (
        line["why"] == f"{line['votes_gained']:,} votes and 1 review in the last 24h, {line['expected']:,.1f} expected"
    )
    assert line["votes_gained"] > 750
    assert query.trending("24h", ALL_FILMS, 1, "reviews")["results"][0]["observed"] == 1
    assert (
        stats.stats(query, 3)["windows"]["7d"]["votes"]
        == query.trending("7d", ALL_FILMS, 1)["results"][0]["observed"] - 1
    )
    checked = audit.verify(platform)
    assert (checked["differ"], checked["examples"]) == (0, [])
    clock.time += 2 * HOUR
    platform.batch().run(full=True)
    assert audit.verify(platform)["differ"] == 0


def test_readings_days_apart_are_spread_and_not_a_burst(platform: Platform, clock: ManualClock) -> None:
    start = clock.now()
    for week in range(3):
        clock.time = start + week * 7 * DAY
        platform.door().accept([votes(1, clock.now(), 1_000 + 700 * week, source=TMDB)])
    assert gains(platform, 1) == [(0, None), (700, start), (700, start + 7 * DAY)]
    platform.speed().drain()
    query = platform.query()
    query.refresh()
    day = query.trending("24h", ALL_FILMS, 5)["results"][0]
    assert 95 <= day["votes_gained"] <= 105
    assert not day["rising"]
    answer = outlook.forecast(query, 1, "votes", 7)
    assert not answer["available"]


def test_what_was_read_again_as_it_was_shortens_the_time_of_the_next_gain(
    platform: Platform, clock: ManualClock
) -> None:
    start = clock.now()
    for hour, count in ((0, 50), (5, 50), (6, 56)):
        clock.time = start + hour * HOUR
        same = votes(1, clock.now(), count, source=TMDB)
        platform.door().accept([same])
    assert gains(platform, 1) == [(0, None), (6, start + 5 * HOUR)]


def test_a_fall_is_kept_as_one_and_counts_nothing(platform: Platform, clock: ManualClock) -> None:
    start = clock.now()
    for hour, count in ((0, 900), (1, 40), (2, 45)):
        clock.time = start + hour * HOUR
        platform.door().accept([votes(1, clock.now(), count, source=TMDB)])
    assert gains(platform, 1) == [(0, None), (-860, start), (5, start + HOUR)]
    platform.speed().drain()
    assert answers(platform, "24h") == [(1, 5, False)]
    assert audit.verify(platform)["differ"] == 0


@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (2, 1, 0)])
def test_dated_readings_gain_in_any_order_no_more_than_the_votes_there_are(
    platform: Platform, clock: ManualClock, order: tuple[int, ...]
) -> None:
    start = clock.now() - 30 * DAY
    dated = [
        votes(1, start + day * DAY, count, "tmdb-dated", historic=True) for day, count in ((0, 100), (1, 110), (2, 130))
    ]
    for place in order:
        platform.door().accept([dated[place]])
    told = gains(platform, 1)
    assert sum(gained for gained, _ in told) == (30 if order[0] == 0 else 0)
    assert told[0] == (0, None)


def test_votes_cast_elsewhere_are_no_activity_of_the_film(platform: Platform, clock: ManualClock) -> None:
    for day in range(3):
        clock.time += DAY
        platform.door().accept([votes(1, clock.now(), 100 + 50 * day, source="movielens")])
    assert gains(platform, 1) == [(0, None)] * 3
    platform.speed().drain()
    assert answers(platform) == []
