"""The export holds what the API answers, and is swapped in whole."""

from pathlib import Path
from typing import Any

import duckdb
import pytest
from tests.e2e.asgi import Caller
from tests.facts import review
from tests.world import NOON
from typer.testing import CliRunner

from marquee.app import Platform
from marquee.cli import app
from marquee.domain.timeline import HOUR, ManualClock
from marquee.engines.duckdb.lake import write_database
from marquee.errors import StorageError
from marquee.serving.answers.export import SCHEMAS, export
from marquee.settings import load


@pytest.fixture
def exported(world_home: Path, tmp_path: Path, clock: ManualClock) -> tuple[Platform, Any]:
    clock.time = NOON + 2 * HOUR
    platform = Platform(load(home=world_home), clock)
    query = platform.query()
    query.refresh()
    write_database(tmp_path / "marquee.duckdb", export(query))
    return platform, duckdb.connect(tmp_path / "marquee.duckdb", read_only=True)


def test_the_tables_say_what_the_api_says(exported: tuple[Platform, Any]) -> None:
    platform, database = exported

    def ask(path: str) -> Any:
        (answer,) = Caller(platform)(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    assert {name for (name,) in database.execute("SHOW TABLES").fetchall()} == set(SCHEMAS)
    listed = ask("/v1/search/movies?page_size=100")
    films = database.execute(
        "SELECT movie_id, title, votes, weighted_rating, tier, reviews, sentiment FROM films ORDER BY movie_id"
    ).fetchall()
    columns = ("movie_id", "title", "votes", "weighted_rating", "tier", "reviews", "sentiment")
    assert films == sorted(tuple(line[name] for name in columns) for line in listed["results"])
    assert len(films) > 5
    for window in ("24h", "7d", "90d"):
        answer = ask(f"/v1/trending/movies?window={window}&limit=100")
        found = database.execute(
            "SELECT rank, movie_id, observed, expected, score, hot FROM trends WHERE period = ? ORDER BY rank", [window]
        ).fetchall()
        names = ("rank", "movie_id", "observed", "expected", "score", "hot")
        said = [tuple(line[name] for name in names) for line in answer["results"]]
        assert found[: len(said)] == said
        assert said
    series = ask("/v1/analytics/trends?metric=sentiment&window=90d")
    by_day = {
        str(day): (count, score)
        for day, count, score in database.execute(
            "SELECT day, sum(reviews), round(sum(compound) / sum(reviews) / 10000, 4) FROM daily "
            "GROUP BY day HAVING sum(reviews) > 0"
        ).fetchall()
    }
    points = {point["date"]: (point["reviews"], point["value"]) for point in series["points"] if point["reviews"]}
    assert points
    for day, (count, score) in points.items():
        assert by_day[day] == (count, pytest.approx(score, abs=1e-4)), day
    genre = ask("/v1/analytics/revenue?by=genre")["results"]
    assert database.execute(
        "SELECT value, films, budget, roi FROM money WHERE dimension = 'genre' ORDER BY value"
    ).fetchall() == sorted((line["genre"], line["films"], line["budget"], line["roi"]) for line in genre)
    covers = listed["coverage"]
    assert database.execute("SELECT run_id, complete FROM edition").fetchall() == [
        (covers["run_id"], covers["complete"])
    ]


def test_what_only_the_speed_layer_knows_is_in_it(platform: Platform, clock: ManualClock) -> None:
    platform.door().accept([review(7, clock.now() - HOUR, "a"), review(7, clock.now() - HOUR, "b")])
    platform.speed().drain()
    query = platform.query()
    query.refresh()
    tables = export(query)
    assert tables["films"].select(["movie_id", "reviews"]).to_pylist() == [{"movie_id": 7, "reviews": 2}]
    assert [(row["movie_id"], row["reviews"]) for row in tables["recent"].to_pylist()] == [(7, 2)]
    assert [(row["movie_id"], row["reviews"]) for row in tables["daily"].to_pylist()] == [(7, 2)]
    assert tables["quality"].num_rows == 0


def test_a_reader_has_the_old_file_or_the_new_one(exported: tuple[Platform, Any], tmp_path: Path) -> None:
    platform, reader = exported
    before = reader.execute("SELECT count(*) FROM films").fetchone()
    done = CliRunner().invoke(app, ["export", str(tmp_path / "marquee.duckdb"), "--home", str(platform.home.folder)])
    assert done.exit_code == 0, done.output
    assert reader.execute("SELECT count(*) FROM films").fetchone() == before
    assert sorted(path.name for path in tmp_path.glob("*marquee.duckdb*")) == ["marquee.duckdb"]
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError):
        write_database(tmp_path / "file" / "x.duckdb", {})
