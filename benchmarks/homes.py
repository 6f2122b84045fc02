"""A home with data in it, for what needs one: simulated films with people and reviews of four months, batch published."""

from pathlib import Path
from random import Random

from marquee.app import SYSTEM_CLOCK, Platform
from marquee.domain.events import Credit
from marquee.domain.facts import Fact, FilmFact, ReviewFact, VoteFact
from marquee.domain.timeline import DAY, HOUR, ManualClock
from marquee.settings import Settings
from marquee.sources.simulator import prose
from marquee.sources.simulator.catalogue import KEYWORDS

FILMS = 5_000
REVIEWS = 40_000
PEOPLE = 4_000
GENRES = ("Drama", "Comedy", "Crime", "Horror", "Romance", "War")


def credit(number: int, job: str) -> Credit:
    return Credit(person_id=1_000 + number, name=f"Person {number}", job=job)


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
            "genres": tuple(rng.sample(GENRES, rng.choice((1, 2)))),
            "keywords": tuple(rng.sample(KEYWORDS, 3)),
            "language": rng.choice(("en", "en", "fr")),
            "cast": tuple(credit(int(PEOPLE * rng.random() ** 1.3), "Self") for _ in range(8)),
            "crew": (credit(rng.randrange(PEOPLE), "Director"),),
            "budget": rng.randrange(1, 200) * 1_000_000,
            "revenue": rng.randrange(1, 600) * 1_000_000,
        }
        facts.append(
            FilmFact(movie_id, clock.now(), "bench", {**values, "release_date": f"{rng.randint(1960, 2025)}-05-01"})
        )
        facts.append(
            VoteFact(movie_id, clock.now(), "bench", rng.randint(1, 9_000), rng.randint(3_000, 9_000), movie_id)
        )
    for number in range(REVIEWS):
        movie_id = int(FILMS ** rng.random())
        at = clock.now() - rng.randrange(120 * DAY)
        text = prose.review(rng, rng.choice((-1, 0, 1)), "it")
        facts.append(ReviewFact(movie_id, at, "bench", f"r{number}", "a", None, text))
    platform.door().accept(facts)
    clock.time = now
    platform.batch().run()
    platform.speed().drain()
    return platform
