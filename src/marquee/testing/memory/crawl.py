"""The crawl's memory, in memory."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from marquee.domain.aside import Aside, CrawlState, Trouble


@dataclass(slots=True)
class Film:
    """What is known of a film at its source."""

    fetched_at: int | None = None
    gone: bool = False
    popularity: float | None = None
    votes: int | None = None


class MemoryCrawl:
    """A `CrawlMemory` as dicts."""

    def __init__(self) -> None:
        self.films: dict[int, Film] = {}
        self.notes: dict[str, Any] = {}
        self.away: dict[int, Aside] = {}
        self.trouble: Trouble | None = None

    def film(self, movie_id: int) -> Film:
        """Return a film's entry, made where there is none."""
        return self.films.setdefault(movie_id, Film())

    def note(self, name: str) -> Any:
        """Return a remembered value."""
        return self.notes.get(name)

    def remember(self, name: str, value: object, found: Iterable[tuple[int, int | None]] = ()) -> None:
        """Remember a value, and films found with it."""
        for movie_id, votes in found:
            film = self.film(movie_id)
            film.votes = film.votes if votes is None else votes
        self.notes[name] = value

    def forget(self, name: str) -> None:
        """Forget a remembered value."""
        self.notes.pop(name, None)

    def troubled(self, trouble: Trouble | None) -> None:
        """Remember why the source cannot be asked, or that it can."""
        self.trouble = trouble

    def seed(self, wanted: Iterable[tuple[float, int]]) -> int:
        """Put films with their popularity on the list."""
        before = len(self.films)
        for popularity, movie_id in wanted:
            self.film(movie_id).popularity = popularity
        return len(self.films) - before

    def counts(self) -> tuple[int, int]:
        """Return (films known, films that were fetched or set aside)."""
        done = sum(film.fetched_at is not None or movie_id in self.away for movie_id, film in self.films.items())
        return len(self.films), done

    def todo(self, limit: int, last: Iterable[int] = ()) -> list[int]:
        """Return films that were never fetched and are not set aside, those of `last` at the end."""
        end = set(last)

        def place(movie_id: int) -> tuple[bool, float, float, int]:
            film = self.films[movie_id]
            votes, popularity = (-1 if value is None else value for value in (film.votes, film.popularity))
            return movie_id in end, -votes, -popularity, movie_id

        waiting = [m for m, film in self.films.items() if film.fetched_at is None and m not in self.away]
        return sorted(waiting, key=place)[:limit]

    def again(self, now: int, limit: int) -> list[int]:
        """Return films set aside whose pause is over, longest ago first."""
        over = [film for film in self.away.values() if film.next_at <= now or film.since > now]
        return [film.movie_id for film in sorted(over, key=lambda film: (film.next_at, film.movie_id))][:limit]

    def end_pauses(self, now: int) -> None:
        """Let films that were set aside be asked for again at once, all but those that are gone."""
        for held in [film for film in self.away.values() if film.kind != "gone"]:
            self.away[held.movie_id] = replace(held, next_at=min(held.next_at, now))

    def due(self, ids: Iterable[int], fetched_before: int, now: int, limit: int) -> list[int]:
        """Return which of these films are unknown, or were last fetched before a time; longest ago first."""
        times = {movie_id: self.films.get(movie_id, Film()).fetched_at or 0 for movie_id in ids}

        def waits(movie_id: int) -> bool:
            held = self.away.get(movie_id)
            return held is not None and held.kind == "failed" and held.next_at > now

        wanted = [movie_id for movie_id, at in times.items() if at < fetched_before and not waits(movie_id)]
        return sorted(wanted, key=lambda movie_id: (times[movie_id], movie_id))[:limit]

    def given(self, limit: int) -> list[int]:
        """Return films that their source gave, the latest first."""
        found = [
            (-film.fetched_at, movie_id)
            for movie_id, film in self.films.items()
            if film.fetched_at is not None and not film.gone and movie_id not in self.away
        ]
        return [movie_id for _, movie_id in sorted(found)][:limit]

    def fetched(self, ids: Iterable[int]) -> set[int]:
        """Return which of these films were fetched and are not gone."""
        held = {movie_id: self.films.get(movie_id, Film()) for movie_id in ids}
        return {movie_id for movie_id, film in held.items() if film.fetched_at is not None and not film.gone}

    def aside(self, ids: Iterable[int]) -> dict[int, Aside]:
        """Return which of these films are set aside, and how."""
        return {movie_id: self.away[movie_id] for movie_id in ids if movie_id in self.away}

    def mark(self, fetched: Iterable[int], aside: Iterable[Aside], now: int) -> None:
        """Mark films as fetched, and then films as set aside."""
        for movie_id in fetched:
            film = self.film(movie_id)
            film.fetched_at, film.gone = now, False
            self.away.pop(movie_id, None)
        for held in aside:
            film = self.film(held.movie_id)
            if held.kind == "gone":
                film.fetched_at, film.gone = now, True
            elif held.kind == "missing" and film.fetched_at is not None:
                film.fetched_at = now
            self.away[held.movie_id] = held

    def state(self, shown: int) -> CrawlState:
        """Return how far the crawl is, and the first films that are set aside."""
        gone = sum(film.gone for film in self.films.values())
        fetched = sum(film.fetched_at is not None for film in self.films.values())
        away = sorted(
            (film for film in self.away.values() if film.kind != "gone"), key=lambda film: (-film.tries, film.movie_id)
        )
        return CrawlState(len(self.films), fetched - gone, gone, len(away), tuple(away[:shown]), self.trouble)
