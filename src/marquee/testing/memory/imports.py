"""What imports remember, in memory."""

from collections.abc import Iterable
from dataclasses import replace

from marquee.domain.own import OwnFilm, together
from marquee.domain.releases import Release


class MemoryReleases:
    """`Releases` as a dict."""

    def __init__(self) -> None:
        self.begun: dict[str, Release] = {}

    def held(self, source: str) -> Release | None:
        """Return the release that was begun last."""
        return self.begun.get(source)

    def begin(self, source: str, release: Release) -> None:
        """Remember a release."""
        self.begun[source] = release


class MemoryOwnFilms:
    """`OwnFilms` as a dict."""

    def __init__(self) -> None:
        self.held: dict[tuple[str, str], OwnFilm] = {}

    def put(self, source: str, films: Iterable[OwnFilm], says: Iterable[str]) -> int:
        """Keep a source's films, and forget what they no longer say."""
        before = {key: film for key, film in self.held.items() if key[0] == source}
        nothing = {name: None if name == "stars" else False for name in says}
        rest = [replace(film, **nothing) for film in before.values()]  # type: ignore[arg-type]
        merged = together([*films, *rest])
        self.held = {key: film for key, film in self.held.items() if key[0] != source}
        for film in merged:
            if film.stars is not None or film.seen or film.liked or film.wanted:
                self.held[source, film.key] = film
        return sum(before.get((source, film.key)) != film for film in merged)

    def films(self) -> list[OwnFilm]:
        """Return the films of all sources."""
        return [film for _, film in sorted(self.held.items())]
