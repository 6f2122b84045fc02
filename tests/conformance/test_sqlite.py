"""Every store in a SQLite file is safe for threads, by its base, and no other way to a connection is taken."""

import ast
import multiprocessing
import sqlite3
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from dataclasses import replace
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import NOON

import marquee
from marquee.adapters.sqlite.budget import LONGEST_WAIT, Budget
from marquee.adapters.sqlite.connection import SqliteStore
from marquee.adapters.sqlite.crawl import SqliteCrawl
from marquee.adapters.sqlite.index import SqliteIndex
from marquee.adapters.sqlite.keys import SqliteKeys
from marquee.adapters.sqlite.log import SqliteLog
from marquee.adapters.sqlite.own import SqliteOwnFilms
from marquee.adapters.sqlite.quarantine import SqliteQuarantine
from marquee.adapters.sqlite.releases import SqliteReleases
from marquee.adapters.sqlite.runs import SqliteRuns
from marquee.adapters.sqlite.speed import SqliteSpeedStore, SqliteSpeedViews
from marquee.adapters.sqlite.views import SqliteViews
from marquee.domain.aside import failed
from marquee.domain.coverage import Frontier, SpeedState
from marquee.domain.events import RATINGS, REVIEWS
from marquee.domain.measures import ZERO
from marquee.domain.own import OwnFilm
from marquee.domain.records import MicroBatch, Publication, Rejected, RunReport, SpeedCell
from marquee.domain.releases import Release
from marquee.domain.timeline import HOUR
from marquee.errors import StorageError, TerminalError
from marquee.importers.extras import Extras
from marquee.testing.events import rating_event, review_event

THREADS, PROCESSES, ROUNDS = 8, 4, 25
SOURCE = Path(marquee.__file__).parent
BASE = SOURCE / "adapters" / "sqlite" / "connection.py"


def use_log(log: SqliteLog, n: int) -> None:
    log.append([rating_event(f"e{n}", n + 1, NOON)], NOON + n)
    log.read("", 10)
    log.seal(NOON)
    log.behind("")
    log.cut(NOON + n)
    log.trim(NOON - HOUR)


def use_index(index: SqliteIndex, n: int) -> None:
    index.apply([(REVIEWS, review_event(f"r{n}", n + 1, NOON)), (RATINGS, rating_event(f"e{n}", n + 1, NOON))], str(n))
    index.lookup(REVIEWS, [f"r{n}"])
    index.standing_reviews(n + 1, "t")
    index.position()


def use_quarantine(quarantine: SqliteQuarantine, n: int) -> None:
    quarantine.add([Rejected("t", "bad", str(n))], NOON)
    quarantine.counts()
    quarantine.rows(5)


def use_crawl(crawl: SqliteCrawl, n: int) -> None:
    crawl.remember("note", n, [(n + 1, n)])
    crawl.mark([n + 1], [failed(None, n + 2, "x", NOON)], NOON)
    crawl.seed([(0.5, n + 2)])
    crawl.todo(5)
    crawl.due([n + 1], NOON, NOON, 5)
    crawl.state(5)


def use_keys(keys: SqliteKeys, n: int) -> None:
    found = keys.find(keys.create(f"k{n}", ("read",), NOON), NOON)
    assert found is not None
    keys.revoke(found.id, NOON)
    keys.list()


def use_runs(runs: SqliteRuns, n: int) -> None:
    runs.record(RunReport(n, str(n), NOON, NOON, NOON, "published", {}))
    runs.next_run()
    runs.latest(5)


def use_speed_store(store: SqliteSpeedStore, n: int) -> None:
    store.write(MicroBatch(n, {(n, NOON, NOON): ZERO}, [], [(f"e{n}", NOON)], str(n), NOON, NOON))
    store.seen([f"e{n}"])
    store.partials(0)
    store.expire(NOON - HOUR)


def use_speed_views(views: SqliteSpeedViews, n: int) -> None:
    views.upsert([SpeedCell(n, NOON, NOON, ZERO)], [], SpeedState(NOON, NOON, n, str(n)), n)
    views.changes(0)
    views.expire(NOON - HOUR)


