"""The simulator: TMDB's shapes, the same world for the same seed, and a crawl through faults that loses nothing."""

import asyncio
import json
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.conftest import NOON

from marquee.adapters.sqlite.crawl import SqliteCrawl
from marquee.domain.codec import records
from marquee.domain.events import METADATA, RATINGS, REVIEWS
from marquee.domain.timeline import DAY, HOUR, ManualClock
from marquee.errors import NotFoundError
from marquee.ingest.crawl import Crawl
from marquee.ingest.door import Door
from marquee.sources.simulator.catalogue import HOME_DAYS, Catalogue, Film
from marquee.sources.simulator.server import CatchUpClock, Faults, SimulatorApp
from marquee.sources.simulator.service import SimulatedTmdb
from marquee.sources.tmdb import Tmdb
from marquee.testing.memory import MemoryIndex, MemoryLog, MemoryQuarantine

FILMS = 150


async def at_once(seconds: float) -> None:
    await asyncio.sleep(0)


class World:
    """A simulator, and a client that speaks HTTP to it in this process."""

    def __init__(self, clock: ManualClock, faults: Faults | None = None, seed: int = 7) -> None:
        service = SimulatedTmdb(Catalogue(seed, FILMS, NOON, loud=True), clock, 90)
        self.app = SimulatorApp(service, clock, "key", faults=faults)
        self.tmdb = Tmdb("http://sim/3", "key", None, transport=httpx.ASGITransport(app=self.app), sleep=at_once)  # type: ignore[arg-type]

    def ask(self, call: Callable[[Tmdb], Any]) -> Any:
        return asyncio.run(call(self.tmdb))


@pytest.fixture
def world(clock: ManualClock) -> World:
    return World(clock)


def shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    return [shape(value[0])] if isinstance(value, list) and value else type(value).__name__


def test_a_film_has_the_shape_of_tmdbs(world: World, data: Path) -> None:
    folder = data / "tmdb_api_responses" / "tmdb-api-crate"
    real = json.loads((folder / "movie-details.json").read_text())
    film = world.app.service.catalogue.films[0]
    made = world.ask(lambda tmdb: tmdb.movie(film.movie_id)).body
    assert set(made) - set(real) == {"credits", "keywords", "recommendations", "reviews"}
    for name in ("id", "title", "runtime", "budget", "revenue", "vote_count", "vote_average", "popularity", "genres"):
        assert shape(made[name]) == shape(real[name])
    real_cast = json.loads((folder / "movie-credits.json").read_text())["cast"][0]
    assert set(made["credits"]["cast"][0]) <= set(real_cast)
    popular = json.loads((folder / "movie-popular.json").read_text())
    made_popular = world.ask(lambda tmdb: tmdb.get("/movie/popular"))
    assert set(made_popular) == set(popular)
    assert set(made_popular["results"][0]) <= set(popular["results"][0])
    reviews = json.loads((folder / "movie-reviews.json").read_text())
    made_reviews = world.ask(lambda tmdb: tmdb.get(f"/movie/{film.movie_id}/reviews"))
    assert set(made_reviews) == set(reviews)


def test_errors_are_tmdbs(world: World, data: Path) -> None:
    folder = data / "tmdb_api_responses" / "tmdb-api-crate"
    for path, key, file, status in (
        ("/movie/2", "key", "resource-not-found", 404),
        ("/movie/2", "x", "invalid-api-key", 401),
    ):

        async def run(path: str = path, key: str = key) -> httpx.Response:
            transport = httpx.ASGITransport(app=world.app)  # type: ignore[arg-type]
            async with httpx.AsyncClient(transport=transport, base_url="http://sim/3") as client:
                return await client.get(path, headers={"authorization": f"Bearer {key}"})

        response = asyncio.run(run())
        real = json.loads((folder / f"{file}.json").read_text())
        assert response.status_code == status
        assert response.json()["status_code"] == real["status_code"]
        assert response.json()["status_message"] == real["status_message"]
    with pytest.raises(NotFoundError):
        world.ask(lambda tmdb: tmdb.movie(2))


