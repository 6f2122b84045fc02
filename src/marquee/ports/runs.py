"""The history of batch runs."""

from typing import Protocol

from marquee.domain.records import RunReport


class Runs(Protocol):
    """The history of batch runs."""

    def next_run(self) -> int:
        """Return a number greater than that of every run recorded; it is taken once a report with it is recorded."""
        ...

    def record(self, report: RunReport) -> None:
        """Keep a run's report; one of the same number is replaced."""
        ...

    def latest(self, limit: int) -> list[RunReport]:
        """Return the newest reports, newest first."""
        ...
