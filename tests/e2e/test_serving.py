"""How answers are served: the cache, one flight a question, packing, the live feed with slow readers, many clients."""

import asyncio
import gzip
import queue
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from tests.e2e.asgi import lifetime
from tests.facts import TEXTS, review
from tests.processes import free_port, serving
from tests.world import NOON

from marquee.app import Platform
from marquee.client import ApiError, AsyncClient, Client
from marquee.domain.timeline import HOUR, ManualClock
from marquee.errors import TransientError
from marquee.http.cache import AnswerCache
from marquee.http.feed import HELD, Feed, Reader, update
from marquee.settings import load


@pytest.fixture(scope="module")
def port(present_home: Path) -> Iterator[int]:
    """The port of a server over the little world."""
    with serving("serve", "--home", str(present_home)) as number:
        yield number


async def ask(
    app: Any, path: str, headers: tuple[tuple[bytes, bytes], ...] = ()
) -> tuple[int, dict[bytes, bytes], bytes]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": list(headers)}
    await app(scope, None, send)
    return sent[0]["status"], dict(sent[0]["headers"]), b"".join(part.get("body", b"") for part in sent[1:])


class Slow:
    """An application that counts, and waits to be let go."""

    def __init__(self, status: int = 200) -> None:
        self.calls = 0
        self.status = status
        self.go = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.calls += 1
        await self.go.wait()
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        await send({"type": "http.response.body", "body": b"x" * 5_000})


def test_equal_questions_at_one_time_are_worked_out_once() -> None:
    async def run() -> tuple[int, int, int]:
        slow = Slow()
        cache = AnswerCache(slow, lambda path: (1, 60.0))
        asked = [asyncio.create_task(ask(cache, "/v1/x")) for _ in range(50)]
        await asyncio.sleep(0)
        slow.go.set()
        answers = await asyncio.gather(*asked)
        assert {body for _, _, body in answers} == {b"x" * 5_000}
        return slow.calls, cache.hits, cache.misses

    assert asyncio.run(run()) == (1, 49, 1)


def test_a_failed_flight_strands_nobody() -> None:
    async def run() -> list[int]:
        slow = Slow(503)
        cache = AnswerCache(slow, lambda path: (1, 60.0))
        asked = [asyncio.create_task(ask(cache, "/v1/x")) for _ in range(5)]
        await asyncio.sleep(0)
        slow.go.set()
        return [status for status, _, _ in await asyncio.gather(*asked)]

    assert asyncio.run(run()) == [503] * 5


def test_an_answer_is_kept_for_its_version_and_its_time() -> None:
    async def run() -> list[int]:
        now, version = [0.0], [1]
        slow = Slow()
        slow.go.set()
        cache = AnswerCache(slow, lambda path: (version[0], 60.0), lambda: now[0])
        calls = []
        for time, of in ((0, 1), (59, 1), (61, 1), (62, 2), (63, 2)):
            now[0], version[0] = float(time), of
            await ask(cache, "/v1/x")
            calls.append(slow.calls)
        return calls

    assert asyncio.run(run()) == [1, 1, 2, 3, 3]


def test_large_answers_are_packed_for_those_who_take_it() -> None:
    async def run() -> None:
        slow = Slow()
        slow.go.set()
        cache = AnswerCache(slow, lambda path: (1, 60.0))
        for _ in range(2):
            _, headers, body = await ask(cache, "/v1/x", ((b"accept-encoding", b"gzip, br"),))
            assert headers[b"content-encoding"] == b"gzip"
            assert gzip.decompress(body) == b"x" * 5_000
            assert int(headers[b"content-length"]) == len(body)
        _, headers, body = await ask(cache, "/v1/x", ((b"accept-encoding", b"br"),))
        assert (b"content-encoding" in headers, body) == (False, b"x" * 5_000)
        status, _, body = await ask(cache, "/v1/x", ((b"if-none-match", headers[b"etag"]),))
        assert (status, body) == (304, b"")

    asyncio.run(run())


def test_a_slow_reader_loses_the_oldest_and_is_told() -> None:
    reader = Reader()
    for number in range(HELD + 5):
        reader.put({"version": number})
    assert reader.missed == 5
    assert reader.queue.get_nowait() == {"version": 5}


def test_a_full_feed_refuses_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("marquee.http.feed.MOST_READERS", 1)
    feed = Feed()
    _ = feed.stream()
    with pytest.raises(TransientError, match="already listen"):
        feed.stream()


def test_the_feed_tells_what_is_new(world_home: Path, tmp_path: Path, clock: ManualClock) -> None:
    clock.time = NOON + 2 * HOUR
    platform = Platform(load(home=shutil.copytree(world_home, tmp_path / "home")), clock)
    query = platform.query()
    query.refresh()
    before = query.world
    platform.door().accept([review(1, clock.now(), "fresh", TEXTS[0]), review(2, clock.now(), "fresher", TEXTS[1])])
    platform.speed().drain()
    query.refresh()
    found = update(before, query.world, clock.now())
    assert [(line["movie_id"], line["new_reviews"]) for line in found["films"]] == [(1, 1), (2, 1)]
    assert not found["published"]
    assert update(query.world, query.world, clock.now())["films"] == []


