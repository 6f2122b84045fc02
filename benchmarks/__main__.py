"""`python -m benchmarks [NAME ...]`: run all benchmarks (or some) and write docs/benchmarks.md."""

import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import api, batch, imports, latency, sentiment

ALL = {
    "sentiment": sentiment.run,
    "imports": imports.run,
    "batch": batch.run,
    "latency": latency.run,
    "api": api.run,
}
PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
HEAD = """# Benchmarks

Made by `make bench`. Every figure is a ratio, or stands beside what it was measured against in the same run;
the goals are those the project set itself, and one that is missed
stands here as it is. CPU is user + system time of the process and its threads.

"""


def main() -> None:
    chosen = sys.argv[1:] or list(ALL)
    machine = f"Python {platform.python_version()}, {os.cpu_count()} cores, {datetime.now(UTC):%Y-%m-%d}"
    parts = [f"Run on {machine}.\n"]
    for name in chosen:
        print(f"== {name}", flush=True)
        section = ALL[name]()
        print(section, flush=True)
        parts.append(section)
    if chosen == list(ALL):
        PAGE.write_text(HEAD + "\n".join(parts))


if __name__ == "__main__":
    main()
