"""What is shared through a real Redis, and that all goes on without it."""

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from tests.cluster.conftest import fresh, running
from tests.e2e.test_serving import Slow, ask

from marquee.adapters import redis as redis_shared
from marquee.adapters.redis import Asked, Reach, RedisAnswers, RedisBudget, RedisRateLimit
from marquee.adapters.sqlite.budget import Budget
from marquee.app import Platform
from marquee.domain.limits import BURST, RateLimit
from marquee.domain.timeline import ManualClock
from marquee.http.cache import AnswerCache
from marquee.services.redis import Redis
from marquee.settings import load


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    yield from running(Redis(tmp_path / "redis"))


@pytest.fixture
def asks(redis: Redis) -> Iterator[Callable[..., Asked]]:
    """Makes what asks Redis, one for each process that a test plays."""
    made: list[Asked] = []

    def make(clock: Callable[[], float] = time.monotonic) -> Asked:
        made.append(Asked(redis.address, Reach(clock)))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_processes_share_answers_of_one_version(redis: Redis) -> None:
    async def run() -> None:
        version, name = ["one"], fresh()
        apps = [Slow(), Slow()]
        shared = [RedisAnswers(redis.address, Reach()) for _ in apps]
        caches = []
        for app, held in zip(apps, shared, strict=True):
            app.go.set()
            caches.append(AnswerCache(app, lambda path: ((name, version[0]), 60.0), shared=held))
        first = await ask(caches[0], "/v1/x")
        second = await ask(caches[1], "/v1/x")
        assert first == second
        assert (apps[0].calls, apps[1].calls) == (1, 0)
        version[0] = "two"
        await ask(caches[1], "/v1/x")
        await ask(caches[0], "/v1/x")
        assert (apps[0].calls, apps[1].calls) == (1, 1)
        redis.kill()
        version[0] = "three"
        assert await ask(caches[0], "/v1/x") == first
        assert not shared[0].reach.here
        assert (await ask(caches[1], "/v1/x"), apps[1].calls) == (first, 2)
        for held in shared:
            await held.close()

    asyncio.run(run())


def test_processes_share_one_rate_limit_and_have_their_own_without_redis(
    redis: Redis, asks: Callable[..., Asked]
) -> None:
    now = [0.0]
    limits = [RedisRateLimit(asks(lambda: now[0]), lambda: now[0]) for _ in range(2)]
    taken = [limits[n % 2].take("key") for n in range(BURST + 1)]
    assert [one.allowed for one in taken] == [True] * BURST + [False]
    assert taken[0].remaining == BURST - 1
    assert 0 < taken[-1].wait < 1
    assert limits[0].take("another").allowed
    redis.kill()
    assert [limits[0].take("key").allowed for _ in range(BURST + 1)] == [True] * BURST + [False]
    redis.start().wait()
    assert not limits[0].take("key").allowed
    now[0] += redis_shared.AWAY_SECONDS
    assert limits[0].take("key").allowed


def test_the_scripts_limit_as_the_limit_in_process_does(asks: Callable[..., Asked]) -> None:
    asked = asks()
    clock = asked.client.time
    shared, own = RedisRateLimit(asked, lambda: 0.0), RateLimit(lambda: clock()[0] + clock()[1] / 1e6)
    for _ in range(BURST):
        ours, theirs = shared.take("k"), own.take("k")
        assert (ours.allowed, ours.remaining) == (theirs.allowed, theirs.remaining)
        assert ours.wait == pytest.approx(theirs.wait, abs=0.2)


def test_tmdbs_budget_is_one_for_all_machines(redis: Redis, asks: Callable[..., Asked], tmp_path: Path) -> None:
    budgets = [RedisBudget(asks(), Budget(tmp_path / f"{n}.db", 4, lambda: 100.0), 4) for n in range(2)]
    waits = [budgets[n % 2].reserve() for n in range(6)]
    assert waits == pytest.approx([0, 0.25, 0.5, 0.75, 1.0, 1.25], abs=0.2)
    budgets[0].penalise(30)
    assert budgets[1].reserve() == pytest.approx(30, abs=0.5)
    redis.kill()
    assert [budgets[0].reserve() for _ in range(3)] == [0, 0.25, 0.5]


def test_the_platform_answers_whether_redis_is_there_or_not(redis: Redis, world_home: Path, clock: ManualClock) -> None:
    from marquee.http.application import create

    settings = load(home=world_home)
    settings.redis = SecretStr(redis.address)
    platform = Platform(settings, clock)

    async def run() -> None:
        app: Any = create(platform)
        inner = app.app.app.app
        inner.state.query.refresh()
        before = await ask(app, "/v1/movies/1")
        assert before[0] == 200
        assert platform.redis is not None
        assert len(platform.redis.client.keys("marquee:answer:*")) == 1
        redis.kill()
        assert (await ask(app, "/v1/movies/2"))[0] == 200
        assert (await ask(app, "/v1/movies/1"))[2] == before[2]
        platform.redis.close()
        await app.app.app.shared.close()

    asyncio.run(run())
