"""The real files: imported, run through batch, the last part streamed live, every answer compared."""

import csv
from itertools import islice
from pathlib import Path

import pytest
from tests.files import imported

from marquee.app import Platform
from marquee.domain import trends
from marquee.domain.events import METADATA, RATINGS
from marquee.domain.facts import ReviewFact, VoteFact
from marquee.domain.timeline import DAY, HOUR, MINUTE, ManualClock
from marquee.ingest.door import Receipt
from marquee.serving.world.cube import ALL_FILMS, DIMENSIONS
from marquee.watch import audit


def test_real_files_through_both_layers(platform: Platform, clock: ManualClock, data: Path) -> None:
    door, speed, receipt = platform.door(), platform.speed(), Receipt()
    receipt.add(imported(platform, data / "tmdb_5000" / "tmdb_5000_movies.csv.zip").receipt)
    assert receipt.logged == {METADATA: 4_803, RATINGS: 4_803}
    facts = ratings_by_the_day(data / "movielens_ml-latest-small")
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
    receipt.add(imported(platform, data / "movielens_ml-latest-small").receipt)
    receipt.add(imported(platform, data / "tmdb_api_responses").receipt)
    reviews = long_reviews(data, clock.now())
    receipt.add(door.accept(reviews))
    speed.drain()
    assert receipt.quarantined > 21
    assert receipt.logged["movie.ratings"] > 100_000
    found = audit.verify(platform)
    assert found["differ"] == 0, found["examples"]
    assert found["films"] > 11_000
    assert found["answers_checked"] == 4 * found["films"] + len(trends.WINDOWS) * len(trends.COUNTED) + len(DIMENSIONS)
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


def ratings_by_the_day(folder: Path) -> list[VoteFact]:
    """MovieLens' ratings as a reading for every film and day, as they would have been read while they came."""
    with (folder / "links.csv").open() as links:
        films = {row["movieId"]: int(row["tmdbId"]) for row in csv.DictReader(links) if row["tmdbId"]}
    with (folder / "ratings.csv").open() as ratings:
        given = [
            (films.get(row["movieId"]), int(row["timestamp"]), float(row["rating"])) for row in csv.DictReader(ratings)
        ]
    counts: dict[int, tuple[int, int]] = {}
    found: dict[tuple[int, int], VoteFact] = {}
    for film, time, stars in sorted((one for one in given if one[0] is not None), key=lambda one: one[1]):
        assert film is not None
        votes, total = counts.get(film, (0, 0))
        counts[film] = votes, total = votes + 1, total + round(stars * 2_000)
        end = time // 86_400 * DAY + DAY - 1
        found[film, end] = VoteFact(film, end, "movielens", votes, total // votes, -1, historic=True)
    return sorted(found.values(), key=lambda fact: (fact.movie_id, fact.observed_at))


WHAT = {
    "tmdb_5000": ({METADATA: 4_803, RATINGS: 4_803}, {}),
    "movielens_ml-latest-small": (
        {METADATA: 9_733, RATINGS: 55_460},
        {"rating of a film without a TMDB id": 13, "film has no TMDB id in links.csv": 8},
    ),
    "tmdb_movies_credits_2024": ({METADATA: 1_713, RATINGS: 1_713}, {}),
}
"""What real files give: events by topic, and what of them goes to quarantine."""


@pytest.mark.parametrize("name", WHAT)
def test_a_second_import_of_a_real_file_adds_nothing(platform: Platform, data: Path, name: str) -> None:
    first = imported(platform, data / name)
    assert (first.receipt.logged, first.reasons) == WHAT[name]
    assert [seen.seems for seen in first.strangers] == ["text that is no table"] * len(first.strangers)
    again = imported(platform, data / name)
    assert (again.receipt.total, again.reasons) == (0, first.reasons)
