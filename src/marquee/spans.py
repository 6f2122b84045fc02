"""What the parts spend their time on: spans of work, counted for /metrics, and told to a tracer where there is one."""

import atexit
import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

FOLDER = "work"
"""Folder of the home with a file for each part."""

WRITTEN_EVERY = 2.0
"""Seconds between writings for the sake of one name: a rare span is written down at once."""


class Span(Protocol):
    """A span that is open."""

    def set_attribute(self, key: str, value: Any) -> Any:
        """Say something of it."""
        ...


class Tracer(Protocol):
    """What is told of spans."""

    def span(self, name: str, parent: str | None, about: dict[str, Any]) -> AbstractContextManager[Span]:
        """Return a context that is the span. parent: a W3C traceparent that came from outside."""
        ...


class Unsaid:
    """A span that nobody is told of."""

    def set_attribute(self, key: str, value: Any) -> None:
        """Keep it to itself."""


@dataclass(slots=True)
class Ledger:
    """Counts of this process: by name (times, seconds in all, seconds of the last). Kept in a file when it has one."""

    path: Path | None = None
    tracer: Tracer | None = None
    counts: dict[str, list[float]] = field(default_factory=dict)
    written: dict[str, float] = field(default_factory=dict)
    guard: threading.Lock = field(default_factory=threading.Lock)

    def add(self, name: str, seconds: float) -> None:
        """Count one span, and write the counts down when it is time."""
        with self.guard:
            count = self.counts.setdefault(name, [0, 0.0, 0.0])
            count[:] = count[0] + 1, count[1] + seconds, seconds
            now = time.monotonic()
            if self.path is not None and now - self.written.get(name, float("-inf")) > WRITTEN_EVERY:
                self.written[name] = now
                self.write(self.path)

    def write(self, path: Path) -> None:
        """Write the counts; a disk that is full stops no work."""
        part = path.with_suffix(f".{os.getpid()}")
        try:
            part.write_text(json.dumps(self.counts))
            part.replace(path)
        except OSError:
            part.unlink(missing_ok=True)


LEDGER = Ledger()


def keep(folder: Path, part: str, tracer: Tracer | None = None) -> None:
    """Keep this process' counts as those of a part, and tell a tracer of each span."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{part}.json"
    LEDGER.path, LEDGER.tracer, LEDGER.counts = path, tracer, {}
    atexit.register(LEDGER.write, path)


def kept(folder: Path) -> Iterator[tuple[str, str, tuple[int, float, float]]]:
    """Yield (part, name, (times, seconds in all, seconds of the last)) of all parts."""
    for path in sorted(folder.glob("*.json")):
        for name, (times, total, last) in sorted(json.loads(path.read_text()).items()):
            yield path.stem, name, (int(times), total, last)


@contextmanager
def span(name: str, parent: str | None = None, **about: Any) -> Iterator[Span]:
    """Count the time a block takes. name: of few values; about: what the tracer alone is told."""
    began = time.perf_counter()
    tracer = LEDGER.tracer
    context: AbstractContextManager[Span] = nullcontext(Unsaid())
    if tracer is not None:
        context = tracer.span(name, parent, about)
    try:
        with context as opened:
            yield opened
    finally:
        LEDGER.add(name, time.perf_counter() - began)
