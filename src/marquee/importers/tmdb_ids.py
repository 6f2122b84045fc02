"""TMDB's daily export of film ids: which films there are, and how popular. It seeds the crawl's list of what to fetch."""

import heapq
from collections.abc import Iterator, Mapping, Sequence

from marquee.importers.json_values import Broken, values
from marquee.importers.reading import Surroundings
from marquee.importers.recognise import Part

Wanted = tuple[float, int]
"""A film's popularity, and its id."""


def most_popular(parts: Mapping[str, Sequence[Part]], around: Surroundings, most: int) -> list[Wanted]:
    """Return the most popular films of the exports, best first. Adult films and mere videos are passed over, and said."""
    passed, broken, best = 0, 0, dict[int, float]()
    heap: list[Wanted] = []
    for part in parts["ids"]:
        for popularity, movie_id, keep in lines(part, around):
            if movie_id is None:
                broken += 1
            elif not keep:
                passed += 1
            elif movie_id not in best:
                best[movie_id] = popularity
                heapq.heappush(heap, (popularity, -movie_id))
                if len(heap) > most:
                    del best[-heapq.heappop(heap)[1]]
    if passed:
        around.said.append(f"TMDB's ids: {passed:,} adult films and videos were passed over")
    if broken:
        around.errors.append(f"TMDB's ids: {broken:,} lines could not be read")
    return [(popularity, -negative) for popularity, negative in sorted(heap, reverse=True)]


def lines(part: Part, around: Surroundings) -> Iterator[tuple[float, int | None, bool]]:
    """Yield (popularity, film id or None where it cannot be read, whether it is a film to fetch) of each line."""

    for value in values(part.member, part.letters, around.meter(part.member)):
        around.counts[part.member.name] += 1
        if isinstance(value, Broken) or not isinstance(value, dict):
            yield 0.0, None, False
            continue
        movie_id, popularity = value.get("id"), value.get("popularity")
        known = isinstance(movie_id, int) and not isinstance(movie_id, bool) and 0 < movie_id < 2**53
        score = float(popularity) if isinstance(popularity, int | float) else 0.0
        yield score, movie_id if known else None, not value.get("adult") and not value.get("video")
