"""The cluster's log: one Kafka topic per kind of event, key = movie_id, its time the broker's (LogAppendTime).

Nothing is read through a consumer group: a position is the offset of every partition, kept by whoever reads.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

from marquee.adapters.kafka.avro import AvroCodec
from marquee.adapters.kafka.topics import (
    DEAD_LETTERS,
    MESSAGE_BYTES,
    WAIT_SECONDS,
    Brokers,
    away,
    check_topics,
    configure,
    create_topics,
    lasting,
)
from marquee.domain.codec import bounded
from marquee.domain.events import EVENT_BYTES, TOPICS, Event, topic_of
from marquee.domain.records import Batch
from marquee.domain.timeline import HOUR, MINUTE, floor
from marquee.errors import TransientError

SLACK = MINUTE
"""How long after its end an hour is sealed: no broker's clock may be further behind than that."""

POLL_SECONDS = 0.5
CHUNK = 500
REQUEST_SECONDS = 5.0
SPEC: Any = OffsetSpec
EARLIEST, LATEST, NEWEST = SPEC.earliest(), SPEC.latest(), SPEC.max_timestamp()
Place = tuple[str, int]


class KafkaLog:
    """A `Log` in Kafka."""

    def __init__(self, brokers: Brokers, codec: AvroCodec) -> None:
        self.brokers = brokers
        self.codec = codec
        self.guard = threading.RLock()
        self.admin = AdminClient(brokers.settings())
        self.places: list[Place] = [(topic, part) for topic in TOPICS for part in range(brokers.partitions)]
        self.known: dict[Place, int] = {}
        self.given: int | None = None
        """The last time that a record was given, while records bear given times."""

        create_topics(self.admin, brokers)
        self.producer = Producer(
            brokers.settings(
                **{
                    "enable.idempotence": True,
                    "acks": "all",
                    "compression.type": "zstd",
                    "linger.ms": 5,
                    "message.max.bytes": MESSAGE_BYTES,
                }
            )
        )
        self.consumer = Consumer(
            brokers.settings(
                **{
                    "group.id": "marquee-log",
                    "enable.auto.commit": False,
                    "enable.auto.offset.store": False,
                    "auto.offset.reset": "earliest",
                    "isolation.level": "read_committed",
                    "fetch.wait.max.ms": 50,
                }
            )
        )

    def append(self, events: Sequence[Event], now: int) -> str:
        """Append durably (acks=all); TransientError unless all of them are in. The time is the brokers', not `now`.

        SettingsError where a topic has been set to take less than an event may have. The position returned is after them
        and after what this log knew before; what others have appended meanwhile may lie past it. After an error some may
        be in: the door's index follows the log, and what is in it is not sent again.
        """
        failed: list[KafkaError] = []

        def delivered(error: KafkaError | None, message: Message) -> None:
            place = (message.topic() or "", message.partition() or 0)
            if error is not None:
                failed.append(error)
            else:
                self.known[place] = max(self.known[place], (message.offset() or 0) + 1)

        for event in events:
            bounded(event)
        stamped: dict[str, Any] = {}
        with self.guard:
            if self.given is not None:
                self.given = stamped["timestamp"] = max(now, self.given)
            self.known = self.known or self.highs(self.places)
            for event in events:
                topic = topic_of(event)
                value = self.codec.encode(topic, event)
                part = event.movie_id % self.brokers.partitions
                key = str(event.movie_id).encode()
                while True:
                    try:
                        self.producer.produce(topic, value, key, part, on_delivery=delivered, **stamped)
                        break
                    except BufferError:
                        self.producer.poll(POLL_SECONDS)
            left = self.producer.flush(WAIT_SECONDS)
        if any(error.code() == KafkaError.MSG_SIZE_TOO_LARGE for error in failed):
            check_topics(self.admin, self.brokers)
        if failed or left:
            reason = failed[0].str() if failed else f"{left} events were not acknowledged in {WAIT_SECONDS:.0f} s"
            raise TransientError(f"Kafka did not take the events: {reason}", hint="Is it running? See MARQUEE_KAFKA.")
        return self.position(self.known)

    def read(
        self, after: str, limit: int, topic: str | None = None, before: int | None = None, until: str | None = None
    ) -> tuple[list[Batch], str]:
        """Return about `limit` events in the order of their times, whatever partition they are in."""
        with self.guard:
            reached = self.offsets(after)
            bounds = self.bounds(reached, topic, until)
            found = self.fetch(bounds, max(1, limit // max(1, len(bounds))))
        complete = {place for place, (_, stop) in bounds.items() if last_offset(found[place], bounds[place][0]) >= stop}
        behind = [found[place][-1].timestamp()[1] for place in bounds if place not in complete and found[place]]
        horizon = min(behind, default=None)
        kept: list[tuple[int, Place, Message]] = []
        for place, messages in found.items():
            for message in messages:
                at = message.timestamp()[1]
                if (before is not None and at >= before) or (horizon is not None and at > horizon):
                    break
                kept.append((at, place, message))
                reached[place] = (message.offset() or 0) + 1
        if not kept:
            return [], after
        kept.sort(key=lambda item: (item[0], item[1], item[2].offset()))
        return self.batches(kept), self.position(reached)

    def bounds(
        self, reached: Mapping[Place, int], topic: str | None, until: str | None
    ) -> dict[Place, tuple[int, int]]:
        """Return (first offset, offset to stop before) of the partitions that hold anything to read."""
        places = [place for place in self.places if topic is None or place[0] == topic]
        lows, stops = self.lows(places), self.highs(places)
        if until is not None:
            wanted = self.offsets(until)
            stops = {place: min(stop, wanted[place]) for place, stop in stops.items()}
        starts = {place: max(reached[place], lows[place]) for place in places}
        return {place: (starts[place], stops[place]) for place in places if starts[place] < stops[place]}

    def fetch(self, bounds: Mapping[Place, tuple[int, int]], quota: int) -> dict[Place, list[Message]]:
        """Return at least `quota` messages of each partition, or all up to its stop."""
        found: dict[Place, list[Message]] = defaultdict(list)
        waiting = dict(bounds)
        if not waiting:
            return found
        self.consumer.assign([TopicPartition(t, p, start) for (t, p), (start, _) in bounds.items()])
        silent = 0.0
        while waiting:
            messages = self.consumer.consume(CHUNK, POLL_SECONDS)
            silent = 0.0 if messages else silent + POLL_SECONDS
            if silent >= WAIT_SECONDS:
                raise TransientError(f"Kafka gave nothing for {WAIT_SECONDS:.0f} s", hint="Is it running?")
            for message in messages:
                error = message.error()
                if error is not None:
                    if error.retriable() or error.code() == KafkaError._PARTITION_EOF:
                        continue
                    raise TransientError(f"Kafka cannot be read: {error.str()}", hint="See MARQUEE_KAFKA.")
                place = (message.topic() or "", message.partition() or 0)
                stop = bounds[place][1]
                if (message.offset() or 0) < stop:
                    found[place].append(message)
                if (message.offset() or 0) + 1 >= stop or len(found[place]) >= quota:
                    waiting.pop(place, None)
        self.consumer.unassign()
        return found

    def batches(self, kept: Sequence[tuple[int, Place, Message]]) -> list[Batch]:
        """Return messages as batches of one partition, one time and consecutive offsets; dead letters are sent away."""
        found: list[Batch] = []
        for at, (topic, part), message in kept:
            try:
                body = self.codec.decode(topic, message.value() or b"")
            except ValueError as error:
                self.bury((topic, part), message.offset() or 0, message.value() or b"", str(error))
                continue
            offset, last = message.offset() or 0, found[-1] if found else None
            if (
                last is not None
                and (last.topic, last.partition, last.ingest_time) == (topic, part, at)
                and last.first_offset + len(last.bodies) == offset
            ):
                found[-1] = Batch(topic, part, last.first_offset, at, last.period, [*last.bodies, body])
            else:
                found.append(Batch(topic, part, offset, at, floor(at, HOUR), [body]))
        return found

    def bury(self, place: Place, offset: int, value: bytes, reason: str) -> None:
        """Send a record that cannot be read to the dead letters, with the reason and where it stood.

        Each reader of the log does so: records with one key are one letter. One too long for a letter is cut; what it
        was stays where it stood.
        """
        stood = f"{place[0]}/{place[1]}/{offset}"
        headers: dict[str, str | bytes | None] = {"reason": reason, "from": stood, "bytes": str(len(value))}
        with self.guard:
            self.producer.produce(DEAD_LETTERS, value[:EVENT_BYTES], stood.encode(), headers=headers)
            self.producer.flush(WAIT_SECONDS)

    def seal(self, now: int) -> int:
        """Return the first hour that is open: one that ended less than a minute ago still is."""
        return floor(now - SLACK, HOUR)

    def cut(self, now: int) -> int:
        """Seal: times are the brokers' own, so that no moment within an hour can be said to be over."""
        return self.seal(now)

    def position_at(self, time: int) -> str:
        """Return the position before the first record with ingest time >= `time`."""
        with self.guard:
            asked = [TopicPartition(topic, part, time) for topic, part in self.places]
            try:
                found = self.consumer.offsets_for_times(asked, WAIT_SECONDS)
            except KafkaException as error:
                raise away("offsets cannot be found", error) from error
            offsets = {(at.topic, at.partition): at.offset for at in found}
            highs = self.highs(self.places)
            return self.position({p: offsets[p] if offsets[p] >= 0 else highs[p] for p in self.places})

    def end(self) -> str:
        """Return the position after the last record."""
        with self.guard:
            return self.position(self.highs(self.places))

    def later(self, left: str, right: str) -> str:
        """Return the greater offset of each partition."""
        ours, theirs = self.offsets(left), self.offsets(right)
        return self.position({place: max(ours[place], theirs[place]) for place in self.places})

    def behind(self, position: str) -> dict[str, int]:
        """Return how many offsets of each topic stand after a position: the lag of who has read that far."""
        reached, found = self.offsets(position), dict.fromkeys(TOPICS, 0)
        with self.guard:
            lows, highs = self.lows(self.places), self.highs(self.places)
        for place in self.places:
            found[place[0]] += max(0, highs[place] - max(reached[place], lows[place]))
        return found

    def span(self) -> tuple[int, int] | None:
        """Return the first and last ingest time held."""
        with self.guard:
            bounds = self.bounds(dict.fromkeys(self.places, 0), None, None)
            if not bounds:
                return None
            firsts = self.fetch({place: (start, start + 1) for place, (start, _) in bounds.items()}, 1)
            lasts = [edge.timestamp for edge in self.edges(list(bounds), NEWEST).values()]
        return min(messages[0].timestamp()[1] for messages in firsts.values() if messages), max(lasts)

    def accepted(self, start: int, end: int) -> bool:
        """Say whether a record with ingest time in [start, end) was accepted; true where retention may have dropped it."""
        first, after = self.offsets(self.position_at(start)), self.offsets(self.position_at(end))
        if any(after[place] > first[place] for place in self.places):
            return True
        with self.guard:
            lows = self.lows(self.places)
        return any(lows[place] > 0 and first[place] <= lows[place] for place in self.places)

    @contextmanager
    def backdated(self) -> Iterator[None]:
        """Let records bear the time they are given, and keep them whatever it is; then the brokers' own again."""
        configure(self.admin, {"message.timestamp.type": "CreateTime", "retention.ms": "-1"})
        held = self.span()
        self.given = 0 if held is None else held[1]
        try:
            yield
        finally:
            self.given = None
            configure(self.admin, lasting(self.brokers))

    def trim(self, before: int) -> int:
        """Delete records with ingest time < `before`; return how many offsets that frees, compacted ones among them."""
        offsets = self.offsets(self.position_at(before))
        with self.guard:
            lows = self.lows(self.places)
            gone = {place: offsets[place] - lows[place] for place in self.places}
            asked = [TopicPartition(*place, offsets[place]) for place in self.places if gone[place] > 0]
            for future in self.admin.delete_records(asked).values() if asked else ():
                try:
                    future.result(WAIT_SECONDS)
                except KafkaException as error:
                    raise away("records cannot be deleted", error) from error
        return sum(count for count in gone.values() if count > 0)

    def edges(self, places: Sequence[Place], spec: Any) -> dict[Place, Any]:
        """Return the first or last offsets of partitions, in one request; a leader that is away is waited for."""
        until = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                asked = dict.fromkeys((TopicPartition(*place) for place in places), spec)
                found = self.admin.list_offsets(asked, request_timeout=REQUEST_SECONDS) if asked else {}
                return {(at.topic, at.partition): future.result(WAIT_SECONDS) for at, future in found.items()}
            except KafkaException as error:
                # A partition has no leader for a moment after it is made, and after its leader has died.
                if time.monotonic() > until:
                    raise away("the offsets cannot be had", error) from error
                time.sleep(POLL_SECONDS)
                self.admin = AdminClient(self.brokers.settings())  # the old one may go on asking the leader that was

    def lows(self, places: Sequence[Place]) -> dict[Place, int]:
        """Return the first offset held of each partition."""
        return {place: edge.offset for place, edge in self.edges(places, EARLIEST).items()}

    def highs(self, places: Sequence[Place]) -> dict[Place, int]:
        """Return the offset after the last of each partition."""
        return {place: edge.offset for place, edge in self.edges(places, LATEST).items()}

    def offsets(self, position: str) -> dict[Place, int]:
        """Read a position: an offset for each partition of each topic."""
        values = [int(value) for value in position.split(",")] if position else [0] * len(self.places)
        return dict(zip(self.places, values, strict=True))

    def position(self, offsets: Mapping[Place, int]) -> str:
        """Write a position."""
        return ",".join(str(offsets[place]) for place in self.places)

    def close(self) -> None:
        """Let go of the connections."""
        self.producer.flush(WAIT_SECONDS)
        self.consumer.close()


def last_offset(messages: Sequence[Message], start: int) -> int:
    """Return the offset after the last message, `start` of none."""
    return (messages[-1].offset() or 0) + 1 if messages else start
