"""A home with data in it, for what needs one: simulated films with reviews of four weeks, batch published."""

from pathlib import Path
from random import Random

from marquee.app import SYSTEM_CLOCK, Platform
from marquee.domain.facts import Fact, FilmFact, ReviewFact, VoteFact
from marquee.domain.timeline import DAY, HOUR, ManualClock
from marquee.settings import Settings
from marquee.sources.simulator import prose

FILMS = 5_000
REVIEWS = 20_000


def fill(folder: Path) -> Platform:
    """Fill a home as if it had been ingested two hours ago, and publish it."""
    rng = Random(3)
    now = SYSTEM_CLOCK.now()
    clock = ManualClock(now - 2 * HOUR)
    platform = Platform(Settings(home=folder), clock)
    facts: list[Fact] = []
    for movie_id in range(1, FILMS + 1):
        values = {
            "title": prose.title(rng),
            "overview": prose.overview(rng),
            "genres": (rng.choice(("Drama", "Comedy")),),
        }
        facts.append(
            FilmFact(movie_id, clock.now(), "bench", {**values, "release_date": f"{rng.randint(1960, 2025)}-05-01"})
        )
        facts.append(
            VoteFact(movie_id, clock.now(), "bench", rng.randint(1, 9_000), rng.randint(3_000, 9_000), movie_id)
        )
    for number in range(REVIEWS):
        movie_id = int(FILMS ** rng.random())
        at = clock.now() - rng.randrange(28 * DAY)
        text = prose.review(rng, rng.choice((-1, 0, 1)), "it")
        facts.append(ReviewFact(movie_id, at, "bench", f"r{number}", "a", None, text))
    platform.door().accept(facts)
    clock.time = now
    platform.batch().run()
    platform.speed().drain()
    return platform
