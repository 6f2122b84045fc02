"""One batch run: archive, silver, gold, publication; driven by its interval, idempotent, resumable at every step."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from marquee.batch import gold, publish, silver, taste
from marquee.batch.archive import archive
from marquee.batch.shape import shape
from marquee.domain.calendar import hour_start, month_of
from marquee.domain.coverage import Frontier, Source
from marquee.domain.documents import LIKED
from marquee.domain.events import TOPICS
from marquee.domain.measures import STATE_COLUMNS
from marquee.domain.records import Publication, Rejected, RunReport
from marquee.domain.retention import USUAL, Retention
from marquee.domain.tables import BRONZE, SILVER
from marquee.domain.timeline import DAY, HOUR, Clock, floor, iso
from marquee.errors import MarqueeError, QualityStopError
from marquee.ports import BatchViews, Lake, Log, Quarantine, Runs
from marquee.spans import span

log = logging.getLogger(__name__)

HISTORY = 20
"""Earlier runs that drift rules compare with."""

STEPS = ("bronze", "silver", "gold", "publish")
"""A run's steps. Each is committed by itself, and a later run goes on from there."""

Progress = Callable[[str], None]


@dataclass(slots=True)
class BatchLayer:
    """The batch layer over its ports."""

    log: Log
    lake: Lake
    views: BatchViews
    runs: Runs
    quarantine: Quarantine
    clock: Clock
    source: Callable[[], Source | None] = lambda: None
    retention: Retention = USUAL

    def run(
        self,
        *,
        full: bool = False,
        interval: tuple[int, int] | None = None,
        until: str = STEPS[-1],
        before: int | None = None,
        cut: bool = False,
        progress: Progress = lambda step: None,
    ) -> RunReport:
        """Run up to the last ended hour, or with `cut` up to this moment, and publish; return the report.

        until: the last of `STEPS` to do; the state is then "staged", and the next run goes on from there.
        before: a time (ms) to stop at, where the last ended hour lies later.

        full: recompute silver from bronze, as far as it is held, and gold from all of silver. A lake that another
        version made, or another scorer, is recomputed so by itself.
        interval: backfill silver's ingest hours [start, end) from bronze first; gold is then refolded.
        Raises QualityStopError when a gate stops the publication: nothing of the failed step is kept.
        """
        started, run = self.clock.now(), self.next_run()

        @contextmanager
        def step(name: str) -> Iterator[None]:
            log.info("step %s", name, extra={"run": run})
            progress(name)
            with span(f"batch.{name}", run=run):
                yield

        report: dict[str, Any] = {}
        frontier = 0
        try:
            done = gold.gold_hour(self.lake)
            stale = done > 0 and gold.noted_shape(self.lake) != shape()
            if stale:
                log.info(
                    "another version made this lake: it is made anew, as far as its rows are held", extra={"run": run}
                )
            report["full"] = full = full or stale
            with step("archive"):
                frontier, report["archived"] = archive(self.log, self.lake, self.clock, before, cut=cut)
            run_id = f"{iso(frontier)}-{run}"
            again = (0, frontier) if full else interval
            state = "staged"
            if until in STEPS[1:]:
                with step("silver"):
                    report["silver"] = self.make_silver(frontier, again)
            if until in STEPS[2:]:
                with step("gold"):
                    built = gold.build(self.lake, frontier, full=again is not None)
                report["gold"] = built or self.earlier(frontier, "gold")
            if until in STEPS[3:]:
                with step("publish"):
                    state = self.publish(Frontier(run, run_id, frontier), report, everything=again is not None)
                if floor(frontier, DAY) != floor(done, DAY):
                    with step("retention"):
                        self.retain(frontier)
        except MarqueeError as error:
            state = "stopped" if isinstance(error, QualityStopError) else "failed"
            self.runs.record(
                RunReport(
                    run,
                    f"{iso(frontier)}-{run}",
                    started,
                    self.clock.now(),
                    frontier,
                    state,
                    {**report, "error": str(error)},
                )
            )
            log.error("batch run %s: %s", state, error, extra={"run": run})
            raise
        finally:
            self.lake.release()
        result = RunReport(run, run_id, started, self.clock.now(), frontier, state, report)
        self.runs.record(result)
        log.info("%s, complete for all ingested before %s", state, iso(frontier), extra={"run": run})
        return result

    def next_run(self) -> int:
        """Return a number greater than that of every run before, the published one too where the history was lost."""
        with self.views.snapshot() as snapshot:
            published = snapshot.publication
        return max(self.runs.next_run(), 0 if published is None else published.frontier.run + 1)

    def make_silver(self, frontier: int, again: tuple[int, int] | None) -> dict[str, Any]:
        """Bring silver to the frontier; with `again`, make the rows of that interval anew from bronze."""
        if again is not None:
            self.remake_silver(*again)
        staged = [
            (silver.stage(self.lake, topic, start, frontier))
            for topic in TOPICS
            if (start := silver.silver_hour(self.lake, topic)) < frontier
        ]
        if not staged:
            return self.earlier(frontier, "silver")
        earlier = [
            past.report["silver"].get("profiles", {}) for past in self.runs.latest(HISTORY) if "silver" in past.report
        ]
        self.keep_bad(staged)
        report = silver.check(self.lake, staged, earlier)
        report["rows"] = sum(silver.commit(self.lake, part, frontier) for part in staged)
        return report

    def earlier(self, frontier: int, layer: str) -> dict[str, Any]:
        """Return what an earlier run to this frontier found of a layer that is done; an empty layer passes."""
        for past in self.runs.latest(HISTORY):
            if past.frontier == frontier and layer in past.report:
                return dict(past.report[layer])
        return {"score": 100.0, "state": "passed", "reasons": (), "rows": 0}

    def remake_silver(self, start: int, end: int) -> None:
        """Replace silver's rows of ingest hours [start, end) by what bronze holds of them now.

        Only hours still in bronze are remade, and silver is partitioned by month, so the other rows of
        the months touched are carried over.
        """
        held = [hour_start(part) for name in BRONZE.values() for part in self.lake.partitions(name)]
        start = max(start, min(held, default=end))
        for topic in TOPICS:
            done = min(end, silver.silver_hour(self.lake, topic))
            if start >= done:
                continue
            part = silver.stage(self.lake, topic, start, done, outside=(start, done))
            self.keep_bad([part])
            name = SILVER[topic]
            months = [p for p in self.lake.partitions(name) if hour_start(month_of(start)) <= hour_start(p) < done]
            if not months:
                continue
            rows = self.lake.table(name)
            rows = rows.filter((rows.year * 100 + rows.month).isin([p["year"] * 100 + p["month"] for p in months]))
            carried = rows.filter((rows.ingest_time < start) | (rows.ingest_time >= done))
            rows = self.lake.local(carried.union(part.rows.select(*carried.columns)))
            self.lake.replace(name, rows, months, silver.scored_by(topic))

    def keep_bad(self, staged: list[silver.Staged]) -> None:
        """Quarantine the rows that broke a rule."""
        bad = [Rejected("batch", reason, raw) for part in staged for reason, raw in part.quarantined]
        if bad:
            self.quarantine.add(bad, self.clock.now())

    def publish(self, frontier: Frontier, report: dict[str, Any], *, everything: bool) -> str:
        """Publish what changed since the last publication; return "published" or "unchanged"."""
        with self.views.snapshot() as snapshot:
            last = snapshot.publication
            everything = everything or last is None or last.facts.get("shape") != shape()
            edition = taste.edition(self.lake)
            retasted = everything or last is None or last.facts.get("taste", "") != edition
            liked = [key for key, _ in snapshot.changed(LIKED, 0)] if retasted else None
        if last is not None and last.frontier.hour >= frontier.hour and not everything and not retasted:
            return "unchanged"
        since = 0 if last is None or everything else last.frontier.hour
        pins, counts = publish.run_pins(self.lake)
        report["counts"] = counts
        to = gold.reach(self.lake)
        facts = {
            "pins": asdict(pins),
            "counts": counts,
            "newest": to.newest,
            "top": to.top,
            "state": STATE_COLUMNS,
            "shape": shape(),
            "taste": edition,
            "source": self.source(),
            "quality": {k: report[k]["score"] for k in ("silver", "gold")},
        }
        changed = publish.documents(self.lake, pins, since, to, liked)
        self.views.publish(Publication(frontier, self.clock.now(), facts), changed)
        return "published"

    def retain(self, frontier: int) -> None:
        """Drop what is past its retention, of silver after moving it into base; compact the rest."""
        self.log.trim(min(frontier, floor(frontier - self.retention.log, HOUR)))
        for name in BRONZE.values():
            old = [p for p in self.lake.partitions(name) if hour_start(p) + HOUR <= frontier - self.retention.bronze]
            if old:
                self.lake.drop_partitions(name, old)
        gold.retire_silver(self.lake, frontier - self.retention.silver)
        self.lake.maintain(self.clock.now())
