"""Publication on demand: what was just accepted is published now, by the batch layer that runs or by a run of its own."""

import subprocess
import sys
import time
from enum import Enum

from marquee.app import Platform
from marquee.domain.records import RunReport
from marquee.errors import TransientError

BATCH = "batch"
LOOK_SECONDS = 0.5


class Outcome(Enum):
    """What became of a wish to publish."""

    PUBLISHED = "published"
    LATER = "later"
    """The log is Kafka: an hour must end first, and its scheduler runs the batch layer."""


def publish_now(platform: Platform, *, quiet: bool = False) -> Outcome:
    """Publish all that the log holds; TransientError where the run ends in failure.

    Where another process has the batch layer, it is asked to run at once, and waited for.
    """
    if platform.settings.kafka is not None:
        return Outcome.LATER
    span = platform.log.span()
    if span is None:
        return Outcome.PUBLISHED
    home, before = platform.home, latest_run(platform)
    home.ask(BATCH)
    while frontier(platform) <= span[1]:
        if BATCH not in home.holders():
            run_batch(platform, quiet=quiet)
            break
        run = latest_run(platform)
        if run is not None and run != before and not run.well:
            raise TransientError(
                f"the batch run ended {run.state}: {run.report.get('error', '')}; what was accepted is kept",
                hint="See `marquee logs --part batch`. The batch layer tries again by itself.",
            )
        time.sleep(LOOK_SECONDS)
    return Outcome.PUBLISHED


def latest_run(platform: Platform) -> RunReport | None:
    """Return the newest run's report."""
    return next(iter(platform.runs.latest(1)), None)


def frontier(platform: Platform) -> int:
    """Return the published frontier (ms), 0 before the first run."""
    with platform.views.snapshot() as snapshot:
        return 0 if snapshot.publication is None else snapshot.publication.frontier.hour


def run_batch(platform: Platform, *, quiet: bool = False) -> None:
    """Run the batch layer up to this moment, in a process that gives its memory back when it ends. quiet: say only errors."""
    command = [sys.executable, "-m", "marquee", "batch", "--home", str(platform.settings.home), *["--json"] * quiet]
    code = subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode  # noqa: S603
    if code:
        raise TransientError(
            f"the batch run ended with exit code {code}; what was accepted is kept",
            hint="Its message stands above. `marquee batch` tries again.",
        )
