"""The door: validates facts, identifies them, and logs what is new, exactly once."""

import dataclasses
from bisect import insort
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from marquee.domain.authority import TMDB, counts_votes, outranks
from marquee.domain.codec import decode, encode, identity_of, records
from marquee.domain.events import (
    BLANK_FILM,
    EVENT_BYTES,
    METADATA,
    RATINGS,
    REVIEWS,
    Event,
    FilmEvent,
    RatingEvent,
    ReviewEvent,
    fingerprint,
    topic_of,
)
from marquee.domain.facts import Fact, FilmFact, Gone, Malformed, ReviewFact, ReviewList, VoteFact, VoteSeries
from marquee.domain.records import Identity, Rejected
from marquee.domain.timeline import Clock
from marquee.domain.validation import ID_LIMIT, complaint
from marquee.ports import IdentityIndex, Log, Quarantine
from marquee.spans import span

CATCH_UP = 5_000
ANY_DIGEST = "0" * 32
MOST_GAINED = 10**9
"""Votes between two readings that are taken for a gain or a loss; more is an error of the source."""


@dataclass(slots=True)
class Receipt:
    """What became of a batch of facts: events logged by topic, facts already known, facts quarantined."""

    logged: dict[str, int] = field(default_factory=dict)
    known: int = 0
    quarantined: int = 0

    @property
    def total(self) -> int:
        """Events logged in all."""
        return sum(self.logged.values())

    def add(self, other: "Receipt") -> None:
        """Count another receipt in."""
        for topic, count in other.logged.items():
            self.logged[topic] = self.logged.get(topic, 0) + count
        self.known += other.known
        self.quarantined += other.quarantined


class Door:
    """The only way into the log.

    The index is a view of the log: behind after a crash, it is caught up before anything new is
    judged. `turn` gives one process at a time the right to do so.
    """

    def __init__(
        self,
        log: Log,
        index: IdentityIndex,
        quarantine: Quarantine,
        clock: Clock,
        turn: Callable[[], AbstractContextManager[object]],
    ) -> None:
        self.log = log
        self.index = index
        self.quarantine = quarantine
        self.clock = clock
        self.turn = turn

    def accept(self, facts: Iterable[Fact]) -> Receipt:
        """Log what is new in these facts, durably; return what became of them.

        An edit becomes a retraction of the old text and an insertion of the new; a review that is
        missing from a full list is retracted. Raises StorageError when the log cannot be written:
        then nothing was accepted.
        """
        with span("door.accept") as opened:
            receipt = self.take(list(facts))
            opened.set_attribute("logged", receipt.total)
        return receipt

    def take(self, facts: list[Fact]) -> Receipt:
        """Do what `accept` says."""
        now = self.clock.now()
        receipt = Receipt()
        rejected: list[Rejected] = []
        sound: list[Fact] = []
        for fact in facts:
            refused = rejection(fact, now)
            if refused is None:
                sound.append(fact)
            else:
                rejected.append(refused)
        if rejected:
            self.quarantine.add(rejected, now)
            receipt.quarantined = sum(refused.rows for refused in rejected)
        with self.turn():
            self.catch_up()
            events, again = self.plan(sound, receipt)
            if events:
                position = self.log.append(events, now)
                self.index.apply([(topic_of(event), event) for event in events], position)
            if again:
                self.index.touch(RATINGS, again)
        for event in events:
            topic = topic_of(event)
            receipt.logged[topic] = receipt.logged.get(topic, 0) + 1
        return receipt

    def catch_up(self) -> None:
        """Fold into the index what the log holds and the index has not seen."""
        position = self.index.position()
        while True:
            batches, reached = self.log.read(position, CATCH_UP)
            if not batches:
                return
            pairs = [(record.topic, record.event) for batch in batches for record in records(batch)]
            self.index.apply(pairs, reached)
            position = reached

    def plan(self, facts: Sequence[Fact], receipt: Receipt) -> tuple[list[Event], dict[str, int]]:
        """Return the events that these facts add to what the index knows, in order; and the gauges that were read again
        as they stood, with the time (ms)."""
        votes = [fact for fact in facts if isinstance(fact, VoteFact)]
        undated = [fact for fact in votes if not fact.historic]
        films = [fact for fact in facts if isinstance(fact, FilmFact | Gone)]
        known = {
            REVIEWS: self.index.lookup(REVIEWS, {f.review_id for f in facts if isinstance(f, ReviewFact)}),
            RATINGS: self.index.lookup(RATINGS, {*map(rating_identity, votes), *map(own_identity, undated)}),
            METADATA: self.index.lookup(METADATA, {*map(film_identity, films), *map(own_identity, films)}),
        }
        dated = Dated(self.index)
        again: dict[str, int] = {}
        events: list[Event] = []
        for fact in facts:
            if isinstance(fact, ReviewFact):
                made = self.review_events(fact, known[REVIEWS])
            elif isinstance(fact, ReviewList):
                made = self.vanished(fact, known[REVIEWS], events)
            elif isinstance(fact, VoteFact):
                made = rating_events(fact, known[RATINGS], dated)
                if not made and not fact.historic:
                    again[rating_identity(fact)] = fact.observed_at
            elif isinstance(fact, VoteSeries):
                made = self.series_events(fact)
            elif isinstance(fact, FilmFact | Gone):
                made = film_events(fact, known[METADATA])
            else:
                continue
            receipt.known += not made and not isinstance(fact, ReviewList)
            events.extend(made)
        return events, again

    def review_events(self, fact: ReviewFact, known: dict[str, Identity]) -> list[Event]:
        """Return the insertion of a new review, or the retraction and insertion of an edited one.

        What a file told is TMDB's as soon as TMDB tells of it too, so that TMDB can also take it back.
        """
        before = known.get(fact.review_id)
        digest = fingerprint(fact.movie_id, fact.written_at, fact.author, fact.stars, fact.text)
        if before is not None:
            taken_over = outranks(fact.source, before.source)
            if outranks(before.source, fact.source) or (before.alive and before.digest == digest and not taken_over):
                return []
        revision = before.revision + 1 if before else 1
        made: list[Event] = []
        if before is not None and before.alive:
            made.append(retraction(before))
        made.append(insertion(fact, revision, digest))
        known[fact.review_id] = identity_of(made[-1])
        return made

    def series_events(self, fact: VoteSeries) -> list[Event]:
        """Return the readings of a series that are news; those it supersedes are told once more, as it has them."""
        known = self.index.readings(fact.movie_id, fact.source)
        readings = {rating_identity(reading): reading for reading in fact.facts()}
        for identity in known.keys() - readings.keys():
            time = historic_time(identity)
            if time is not None:
                readings[identity] = fact.at(time)
        return [event for reading in readings.values() for event in rating_events(reading, known)]

    def vanished(self, fact: ReviewList, known: dict[str, Identity], planned: Sequence[Event]) -> list[Event]:
        """Return retractions of a film's reviews, held or just planned, that its source no longer lists."""
        place = (fact.movie_id, fact.source)
        new = {e.identity for e in planned if isinstance(e, ReviewEvent) and (e.movie_id, e.source) == place}
        gone = (self.index.standing_reviews(*place) | new) - fact.review_ids
        made: list[Event] = []
        held = self.index.lookup(REVIEWS, gone)
        for review_id in sorted(gone):
            present = known.get(review_id) or held[review_id]
            if present.alive:
                event = retraction(present)
                made.append(event)
                known[review_id] = identity_of(event)
        return made


