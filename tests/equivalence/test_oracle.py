"""The promise: the merged answer equals a naive fold of all accepted events, or its coverage names what is missing."""

import shutil
import tempfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.conftest import NOON
from tests.facts import TEXTS, film, review, votes

from marquee.adapters.sqlite.views import SqliteViews
from marquee.app import Platform
from marquee.domain.codec import records
from marquee.domain.coverage import held_from
from marquee.domain.events import REVIEWS, Record
from marquee.domain.facts import Fact, Gone, ReviewFact, ReviewList
from marquee.domain.timeline import DAY, HOUR, MINUTE, ManualClock
from marquee.settings import load
from marquee.watch.audit import Reference, compared

FILMS = st.integers(1, 4)
AGES = st.sampled_from((0, 3 * MINUTE, 2 * HOUR, 26 * HOUR, 8 * DAY, 40 * DAY, 100 * DAY, 2_200 * DAY))


class LambdaMachine(RuleBasedStateMachine):
    """Events come, late and repeated, are edited and taken back; layers run, fail, crash and fall behind."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.clock = ManualClock(NOON)
        self.accepted: list[Record] = []
        self.position = ""
        self.reviews: dict[str, ReviewFact] = {}
        self.open()

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    def open(self) -> None:
        self.platform = Platform(load(home=self.folder / "home"), self.clock)
        self.door, self.speed = self.platform.door(), self.platform.speed()

    def accept(self, *facts: Fact) -> None:
        self.door.accept(facts)
        self.note_log()

    def note_log(self) -> None:
        batches, self.position = self.platform.log.read(self.position, 10**6)
        self.accepted += [record for batch in batches for record in records(batch)]

    @initialize()
    def films_exist(self) -> None:
        self.accept(*(film(movie_id, NOON) for movie_id in (1, 2, 3)))

    @rule(movie_id=FILMS, ages=st.lists(AGES, min_size=1, max_size=6), text=st.sampled_from(TEXTS))
    def write_reviews(self, movie_id: int, ages: list[int], text: str) -> None:
        for age in ages:
            fact = review(movie_id, self.clock.now() - age, f"r{len(self.reviews)}", text)
            self.reviews[fact.review_id] = fact
            self.accept(fact)

    @rule(movie_id=FILMS, count=st.integers(0, 50), age=AGES, historic=st.booleans())
    def read_gauges(self, movie_id: int, count: int, age: int, historic: bool) -> None:
        self.accept(votes(movie_id, self.clock.now() - age, count, historic=historic))

    @rule(movie_id=FILMS, runtime=st.integers(1, 200))
    def describe(self, movie_id: int, runtime: int) -> None:
        self.accept(film(movie_id, self.clock.now(), runtime=runtime))

    @rule(movie_id=st.just(4))
    def remove_film(self, movie_id: int) -> None:
        self.accept(Gone(movie_id, self.clock.now(), "t"))

    @precondition(lambda self: self.reviews)
    @rule(choice=st.randoms(use_true_random=False), text=st.sampled_from(TEXTS), stars=st.none() | st.integers(0, 100))
    def edit(self, choice: Any, text: str, stars: int | None) -> None:
        name = choice.choice(sorted(self.reviews))
        self.reviews[name] = replace(self.reviews[name], text=text, stars=stars)
        self.accept(self.reviews[name])

    @rule(movie_id=FILMS)
    def delete_one(self, movie_id: int) -> None:
        held = sorted(name for name, fact in self.reviews.items() if fact.movie_id == movie_id)
        for name in held[:1]:
            del self.reviews[name]
        self.accept(ReviewList(movie_id, "t", frozenset(held[1:])))

    @rule(number=st.integers(1, 5))
    def redeliver(self, number: int) -> None:
        """The log itself holds a copy: a producer that was not sure tried again."""
        recent = [r for r in self.accepted if r.ingest_time > self.clock.now() - 20 * HOUR]
        young = [r.event for r in recent if r.topic == REVIEWS] or [r.event for r in recent]
        if young:
            self.platform.log.append(young[-number:], self.clock.now())
            self.note_log()

    @rule(step=st.sampled_from((MINUTE, 50 * MINUTE, 3 * HOUR, 11 * HOUR, 25 * HOUR)))
    def time_passes(self, step: int) -> None:
        self.clock.time += step

    @rule()
    def days_pass(self) -> None:
        self.clock.time += 55 * HOUR

    @rule()
    def clock_jumps_back(self) -> None:
        self.clock.time -= 20 * MINUTE

    @rule()
    def fold_some(self) -> None:
        self.speed.fold.step(limit=3)

    @rule()
    def crash(self) -> None:
        """All processes end and start again; what was not durable is gone."""
        self.open()

    @rule()
    def crash_before_the_index(self) -> None:
        apply = type(self.platform.index).apply
        fact = review(1, self.clock.now(), f"r{len(self.reviews)}", TEXTS[0])
        self.reviews[fact.review_id] = fact
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(type(self.platform.index), "apply", lambda *_: None)
            self.door.accept([fact])
        assert type(self.platform.index).apply is apply
        self.note_log()
        self.open()

    @rule()
    def run_batch(self) -> None:
        self.platform.batch().run()

    @rule()
    def run_batch_by_hand(self) -> None:
        """Up to this moment, in the midst of an hour."""
        self.platform.batch().run(cut=True)

    @rule()
    def fail_to_publish(self) -> None:
        def broken(*_: Any) -> None:
            raise RuntimeError("killed")

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(SqliteViews, "publish", broken)
            with suppress(RuntimeError):
                self.platform.batch().run()
        self.open()

    @rule()
    def recompute(self) -> None:
        self.platform.batch().run(full=True)

    @invariant()
    def answers_are_exact(self) -> None:
        if not self.accepted:
            return
        self.speed.drain()
        query = self.platform.query()
        query.refresh()
        now = self.clock.now()
        coverage = query.world.coverage()
        frontier = query.world.frontier
        start = self.accepted[0].period if frontier is None else frontier.hour
        held = held_from(query.world.state, now)
        missing = [record for record in self.accepted if start <= record.ingest_time < held]
        assert coverage.gaps == (((start, held),) if missing else ())
        assert coverage.complete is not bool(missing)
        reference = Reference()
        for record in self.accepted:
            if not any(start <= record.ingest_time < end for start, end in coverage.gaps):
                reference.feed(record.event, record.offset)
        for name, given, wanted in compared(query, reference, range(1, 6), now):
            assert orjson.dumps(given) == orjson.dumps(wanted), name


LambdaMachine.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestLambda = LambdaMachine.TestCase
