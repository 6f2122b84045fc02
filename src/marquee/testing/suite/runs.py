"""What a history of batch runs owes."""

from marquee.domain.records import RunReport
from marquee.testing.suite import MEMORY, Make

PORT = "runs"


def report(run: int, state: str = "published") -> RunReport:
    """Return a run's report."""
    return RunReport(run, f"run-{run}", 10 * run, 10 * run + 5, run, state, {"rows": {"gold": run}})


def test_runs_are_numbered_upward_and_the_newest_come_first(adapter: Make) -> None:
    runs = adapter(PORT)
    assert runs.latest(5) == []
    first = runs.next_run()
    assert runs.next_run() == first, "a number is taken by its report"
    runs.record(report(first))
    second = runs.next_run()
    assert second > first
    runs.record(report(second, "failed"))
    assert runs.latest(5) == [report(second, "failed"), report(first)]
    assert runs.latest(1) == [report(second, "failed")]
    assert runs.next_run() > second


def test_a_report_of_the_same_run_takes_the_place_of_the_first(adapter: Make) -> None:
    runs = adapter(PORT)
    runs.record(report(4, "failed"))
    runs.record(report(4))
    assert runs.latest(5) == [report(4)]
    assert runs.next_run() == 5


@MEMORY
def test_runs_are_there_for_who_comes_next(adapter: Make) -> None:
    adapter(PORT, "one").record(report(4))
    assert (adapter(PORT, "one").latest(5), adapter(PORT, "one").next_run()) == ([report(4)], 5)
