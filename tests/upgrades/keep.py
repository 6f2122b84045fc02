"""Makes a home worth keeping, with whatever version of Marquee is on the path: `python keep.py FOLDER`.

It holds a little of everything that is stored: films, reviews and votes over three years (the oldest already in gold's
base), an edited, a deleted and a late review, a film that is gone, keys, quarantine, crawl notes, runs, cells of the speed
layer, and events that no layer has folded. Its clock stands at `NOON`. Run it once a release, pack the folder, keep it.
"""

import sys
from pathlib import Path
from random import Random
from typing import Any

from marquee.adapters.sqlite.crawl import SqliteCrawl
from marquee.app import Platform
from marquee.domain.aside import gone
from marquee.domain.events import Credit
from marquee.domain.facts import Fact, FilmFact, Gone, Malformed, ReviewFact, ReviewList, VoteFact
from marquee.domain.timeline import DAY, HOUR, ManualClock
from marquee.settings import load

NOON = 1_773_489_600_000
"""2026-03-14 12:00 UTC."""

TEXTS = (
    "A wonderful, moving film. I loved every minute!",
    "Terrible. The plot was a mess and I hated the ending.",
    "It is a film about a train.",
    "Not bad at all, but the music is horrible.",
)
FILMS = 12


def film(movie_id: int, at: int, **more: Any) -> FilmFact:
    values: dict[str, Any] = {
        "title": f"Lantern {movie_id}",
        "overview": "A lamp goes out in Oslo, and a chess player lights it.",
        "genres": ("Drama", "Crime")[: 1 + movie_id % 2],
        "keywords": ("lamp", "chess"),
        "release_date": f"{2000 + movie_id}-05-01",
        "language": "en",
        "budget": 1_000_000 * movie_id,
        "revenue": 3_000_000 * movie_id,
        "cast": (Credit(person_id=100 + movie_id % 5, name=f"Player {movie_id % 5}", job="Self"),),
        "crew": (Credit(person_id=200, name="The Director", job="Director"),),
        **more,
    }
    return FilmFact(movie_id, at, "tmdb", values)


def day_of_facts(rng: Random, now: int, number: int) -> list[Fact]:
    found: list[Fact] = []
    for movie_id in range(1, FILMS + 1):
        found.append(
            VoteFact(movie_id, now, "tmdb", 100 * movie_id + number, 6_000 + 100 * movie_id, 20_000 * movie_id)
        )
        for n in range(rng.randrange(3)):
            name, at = f"r{number}-{movie_id}-{n}", now - rng.randrange(DAY)
            found.append(
                ReviewFact(movie_id, at, "tmdb", name, "somebody", rng.choice((None, 30, 90)), rng.choice(TEXTS))
            )
    return found


def make(folder: Path) -> None:
    clock, rng = ManualClock(NOON - 3 * 365 * DAY), Random(7)
    platform = Platform(load(home=folder), clock)
    door = platform.door()
    door.accept([film(movie_id, clock.now()) for movie_id in range(1, FILMS + 1)])
    door.accept(day_of_facts(rng, clock.now(), 0))
    clock.time += 2 * HOUR
    platform.batch().run()
    for number, days in enumerate((200, 40, 12, 6, 5, 4, 3, 2, 1), start=1):
        clock.time = NOON - days * DAY
        door.accept(day_of_facts(rng, clock.now(), number))
        clock.time += 2 * HOUR
        platform.batch().run()
    door.accept([ReviewFact(1, NOON - 30 * DAY, "tmdb", "edited", "a", 80, TEXTS[0])])
    door.accept([ReviewFact(1, NOON - 30 * DAY, "tmdb", "edited", "a", 20, TEXTS[1])])
    door.accept([ReviewFact(2, NOON - 30 * DAY, "tmdb", "deleted", "a", None, TEXTS[0])])
    door.accept([Gone(FILMS, clock.now(), "tmdb"), Malformed("tmdb", "not JSON (truncated?)", "{")])
    clock.time = NOON - 3 * HOUR
    door.accept([ReviewFact(3, clock.now(), "tmdb", "fresh", "a", 70, TEXTS[3]), film(3, clock.now(), runtime=101)])
    platform.speed().drain()
    platform.batch().run()
    clock.time = NOON
    door.accept([ReviewFact(4, NOON - HOUR, "tmdb", "folded", "a", 70, TEXTS[0])])
    platform.speed().drain()
    standing = frozenset(platform.index.standing_reviews(2, "tmdb")) - {"deleted"}
    door.accept([ReviewList(2, "tmdb", standing), ReviewFact(5, NOON - 400 * DAY, "tmdb", "late", "a", None, TEXTS[1])])
    crawl = SqliteCrawl(platform.home.path("crawl.db"))
    crawl.remember("found", value=True, found=[(movie_id, 100 * movie_id) for movie_id in range(1, FILMS + 1)])
    crawl.remember("changes", NOON)
    crawl.mark(range(1, FILMS), [gone(None, FILMS, "TMDB has no such film", NOON)], NOON)
    platform.keys.create("kept", ("read",), NOON)


if __name__ == "__main__":
    make(Path(sys.argv[1]))
