"""Health: real checks of the running parts, each with a reason when it is not well."""

import shutil
from dataclasses import dataclass, replace
from typing import Any

from marquee.app import Platform
from marquee.domain.coverage import Coverage, Frontier, coverage
from marquee.domain.quality import STOP_BELOW, WARN_BELOW
from marquee.domain.timeline import HOUR, MINUTE, SECOND, iso
from marquee.ops.filling import filling
from marquee.origin import origin
from marquee.serving.backlog import backlog

FRONTIER_LAG = 24 * HOUR
SPEED_LAG = 10 * MINUTE
LEAST_FREE_SHARE = 0.02
CLOCK_SLACK = 5 * MINUTE


@dataclass(frozen=True, slots=True)
class Check:
    """One check's outcome; `reason` is empty when it is well."""

    name: str
    reason: str

    @property
    def well(self) -> bool:
        """Whether the check passed."""
        return not self.reason


def checks(platform: Platform) -> list[Check]:
    """Check the parts of a platform."""
    now = platform.clock.now()
    with platform.views.snapshot() as snapshot:
        publication = snapshot.publication
    frontier = publication.frontier if publication else None
    covered, lag = covering(platform, frontier, now)
    span = platform.log.span()
    usage = shutil.disk_usage(platform.home.folder)
    last = next(iter(platform.runs.latest(1)), None)
    behind = None if frontier is None else now - frontier.hour
    gaps = ", ".join(f"{iso(start)} to {iso(end)}" for start, end in covered.gaps)
    return [
        Check("batch_published", "" if frontier else "no batch run has been published yet: run `marquee batch`"),
        Check(
            "frontier_lag",
            f"the frontier is {behind // HOUR} h behind: run `marquee batch`"
            if behind and behind > FRONTIER_LAG
            else "",
        ),
        Check(
            "last_run",
            f"batch run {last.run} {last.state}: {last.report.get('error', '')}" if last and not last.well else "",
        ),
        Check("coverage", f"no layer holds the ingest hours {gaps}: run `marquee batch`" if gaps else ""),
        Check(
            "speed_lag",
            f"{covered.waiting:,} accepted events are in no layer yet, the first for {lag // SECOND} s: "
            "is `marquee speed` running? `marquee batch` publishes them too"
            if lag > SPEED_LAG
            else "",
        ),
        Check(
            "clock",
            f"the clock is behind the log's newest record ({iso(span[1])}): set this machine's clock"
            if span and span[1] > now + CLOCK_SLACK
            else "",
        ),
        Check("disk", "the disk is nearly full" if usage.free < usage.total * LEAST_FREE_SHARE else ""),
    ]


def covering(platform: Platform, frontier: Frontier | None, now: int) -> tuple[Coverage, int]:
    """Return what answers cover, and for how long (ms) the log has held a record that no layer shows; 0 when all are shown."""
    state, _ = platform.speed_views.state()
    waits = backlog(platform.log, frontier, state, now)
    covered = replace(coverage(frontier, state, now, waits), source=origin(platform.home))
    return covered, 0 if waits.oldest is None else max(0, now - waits.oldest)


def report(platform: Platform) -> dict[str, Any]:
    """Return the health as the API shows it: ok or degraded, with the reasons; and what the home is being filled with."""
    found = checks(platform)
    return {
        "status": "ok" if all(check.well for check in found) else "degraded",
        "source": origin(platform.home),
        "filling": filling(platform.home),
        "reasons": [check.reason for check in found if not check.well],
        "checks": {check.name: "ok" if check.well else check.reason for check in found},
    }


def status(platform: Platform) -> dict[str, Any]:
    """Return the state of every part, for people and scripts."""
    now = platform.clock.now()
    with platform.views.snapshot() as snapshot:
        publication = snapshot.publication
    state, _ = platform.speed_views.state()
    span = platform.log.span()
    frontier = publication.frontier if publication else None
    covered, lag = covering(platform, frontier, now)
    bad = platform.quarantine.counts()
    return {
        "now": iso(now),
        "home": str(platform.home.folder),
        "health": report(platform),
        "processes": platform.home.holders(),
        "services": platform.home.services(),
        "log": {"first": iso(span[0]) if span else None, "last": iso(span[1]) if span else None},
        "batch": {
            "run_id": frontier.run_id if frontier else None,
            "frontier": iso(frontier.hour) if frontier else None,
            "published_at": iso(publication.published_at) if publication else None,
            "frontier_lag_s": (now - frontier.hour) // SECOND if frontier else None,
            "counts": publication.facts.get("counts", {}) if publication else {},
            "quality": publication.facts.get("quality", {}) if publication else {},
        },
        "speed": {
            "through": iso(state.through) if state.through else None,
            "version": state.version,
            "lag_s": lag / SECOND,
        },
        "quarantine": {"rows": sum(bad.values()), "reasons": bad},
        "runs": [
            {
                "run": r.run,
                "run_id": r.run_id,
                "state": r.state,
                "seconds": (r.finished_at - r.started_at) / SECOND,
            }
            for r in platform.runs.latest(5)
        ],
        "coverage": covered.as_dict(),
    }


def quality(platform: Platform) -> dict[str, Any]:
    """Return what the quality gates found in the last ten runs; a layer that a run did not reach is missing."""
    runs = []
    for run in platform.runs.latest(10):
        layers = {
            layer: {name: run.report[layer][name] for name in ("score", "state", "reasons")}
            for layer in ("silver", "gold")
            if layer in run.report
        }
        runs.append({"run_id": run.run_id, "state": run.state, "layers": layers, "error": run.report.get("error")})
    return {"warn_below": WARN_BELOW, "stop_below": STOP_BELOW, "runs": runs}