def rejection(fact: Fact, now: int) -> Rejected | None:
    """Return what goes to quarantine of a fact that cannot be let in, None of one that can."""
    if isinstance(fact, Malformed):
        return Rejected(fact.source, fact.reason, fact.raw, fact.film, fact.column, fact.rows)
    reason = complaint(fact, now) or size_complaint(fact)
    if reason is None:
        return None
    title = fact.values.get("title", "") if isinstance(fact, FilmFact) else ""
    return Rejected(fact.source, reason, repr(dataclasses.asdict(fact)), f"{fact.movie_id} {title}".strip())


def size_complaint(fact: Fact) -> str | None:
    """Return why no log would take what a fact becomes, whatever its revision; None of one that fits."""
    if isinstance(fact, ReviewFact):
        event: Event = insertion(fact, ID_LIMIT, ANY_DIGEST)
    elif isinstance(fact, FilmFact):
        event = description(fact, {**BLANK_FILM, **fact.values}, ID_LIMIT, ANY_DIGEST)
    else:
        return None
    try:
        size = len(encode(event))
    except TypeError as error:
        return f"cannot be written as an event: {error}"
    return (
        f"has {size:,} bytes as an event, more than the {EVENT_BYTES:,} that are taken" if size > EVENT_BYTES else None
    )


def insertion(fact: ReviewFact, revision: int, digest: str) -> ReviewEvent:
    """Return the event of a review as it stands."""
    return ReviewEvent(
        event_id=fingerprint(REVIEWS, fact.review_id, revision, 1, digest),
        movie_id=fact.movie_id,
        event_time=fact.written_at,
        weight=1,
        source=fact.source,
        identity=fact.review_id,
        revision=revision,
        digest=digest,
        author=fact.author,
        stars=fact.stars,
        text=fact.text,
    )


def rating_identity(fact: VoteFact) -> str:
    """Name the gauge a reading belongs to; a historic reading is a thing of its own."""
    return f"{fact.movie_id}@{fact.observed_at}@{fact.source}" if fact.historic else film_identity(fact)


def historic_time(identity: str) -> int | None:
    """Return the time of a historic reading, None of a present one."""
    _, time, *source = identity.split("@", 2)
    return int(time) if source and time.isdecimal() else None


def film_identity(fact: FilmFact | Gone | VoteFact) -> str:
    """Name a film at a source: each source's account of it changes by itself."""
    return f"{fact.movie_id}@{fact.source}"


