"""Silver: bronze records typed, deduplicated, scored once in their life, and checked row by row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis

from marquee.batch import gate
from marquee.domain.calendar import covering, with_month
from marquee.domain.events import METADATA, RATINGS, REVIEWS
from marquee.domain.opinion import FAVOURABLE_STARS, UNFAVOURABLE_STARS
from marquee.domain.quality import RULES, Measurement
from marquee.domain.scores import LABEL_CUT
from marquee.domain.tables import BRONZE, SILVER, TABLES
from marquee.domain.timeline import WINDOW
from marquee.libraries.scoring import SCORES, score_columns, scorer_name
from marquee.ports import Lake


@dataclass(slots=True)
class Staged:
    """Silver rows ready to be committed, with what the gate needs to know of them."""

    topic: str
    rows: Any
    measurements: list[Measurement]
    quarantined: list[tuple[str, str]]


def silver_hour(lake: Lake, topic: str) -> int:
    """Return the first ingest hour of a topic that is not in silver (ms)."""
    return int(lake.properties(SILVER[topic]).get("hour", 0))


def read(lake: Lake, name: str, start: int, end: int) -> Any:
    """Return the rows of a table with ingest time in [start, end)."""
    rows = lake.table(name, covering(start, end, days=name.startswith("bronze")))
    return rows.filter((rows.ingest_time >= start) & (rows.ingest_time < end))


def stage(lake: Lake, topic: str, start: int, end: int, *, outside: tuple[int, int] | None = None) -> Staged:
    """Make silver rows of the bronze records of [start, end), without committing them.

    `outside`, for a backfill or a full run, is the interval of silver rows that will be replaced:
    duplicates are looked for in the rest, and the scores of the replaced rows are kept.
    """
    parsed = lake.local(lake.parse(BRONZE[topic], read(lake, BRONZE[topic], start, end)))
    held = lake.table(SILVER[topic])
    others = held
    if outside is not None:
        low, high = outside
        others = held.filter((held.ingest_time < low) | (held.ingest_time >= high))
    rows = first_copies(lake, parsed).anti_join(others, "event_id")
    if topic == REVIEWS:
        same = lake.properties(SILVER[topic]).get("scorer", "") == scorer_name()
        rows = scored(lake, rows, held if outside is not None and same else None)
    rows = with_month(shaped(topic, rows), "ingest_time")
    staged = lake.local(rows.select(*TABLES[SILVER[topic]].columns))
    measurements = gate.measure_rows(lake, SILVER[topic], staged)
    sound, bad = gate.sound_rows(lake, SILVER[topic], staged, measurements)
    return Staged(topic, sound, measurements, bad)


def first_copies(lake: Lake, rows: Any) -> Any:
    """Keep the first copy in the log of each event. Duplicates are rare, so only they are ordered."""
    repeated = rows.group_by("event_id").agg(copies=rows.count())
    repeated = lake.local(repeated.filter(repeated.copies > 1).select("event_id"))
    if lake.arrow(repeated.count().as_table()).column(0)[0].as_py() == 0:
        return rows
    ranked = rows.semi_join(repeated, "event_id")
    order = ibis.window(group_by="event_id", order_by=[ranked.ingest_time, ranked.partition, ranked.offset])
    first = ranked.mutate(rank=ibis.row_number().over(order))
    first = first.filter(first["rank"] == 0).drop("rank")
    return rows.anti_join(repeated, "event_id").union(first)


def scored(lake: Lake, reviews: Any, held: Any | None) -> Any:
    """Add the sentiment of each review; scores that silver `held` are not worked out again."""
    if held is None:
        return lake.map_rows(reviews, ("text",), score_columns)
    known = held.select("event_id", *SCORES)
    kept = reviews.inner_join(known, "event_id")
    fresh = lake.map_rows(reviews.anti_join(known, "event_id"), ("text",), score_columns)
    return kept.select(*fresh.columns).union(fresh)


def shaped(topic: str, rows: Any) -> Any:
    """Add the integer columns that the measures lift."""
    if topic == METADATA:
        return rows
    windowed = rows.mutate(window=rows.event_time - rows.event_time % WINDOW)
    if topic == RATINGS:
        return windowed.mutate(observed_at=windowed.event_time)
    rated, opinion = windowed.stars.notnull(), windowed.opinion
    favourable = ibis.ifelse(rated, windowed.stars >= FAVOURABLE_STARS, opinion > 0)
    unfavourable = ibis.ifelse(rated, windowed.stars <= UNFAVOURABLE_STARS, opinion < 0)
    return windowed.mutate(
        rated=rated.cast("int64"),
        stars=windowed.stars.fill_null(0),
        positive=(windowed.compound >= LABEL_CUT).cast("int64"),
        negative=(windowed.compound <= -LABEL_CUT).cast("int64"),
        favourable=favourable.cast("int64"),
        mixed=(~(favourable | unfavourable)).cast("int64"),
        opined=(opinion != 0).cast("int64"),
    )


def check(lake: Lake, staged: Sequence[Staged], earlier: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Judge the staged rows of all topics together; return the report, or raise QualityStopError."""
    measurements: list[Measurement] = []
    profiles: dict[str, dict[str, float]] = {}
    known_films = lake.table(SILVER[METADATA]).select("movie_id")
    for part in staged:
        table = SILVER[part.topic]
        measurements += part.measurements
        profiles[table] = gate.profile(lake, table, lake.table(table).select(*part.rows.columns).union(part.rows))
        measurements += gate.measure_drift(table, profiles[table], [run.get(table, {}) for run in earlier])
        if part.topic == METADATA:
            known_films = known_films.union(part.rows.select("movie_id"))
    for part in staged:
        for rule in RULES:
            if rule.table != SILVER[part.topic]:
                continue
            if rule.kind == "unique":
                measurements.append(gate.measure_unique(lake, rule, part.rows))
            elif rule.kind == "refers":
                measurements.append(gate.measure_reference(lake, rule, part.rows, known_films))
    verdict = gate.pass_gate("silver", measurements)
    return {"score": verdict.score, "state": verdict.state, "reasons": verdict.reasons, "profiles": profiles}


def commit(lake: Lake, staged: Staged, end: int) -> int:
    """Append staged rows and move silver's hour to `end`, in one commit."""
    return lake.append(SILVER[staged.topic], staged.rows, {"hour": str(end), **scored_by(staged.topic)})


def scored_by(topic: str) -> dict[str, str]:
    """Return what a table of silver notes of the scorer of its rows."""
    return {"scorer": scorer_name()} if topic == REVIEWS else {}
