"""The state of a platform, read once for whoever presents it: health, status, metrics."""

from dataclasses import dataclass, replace
from typing import Any

from marquee.app import Platform
from marquee.domain.aside import CrawlState
from marquee.domain.coverage import Backlog, Coverage, Frontier, SpeedState, coverage
from marquee.domain.records import Publication, RunReport
from marquee.domain.timeline import data_end
from marquee.serving.world.backlog import backlog
from marquee.watch.filling import filling


@dataclass(frozen=True, slots=True)
class State:
    """What the stores say at one time (ms); span: the log's first and last ingest time; runs: the newest first; crawl: None
    where there was none."""

    now: int
    publication: Publication | None
    speed: SpeedState
    backlog: Backlog
    span: tuple[int, int] | None
    runs: list[RunReport]
    coverage: Coverage
    filling: dict[str, Any] | None
    crawl: CrawlState | None

    @property
    def frontier(self) -> Frontier | None:
        """The published run's frontier."""
        return None if self.publication is None else self.publication.frontier

    @property
    def lag(self) -> int:
        """For how long (ms) the log has held a record that no layer shows; 0 when all are shown."""
        return 0 if self.backlog.oldest is None else max(0, self.now - self.backlog.oldest)


RUNS = 10
ASIDE_SHOWN = 20
"""Films set aside that are named."""


def read(platform: Platform) -> State:
    """Read the state of a platform now."""
    now = platform.clock.now()
    with platform.views.snapshot() as snapshot:
        publication = snapshot.publication
    frontier = None if publication is None else publication.frontier
    speed, _ = platform.speed_views.state()
    waits = backlog(platform.log, frontier, speed, now)
    newest = -1 if publication is None else publication.facts.get("newest", -1)
    ended = data_end(newest, now)
    covered = replace(
        coverage(frontier, speed, now, waits),
        as_of=None if ended is None else ended - 1,
        source=platform.source(),
    )
    span, runs = platform.log.span(), platform.runs.latest(RUNS)
    crawl = platform.crawl_memory.state(ASIDE_SHOWN) if platform.home.path("crawl.db").exists() else None
    return State(now, publication, speed, waits, span, runs, covered, filling(platform.home), crawl)