def test_the_live_feed_streams(world_home: Path, tmp_path: Path, clock: ManualClock) -> None:
    import shutil

    clock.time = NOON + 2 * HOUR
    platform = Platform(load(home=shutil.copytree(world_home, tmp_path / "home")), clock)

    async def run() -> list[bytes]:
        async with lifetime(platform) as app:
            parts: asyncio.Queue[bytes] = asyncio.Queue()

            async def send(message: Any) -> None:
                await parts.put(message.get("body", b""))

            async def receive() -> Any:
                await asyncio.Event().wait()

            scope = {
                "type": "http",
                "asgi": {"version": "3.0", "spec_version": "2.4"},
                "method": "GET",
                "path": "/v1/live",
                "raw_path": b"/v1/live",
                "query_string": b"",
                "headers": [],
                "scheme": "http",
                "server": ("test", 80),
                "root_path": "",
            }
            reading = asyncio.create_task(app(scope, receive, send))
            seen = []
            while not seen or b"hello" not in seen[-1]:
                seen.append(await asyncio.wait_for(parts.get(), 10))
            platform.door().accept([review(3, clock.now(), "live", TEXTS[0])])
            platform.speed().drain()
            while b"update" not in seen[-1]:
                seen.append(await asyncio.wait_for(parts.get(), 10))
            reading.cancel()
            with suppress(asyncio.CancelledError):
                await reading
            return seen

    body = asyncio.run(run())[-1]
    found = orjson.loads(body.split(b"data: ")[1])
    assert found["films"][0]["movie_id"] == 3
    assert found["missed"] == 0


def test_five_hundred_clients_and_slow_readers_are_all_answered(port: int) -> None:
    paths = ("/v1/movies/1", "/v1/trending/movies?window=7d", "/v1/analytics/overview", "/v1/search/movies?q=film")

    async def one(number: int) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET {paths[number % 4]} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".encode())
        head = await reader.readline()
        await reader.read()
        writer.close()
        return head

    async def run() -> list[bytes]:
        stalled = []
        for _ in range(20):
            sock = socket.create_connection(("127.0.0.1", port))
            sock.sendall(b"GET /v1/live HTTP/1.1\r\nhost: x\r\n\r\n")
            stalled.append(sock)
        heads = await asyncio.gather(*(one(number) for number in range(500)))
        for sock in stalled:
            sock.close()
        return heads

    heads = asyncio.run(run())
    assert set(heads) == {b"HTTP/1.1 200 OK\r\n"}


def test_the_client_asks_every_question(port: int) -> None:
    with Client(f"http://127.0.0.1:{port}") as marquee:
        assert marquee.movie(1)["title"] == "Film 1"
        trending = marquee.trending("90d", genre="Drama", limit=5)
        assert trending.to_pandas()["movie_id"].tolist() == trending.to_polars()["movie_id"].to_list()
        assert trending.to_arrow().num_rows == 5
        assert marquee.stats(1).to_arrow().num_rows == len(marquee.stats(1)["months"])
        assert marquee.recommend([1, 2], limit=3).rows[0]["reasons"]
        listing = marquee.search("film", page_size=5)
        assert marquee.search("film", page_size=5, page=2, listing=listing["listing"])["page"] == 2
        answers = [
            *(marquee.sentiment(1), marquee.similar(1), marquee.forecast(1), marquee.network(1), marquee.declining()),
            *(marquee.outlook(), marquee.suggest("fil"), marquee.overview(), marquee.trends(), marquee.genres()),
            *(marquee.genre("Drama"), marquee.comparison(), marquee.revenue(), marquee.seasons()),
            *(marquee.anomalies(), marquee.people("person"), marquee.person(130), marquee.path(101, 102)),
        ]
        assert all(answer["coverage"]["run_id"] for answer in answers)
        assert marquee.overview().to_arrow().num_rows == 1
        with pytest.raises(ApiError, match="no film has the id 999") as refused:
            marquee.movie(999)
        assert refused.value.status == 404
        assert "search" in refused.value.hint


def test_the_client_can_be_awaited(port: int) -> None:
    async def run() -> tuple[str, int]:
        async with AsyncClient(f"http://127.0.0.1:{port}") as marquee:
            one, trends = await asyncio.gather(marquee.movie(1), marquee.trending("7d"))
            return one["title"], len(trends.rows)

    assert asyncio.run(run())[0] == "Film 1"


def test_the_client_says_what_is_wrong() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/movies/1":
            return httpx.Response(429, json={"detail": "Try again in 2 s."}, headers={"retry-after": "2"})
        return httpx.Response(200, text="<html>")

    with Client(transport=httpx.MockTransport(answer)) as marquee:
        with pytest.raises(TransientError, match="Try again") as busy:
            marquee.movie(1)
        assert busy.value.wait == 2
        with pytest.raises(ApiError, match="is this the address"):
            marquee.overview()
    with Client(f"http://127.0.0.1:{free_port()}") as nobody, pytest.raises(TransientError, match="does not answer"):
        nobody.overview()


def test_the_client_reads_updates_and_nothing_else_of_a_feed() -> None:
    events = b'event: hello\ndata: {}\n\n: still here\n\nevent: update\ndata: {"version": 4}\n\n'
    with Client(transport=httpx.MockTransport(lambda request: httpx.Response(200, content=events))) as marquee:
        assert [found["version"] for found in marquee.live()] == [4]


def test_the_client_follows_the_feed_of_a_server(present_home: Path, tmp_path: Path) -> None:
    home = shutil.copytree(present_home, tmp_path / "home")
    platform, heard = Platform(load(home=home)), queue.Queue[Any]()
    with serving("serve", "--home", str(home)) as port, Client(f"http://127.0.0.1:{port}") as marquee:
        listener = threading.Thread(target=lambda: heard.put(next(marquee.live())), daemon=True)
        listener.start()
        for number in range(100):  # the first may come before anybody listens
            platform.door().accept([review(3, platform.clock.now(), f"live-{number}", TEXTS[0])])
            platform.speed().drain()
            with suppress(queue.Empty):
                found = heard.get(timeout=0.3)
                break
        else:
            pytest.fail("the client was told nothing")
    assert [line["movie_id"] for line in found["films"]] == [3]
    assert found["films"][0]["new_reviews"] >= 1
