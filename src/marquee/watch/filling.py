"""How far a home is with its first films: told to whoever asks, and how long the rest will take."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from marquee.home import Home

FILE = "filling.json"
WRITTEN_EVERY = 1.0
"""Seconds between two writings."""

SAID_EVERY = 60.0
"""Seconds between two lines."""

STALE = 300.0
"""Seconds after which nobody writes any more: whoever filled the home has ended."""

Progress = Callable[[str, int, int], None]


@dataclass(slots=True)
class Pace:
    """How fast a step goes on, as far as this process has seen it."""

    began: float
    first: int

    def left(self, done: int, of: int, now: float) -> int | None:
        """Return the seconds that the rest will take, None while unknown."""
        gained = done - self.first
        return round((now - self.began) / gained * (of - done)) if gained > 0 else None


@dataclass(slots=True)
class Lines:
    """Says progress in a plain line each minute, and at the end of each step."""

    say: Callable[[str], None]
    paces: dict[str, Pace] = field(default_factory=dict)
    said: float = float("-inf")

    def __call__(self, what: str, done: int, of: int) -> None:
        """Take note of a step: `done` of `of`."""
        now = time.monotonic()
        pace = self.paces.setdefault(what, Pace(now, done))
        if done < of and now - self.said < SAID_EVERY:
            return
        self.said = now
        self.say(words({"what": what, "done": done, "of": of, "left_s": pace.left(done, of, now)}))


@dataclass(slots=True)
class Filling:
    """Passes progress on to `show`, and keeps the last of it in a file of the home while it is open."""

    home: Home
    show: Progress
    paces: dict[str, Pace] = field(default_factory=dict)
    written: float = float("-inf")

    def __call__(self, what: str, done: int, of: int) -> None:
        """Take note of a step: `done` of `of`."""
        self.show(what, done, of)
        now = time.monotonic()
        pace = self.paces.setdefault(what, Pace(now, done))
        if now - self.written < WRITTEN_EVERY:
            return
        self.written = now
        body = {"what": what, "done": done, "of": of, "left_s": pace.left(done, of, now), "at": time.time()}
        target = path(self.home)
        part = target.with_suffix(f".{os.getpid()}.part")
        part.write_bytes(orjson.dumps(body))
        part.replace(target)

    def __enter__(self) -> "Filling":
        return self

    def __exit__(self, *_: object) -> None:
        path(self.home).unlink(missing_ok=True)


def path(home: Home) -> Path:
    """Return where the progress is kept."""
    return home.path(FILE)


def filling(home: Home) -> dict[str, Any] | None:
    """Return what a home is being filled with: what, done, of, left_s (None while unknown); None where nobody fills it."""
    try:
        found: dict[str, Any] = orjson.loads(path(home).read_bytes())
    except (FileNotFoundError, orjson.JSONDecodeError):
        return None
    return found if time.time() - found.pop("at") < STALE else None


def words(found: dict[str, Any]) -> str:
    """Say it: "fetching films: 12,345 of 50,000, 2 h left"."""
    left = found["left_s"]
    return f"{found['what']}: {found['done']:,} of {found['of']:,}" + (f", {span(left)} left" if left else "")


def span(seconds: float) -> str:
    """Return a length of time as a person says it."""
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= 1.5 * size:
            return f"{round(seconds / size)} {unit}"
    return f"{round(seconds)} s"
