"""Health: real checks of the running parts, each with a reason when it is not well."""

import shutil
from dataclasses import dataclass
from typing import Any

from marquee.app import Platform
from marquee.domain.quality import STOP_BELOW, WARN_BELOW
from marquee.domain.timeline import HOUR, MINUTE, SECOND, iso
from marquee.places import shown
from marquee.watch import state
from marquee.watch.filling import words
from marquee.watch.state import State

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


def checks(platform: Platform, state: State) -> list[Check]:
    """Check the parts of a platform."""
    usage = shutil.disk_usage(platform.home.folder)
    last = next(iter(state.runs), None)
    return [
        Check("batch_published", unpublished(state)),
        Check("frontier_lag", frontier_lag(platform, state)),
        Check(
            "last_run",
            f"batch run {last.run} {last.state}: {last.report.get('error', '')}" if last and not last.well else "",
        ),
        Check("coverage", uncovered(state)),
        Check(
            "speed_lag",
            f"{state.backlog.waiting:,} accepted events are in no layer yet, the first for {state.lag // SECOND} s: "
            "is `marquee speed` running? `marquee batch` publishes them too"
            if state.lag > SPEED_LAG
            else "",
        ),
        Check(
            "clock",
            f"the clock is behind the log's newest record ({iso(state.span[1])}): set this machine's clock"
            if state.span and state.span[1] > state.now + CLOCK_SLACK
            else "",
        ),
        Check("crawl", unasked(platform, state)),
        Check("disk", "the disk is nearly full" if usage.free < usage.total * LEAST_FREE_SHARE else ""),
    ]


def unasked(platform: Platform, state: State) -> str:
    """Say why the crawl's source cannot be asked, where somebody is asking."""
    trouble = state.crawl.trouble if state.crawl is not None else None
    if trouble is None or "ingest" not in platform.home.holders():
        return ""
    return f"the crawl waits since {iso(trouble.at)}: {trouble.reason}. {trouble.hint}"


def crawl_of(state: State) -> dict[str, Any] | None:
    """Return how far the crawl is, and the films that are set aside; None where there was no crawl."""
    crawl = state.crawl
    if crawl is None:
        return None
    trouble = crawl.trouble
    return {
        "known": crawl.known,
        "fetched": crawl.fetched,
        "gone": crawl.gone,
        "set_aside": crawl.set_aside,
        "films": [
            {
                "movie_id": film.movie_id,
                "reason": film.reason,
                "tries": film.tries,
                "since": iso(film.since),
                "next_try": iso(film.next_at),
            }
            for film in crawl.films
        ],
        "trouble": None if trouble is None else {"at": iso(trouble.at), "reason": trouble.reason, "hint": trouble.hint},
    }


def unpublished(state: State) -> str:
    """Say that nothing has been published, and why where that is known."""
    if state.frontier is not None:
        return ""
    if state.filling is not None:
        return f"no batch run has been published yet, the first films are being fetched: {words(state.filling)}"
    return "no batch run has been published yet: run `marquee batch`"


def frontier_lag(platform: Platform, state: State) -> str:
    """Say how far the frontier is behind, where anything was accepted since and it is far."""
    frontier = state.frontier
    if frontier is None or state.now - frontier.hour <= FRONTIER_LAG:
        return ""
    if not platform.log.accepted(frontier.hour, state.now):
        return ""
    return f"the frontier is {(state.now - frontier.hour) // HOUR} h behind: run `marquee batch`"


def uncovered(state: State) -> str:
    """Say which accepted events no layer holds."""
    gaps = ", ".join(f"{iso(start)} to {iso(end)}" for start, end in state.coverage.gaps)
    return f"no layer holds all that was accepted from {gaps}: run `marquee batch`" if gaps else ""


def report(platform: Platform) -> dict[str, Any]:
    """Return the health as the API shows it: ok or degraded, with the reasons; what answers cover, and what fills the home."""
    return healthy(platform, state.read(platform))


def healthy(platform: Platform, found: State) -> dict[str, Any]:
    """Return the health of a state."""
    made = checks(platform, found)
    return {
        "status": "ok" if all(check.well for check in made) else "degraded",
        "source": found.coverage.source,
        "filling": found.filling,
        "coverage": found.coverage.as_dict(),
        "reasons": [check.reason for check in made if not check.well],
        "checks": {check.name: "ok" if check.well else check.reason for check in made},
    }


def status(platform: Platform) -> dict[str, Any]:
    """Return the state of every part, for people and scripts."""
    found = state.read(platform)
    frontier, publication, span = found.frontier, found.publication, found.span
    bad = platform.quarantine.counts()
    return {
        "now": iso(found.now),
        "home": shown(platform.home.folder),
        "source": found.coverage.source,
        "filling": found.filling,
        "health": healthy(platform, found),
        "processes": platform.home.holders(),
        "services": platform.home.services(),
        "log": {"first": iso(span[0]) if span else None, "last": iso(span[1]) if span else None},
        "batch": {
            "run_id": frontier.run_id if frontier else None,
            "frontier": iso(frontier.hour) if frontier else None,
            "published_at": iso(publication.published_at) if publication else None,
            "frontier_lag_s": (found.now - frontier.hour) // SECOND if frontier else None,
            "counts": publication.facts.get("counts", {}) if publication else {},
            "quality": publication.facts.get("quality", {}) if publication else {},
        },
        "speed": {
            "through": iso(found.speed.through) if found.speed.through else None,
            "version": found.speed.version,
            "lag_s": found.lag / SECOND,
        },
        "crawl": crawl_of(found),
        "quarantine": {"rows": sum(bad.values()), "reasons": bad},
        "runs": [
            {
                "run": r.run,
                "run_id": r.run_id,
                "state": r.state,
                "seconds": (r.finished_at - r.started_at) / SECOND,
            }
            for r in found.runs[:5]
        ],
        "coverage": found.coverage.as_dict(),
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
