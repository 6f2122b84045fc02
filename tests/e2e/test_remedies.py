"""What an error says of a damaged file mends it, and loses no more than it says."""

import shutil
from pathlib import Path

import pytest
from tests.facts import review
from tests.world import NOON

from marquee.adapters.remedies import ANEW, KEPT, remedy
from marquee.app import Platform
from marquee.domain.timeline import HOUR, ManualClock
from marquee.errors import StorageError
from marquee.settings import load
from marquee.watch import audit


def use(platform: Platform, name: str) -> None:
    """Open a file and ask it something."""
    home = platform.home
    match name:
        case "views.db":
            with platform.views.snapshot() as snapshot:
                snapshot.changed("film", 0)
        case "speed.db":
            platform.speed_store.progress()
        case "speed_views.db":
            platform.speed_views.state()
        case "budget.db":
            platform.tmdb_budget().reserve()
        case "quarantine.db":
            platform.quarantine.counts()
        case "runs.db":
            platform.runs.latest(1)
        case "crawl.db":
            from marquee.adapters.sqlite.crawl import SqliteCrawl

            SqliteCrawl(home.path(name)).counts()
        case "keys.db":
            platform.keys.list()
        case "index.db":
            platform.index.position()
        case "log.db":
            platform.log.span()


@pytest.mark.parametrize("name", [*ANEW, *KEPT])
def test_a_damaged_file_is_named_with_the_smallest_mending(
    name: str, world_home: Path, tmp_path: Path, clock: ManualClock
) -> None:
    use(Platform(load(home=shutil.copytree(world_home, tmp_path / "whole")), clock), name)
    home = Path(shutil.copytree(world_home, tmp_path / "home"))
    for path in home.glob(f"{name}-*"):
        path.unlink()
    (home / name).write_bytes(b"not a database" * 1_000)
    with pytest.raises(StorageError, match="not a database") as refused:
        use(Platform(load(home=home), clock), name)
    assert refused.value.hint == remedy(home / name)
    assert "reset" not in refused.value.hint


@pytest.mark.parametrize("lost", [["views.db"], sorted(ANEW.keys() - {"views.db"})], ids=["views", "all others"])
def test_what_can_be_made_anew_is(lost: list[str], world_home: Path, tmp_path: Path, clock: ManualClock) -> None:
    clock.time = NOON + 3 * HOUR
    home = Path(shutil.copytree(world_home, tmp_path / "home"))
    for path in [path for name in lost for path in home.glob(f"{name}*")]:
        path.unlink()
    platform = Platform(load(home=home), clock)
    platform.door().accept([review(2, clock.now(), "after")])
    platform.speed().drain()
    assert platform.batch().run(full="views.db" in lost).state == "published"
    platform.speed().drain()
    found = audit.verify(platform)
    assert (found["differ"], found["examples"]) == (0, [])
    assert found["answers_checked"] > 100
    with platform.views.snapshot() as snapshot:
        assert snapshot.publication is not None
    assert snapshot.publication.frontier.run > 1


def test_no_error_advises_to_begin_anew() -> None:
    source = Path(__file__).parents[2] / "src" / "marquee"
    advised = [path.name for path in source.rglob("*.py") if "`marquee reset`" in path.read_text()]
    assert advised == []
