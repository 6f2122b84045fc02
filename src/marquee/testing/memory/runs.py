"""The history of batch runs in memory."""

from marquee.domain.records import RunReport


class MemoryRuns:
    """`Runs` as a dict."""

    def __init__(self) -> None:
        self.held: dict[int, RunReport] = {}

    def next_run(self) -> int:
        """Return a number greater than that of every run recorded."""
        return max(self.held, default=0) + 1

    def record(self, report: RunReport) -> None:
        """Keep a run's report."""
        self.held[report.run] = report

    def latest(self, limit: int) -> list[RunReport]:
        """Return the newest reports."""
        return [self.held[run] for run in sorted(self.held, reverse=True)[:limit]]
