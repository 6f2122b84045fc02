"""The simulated world: films that come out, rise and fade, and the reviews they draw. A function of seed and time."""

import math
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, lru_cache
from random import Random

import numpy as np

from marquee.domain.timeline import DAY, HOUR, MINUTE, SECOND
from marquee.sources.simulator import prose

GENRES = {
    28: "Action",
    12: "Adventure",
    16: "Animation",
    35: "Comedy",
    80: "Crime",
    99: "Documentary",
    18: "Drama",
    10751: "Family",
    14: "Fantasy",
    36: "History",
    27: "Horror",
    10402: "Music",
    9648: "Mystery",
    10749: "Romance",
    878: "Science Fiction",
    10770: "TV Movie",
    53: "Thriller",
    10752: "War",
    37: "Western",
}
GENRE_WEIGHTS = (14, 9, 5, 18, 9, 6, 26, 7, 6, 3, 11, 2, 4, 10, 7, 2, 16, 2, 1)
KEYWORDS = (
    "heist",
    "friendship",
    "revenge",
    "small town",
    "time travel",
    "road trip",
    "family secrets",
    "courtroom",
    "space",
    "robot",
    "first love",
    "undercover",
    "survival",
    "boxing",
    "jazz",
    "ghost",
    "island",
    "train",
    "winter",
    "circus",
    "journalism",
    "conspiracy",
    "detective",
    "school",
    "wedding",
    "chess",
    "submarine",
    "art theft",
    "mountain",
    "amnesia",
    "twins",
    "cooking",
    "dance",
    "spy",
    "desert",
    "sea",
    "inheritance",
)
LANGUAGES = (("en", 90), ("fr", 4), ("es", 3), ("ja", 3))
STUDIOS = tuple(f"{noun} Pictures" for noun in prose.NOUNS[:24])
MONTH_WEIGHTS = (6, 6, 8, 8, 9, 11, 10, 8, 8, 10, 9, 7)
HOUR_WEIGHTS = (3, 2, 1, 1, 1, 1, 2, 3, 4, 4, 4, 5, 5, 5, 5, 5, 6, 7, 8, 9, 10, 9, 7, 5)
QUIET_REVIEWS, LOUD_REVIEWS = 0.0011, 0.06
"""Mean reviews per film and day over the whole catalogue. Quiet, as TMDB is: its 2,900 most voted films together get some
three a day. Loud, for tests that need many: 300 a day at 5,000 films."""

QUIET_VOTES, LOUD_VOTES = 150, 40
"""Votes that a film of appeal 1 and quality 0 gets in all. At TMDB a good film gains 17 to 104 on its best day, 8 to 174 in
its first week and 0.4 to 5 a day after four months; at an appeal of 25 this gives some 110, 700 and 6."""

HOME_DAYS, HOME_SPREAD, HOME_SHARE = (40, 75), 3.0, 0.12
"""Days after which a film comes out at home, over how many days it is then found, and its share of the votes."""

BURSTS, BURST = 3, 120.0
"""Films a day that are suddenly on everybody's lips, and by how much more they are reviewed."""

LATE, EDITED, DELETED, REPEATED = 0.06, 0.04, 0.02, 0.02

SERIES = 12
"""One film in so many is the second part of the one before it."""

RECOMMENDED = 20
"""Films on TMDB's first page of recommendations."""

EXAMPLES = (550, 680)
"""Ids of two films that every world has, and that TMDB has too: what the documentation asks for exists in both."""

FIRST_PERSON = 10_000
"""The id of person number 0."""

EXAMPLE_PEOPLE = (287 - FIRST_PERSON, 819 - FIRST_PERSON)
"""Actors of both, who are so at TMDB in the first of them."""


@dataclass(frozen=True, slots=True)
class Film:
    """A film's fixed traits. release: ms; appeal: its share of attention; quality in [0, 1]; series: its id and name."""

    movie_id: int
    title: str
    language: str
    release: int
    runtime: int
    budget: int
    revenue: int
    genres: tuple[int, ...]
    keywords: tuple[str, ...]
    companies: tuple[str, ...]
    cast: tuple[int, ...]
    crew: tuple[tuple[int, str], ...]
    appeal: float
    quality: float
    series: tuple[int, str] | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """A review and its fate: seen from `visible` (late if after `created`), edited or deleted at a time or never."""

    review_id: str
    movie_id: int
    created: int
    visible: int
    edited: int | None
    deleted: int | None
    repeated: bool
    stars: int | None
    feeling: int


