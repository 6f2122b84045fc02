"""What imports remember: releases of a source, a person's own films."""

from collections.abc import Iterable
from typing import Protocol

from marquee.domain.own import OwnFilm
from marquee.domain.releases import Release


class Releases(Protocol):
    """Which release of each source is held."""

    def held(self, source: str) -> Release | None:
        """Return the release that was begun last, None before the first."""
        ...

    def begin(self, source: str, release: Release) -> None:
        """Remember a release before its first rating is accepted, so that an import that is cut off goes on with it."""
        ...


class OwnFilms(Protocol):
    """A person's own films, kept apart from the world's figures."""

    def put(self, source: str, films: Iterable[OwnFilm], says: Iterable[str]) -> int:
        """Keep a source's films; return how many are new or changed.

        says: which of stars, seen, liked and wanted these films tell of wholly: what else was held of those is forgotten.
        """
        ...

    def films(self) -> list[OwnFilm]:
        """Return the films of all sources, by source and key."""
        ...