def test_the_same_seed_is_the_same_world(clock: ManualClock) -> None:
    path = "/discover/movie"
    first, second, other = World(clock), World(clock), World(clock, seed=8)
    assert first.ask(lambda t: t.get(path)) == second.ask(lambda t: t.get(path)) != other.ask(lambda t: t.get(path))
    film = first.app.service.catalogue.films[3].movie_id
    assert first.ask(lambda t: t.movie(film)) == second.ask(lambda t: t.movie(film))


def test_reviews_come_late_are_repeated_edited_and_deleted(clock: ManualClock) -> None:
    catalogue = Catalogue(7, 2_000, NOON, loud=True)
    reviews = [review for day in range(60) for review in catalogue.reviews_on(NOON // DAY - day)]
    shares = {
        "late": sum(r.visible > r.created + HOUR for r in reviews),
        "edited": sum(r.edited is not None for r in reviews),
        "deleted": sum(r.deleted is not None for r in reviews),
        "repeated": sum(r.repeated for r in reviews),
    }
    assert len(reviews) > 3_000
    assert all(0.005 < count / len(reviews) < 0.15 for count in shares.values()), shares
    edited = next(r for r in reviews if r.edited is not None)
    assert catalogue.text(edited, edited.edited or 0) != catalogue.text(edited, edited.created)
    assert len({catalogue.text(r, NOON) for r in reviews}) > 0.98 * len(reviews)


def test_the_world_is_as_quiet_as_the_real_one_and_is_carried_by_votes() -> None:
    catalogue = Catalogue(7, 3_000, NOON)
    days = range(NOON // DAY - 60, NOON // DAY)
    reviews = sum(len(catalogue.reviews_on(day)) for day in days)
    assert 0.0005 < reviews / len(days) / 3_000 < 0.002
    famous = [film for film in catalogue.films if film.appeal > 15 and film.release < NOON - 200 * DAY][:20]
    assert len(famous) == 20

    def gained(film: Film, first: int, length: int) -> int:
        start, end = (catalogue.gauges(film, film.release + day * DAY)[0] for day in (first, first + length))
        return end - start

    best = sorted(max(gained(film, day, 1) for day in range(90)) for film in famous)
    assert best[0] >= 17
    assert best[-1] <= 150
    assert all(0.4 <= gained(film, 120, 10) / 10 <= 8 for film in famous)
    at_home = [HOME_DAYS[0] + film.movie_id % (HOME_DAYS[1] - HOME_DAYS[0]) for film in famous]
    assert all(gained(f, day - 3, 7) > 1.3 * gained(f, day - 16, 7) for f, day in zip(famous, at_home, strict=True))


def test_votes_only_grow_and_buzz_fades(world: World) -> None:
    catalogue = world.app.service.catalogue
    film = max((f for f in catalogue.films if NOON - 60 * DAY < f.release < NOON - 20 * DAY), key=lambda f: f.appeal)
    readings = [catalogue.gauges(film, film.release + day * DAY) for day in range(0, 60, 5)]
    assert [votes for votes, _, _ in readings] == sorted(votes for votes, _, _ in readings)
    assert readings[0][2] > readings[-1][2]


def test_sentiment_of_simulated_reviews_is_the_one_meant(world: World) -> None:
    from marquee.libraries.vader import scorer

    catalogue = world.app.service.catalogue
    reviews = [r for day in range(80) for r in catalogue.reviews_on(NOON // DAY - day) if r.edited is None]
    for feeling in (1, -1):
        scores = [scorer().compound(catalogue.text(r, NOON)) for r in reviews if r.feeling == feeling]
        agreeing = sum(score * feeling > 0 for score in scores) / len(scores)
        assert agreeing > 0.8, (feeling, agreeing, len(scores))


def crawl_of(world: World, clock: ManualClock, folder: Path, log: MemoryLog, index: MemoryIndex) -> Crawl:
    door = Door(log, index, MemoryQuarantine(), clock, nullcontext)
    return Crawl(world.tmdb, door, SqliteCrawl(folder / "crawl.db"), clock, workers=3)


async def whole_crawl(crawl: Crawl, world: World, clock: ManualClock) -> None:
    await crawl.find_films(1_000)
    await crawl.fetch_all()
    for _ in range(5):
        clock.time += DAY
        await crawl.poll(0, 10**6)


@pytest.mark.parametrize(
    "faults",
    [Faults(), Faults(refuse_every=3), Faults(truncate_every=5), Faults(fail_every=4)],
    ids=["no faults", "429 storm", "truncated JSON", "503"],
)
def test_a_crawl_through_faults_finds_all(tmp_path: Path, faults: Faults) -> None:
    clock = ManualClock(NOON - 5 * DAY)
    world, log, index = World(clock, faults), MemoryLog(), MemoryIndex()
    asyncio.run(whole_crawl(crawl_of(world, clock, tmp_path, log, index), world, clock))
    batches, _ = log.read("", 10**9)
    events = [record.event for batch in batches for record in records(batch)]
    service = world.app.service
    english = {film.movie_id for film in service.catalogue.films if film.language == "en"}
    described = {event.movie_id for event in events if event.identity.endswith("@tmdb") and hasattr(event, "title")}
    assert english <= described | {
        f.movie_id for f in service.catalogue.films if not service.catalogue.exists(f, clock.time)
    }
    stand: dict[str, int] = {}
    for event in events:
        if hasattr(event, "text"):
            stand[event.identity] = stand.get(event.identity, 0) + event.weight
    listed = {r.review_id for m in described for r in service.reviews_of(m, clock.time)}
    assert {name for name, weight in stand.items() if weight} == listed
    assert set(stand.values()) <= {0, 1}
    assert {topic for topic in (REVIEWS, RATINGS, METADATA) if log.read("", 1, topic)[0]} == {
        REVIEWS,
        RATINGS,
        METADATA,
    }


def test_a_killed_crawl_fetches_nothing_twice(tmp_path: Path) -> None:
    clock = ManualClock(NOON)
    world, log, index = World(clock), MemoryLog(), MemoryIndex()
    fetched: list[int] = []
    movie = world.tmdb.movie

    async def counted(movie_id: int) -> Any:
        fetched.append(movie_id)
        return await movie(movie_id)

    world.tmdb.movie = counted  # type: ignore[method-assign]

    class KilledError(Exception):
        pass

    async def killed(crawl: Crawl) -> None:
        await crawl.find_films(120)
        groups = 0

        def progress(done: int, of: int) -> None:
            nonlocal groups
            groups += 1
            raise KilledError

        await crawl.fetch_all(progress)

    first = crawl_of(world, clock, tmp_path, log, index)
    first.memory.remember("x", 1)
    with pytest.raises(KilledError):
        asyncio.run(killed(first))
    before = len(fetched)
    with first.memory.writing() as db:
        db.execute("UPDATE films SET fetched_at = NULL WHERE movie_id % 2")
    second = crawl_of(world, clock, tmp_path, log, index)
    asyncio.run(second.fetch_all())
    assert before > 0
    assert len(fetched) == len(set(fetched)) == second.memory.counts()[0]


def test_the_clock_catches_up_and_then_runs_live() -> None:
    system = ManualClock(NOON)
    clock = CatchUpClock(system, NOON, NOON - 90 * DAY, factor=86_400)
    assert clock.now() == NOON - 90 * DAY
    system.time += 45_000
    assert clock.now() == NOON - 45 * DAY
    system.time += 100_000
    assert clock.now() == system.time
