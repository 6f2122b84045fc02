"""Imports as a person runs them: MovieLens' 32 million ratings and a daily table of films, in processes of their own."""

import csv
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import orjson

from benchmarks.measure import table
from benchmarks.movielens import WHOLE, Shape, make

SMALL = Shape(20_000, 6_300, 1_000_000)
FILMS = 200_000


@dataclass(frozen=True, slots=True)
class Run:
    """What one import took: CPU seconds (user + system), wall seconds, peak resident memory (MB), events logged."""

    cpu: float
    wall: float
    peak: float
    events: int


def imported(path: Path, home: Path) -> Run:
    """Import a path in a process of its own."""
    command = [sys.executable, "-m", "marquee", "import", str(path), "--home", str(home), "--json"]
    began = os.times().elapsed
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    if process.returncode:
        raise RuntimeError(f"the import of {path} ended with {process.returncode}")
    events = sum(orjson.loads(said)["logged"].values())
    return Run(used.ru_utime + used.ru_stime, os.times().elapsed - began, used.ru_maxrss / 1024, events)


def film_table(path: Path) -> None:
    """Write a table of films such as the daily one of TMDB's."""
    with path.open("w", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(
            [
                "id",
                "title",
                "vote_average",
                "vote_count",
                "status",
                "release_date",
                "revenue",
                "runtime",
                "adult",
                "backdrop_path",
                "budget",
                "imdb_id",
                "original_language",
                "original_title",
                "overview",
                "popularity",
                "tagline",
                "genres",
                "production_companies",
                "production_countries",
                "spoken_languages",
                "keywords",
            ]
        )
        for n in range(1, FILMS + 1):
            day = f"{1920 + n % 105}-{1 + n % 12:02d}-{1 + n % 28:02d}"
            text = f"A film about the number {n}, told by those who were there and remember it well. " * 3
            facts = [n, f"Film {n}", 6.5, n % 900, "Released", day, 0, 90 + n % 60, "False", "", 0, f"tt{n:07d}", "en"]
            words = [f"Film {n}", text, 1.5, "", "Drama, Science Fiction", "Quay, Inc., Left Bank", "France", "French"]
            writer.writerow([*facts, *words, "dream, port"])


def run() -> str:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        rows: list[tuple[object, ...]] = [
            ("what", "rows", "events", "rows per CPU second", "peak memory", "wall", "goal")
        ]
        for name, shape in (("MovieLens, 1 million", SMALL), ("MovieLens, 32 million", WHOLE)):
            data = folder / name.replace(" ", "-")
            count = make(data, shape)
            first = imported(data, folder / f"home-{shape.ratings}")
            goal = "at least 150,000; at most 500 MB" if shape is WHOLE else ""
            rows.append(line(name, count, first, goal))
            if shape is WHOLE:
                rows.append(
                    line("the same again", count, imported(data, folder / f"home-{shape.ratings}"), "nothing new")
                )
        film_table(folder / "films.csv")
        rows.append(line("a table of films", FILMS, imported(folder / "films.csv", folder / "home-films"), ""))
    note = (
        "The ratings are synthetic, in the shape of MovieLens' 32M release (`benchmarks/movielens.py`). Memory is the peak "
        "resident set of the whole process. Ratings become readings by day, week, 28 and 364 days, the older the wider."
    )
    return table("Imports: from the files to the log", rows, note)


def line(name: str, count: int, found: Run, goal: str) -> tuple[object, ...]:
    """Return a row of figures."""
    rate = f"{count / found.cpu:,.0f}"
    return name, f"{count:,}", f"{found.events:,}", rate, f"{found.peak:.0f} MB", f"{found.wall:.0f} s", goal
