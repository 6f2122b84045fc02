"""The real files: imported, run through batch, the last part streamed live, every answer compared."""

from itertools import islice
from pathlib import Path

import pytest

from marquee.app import SYSTEM_CLOCK, Platform
from marquee.domain import trends
from marquee.domain.events import METADATA, RATINGS
from marquee.domain.facts import ReviewFact
from marquee.domain.timeline import HOUR, MINUTE, ManualClock
from marquee.ingest.door import Receipt
from marquee.ops import audit
from marquee.serving.cube import ALL_FILMS, DIMENSIONS
from marquee.sources.datasets import movielens, tmdb5000, tmdb_json


def test_real_files_through_both_layers(platform: Platform, clock: ManualClock, data: Path) -> None:
    clock.time = SYSTEM_CLOCK.now()
    door, speed, receipt = platform.door(), platform.speed(), Receipt()
    receipt.add(door.accept(tmdb5000(data / "tmdb_5000")))
    assert receipt.logged == {METADATA: 4_803, RATINGS: 4_803}
    facts = list(movielens(data / "movielens_ml-latest-small"))
    cut = len(facts) * 9 // 10
    feed = iter(facts[:cut])
    while group := list(islice(feed, 20_000)):
        receipt.add(door.accept(group))
    clock.time += 2 * HOUR
    report = platform.batch().run()
    assert report.report["silver"]["score"] > 99
    for start in range(cut, len(facts), 3_000):
        clock.time += MINUTE
        receipt.add(door.accept(facts[start : start + 3_000]))
        speed.drain()
    receipt.add(door.accept(tmdb_json(data / "tmdb_api_responses")))
    reviews = long_reviews(data, clock.now())
    receipt.add(door.accept(reviews))
    speed.drain()
    assert receipt.quarantined > 21
    assert receipt.logged["movie.ratings"] > 100_000
    found = audit.verify(platform)
    assert found["differ"] == 0, found["examples"]
    assert found["films"] > 11_000
    assert found["answers_checked"] == 4 * found["films"] + len(trends.WINDOWS) + len(DIMENSIONS)
    query = platform.query()
    query.refresh()
    assert query.world.frontier is not None
    rising = query.trending("24h", ALL_FILMS, 5)["results"]
    assert {line["movie_id"] for line in rising if line["rising"]} == {19_995, 285}
    assert query.movie(862)["votes"]["count"] is not None


def long_reviews(data: Path, now: int) -> list[ReviewFact]:
    """A burst of real reviews, laid on two films within the last day."""
    import zipfile

    with zipfile.ZipFile(data / "reviews_pang_lee_polarity_v2" / "movie_reviews.zip") as archive:
        names = [name for name in sorted(archive.namelist()) if name.endswith(".txt")][:120]
        texts = [archive.read(name).decode() for name in names]
    return [
        ReviewFact((19_995, 285)[n % 2], now - n * 7 * MINUTE, "pang-lee", f"review-{n}", "critic", None, text)
        for n, text in enumerate(texts)
    ]


@pytest.mark.parametrize("read", [tmdb5000, movielens])
def test_a_second_import_of_a_real_file_adds_nothing(platform: Platform, data: Path, read: object) -> None:
    folder = data / ("tmdb_5000" if read is tmdb5000 else "movielens_ml-latest-small")
    facts = list(islice(tmdb5000(folder) if read is tmdb5000 else movielens(folder), 5_000))
    door = platform.door()
    assert door.accept(facts).total > 1_000
    assert door.accept(facts).total == 0