class Catalogue:
    """All films and reviews of one simulated TMDB."""

    def __init__(self, seed: int, size: int, today: int, *, loud: bool = False) -> None:
        self.loud = loud
        self.seed = seed
        self.size = size
        self.origin = today // DAY * DAY
        self.people = max(200, size)
        self.films = self.with_sequels([self.example(self.film(index), index) for index in range(size)])
        self.by_id = {film.movie_id: film for film in self.films}
        self.appeal = np.array([film.appeal for film in self.films])
        self.release_day = np.array([film.release // DAY for film in self.films])
        self.reviews_on = lru_cache(maxsize=500)(self.make_reviews)

    def film(self, index: int) -> Film:
        """Make one film. Releases are laid out around the day the simulation was made for."""
        rng = Random(f"{self.seed}/film/{index}")
        release = self.release_time(rng)
        appeal = min(25.0, rng.paretovariate(1.4))
        budget = round(min(3e8, 4e5 * appeal**0.9 * rng.lognormvariate(2.2, 0.8)), -4)
        quality = min(0.97, max(0.05, rng.betavariate(4, 2.4)))
        revenue = budget * rng.lognormvariate(0.4 + quality, 0.9)
        known_budget, known_revenue = rng.random() < 0.6, rng.random() < 0.55 and release < self.origin
        directors = [(rng.randrange(self.people), "Director")]
        return Film(
            movie_id=1_000 + index * 7 + rng.randrange(7),
            title=prose.title(rng),
            language=rng.choices([code for code, _ in LANGUAGES], [weight for _, weight in LANGUAGES])[0],
            release=release,
            runtime=max(61, round(rng.gauss(108, 18))),
            budget=int(budget) if known_budget else 0,
            revenue=int(revenue) if known_revenue else 0,
            genres=tuple(dict.fromkeys(rng.choices(list(GENRES), GENRE_WEIGHTS, k=rng.choice((1, 2, 2, 3))))),
            keywords=tuple(dict.fromkeys(rng.choices(KEYWORDS, k=rng.randint(1, 7)))),
            companies=tuple(dict.fromkeys(rng.choices(STUDIOS, k=rng.randint(1, 3)))),
            cast=tuple(dict.fromkeys(int(self.people * rng.random() ** 1.3) for _ in range(rng.randint(5, 16)))),
            crew=(
                *directors,
                *((rng.randrange(self.people), job) for job in ("Screenplay", "Producer", "Editor")),
            ),
            appeal=appeal,
            quality=quality,
        )

    def example(self, film: Film, index: int) -> Film:
        """Return the first films of the world as the examples: well known, released 60 and 100 days ago; others as they are."""
        if index >= len(EXAMPLES):
            return film
        release = self.origin - (60 + 40 * index) * DAY
        cast = tuple(dict.fromkeys((*EXAMPLE_PEOPLE, *film.cast)))
        return replace(film, movie_id=EXAMPLES[index], language="en", release=release, appeal=20.0, cast=cast)

    def with_sequels(self, films: list[Film]) -> list[Film]:
        """Return films of which, beyond the examples, one in `SERIES` is the second part of the one before."""
        made = list(films)
        for index in range(SERIES, len(films), SERIES):
            first = films[index - 1]
            series = (first.movie_id, f"{first.title} Collection")
            made[index - 1] = replace(first, series=series)
            made[index] = replace(films[index], title=f"{first.title} 2", series=series)
        return made

    @cached_property
    def by_genre(self) -> dict[int, list[Film]]:
        """Films by their first genre, the most appealing first."""
        found: dict[int, list[Film]] = {}
        for film in sorted(self.films, key=lambda film: (-film.appeal, film.movie_id)):
            found.setdefault(film.genres[0], []).append(film)
        return found

    @cached_property
    def place(self) -> dict[int, int]:
        """Each film's place among those of its first genre."""
        return {film.movie_id: place for films in self.by_genre.values() for place, film in enumerate(films)}

    def recommended(self, film: Film) -> list[Film]:
        """Return films to see beside one: those that come after it in its first genre, and round again."""
        films, place = self.by_genre[film.genres[0]], self.place[film.movie_id]
        return (films[place + 1 :] + films[:place])[:RECOMMENDED]

    def release_time(self, rng: Random) -> int:
        """Draw a release: a fifth within the last half year or soon to come, the rest over 40 years by season."""
        if rng.random() < 0.2:
            return self.origin + rng.randint(-180, 45) * DAY
        year = datetime.fromtimestamp(self.origin / SECOND, UTC).year - int(rng.expovariate(0.09)) % 45
        month = rng.choices(range(1, 13), MONTH_WEIGHTS)[0]
        day = datetime(year, month, rng.randint(1, 28), tzinfo=UTC)
        return min(int(day.timestamp()) * SECOND, self.origin - DAY)

    def buzz(self, age_days: float) -> float:
        """Return how much attention a film of an age draws: it rises before release, peaks, and fades to a floor."""
        if age_days < 0:
            return 0.3 * math.exp(age_days / 15)
        return 0.02 + 6.0 * math.exp(-age_days / 12) + 0.5 * math.exp(-age_days / 90)

    def make_reviews(self, day: int) -> tuple[Review, ...]:
        """Return all reviews written on a day (days since 1970), in order of film."""
        generator = np.random.default_rng([self.seed, day])
        age = day - self.release_day
        since = np.maximum(age, 0)
        fresh = np.where(age >= 0, 0.1 + 2.0 * np.exp(-since / 12) + 0.5 * np.exp(-since / 90), 0)
        rates = np.sqrt(self.appeal) * fresh
        rates[generator.choice(self.size, min(BURSTS, self.size), replace=False)] *= BURST
        weekday = 1.35 if (day + 3) % 7 >= 5 else 0.86
        rates = rates / max(rates.sum(), 1e-9) * (LOUD_REVIEWS if self.loud else QUIET_REVIEWS) * self.size * weekday
        found: list[Review] = []
        for index in np.flatnonzero(counts := generator.poisson(rates)):
            for number in range(int(counts[index])):
                found.append(self.review(self.films[int(index)], day, number))
        return tuple(found)

    def review(self, film: Film, day: int, number: int) -> Review:
        """Make one review."""
        rng = Random(f"{self.seed}/review/{film.movie_id}/{day}/{number}")
        hour = rng.choices(range(24), HOUR_WEIGHTS)[0]
        created = day * DAY + hour * HOUR + rng.randrange(60) * MINUTE + rng.randrange(60_000)
        visible = created + (round(rng.expovariate(1 / 20)) * HOUR if rng.random() < LATE else 0)
        glad = rng.random()
        feeling = 1 if glad < film.quality else -1 if rng.random() < 0.65 else 0
        stars = None if rng.random() < 0.3 else min(10, max(1, round(rng.gauss(5.5 + 2.7 * feeling, 1.1))))
        return Review(
            review_id=f"{rng.getrandbits(96):024x}",
            movie_id=film.movie_id,
            created=created,
            visible=visible,
            edited=visible + rng.randrange(1, 5 * 24) * HOUR if rng.random() < EDITED else None,
            deleted=visible + rng.randrange(2, 20 * 24) * HOUR if rng.random() < DELETED else None,
            repeated=rng.random() < REPEATED,
            stars=stars,
            feeling=feeling,
        )

    def text(self, review: Review, now: int) -> str:
        """Return a review's text at a time; an edit rewrites it, sometimes with another feeling."""
        edited = review.edited is not None and review.edited <= now
        rng = Random(f"{self.seed}/text/{review.review_id}/{edited}")
        feeling = rng.choice((-1, 0, 1)) if edited else review.feeling
        return prose.review(rng, feeling, self.by_id[review.movie_id].title)

    def person(self, person_id: int) -> str:
        """Return a person's name."""
        return prose.person(Random(f"{self.seed}/person/{person_id}"))

    def gauges(self, film: Film, now: int) -> tuple[int, float, float]:
        """Return (votes, average, popularity) at a time; votes only grow, popularity follows the buzz."""
        age = (now - film.release) / DAY
        if age < 0:
            return 0, 0.0, round(1 + 4 * film.appeal * self.buzz(age), 4)
        most = (LOUD_VOTES if self.loud else QUIET_VOTES) * film.appeal * (1 + film.quality)
        votes = int(
            most * ((1 - 0.7 * math.exp(-age / 40) - 0.3 * math.exp(-age / 900)) + self.found_at_home(film, age))
        )
        drift = 0.2 * math.sin(age / 37 + film.movie_id)
        hour = Random(f"{self.seed}/popularity/{film.movie_id}/{now // HOUR}").gauss(1, 0.05)
        average = round(min(10.0, max(1.0, 4 + 4.5 * film.quality + drift)), 3) if votes else 0.0
        return votes, average, round(0.6 + 4 * film.appeal * self.buzz(age) * hour, 4)

    def found_at_home(self, film: Film, age: float) -> float:
        """Return the share of a film's votes that its release at home has brought by an age (days): none of a loud world."""
        if self.loud:
            return 0.0
        home = HOME_DAYS[0] + film.movie_id % (HOME_DAYS[1] - HOME_DAYS[0])
        return HOME_SHARE / (1 + math.exp(-(age - home) / HOME_SPREAD))

    def exists(self, film: Film, now: int) -> bool:
        """Say whether a film is still there: one in 500 is taken down some day of the last year, examples never."""
        if film.movie_id in EXAMPLES:
            return True
        rng = Random(f"{self.seed}/gone/{film.movie_id}")
        return rng.random() >= 0.002 or now < self.origin - rng.randrange(60) * DAY


def day_name(day: int) -> str:
    """Return a day since 1970 as an ISO date."""
    return (date(1970, 1, 1) + timedelta(days=day)).isoformat()
