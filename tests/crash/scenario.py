"""A process that lives through a seeded history and may be killed at a named point of it.

Run as `python -m tests.crash.scenario HOME SEED [POINT COUNT]`: at the COUNT-th passing of POINT the process is
killed as by kill -9. Run again on the same home, it does what a restarted platform does: all facts come again.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.conftest import NOON
from tests.facts import history

from marquee.adapters.sqlite.index import SqliteIndex
from marquee.adapters.sqlite.log import SqliteLog
from marquee.adapters.sqlite.speed import SqliteSpeedStore, SqliteSpeedViews
from marquee.adapters.sqlite.views import SqliteViews
from marquee.app import Platform
from marquee.domain.timeline import HOUR, ManualClock
from marquee.engines.duckdb.iceberg import IcebergCatalog
from marquee.settings import load

HOURS = 8
POINTS: dict[str, tuple[type, str]] = {
    "log append": (SqliteLog, "append"),
    "index apply": (SqliteIndex, "apply"),
    "lake commit": (IcebergCatalog, "commit"),
    "publish": (SqliteViews, "publish"),
    "speed write": (SqliteSpeedStore, "write"),
    "speed sync": (SqliteSpeedViews, "upsert"),
    "seal": (SqliteLog, "seal"),
    "trim": (SqliteLog, "trim"),
}


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def arm(point: str, count: int) -> None:
    """Kill this process before or after the count-th call of a point's method."""
    when, name = point.split(" ", 1)
    kind, method = POINTS[name]
    original: Callable[..., Any] = getattr(kind, method)
    passed = 0

    def watched(*arguments: Any, **keywords: Any) -> Any:
        nonlocal passed
        passed += 1
        if passed == count and when == "before":
            die()
        if passed == count and when == "inside" and name == "publish":
            arguments = (*arguments[:2], dying(arguments[2]))
        result = original(*arguments, **keywords)
        if passed == count and when == "after":
            die()
        return result

    setattr(kind, method, watched)


def dying(documents: Any) -> Any:
    """Yield half of the documents and die."""
    held = list(documents)
    yield from held[: len(held) // 2]
    die()


def live(home: Path, seed: int) -> Platform:
    """Live the whole history: every hour facts and the speed layer, every four the batch layer."""
    clock = ManualClock(NOON)
    platform = Platform(load(home=home), clock)
    door, speed, batch = platform.door(), platform.speed(), platform.batch()
    for number, (time, facts) in enumerate(history(seed, NOON, HOURS)):
        clock.time = time
        door.accept(facts)
        speed.drain()
        if number % 4 == 3:
            batch.run()
    clock.time = NOON + (HOURS + 1) * HOUR
    speed.drain()
    batch.run()
    return platform


if __name__ == "__main__":
    if len(sys.argv) > 3:
        arm(sys.argv[3], int(sys.argv[4]))
    live(Path(sys.argv[1]), int(sys.argv[2]))