def own_identity(fact: FilmFact | Gone | VoteFact) -> str:
    """Name TMDB's own account of the film that a fact is about."""
    return f"{fact.movie_id}@{TMDB}"


def retraction(before: Identity) -> ReviewEvent:
    """Return the event that takes a standing review back, with the text and the event time it had."""
    old = decode(REVIEWS, before.body or b"")
    if not isinstance(old, ReviewEvent):
        raise TypeError(f"the index holds no review under {old.identity}")
    event_id = fingerprint(REVIEWS, old.identity, old.revision, -1, old.digest)
    return dataclasses.replace(old, event_id=event_id, weight=-1)


def outdated(fact: FilmFact | Gone | VoteFact, before: Identity) -> bool:
    """Say whether a file's account is older than what its source has told. TMDB itself is asked now, whatever clocks say."""
    return fact.source != TMDB and fact.observed_at < before.at


class Dated:
    """The dated readings of films at a source, as far as they are asked for: (time in ms, votes) in order of time."""

    def __init__(self, index: IdentityIndex) -> None:
        self.index = index
        self.series: dict[tuple[int, str], list[tuple[int, int]]] = {}

    def of(self, fact: VoteFact) -> list[tuple[int, int]]:
        """Return the readings of a fact's series; one that is told is put in by the caller."""
        place = (fact.movie_id, fact.source)
        if place not in self.series:
            held = self.index.readings(*place)
            times = {historic_time(name): one.votes for name, one in held.items()}
            self.series[place] = sorted(
                (time, votes) for time, votes in times.items() if time is not None and votes is not None
            )
        return self.series[place]


def before_of(fact: VoteFact, before: Identity | None, dated: Dated | None) -> tuple[int, int] | None:
    """Return (time, votes) of the reading before one, from which its gain is counted; None where there is none.

    A dated reading that comes after a later one adds nothing: the later one's gain counts all since the one before.
    """
    if not fact.historic:
        return None if before is None or before.votes is None or before.at <= 0 else (before.at, before.votes)
    if dated is None or before is not None:
        return None
    readings = dated.of(fact)
    found = readings[-1] if readings and readings[-1][0] < fact.observed_at else None
    insort(readings, (fact.observed_at, fact.votes))
    return found


def rating_events(fact: VoteFact, known: dict[str, Identity], dated: Dated | None = None) -> list[Event]:
    """Return a gauge reading, unless the gauges stand where they stood, or a file's undated one comes after TMDB's own."""
    identity = rating_identity(fact)
    if not fact.historic and counts_votes(fact.source) and fact.source != TMDB and own_identity(fact) in known:
        return []
    digest = fingerprint(fact.votes, fact.average, fact.popularity)
    before = known.get(identity)
    if before is not None and (before.digest == digest or outdated(fact, before)):
        return []
    counted = before_of(fact, before, dated) if counts_votes(fact.source) else None
    since, votes = counted or (None, fact.votes)
    gained = fact.votes - votes
    # A reading that returns to what it was is news again, and must not bear the name of the first.
    again = [before.revision] if fact.historic and before is not None else []
    event = RatingEvent(
        event_id=fingerprint(RATINGS, identity, fact.observed_at, digest, *again),
        movie_id=fact.movie_id,
        event_time=fact.observed_at,
        weight=1,
        source=fact.source,
        identity=identity,
        revision=before.revision + 1 if before else 1,
        digest=digest,
        votes=fact.votes,
        average=fact.average,
        popularity=fact.popularity,
        gained=gained if abs(gained) <= MOST_GAINED else 0,
        since=since,
    )
    known[identity] = identity_of(event)
    return [event]


def film_events(fact: FilmFact | Gone, known: dict[str, Identity]) -> list[Event]:
    """Return a film's description if it changed, or word that it is gone; a file's is no news after TMDB's own."""
    identity = film_identity(fact)
    if fact.source != TMDB and own_identity(fact) in known:
        return []
    values = {**BLANK_FILM, "deleted": True} if isinstance(fact, Gone) else {**BLANK_FILM, **fact.values}
    digest = fingerprint(sorted(values.items()))
    before = known.get(identity)
    if before is None and isinstance(fact, Gone):
        return []
    if before is not None and (before.digest == digest or outdated(fact, before)):
        return []
    revision = before.revision + 1 if before else 1
    event = description(fact, values, revision, digest)
    known[identity] = identity_of(event)
    return [event]


def description(fact: FilmFact | Gone, values: Mapping[str, Any], revision: int, digest: str) -> FilmEvent:
    """Return the event of a film as it is described."""
    identity = film_identity(fact)
    return FilmEvent(
        event_id=fingerprint(METADATA, identity, revision, digest),
        movie_id=fact.movie_id,
        event_time=fact.observed_at,
        weight=1,
        source=fact.source,
        identity=identity,
        revision=revision,
        digest=digest,
        **values,
    )
