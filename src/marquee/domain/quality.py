"""Quality rules as data. Engines measure them; the verdict is worked out here.

A rule measures one number on a table of one layer:
complete: rows where the column is null; between: rows outside [low, high] (nulls pass); unique: rows that
repeat the columns' values; refers: rows whose column is not found in `target`; shrink and nulls compare a
table with the earlier runs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["complete", "between", "unique", "refers", "row_drop", "null_rise"]

WARN_BELOW = 95.0
STOP_BELOW = 90.0
ROW_DROP_LIMIT = 0.30
NULL_RISE_LIMIT = 0.20


@dataclass(frozen=True, slots=True)
class Rule:
    """One expectation. `critical`: a single failing row stops the publication; `row_level`: a failing row is
    quarantined and left out, so that it cannot poison what comes after."""

    name: str
    table: str
    kind: Kind
    columns: tuple[str, ...] = ()
    low: int | None = None
    high: int | None = None
    target: str = ""
    critical: bool = False
    weight: int = 1

    @property
    def layer(self) -> str:
        """The layer that its table is of."""
        return self.table.partition(".")[0]

    @property
    def label(self) -> str:
        """What a verdict's reasons call it."""
        return f"{self.table}: {self.name}"


TIME_HIGH = 4_102_444_800_000
"""2100-01-01 in ms: no event is from later."""

RULES: tuple[Rule, ...] = (
    *(
        rule
        for table in ("bronze.reviews", "bronze.ratings", "bronze.metadata")
        for rule in (
            Rule("record has a body", table, "complete", ("body",), weight=3),
            Rule("record was ingested at a plausible time", table, "between", ("ingest_time",), 0, TIME_HIGH, weight=2),
            Rule("a record is archived once", table, "unique", ("partition", "offset"), critical=True),
        )
    ),
    Rule("review has an id", "silver.reviews", "complete", ("event_id",), weight=3),
    Rule("review has a film", "silver.reviews", "between", ("movie_id",), 1, 2**53, weight=3),
    Rule("review has a text", "silver.reviews", "complete", ("compound",), weight=2),
    Rule("review weight is +1 or -1", "silver.reviews", "between", ("weight",), -1, 1, weight=2),
    Rule("review time is plausible", "silver.reviews", "between", ("event_time",), 0, TIME_HIGH, weight=2),
    Rule("compound is in [-1, 1]", "silver.reviews", "between", ("compound",), -10_000, 10_000, weight=2),
    Rule("stars are in [0, 10]", "silver.reviews", "between", ("stars",), 0, 100),
    Rule("a review event is held once", "silver.reviews", "unique", ("event_id",), critical=True),
    Rule("a review's film is known", "silver.reviews", "refers", ("movie_id",), target="silver.films"),
    Rule("rating has an id", "silver.ratings", "complete", ("event_id",), weight=3),
    Rule("rating has a film", "silver.ratings", "between", ("movie_id",), 1, 2**53, weight=3),
    Rule("votes are not negative", "silver.ratings", "between", ("votes",), 0, 2**53, weight=2),
    Rule("vote average is in [0, 10]", "silver.ratings", "between", ("average",), 0, 10_000, weight=2),
    Rule("popularity is known or marked", "silver.ratings", "between", ("popularity",), -1, 2**53),
    Rule("rating time is plausible", "silver.ratings", "between", ("observed_at",), 0, TIME_HIGH, weight=2),
    Rule("a rating event is held once", "silver.ratings", "unique", ("event_id",), critical=True),
    Rule("film has an id", "silver.films", "between", ("movie_id",), 1, 2**53, weight=3),
    Rule("film has a title", "silver.films", "complete", ("title",), weight=2),
    Rule("runtime is plausible", "silver.films", "between", ("runtime",), 1, 10_000),
    Rule("budget is plausible", "silver.films", "between", ("budget",), 1, 10**11),
    Rule("revenue is plausible", "silver.films", "between", ("revenue",), 1, 10**11),
    Rule("a film event is held once", "silver.films", "unique", ("event_id",), critical=True),
    Rule("films do not vanish", "silver.films", "row_drop"),
    Rule("reviews do not vanish", "silver.reviews", "row_drop"),
    Rule("languages stay known", "silver.films", "null_rise", ("language",)),
    Rule("release dates stay known", "silver.films", "null_rise", ("release_date",)),
    Rule("cell has a film", "gold.cells", "between", ("movie_id",), 1, 2**53, critical=True),
    Rule("a cell is held once", "gold.cells", "unique", ("movie_id", "window", "span"), critical=True),
)

ROW_LEVEL: frozenset[str] = frozenset({"complete", "between"})
"""Kinds of rule a single row can break by itself; in silver such a row goes to quarantine."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """What an engine found for a rule: failing of total rows; for drift rules, values in parts per million."""

    rule: Rule
    failing: int
    total: int

    @property
    def passed(self) -> bool:
        """Whether no row failed."""
        return self.failing == 0

    @property
    def share(self) -> float:
        """Share of rows that passed; 1 of an empty table."""
        return 1.0 if self.total <= 0 else 1.0 - min(self.failing, self.total) / self.total


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of a gate. score: weighted mean share of passing rows, in percent."""

    score: float
    state: Literal["passed", "warned", "stopped"]
    reasons: tuple[str, ...]


def known(column: str) -> str:
    """Return the name of the column that is null where a reference's target lacks the value of `column`."""
    return f"{column}_known"


def profiled(rule: Rule) -> str:
    """Return the key of a profile that a drift rule compares."""
    return "rows" if rule.kind == "row_drop" else f"nulls.{rule.columns[0]}"


def usual(rule: Rule, earlier: Sequence[Mapping[str, float]]) -> float | None:
    """Return the mean of what a drift rule compares over earlier runs' profiles; None without history."""
    history = [profile[profiled(rule)] for profile in earlier if profiled(rule) in profile]
    return sum(history) / len(history) if history else None


def drift(rule: Rule, now: Mapping[str, float], earlier: Sequence[Mapping[str, float]]) -> Measurement:
    """Compare a table's profile with the mean of earlier runs': a row drop over 30 %, or a column's nulls up 20 points.

    A profile maps "rows" and "nulls.<column>" to numbers. Without history nothing has drifted.
    """
    mean, present = usual(rule, earlier), now.get(profiled(rule), 0.0)
    if mean is None:
        return Measurement(rule, 0, 1)
    if rule.kind == "row_drop":
        return Measurement(rule, int(mean > 0 and present < mean * (1 - ROW_DROP_LIMIT)), 1)
    return Measurement(rule, int(present > mean + NULL_RISE_LIMIT), 1)


def judge(measurements: Sequence[Measurement]) -> Verdict:
    """Weigh the measurements: under 95 % warns, under 90 % or a failed critical rule stops."""
    weight = sum(measurement.rule.weight for measurement in measurements)
    score = 100.0 * (
        sum(measurement.rule.weight * measurement.share for measurement in measurements) / weight if weight else 1.0
    )
    failed = [measurement for measurement in measurements if not measurement.passed]
    reasons = tuple(
        f"{m.rule.label}: {m.failing} of {m.total} failed" + (" (critical)" if m.rule.critical else "") for m in failed
    )
    if score < STOP_BELOW or any(measurement.rule.critical for measurement in failed):
        return Verdict(score, "stopped", reasons)
    return Verdict(score, "warned" if score < WARN_BELOW else "passed", reasons)
