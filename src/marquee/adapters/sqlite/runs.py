"""The embedded history of batch runs."""

import json

from marquee.adapters.sqlite.connection import SqliteStore
from marquee.domain.records import RunReport

SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    run INTEGER PRIMARY KEY, run_id TEXT NOT NULL, started_at INTEGER NOT NULL, finished_at INTEGER NOT NULL,
    frontier INTEGER NOT NULL, state TEXT NOT NULL, report TEXT NOT NULL);
"""


class SqliteRuns(SqliteStore):
    """`Runs` in one file."""

    schema = SCHEMA

    def next_run(self) -> int:
        """Return a number greater than that of every run before."""
        with self.reading() as db:
            return int(db.execute("SELECT coalesce(max(run), 0) + 1 FROM runs").fetchone()[0])

    def record(self, report: RunReport) -> None:
        """Keep a run's report."""
        with self.writing() as db:
            db.execute(
                "INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    report.run,
                    report.run_id,
                    report.started_at,
                    report.finished_at,
                    report.frontier,
                    report.state,
                    json.dumps(dict(report.report)),
                ),
            )

    def latest(self, limit: int) -> list[RunReport]:
        """Return the newest reports."""
        with self.reading() as db:
            rows = db.execute("SELECT * FROM runs ORDER BY run DESC LIMIT ?", (limit,)).fetchall()
        return [RunReport(r[0], r[1], r[2], r[3], r[4], r[5], json.loads(r[6])) for r in rows]
