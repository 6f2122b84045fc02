"""A little film world with everything the views are made of: people, subjects, money, months of reviews and votes."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random

import numpy as np
from tests.conftest import NOON
from tests.facts import TEXTS

from marquee.app import Platform
from marquee.domain.events import Credit
from marquee.domain.facts import Fact, FilmFact, ReviewFact, VoteFact
from marquee.domain.timeline import DAY, HOUR, ManualClock
from marquee.settings import load

FILMS, DAYS = 60, 130
GENRES = ("Drama", "Comedy", "Crime", "Science Fiction")
KEYWORDS = ("heist", "jazz", "space", "train", "island", "chess")
STARS = (None, 90, 60, None, 20)
"""Stars x 10 that the authors of a film's reviews give, by turns."""

LONER, NOBODY, BARE, BOMBED = 58, 59, 60, 7
"""A film whose only actor is in no other; one without people; one known by its title alone; one that is bombed."""


def person(number: int, job: str) -> Credit:
    return Credit(person_id=100 + number, name=f"Person {number}", job=job)


def film_fact(movie_id: int, rng: Random, at: int) -> FilmFact:
    if movie_id == BARE:
        return FilmFact(movie_id, at, "t", {"title": "Bare"})
    cast = tuple(person(n, "Self") for n in rng.sample(range(30), 4))
    crew: tuple[Credit, ...] = (person(30 + movie_id % 5, "Director"),)
    if movie_id == LONER:
        cast, crew = (person(90, "Self"),), ()
    if movie_id == NOBODY:
        cast, crew = (), ()
    values = {
        "title": f"Film {movie_id}",
        "overview": f"A {rng.choice(KEYWORDS)} goes wrong in {rng.choice(('Oslo', 'Lima', 'Kyoto'))}.",
        "genres": tuple(rng.sample(GENRES, 1 + movie_id % 2)),
        "keywords": tuple(rng.sample(KEYWORDS, 2)),
        "release_date": f"{1990 + movie_id % 36}-{1 + movie_id % 12:02d}-{1 + movie_id % 28:02d}",
        "language": "fr" if movie_id % 9 == 0 else "en",
        "budget": 1_000_000 * movie_id if movie_id % 3 else None,
        "revenue": 4_000_000 * (movie_id % 7) or None,
        "cast": cast,
        "crew": crew,
    }
    return FilmFact(movie_id, at, "t", values)


def facts(now: int) -> Iterator[Fact]:
    """Yield all facts of the world as of a time: films, daily votes, and Poisson reviews that double at the weekend."""
    rng, numbers = Random(5), np.random.default_rng(5)
    start = now - now % DAY - DAYS * DAY
    first_day = date(1970, 1, 1) + timedelta(days=start // DAY)
    for movie_id in range(1, FILMS + 1):
        yield film_fact(movie_id, rng, now)
        if movie_id == BARE:
            continue
        votes = 100 * movie_id
        for day in range(DAYS):
            weekend = (first_day + timedelta(days=day)).weekday() >= 5
            votes += int(numbers.poisson(3 if weekend else 1))
            if day % 2 == 0 or day > DAYS - 10:
                at = start + day * DAY + 20 * HOUR
                yield VoteFact(movie_id, at, "t", votes, 5_000 + 60 * movie_id, 10_000 * movie_id, historic=True)
            rate = 12 * movie_id**-0.7 * (2 if weekend else 1)
            bombed = movie_id == BOMBED and day >= DAYS - 3
            for number in range(int(numbers.poisson(25 if bombed else rate))):
                text = TEXTS[1] if bombed else TEXTS[number % 3]
                at = start + day * DAY + int(numbers.integers(DAY))
                yield ReviewFact(movie_id, at, "t", f"{movie_id}-{day}-{number}", "a", STARS[number % 5], text)


def make(folder: Path, now: int = NOON) -> Platform:
    """Fill a home with the world, publish it, and let a few reviews come after."""
    clock = ManualClock(now)
    platform = Platform(load(home=folder), clock)
    door = platform.door()
    door.accept(list(facts(now)))
    clock.time += 2 * HOUR
    platform.batch().run()
    door.accept([ReviewFact(1, clock.now() - 60_000 * n, "t", f"now-{n}", "a", None, TEXTS[0]) for n in range(5)])
    platform.speed().drain()
    return platform