def use_views(views: SqliteViews, n: int) -> None:
    with suppress(TerminalError):  # a later run may have been published meanwhile
        views.publish(Publication(Frontier(n, str(n), NOON), NOON, {}), [("film", n, b"x")])
    with views.snapshot() as snapshot:
        snapshot.get("film", n)
        snapshot.changed("film", 0)


def use_own_films(own: SqliteOwnFilms, n: int) -> None:
    own.put("t", [OwnFilm("t", str(n), "A", 2000, seen=True)], ["seen"])
    own.films()


def use_releases(releases: SqliteReleases, n: int) -> None:
    releases.begin("t", Release(NOON + n, n))
    releases.held("t")


def use_extras(extras: Extras, n: int) -> None:
    extras.put(n, "a", n)
    extras.get(n)


def use_budget(budget: Budget, n: int) -> None:
    budget.reserve()
    budget.penalise(0.001)


def extras_of(path: Path) -> Extras:
    return Extras(path.parent)


def budget_of(path: Path) -> Budget:
    return Budget(path, 1_000_000)


USES: dict[type[SqliteStore], tuple[Callable[[Path], Any], Callable[[Any, int], None]]] = {
    SqliteLog: (SqliteLog, use_log),
    SqliteIndex: (SqliteIndex, use_index),
    SqliteQuarantine: (SqliteQuarantine, use_quarantine),
    SqliteCrawl: (SqliteCrawl, use_crawl),
    SqliteKeys: (SqliteKeys, use_keys),
    SqliteRuns: (SqliteRuns, use_runs),
    SqliteSpeedStore: (SqliteSpeedStore, use_speed_store),
    SqliteSpeedViews: (SqliteSpeedViews, use_speed_views),
    SqliteViews: (SqliteViews, use_views),
    SqliteOwnFilms: (SqliteOwnFilms, use_own_films),
    SqliteReleases: (SqliteReleases, use_releases),
    Extras: (extras_of, use_extras),
    Budget: (budget_of, use_budget),
}


def test_every_store_is_tried() -> None:
    modules = [path for path in SOURCE.rglob("*.py") if "(SqliteStore)" in path.read_text()]
    assert len(modules) > 9
    for path in modules:
        import_module(".".join(("marquee", *path.relative_to(SOURCE).with_suffix("").parts)))
    assert {kind for kind in SqliteStore.__subclasses__() if kind.__module__.startswith("marquee.")} == set(USES)


@pytest.mark.parametrize("store", USES, ids=lambda store: store.__name__)
def test_eight_threads_use_one_store_at_once(tmp_path: Path, store: type[SqliteStore]) -> None:
    made, use = USES[store]
    held = made(tmp_path / "store.db")
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda n: use(held, n), range(1, THREADS * ROUNDS)))
    held.close()


def uses_of(tree: ast.AST, *names: str) -> Iterable[ast.Attribute]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr in names)


def test_no_connection_is_had_but_through_the_base() -> None:
    """`sqlite3.connect` stands in the base, and in what opens a file to look only. What the base keeps is touched by no
    other, but where a store says how it is held: then the connection is a thread's own."""
    for path in SOURCE.rglob("*.py"):
        if path in (BASE, BASE.with_name("reading.py")):
            continue
        tree = ast.parse(path.read_text())
        opened = [n for n in uses_of(tree, "connect") if isinstance(n.value, ast.Name) and n.value.id == "sqlite3"]
        assert not opened, f"{path}:{opened[0].lineno} opens a database by itself: use SqliteStore, or looked_into"
        touched = list(uses_of(tree, "_connection", "_guard"))
        assert not touched or path == BASE.with_name("views.py"), (
            f"{path}:{touched[0].lineno} goes round reading and writing"
        )


def test_a_store_without_its_guard_is_found_out(tmp_path: Path) -> None:
    """What this suite is for: a connection shared by threads, one of which is within a transaction."""

    class Bare(SqliteStore):
        schema = "CREATE TABLE IF NOT EXISTS t (n INTEGER);"

        def alone(self) -> Any:
            return nullcontext(self._connection)

        def add(self, n: int) -> None:
            with self.writing() as db:
                db.execute("INSERT INTO t VALUES (?)", (n,))

    bare = Bare(tmp_path / "bare.db")
    with ThreadPoolExecutor(THREADS) as pool, pytest.raises(StorageError, match="transaction"):
        list(pool.map(bare.add, range(2_000)))


