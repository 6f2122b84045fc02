"""A program that stores more than this one: with one declaration each, homes of this version go on with it, and back."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.upgrades.keep import NOON, make

import marquee
from marquee.domain.timeline import HOUR

CHANGES = {
    "domain/events.py": (
        "    crew: tuple[Credit, ...] = ()\n",
        "    homepage: str | None = None\n    rating: str = 'unrated'\n",
    ),
    "sources/tmdb_facts.py": (
        '        "crew": credits(credit, "crew"),\n',
        '        "homepage": text(body.get("homepage")) or None,\n',
    ),
    "domain/measures.py": (
        '    "stars": Sum(lambda e: e.weight * e.stars, "Sum of stars, x 10."),\n',
        '    "praise": Sum(lambda e: e.weight * e.positive * e.stars, "Stars of positive reviews, x 10."),\n',
    ),
    "domain/documents.py": (
        "Document = tuple[str, int, bytes]\n",
        'GREETING = "greeting"\n',
    ),
    "batch/publish.py": (
        "    yield from view_documents(lake, pins, since, to)\n",
        '    yield "greeting", 0, orjson.dumps({"hello": "world"})\n',
    ),
}
"""By module: the line that is there, and what a later version declares after it."""

VERSIONED = (
    "domain/documents.py",
    "    **dict.fromkeys((ACTIVITY,",
    '    "greeting": 1,\n    **dict.fromkeys((ACTIVITY,',
)
RESCORED = (
    ("domain/sentiment.py", "VERSION = 2\n", "VERSION = 3\n"),
    ("libraries/vader.py", "valence=analyzer.lexicon", 'valence={**analyzer.lexicon, "train": 3.0}'),
)

DRIVER = """
import json, sys
from pathlib import Path
from marquee.app import Platform
from marquee.domain.measures import SUMS
from marquee.domain.timeline import ManualClock
from marquee.watch import audit
from marquee.settings import load
from marquee.sources.tmdb_facts import film_values
from marquee.domain.facts import FilmFact
from tests.upgrades.keep import film

home, now, wanted = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
clock = ManualClock(now)
platform = Platform(load(home=home), clock)
told = {"sums": list(SUMS), "served": []}
def ask():
    query = platform.query()
    query.refresh()
    answers = {movie: query.movie(movie) for movie in (1, 2, 3)}
    told["served"].append([answers[movie]["sentiment"]["reviews"] for movie in answers])
    return answers
ask()
platform.speed().drain()
told["verified_before"] = audit.verify(platform)["differ"]
if "film" in wanted:
    body = {"title": "Lantern 1", "homepage": "https://example.org", "original_language": "en"}
    platform.door().accept([FilmFact(1, now, "tmdb", film_values(body))])
for full in (False, True):
    clock.time += 2 * 3_600_000
    report = platform.batch().run(full=full)
    platform.speed().drain()
    told.setdefault("runs", []).append([report.state, report.report["full"]])
    told.setdefault("verified", []).append(audit.verify(platform)["differ"])
answers = ask()
told["homepage"] = answers[1].get("homepage", "no such field")
told["rating"] = answers[2].get("rating", "no such field")
told["kinds"] = sorted({name for name in ("greeting",) if platform.views.snapshot().__enter__().get(name, 0)})
cells = platform.lake.table("gold.cells")
rows = platform.lake.arrow(cells.aggregate(**{name: cells[name].sum().cast("int64") for name in SUMS})).to_pylist()[0]
told["totals"] = rows
print(json.dumps(told))
"""


def changed(folder: Path) -> Path:
    """Return a copy of the program that a later version might be."""
    package = folder / "marquee"
    shutil.copytree(Path(marquee.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    for name, (line, more) in CHANGES.items():
        path = package / name
        assert path.read_text().count(line) == 1, (name, line)
        path.write_text(path.read_text().replace(line, line + more))
    for name, line, instead in (VERSIONED, *RESCORED):
        path = package / name
        assert path.read_text().count(line) == 1, (name, line)
        path.write_text(path.read_text().replace(line, instead))
    return folder


def run(home: Path, now: int, program: Path | None, *wanted: str, **settings: str) -> dict[str, Any]:
    """Open a home with a program, run it, and return what it told."""
    root = Path(__file__).parents[2]
    paths = [*([str(program)] if program else []), str(root)]
    told = subprocess.run(
        [sys.executable, "-c", DRIVER, str(home), str(now), *wanted],
        env={"PATH": os.environ["PATH"], "HOME": "/tmp", "PYTHONPATH": os.pathsep.join(paths), **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr[-3_000:]
    body: dict[str, Any] = json.loads(told.stdout)
    return body


def test_a_later_version_goes_on_with_a_home_and_this_one_after_it(tmp_path: Path) -> None:
    home, later = tmp_path / "home", changed(tmp_path / "later")
    make(home)
    now = NOON + HOUR
    new = run(home, now, later, "film", MARQUEE_RETENTION_SILVER_DAYS="60", MARQUEE_RETENTION_BRONZE_DAYS="30")
    assert "praise" in new["sums"]
    assert new["runs"] == [["published", True], ["published", True]]
    assert new["verified_before"] > 0, "what an older scorer has scored is told"
    assert new["verified"] == [0, 0]
    assert new["homepage"] == "https://example.org"
    assert new["rating"] == "unrated"
    assert new["kinds"] == ["greeting"]
    assert 0 < new["totals"]["praise"] <= new["totals"]["stars"]
    old = run(home, now + 6 * HOUR, None)
    assert "praise" not in old["sums"]
    assert old["verified_before"] > 0
    assert old["runs"] == [["published", True], ["published", True]]
    assert old["verified"] == [0, 0]
    assert old["homepage"] == "no such field"
    assert old["served"][-1] == new["served"][-1]
    assert [old["totals"][name] for name in ("reviews", "stars")] == [
        new["totals"][name] for name in ("reviews", "stars")
    ]
    assert old["totals"]["compound"] != new["totals"]["compound"], "each version scores as it does"
