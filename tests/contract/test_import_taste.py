"""Who rated what, kept of MovieLens' releases: each once, whatever happens to the import."""

from collections import defaultdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from tests.files import imported, movielens

from marquee.app import Platform
from marquee.batch import taste
from marquee.domain.tables import TASTE
from marquee.engines.duckdb.iceberg import IcebergCatalog
from marquee.importers import movielens_taste
from marquee.libraries import arrow_ratings

LINKS = "1,114709,862\n2,113497,8844\n3,1,\n4,2,11\n"
DAY = 86_400


def kept(platform: Platform) -> list[tuple[int, int, int, int]]:
    """(user, film, stars x 10, time) of all ratings that are kept."""
    rows = platform.lake.arrow(platform.lake.table(TASTE)).to_pylist()
    return sorted((row["user_id"], row["movie_id"], row["stars"], row["time"]) for row in rows)


def snapshots(platform: Platform) -> int:
    """How often the table was written."""
    table: Any = platform.lake.catalog.find(TASTE)  # type: ignore[attr-defined]
    return 0 if table is None else len(table.metadata.snapshots)


def test_each_users_last_rating_of_a_film_is_kept(platform: Platform, tmp_path: Path) -> None:
    rows = [
        *(f"5,1,3.5,{10 * DAY}", f"5,1,3.5,{10 * DAY}", f"5,1,0.5,{11 * DAY}", f"6,2,5.0,{12 * DAY}"),
        *(f"6,3,5.0,{12 * DAY}", "7,1,x,1", f"7,99,4.0,{12 * DAY}"),
    ]
    found = imported(platform, movielens(tmp_path / "ml", rows, LINKS))
    assert kept(platform) == [(5, 862, 10, 11 * DAY * 1_000), (6, 8_844, 100, 12 * DAY * 1_000)]
    assert found.reasons["rating of a film without a TMDB id"] == 2
    assert any("2 ratings are kept" in said for said in found.said)


def ratings(count: int, films: int = 4) -> list[str]:
    return [f"{user},{1 + user % films},{0.5 + user % 10 / 2},{(10_000 + user) * DAY}" for user in range(count)]


def parted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spread even the smallest release over several files."""
    monkeypatch.setattr(arrow_ratings, "SMALL", 0)
    monkeypatch.setattr(arrow_ratings, "PARTS", 5)


def test_the_same_release_adds_nothing(platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parted(monkeypatch)
    folder = movielens(tmp_path / "ml", ratings(200), LINKS)
    imported(platform, folder)
    before, written, edition = kept(platform), snapshots(platform), taste.edition(platform.lake)
    assert len(before) == 150
    imported(platform, folder)
    assert (kept(platform), snapshots(platform), taste.edition(platform.lake)) == (before, written, edition)


def test_an_import_that_is_cut_off_goes_on(platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parted(monkeypatch)
    folder = movielens(tmp_path / "ml", ratings(300), LINKS)
    keep, parts = movielens_taste.Taste.keep, defaultdict[int, int](int)

    def cut(self: movielens_taste.Taste, records: Any) -> None:
        if len(self.parts) == 3:
            raise KeyboardInterrupt
        keep(self, records)

    with monkeypatch.context() as patched:
        patched.setattr(movielens_taste.Taste, "keep", cut)
        with pytest.raises(KeyboardInterrupt):
            imported(platform, folder)
    for _, film, _, _ in kept(platform):
        parts[film] += 1
    assert taste.edition(platform.lake) == "", "what is not whole is no edition"
    before = snapshots(platform)
    imported(platform, folder)
    assert {film for _, film, _, _ in kept(platform)} == {862, 8_844, 11}
    assert len(kept(platform)) == 225
    assert taste.edition(platform.lake)
    assert snapshots(platform) - before <= 2, "parts that were there were not written again"


@pytest.mark.parametrize("first", [True, False], ids=["to one file", "to several"])
def test_a_release_takes_the_place_of_another_wholly(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: bool
) -> None:
    old, new = ratings(200), [f"{user},1,5.0,{(20_000 + user) * DAY}" for user in range(30)]
    for name, rows, several in (("old", old, first), ("new", new, not first)):
        with monkeypatch.context() as patched:
            if several:
                parted(patched)
            imported(platform, movielens(tmp_path / name, rows, LINKS))
    assert [(user, film) for user, film, _, _ in kept(platform)] == [(user, 862) for user in range(30)]


def test_an_older_release_is_left_out_of_tastes_too(platform: Platform, tmp_path: Path) -> None:
    imported(platform, movielens(tmp_path / "new", [f"1,1,5.0,{20_000 * DAY}"], LINKS))
    imported(platform, movielens(tmp_path / "old", [f"1,1,1.0,{10_000 * DAY}"], LINKS))
    assert [stars for _, _, stars, _ in kept(platform)] == [100]


def test_a_table_that_moves_meanwhile_is_written_all_the_same(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What another process commits between reading the table and writing it makes the commit begin again."""
    imported(platform, movielens(tmp_path / "old", ratings(8), LINKS))
    other, record, moved = IcebergCatalog(platform.home.path("lake")), IcebergCatalog.record, []

    def meanwhile(change: Any, properties: Any) -> None:
        if not moved:
            moved.append(True)
            strays = {name: [9] for name in ("part", "user_id", "movie_id", "stars", "time")}
            other.load(TASTE).append(pa.table(strays))
        record(change, properties)

    monkeypatch.setattr(IcebergCatalog, "record", staticmethod(meanwhile))
    imported(platform, movielens(tmp_path / "new", ratings(12), LINKS))
    assert moved
    assert len(kept(platform)) == 9
    assert taste.edition(platform.lake)
