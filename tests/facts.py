"""Small facts for tests, and a random history of a little film world."""

from collections.abc import Iterator
from random import Random
from typing import Any

from marquee.domain.facts import Fact, FilmFact, Gone, ReviewFact, ReviewList, VoteFact
from marquee.domain.timeline import DAY, HOUR, MINUTE

TEXTS = (
    "A wonderful, moving film. I loved every minute!",
    "Terrible. The plot was a mess and I hated the ending.",
    "It is a film about a train.",
    "Not bad at all, but the music is horrible.",
    "😍 GREAT fun!!!",
)


def film(movie_id: int, at: int, source: str = "t", **values: Any) -> FilmFact:
    return FilmFact(movie_id, at, source, {"title": f"Film {movie_id}", "genres": ("Drama",), **values})


def votes(movie_id: int, at: int, count: int, source: str = "t", *, historic: bool = False) -> VoteFact:
    return VoteFact(movie_id, at, source, count, 7_000 + count % 1_000, 10_000 * count, historic)


def review(movie_id: int, at: int, name: str, text: str = TEXTS[0], stars: int | None = 80) -> ReviewFact:
    return ReviewFact(movie_id, at, "t", name, "somebody", stars, text)


def history(seed: int, start: int, hours: int, films: int = 12) -> Iterator[tuple[int, list[Fact]]]:
    """Yield (time, facts) hour by hour: new, late, edited, deleted and repeated facts, some of years ago."""
    rng = Random(seed)
    standing: dict[int, dict[str, ReviewFact]] = {movie_id: {} for movie_id in range(1, films + 1)}
    for hour in range(hours):
        now = start + hour * HOUR + rng.randrange(50) * MINUTE
        facts: list[Fact] = [
            film(movie_id, now, runtime=90 + hour // 40) for movie_id in rng.sample(sorted(standing), 3)
        ]
        facts += [votes(movie_id, now, 10 * hour + movie_id) for movie_id in rng.sample(sorted(standing), 4)]
        for number, movie_id in enumerate(rng.choices(sorted(standing), k=rng.randrange(6))):
            age = rng.choice((0, MINUTE, HOUR, 30 * HOUR, 9 * DAY, 200 * DAY, 2_500 * DAY))
            name = f"r{seed}-{hour}-{number}"
            fact = review(movie_id, now - age, name, rng.choice(TEXTS), rng.choice((None, 10, 95)))
            standing[movie_id][name] = fact
            facts += [fact] * rng.choice((1, 1, 2))
        for movie_id in rng.sample(sorted(standing), 2):
            held = standing[movie_id]
            if held and rng.random() < 0.5:
                name = rng.choice(sorted(held))
                held[name] = review(movie_id, held[name].written_at, name, rng.choice(TEXTS) + str(hour))
                facts.append(held[name])
            if held and rng.random() < 0.3:
                del held[rng.choice(sorted(held))]
            facts.append(ReviewList(movie_id, "t", frozenset(held)))
        if hour == hours // 2:
            facts.append(Gone(films, now, "t"))
        yield now, facts
