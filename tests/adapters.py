"""Every adapter of every port, and the one fixture through which the suite of `marquee.testing` gets them."""

import inspect
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from marquee.adapters.sqlite.budget import Budget
from marquee.adapters.sqlite.crawl import SqliteCrawl
from marquee.adapters.sqlite.index import SqliteIndex
from marquee.adapters.sqlite.keys import SqliteKeys
from marquee.adapters.sqlite.log import SqliteLog
from marquee.adapters.sqlite.own import SqliteOwnFilms
from marquee.adapters.sqlite.quarantine import SqliteQuarantine
from marquee.adapters.sqlite.releases import SqliteReleases
from marquee.adapters.sqlite.runs import SqliteRuns
from marquee.adapters.sqlite.speed import SqliteSpeedStore, SqliteSpeedViews
from marquee.adapters.sqlite.views import SqliteViews
from marquee.domain.limits import RateLimit
from marquee.engines.duckdb.lake import DuckLake
from marquee.testing import memory
from marquee.testing.memory.lake import MemoryLake
from marquee.testing.suite import Make
from marquee.testing.suite.budget import RATE
from marquee.testing.suite.limits import seconds

EMBEDDED: dict[str, tuple[str, Callable[[Path], Any]]] = {
    "budget": ("sqlite", lambda path: Budget(path, RATE)),
    "crawl": ("sqlite", SqliteCrawl),
    "index": ("sqlite", SqliteIndex),
    "keys": ("sqlite", SqliteKeys),
    "lake": ("duckdb", DuckLake),
    "log": ("sqlite", SqliteLog),
    "own": ("sqlite", SqliteOwnFilms),
    "quarantine": ("sqlite", SqliteQuarantine),
    "releases": ("sqlite", SqliteReleases),
    "runs": ("sqlite", SqliteRuns),
    "speed_store": ("sqlite", SqliteSpeedStore),
    "speed_views": ("sqlite", SqliteSpeedViews),
    "views": ("sqlite", SqliteViews),
}
MEMORY: dict[str, Callable[[], Any]] = {
    "answers": memory.MemoryAnswers,
    "budget": lambda: memory.MemoryBudget(RATE),
    "crawl": memory.MemoryCrawl,
    "index": memory.MemoryIndex,
    "keys": memory.MemoryKeys,
    "lake": MemoryLake,
    "limits": lambda: RateLimit(seconds),
    "log": memory.MemoryLog,
    "own": memory.MemoryOwnFilms,
    "quarantine": memory.MemoryQuarantine,
    "releases": memory.MemoryReleases,
    "runs": memory.MemoryRuns,
    "speed_store": memory.MemorySpeedStore,
    "speed_views": memory.MemorySpeedViews,
    "views": memory.MemoryViews,
}
CLUSTER = {
    "answers": ("redis", "redis_answers"),
    "budget": ("redis", "redis_budget"),
    "lake": ("spark", "spark_lake"),
    "limits": ("redis", "redis_limits"),
    "log": ("kafka", "kafka_log"),
    "speed_store": ("cassandra", "cassandra_store"),
    "speed_views": ("mongo", "mongo_speed_views"),
    "views": ("mongo", "mongo_views"),
}
"""By port the engine, and the fixture of tests/cluster that makes its adapters, each over the store of a name."""

ENGINES: dict[str, dict[str, str]] = {
    port: {
        **({"memory": "memory"} if port in MEMORY else {}),
        **({EMBEDDED[port][0]: "embedded"} if port in EMBEDDED else {}),
        **({CLUSTER[port][0]: "cluster"} if port in CLUSTER else {}),
    }
    for port in sorted({*MEMORY, *EMBEDDED, *CLUSTER})
}
"""By port the engines that it has, each with its kind."""


def engines(*kinds: str) -> Mapping[str, Mapping[str, str]]:
    """The ports that have engines of these kinds, and those engines."""
    chosen = {port: {name: kind for name, kind in held.items() if kind in kinds} for port, held in ENGINES.items()}
    return {port: held for port, held in chosen.items() if held}


@pytest.fixture
def adapter(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    """What makes fresh adapters of an engine: memory's, files of the test's own, or what a real service gives."""
    _, engine = request.param
    made: list[Any] = []
    names: dict[str, str] = {}

    def make(port: str, store: str | None = None) -> Any:
        kind, unused = ENGINES[port][engine], f"t{uuid.uuid4().hex[:12]}"
        name = unused if store is None else names.setdefault(store, unused)
        if kind == "memory":
            made.append(MEMORY[port]())
        elif kind == "embedded":
            made.append(EMBEDDED[port][1](tmp_path / f"{port}-{name}"))
        else:
            made.append(request.getfixturevalue(CLUSTER[port][1])(name))
        return made[-1]

    yield make
    for one in made:
        close = getattr(one, "close", None)
        if close is not None and not inspect.iscoroutinefunction(close):  # what is awaited ends with its loop
            close()
