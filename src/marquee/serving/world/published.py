"""What a published run gave: films' cards, daily sums, people, and the views of all films. Read only what changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import orjson

from marquee.batch.forecast import Forecaster
from marquee.domain.documents import (
    ANOMALIES,
    CARD,
    DAILY,
    DAILY_COLUMNS,
    FORECASTER,
    GENRES,
    METRICS,
    MONEY,
    PEOPLE,
    PEOPLE_COLUMNS,
    SEASONS,
)
from marquee.domain.films import popularity_of, votes_of
from marquee.domain.records import Publication
from marquee.domain.scores import NO_PINS, Pins
from marquee.libraries.graph import CreditGraph
from marquee.ports import ViewsSnapshot
from marquee.serving.world.cube import GAINED_COLUMN, NO_ROWS, REVIEWS_COLUMN, Cube, Ints, summed

TALK_DAYS = 90
"""Days of activity that recommendations are ranked by."""

VIEWS = (MONEY, SEASONS, GENRES, ANOMALIES)
Line = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Published:
    """cards: by film id; months: by month, rows (film id, day, sums); people: by shard; views: by kind;
    forecasters: by metric, as published."""

    pins: Pins = NO_PINS
    cards: Mapping[int, dict[str, Any]] = field(default_factory=dict)
    months: Mapping[int, Ints] = field(default_factory=dict)
    shards: Mapping[int, Sequence[Sequence[Any]]] = field(default_factory=dict)
    views: Mapping[str, Any] = field(default_factory=dict)
    forecasters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def prepare(self) -> None:
        """Make now, off the event loop, what questions would else have to wait for."""
        _ = self.cube, self.standings, self.people, self.talk

    @cached_property
    def cube(self) -> Cube:
        """All films' daily sums, ready to be rolled up."""
        return Cube.of(self.cards.values(), self.pins, self.rows)

    @cached_property
    def rows(self) -> Ints:
        """All films' daily sums: film id, day, sums."""
        return np.concatenate([NO_ROWS, *self.months.values()])

    @cached_property
    def standings(self) -> dict[str, list[int]]:
        """All films' votes, popularities and reviews, sorted; unknown ones left out."""
        cards = [card for card in self.cards.values() if not card["deleted"]]
        return {
            "votes": sorted(votes for card in cards if (votes := votes_of(card)) is not None),
            "popularity": sorted(found for card in cards if (found := popularity_of(card)) is not None),
            "reviews": sorted(card["reviews"] for card in cards),
        }

    @cached_property
    def talk(self) -> dict[int, int]:
        """Each film's votes gained and reviews in the last `TALK_DAYS` days that the run holds."""
        if not len(self.rows):
            return {}
        recent = self.rows[self.rows[:, 1] > self.rows[:, 1].max() - TALK_DAYS]
        ids, place = np.unique(recent[:, 0], return_inverse=True)
        counts = summed(place, recent[:, [REVIEWS_COLUMN, GAINED_COLUMN]], len(ids)).sum(axis=1)
        return dict(zip(ids.tolist(), counts.tolist(), strict=True))

    @cached_property
    def people(self) -> dict[int, Line]:
        """All people's lines by id, the most central first."""
        lines = [dict(zip(PEOPLE_COLUMNS, line, strict=True)) for shard in self.shards.values() for line in shard]
        return {line["person_id"]: line for line in sorted(lines, key=lambda line: line["rank"])}

    @cached_property
    def graph(self) -> CreditGraph:
        """Who was in which film."""
        return CreditGraph([(line["person_id"], line["films"]) for line in self.people.values()])

    @cached_property
    def models(self) -> dict[str, Forecaster]:
        """The models of the metrics that can be forecast."""
        return {m: Forecaster.of(body["model"]) for m, body in self.forecasters.items() if body["available"]}


def published(before: Published, after_run: int, snapshot: ViewsSnapshot, publication: Publication) -> Published:
    """Return what a run published, given what an earlier one (`after_run`, 0 of none) did."""

    def changed(kind: str) -> dict[int, Any]:
        return {key: orjson.loads(body) for key, body in snapshot.changed(kind, after_run)}

    pins = publication.facts["pins"]
    months = {
        month: np.stack(
            [np.array(columns.get(name, [0] * len(columns["day"])), dtype=np.int64) for name in DAILY_COLUMNS], axis=1
        )
        for month, columns in changed(DAILY).items()
    }
    return Published(
        Pins(pins["prior_mean"], pins["prior_votes"], tuple(pins["tier_cuts"])),
        {**before.cards, **changed(CARD)},
        {**before.months, **months},
        {**before.shards, **changed(PEOPLE)},
        {**before.views, **{kind: body for kind in VIEWS for body in changed(kind).values()}},
        {**before.forecasters, **{METRICS[key]: body for key, body in changed(FORECASTER).items()}},
    )