def slots(path: Path, rate: float, count: int) -> list[float]:
    """Take slots with eight threads; return the time of each on the clock of the machine."""
    times: list[float] = []

    class Watched(Budget):
        def ahead(self, db: sqlite3.Connection) -> tuple[float, float]:
            now, wait = super().ahead(db)
            times.append(now + wait)
            return now, wait

    budget = Watched(path, rate)
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda _: budget.reserve(), range(count)))
    return times


def test_the_budget_is_kept_by_many_threads_and_processes(tmp_path: Path) -> None:
    """2,400 reservations by 4 processes of 8 threads each: no error, and no two slots closer than the rate allows."""
    rate, count = 400.0, 600
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        found = pool.starmap(slots, [(tmp_path / "budget.db", rate, count)] * PROCESSES)
    times = sorted(time for part in found for time in part)
    assert len(times) == PROCESSES * count
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert min(gaps) > 1 / rate - 1e-6
    within = max(sum(1 for later in times[n : n + 800] if later < time + 1 - 1e-6) for n, time in enumerate(times))
    assert within <= rate


def test_the_budget_lives_with_a_clock_that_jumps(tmp_path: Path) -> None:
    now = [1_000.0]
    budget = Budget(tmp_path / "budget.db", 10, lambda: now[0])
    assert [round(budget.reserve(), 3) for _ in range(5)] == [0, 0.1, 0.2, 0.3, 0.4]
    for jump in (-900.0, 0.0, -50.0, 1e9, -1e9):
        now[0] += jump
        waits = [budget.reserve() for _ in range(4)]
        assert all(later - earlier == pytest.approx(0.1) for earlier, later in pairwise(waits)), "the pace is kept"
        assert waits[-1] < 2, "and nobody waits for a time that will not come"
    budget.penalise(1e9)
    assert budget.reserve() == pytest.approx(LONGEST_WAIT), "no pause is without end"


def test_a_budget_of_an_earlier_version_is_begun_anew(tmp_path: Path) -> None:
    old = sqlite3.connect(tmp_path / "budget.db")
    old.execute("CREATE TABLE budget (one INTEGER PRIMARY KEY CHECK (one = 1), free_at REAL NOT NULL)")
    old.execute("INSERT INTO budget VALUES (1, 9e9)")
    old.commit()
    old.close()
    assert Budget(tmp_path / "budget.db", 4).reserve() == 0


def test_a_slow_budget_keeps_its_pace_too(tmp_path: Path) -> None:
    """One request in 100 s, and eight that wait: the last of them for 700 s."""
    budget = Budget(tmp_path / "budget.db", 0.01, lambda: 0.0)
    assert [budget.reserve() for _ in range(8)] == [100.0 * n for n in range(8)]


@pytest.mark.parametrize("store", [SqliteViews, SqliteSpeedStore, SqliteSpeedViews, SqliteCrawl, Budget])
def test_what_mends_a_damaged_file_is_no_more_than_it_takes(tmp_path: Path, store: type[SqliteStore]) -> None:
    (tmp_path / "store.db").write_bytes(b"not a database" * 1_000)
    with pytest.raises(StorageError) as caught:
        USES[store][0](tmp_path / "store.db")
    assert "reset" not in caught.value.hint
    assert "delete the file" in caught.value.hint or "backup" in caught.value.hint


def test_old_tables_gain_their_new_columns_once(tmp_path: Path) -> None:
    old = sqlite3.connect(tmp_path / "keys.db")
    old.execute(
        "CREATE TABLE keys (id INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, name TEXT NOT NULL, scopes TEXT NOT NULL,"
        " created_at INTEGER NOT NULL, revoked_at INTEGER)"
    )
    old.execute("INSERT INTO keys VALUES (1, 'h', 'old', 'read', 5, NULL)")
    old.commit()
    old.close()
    with ThreadPoolExecutor(THREADS) as pool:
        opened = list(pool.map(lambda _: SqliteKeys(tmp_path / "keys.db"), range(THREADS)))
    assert [key.expires_at for key in opened[0].list()] == [None]
    assert replace(opened[0].list()[0], id=2).name == "old"
