"""The log in memory."""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

from marquee.domain.codec import bounded
from marquee.domain.events import TOPICS, Event, topic_of
from marquee.domain.records import Batch
from marquee.domain.timeline import HOUR, floor, ingest_period


class MemoryLog:
    """A `Log` as a list of batches."""

    def __init__(self, partitions: int = 6) -> None:
        self.partitions = partitions
        self.batches: list[tuple[int, Batch]] = []
        self.offsets: dict[tuple[str, int], int] = defaultdict(int)
        self.sealed = 0
        self.cuts: list[int] = []
        self.sequence = 0

    def append(self, events: Sequence[Event], now: int) -> str:
        """Append all events at one ingest time."""
        self.sealed = max(self.sealed, now)
        groups: dict[tuple[str, int], list[bytes]] = {}
        for event in events:
            groups.setdefault((topic_of(event), event.movie_id % self.partitions), []).append(bounded(event))
        for (topic, part), bodies in groups.items():
            self.sequence += 1
            period = ingest_period(self.sealed, self.cuts)
            batch = Batch(topic, part, self.offsets[topic, part], self.sealed, period, bodies)
            self.batches.append((self.sequence, batch))
            self.offsets[topic, part] += len(bodies)
        return self.end()

    def read(
        self, after: str, limit: int, topic: str | None = None, before: int | None = None, until: str | None = None
    ) -> tuple[list[Batch], str]:
        """Return whole batches until `limit` events are reached."""
        found: list[Batch] = []
        position, count = after, 0
        for sequence, batch in self.batches:
            if sequence <= int(after or 0) or (topic is not None and batch.topic != topic):
                continue
            if before is not None and batch.ingest_time >= before:
                continue
            if until is not None and sequence > int(until or 0):
                break
            if found and count + len(batch.bodies) > limit:
                break
            found.append(batch)
            position, count = str(sequence), count + len(batch.bodies)
        return found, position

    def seal(self, now: int) -> int:
        """Close all ingest hours that ended by `now`."""
        self.sealed = max(self.sealed, floor(now, HOUR))
        return ingest_period(self.sealed, self.cuts)

    def cut(self, now: int) -> int:
        """End the present ingest period."""
        self.sealed = max(now, self.sealed + 1)
        self.cuts.append(self.sealed)
        return self.sealed

    def position_at(self, time: int) -> str:
        """Return the position before the first record with ingest time >= `time`."""
        return str(max((sequence for sequence, batch in self.batches if batch.ingest_time < time), default=0))

    def end(self) -> str:
        """Return the position after the last record."""
        return str(self.sequence)

    def later(self, left: str, right: str) -> str:
        """Return the greater of two positions."""
        return max(left, right, key=lambda position: int(position or 0))

    def behind(self, position: str) -> dict[str, int]:
        """Return how many records of each topic stand after a position."""
        found = dict.fromkeys(TOPICS, 0)
        for sequence, batch in self.batches:
            if sequence > int(position or 0):
                found[batch.topic] += len(batch.bodies)
        return found

    def accepted(self, start: int, end: int) -> bool:
        """Say whether a record with ingest time in [start, end) is held."""
        return any(start <= batch.ingest_time < end for _, batch in self.batches)

    def span(self) -> tuple[int, int] | None:
        """Return the first and last ingest time held."""
        times = [batch.ingest_time for _, batch in self.batches]
        return (min(times), max(times)) if times else None

    def backdated(self) -> AbstractContextManager[None]:
        """Do nothing: `append` takes any time that is no earlier than the last."""
        return nullcontext()

    def trim(self, before: int) -> int:
        """Forget records with ingest time < `before`."""
        gone = sum(len(batch.bodies) for _, batch in self.batches if batch.ingest_time < before)
        self.batches = [item for item in self.batches if item[1].ingest_time >= before]
        return gone
