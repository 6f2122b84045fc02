"""The simulated TMDB's answers: pages and films at a time, in TMDB's shapes."""

from collections import defaultdict
from datetime import date
from functools import cached_property, lru_cache
from random import Random
from typing import Any

from marquee.domain.timeline import DAY, Clock, iso
from marquee.sources.simulator import prose
from marquee.sources.simulator.catalogue import FIRST_PERSON, GENRES, Catalogue, Film, Review, day_name

PAGE = 20
CHANGES_PAGE = 100
REVIEW_PAGE = 20
LIST_FILMS = 20 * PAGE
"""Films that a list of leading ones has."""

PAGE_CAP = 500
Body = dict[str, Any]


class ServiceError(Exception):
    """An error answer: TMDB's HTTP status, status code and message."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


NOT_FOUND = (404, 34, "The resource you requested could not be found.")


class SimulatedTmdb:
    """Answers as TMDB would at the clock's time; reviews began `history` days before the simulation's day."""

    def __init__(self, catalogue: Catalogue, clock: Clock, history: int) -> None:
        self.catalogue = catalogue
        self.clock = clock
        self.first_day = catalogue.origin // DAY - history
        self.known: dict[int, list[Review]] = defaultdict(list)
        self.known_to = self.first_day - 60
        self.changed_on = lru_cache(maxsize=500)(self.find_changed)
        self.static = lru_cache(maxsize=20_000)(self.describe)

    def reviews_of(self, movie_id: int, now: int) -> list[Review]:
        """Return a film's reviews as listed at a time, oldest first; some are listed twice."""
        while self.known_to <= now // DAY:
            for review in self.catalogue.reviews_on(self.known_to):
                self.known[review.movie_id].append(review)
            self.known_to += 1
        listed: list[Review] = []
        for review in self.known.get(movie_id, ()):
            if review.visible <= now and (review.deleted is None or review.deleted > now):
                listed += [review, review] if review.repeated else [review]
        return listed

    def find_changed(self, day: int) -> dict[int, int]:
        """Return the ids of films changed on a day, with the time (ms) of their first change that day."""
        changed: dict[int, int] = {}
        for written in range(day - 25, day + 1):
            for review in self.catalogue.reviews_on(written):
                for moment in (review.visible, review.edited, review.deleted):
                    if moment is not None and moment // DAY == day:
                        changed[review.movie_id] = min(moment, changed.get(review.movie_id, moment))
        rng = Random(f"{self.catalogue.seed}/edits/{day}")
        for film in rng.sample(self.catalogue.films, max(1, self.catalogue.size // 500)):
            changed.setdefault(film.movie_id, day * DAY + rng.randrange(DAY))
        for film in self.catalogue.films:
            if film.release // DAY == day:
                changed.setdefault(film.movie_id, film.release)
        return changed

    def changes(self, start: date, end: date, page: int) -> Body:
        """Answer /movie/changes."""
        now = self.clock.now()
        first, last = ((day - date(1970, 1, 1)).days for day in (start, end))
        if last - first > 14:
            raise ServiceError(422, 5, "Invalid parameters: the range is longer than 14 days.")
        ids = {m for day in range(first, last + 1) for m, at in self.changed_on(day).items() if at <= now}
        return paged([{"id": movie_id, "adult": False} for movie_id in sorted(ids)], page, CHANGES_PAGE)

    def describe(self, film: Film) -> Body:
        """Return what of a film's body does not change."""
        rng = Random(f"{self.catalogue.seed}/body/{film.movie_id}")
        catalogue = self.catalogue
        cast = [
            {
                "id": FIRST_PERSON + person,
                "name": catalogue.person(person),
                "character": prose.person(rng),
                "order": order,
            }
            for order, person in enumerate(film.cast)
        ]
        crew = [
            {"id": FIRST_PERSON + person, "name": catalogue.person(person), "job": job} for person, job in film.crew
        ]
        return {
            "adult": False,
            "belongs_to_collection": None
            if film.series is None
            else {"id": film.series[0], "name": film.series[1], "poster_path": None, "backdrop_path": None},
            "genres": [{"id": genre, "name": GENRES[genre]} for genre in film.genres],
            "id": film.movie_id,
            "imdb_id": f"tt{film.movie_id:07d}",
            "original_language": film.language,
            "original_title": film.title,
            "overview": prose.overview(rng),
            "poster_path": None,
            "production_companies": [{"id": 1, "name": name, "origin_country": "US"} for name in film.companies],
            "production_countries": [{"iso_3166_1": "US", "name": "United States of America"}],
            "release_date": day_name(film.release // DAY),
            "runtime": film.runtime,
            "budget": film.budget,
            "tagline": "",
            "title": film.title,
            "video": False,
            "credits": {"cast": cast, "crew": crew},
            "keywords": {"keywords": [{"id": index, "name": name} for index, name in enumerate(film.keywords)]},
        }

    def movie(self, movie_id: int, append: frozenset[str]) -> Body:
        """Answer /movie/{id}."""
        now = self.clock.now()
        film = self.find(movie_id, now)
        body = dict(self.static(film))
        for part in ("credits", "keywords"):
            if part not in append:
                del body[part]
        votes, average, popularity = self.catalogue.gauges(film, now)
        released = film.release <= now
        body |= {"vote_count": votes, "vote_average": average, "popularity": popularity}
        body |= {
            "status": "Released" if released else "Post Production",
            "revenue": film.revenue if released else 0,
        }
        if "recommendations" in append:
            found = [other for other in self.catalogue.recommended(film) if self.catalogue.exists(other, now)]
            listed = paged(found, 1, PAGE)
            body["recommendations"] = {**listed, "results": [self.line(other, now) for other in listed["results"]]}
        if "reviews" in append:
            body["reviews"] = {key: value for key, value in self.reviews(movie_id, 1).items() if key != "id"}
        return body

    def find(self, movie_id: int, now: int) -> Film:
        """Return a film that exists at a time."""
        film = self.catalogue.by_id.get(movie_id)
        if film is None or not self.catalogue.exists(film, now):
            raise ServiceError(*NOT_FOUND)
        return film

    def reviews(self, movie_id: int, page: int) -> Body:
        """Answer /movie/{id}/reviews."""
        now = self.clock.now()
        self.find(movie_id, now)
        reviews = self.reviews_of(movie_id, now)
        listed = paged(reviews, page, REVIEW_PAGE)
        listed["total_results"] = len({review.review_id for review in reviews})
        listed["results"] = [self.review_body(review, now) for review in listed["results"]]
        return {"id": movie_id, **listed}

    def review_body(self, review: Review, now: int) -> Body:
        """Return one review."""
        author = prose.person(Random(review.review_id))
        updated = review.edited if review.edited is not None and review.edited <= now else review.created
        return {
            "author": author,
            "author_details": {"name": "", "username": author, "avatar_path": None, "rating": review.stars},
            "content": self.catalogue.text(review, now),
            "created_at": iso(review.created).replace("Z", f".{review.created % 1000:03d}Z"),
            "id": review.review_id,
            "updated_at": iso(updated),
            "url": f"https://www.themoviedb.org/review/{review.review_id}",
        }

    def line(self, film: Film, now: int) -> Body:
        """Return a film as it stands in a list."""
        votes, average, popularity = self.catalogue.gauges(film, now)
        body = self.static(film)
        kept = (
            "adult",
            "id",
            "original_language",
            "original_title",
            "overview",
            "poster_path",
            "release_date",
            "title",
        )
        shown = {name: body[name] for name in kept}
        gauges = {"vote_count": votes, "vote_average": average, "popularity": popularity}
        return {**shown, "genre_ids": list(film.genres), "video": False, **gauges}

    @cached_property
    def shelves(self) -> dict[int, list[Film]]:
        """Films by release year, most appealing first."""
        years: dict[int, list[Film]] = defaultdict(list)
        for film in sorted(self.catalogue.films, key=lambda film: -film.appeal):
            years[int(day_name(film.release // DAY)[:4])].append(film)
        return years

    def listing(self, kind: str, page: int, year: int | None = None, language: str | None = None) -> Body:
        """Answer /movie/popular, /movie/top_rated, /trending/movie/day and /discover/movie, by year or most popular first."""
        now = self.clock.now()
        films = self.catalogue.films if year is None else self.shelves.get(year, [])
        films = [film for film in films if language is None or film.language == language]
        if kind != "discover":
            films = self.ranked(kind, now - now % (15 * 60_000))
            films = films if kind == "discover_popular" else films[:LIST_FILMS]
        listed = paged([film for film in films if self.catalogue.exists(film, now)], page, PAGE)
        listed["results"] = [self.line(film, now) for film in listed["results"]]
        return listed

    def ranked(self, kind: str, now: int) -> list[Film]:
        """Return all films, those that lead a list at a time first."""
        position = 1 if kind == "top_rated" else 2
        if (position, now) != getattr(self, "ranking_of", None):
            self.ranking = sorted(self.catalogue.films, key=lambda film: -self.catalogue.gauges(film, now)[position])
            self.ranking_of = (position, now)
        return self.ranking


def paged(items: list[Any], page: int, size: int) -> Body:
    """Return one page of items, with TMDB's counts; page 501 and beyond are refused."""
    if not 1 <= page <= PAGE_CAP:
        raise ServiceError(
            400, 22, "Invalid page: Pages start at 1 and max at 500. They are expected to be an integer."
        )
    first = (page - 1) * size
    return {
        "page": page,
        "results": items[first : first + size],
        "total_pages": max(1, -(-len(items) // size)),
        "total_results": len(items),
    }
