"""The speed layer as it folds, and as serving reads it."""

from collections.abc import Callable, Sequence
from typing import Protocol

from marquee.domain.coverage import SpeedState
from marquee.domain.records import (
    MicroBatch,
    SpeedCell,
    SpeedFilm,
    SpeedProgress,
)


class SpeedStore(Protocol):
    """The speed layer's cells by (movie, ingest hour, window, batch), its memory of event ids, and its progress."""

    def progress(self) -> SpeedProgress | None:
        """Return how far the fold is, None before the first micro-batch is whole."""
        ...

    def seen(self, event_ids: Sequence[str]) -> set[str]:
        """Return which of these events a whole micro-batch has folded, within the TTL."""
        ...

    def intend(self, position: str) -> None:
        """Remember where the next micro-batch will end, before it is written.

        A store that writes in many steps may be left with some of them: the same micro-batch must then be
        written again, not another one under its id. A store that writes in one transaction has nothing to remember.
        """
        ...

    def intended(self) -> str | None:
        """Return where a micro-batch that was begun and not finished was to end."""
        ...

    def write(self, batch: MicroBatch) -> None:
        """Store a micro-batch and its progress; readers see all of it or none, and a replay changes nothing.

        After an error the micro-batch must be written again, as it was, before another one (`intended` says up to where).
        """
        ...

    def partials(self, after_batch: int) -> tuple[list[SpeedCell], list[SpeedFilm], SpeedProgress | None]:
        """Return, for every key that a batch past `after_batch` touched, its merged cell; and the progress they show.

        In no particular order; of films, those whose latest description such a batch brought.
        """
        ...

    def expire(self, before_hour: int) -> int:
        """Drop cells and films of ingest hours below `before_hour`; return how many partial cells went.

        Event ids count for an hour longer.
        """
        ...


class SpeedViews(Protocol):
    """The speed layer's side of serving: merged cells with the version that last changed them."""

    def state(self) -> tuple[SpeedState, int]:
        """Return the state, and the last batch id synced; `NO_SPEED` and 0 before the first."""
        ...

    def upsert(self, cells: Sequence[SpeedCell], films: Sequence[SpeedFilm], state: SpeedState, batch_id: int) -> None:
        """Replace these cells and films under `state.version`, and the state, all or none."""
        ...

    def changes(self, after_version: int) -> tuple[list[SpeedCell], list[SpeedFilm], SpeedState]:
        """Return what changed after a version, in no particular order, with the state that this makes whole."""
        ...

    def expire(self, before_hour: int) -> int:
        """Drop what was ingested before `before_hour`; return how many cells went."""
        ...


class Speed(Protocol):
    """The speed layer, whatever drives it. It may be killed at any point and started again."""

    def drain(self) -> int:
        """Work until the log's end; return the events read."""
        ...

    def follow(self, stopped: Callable[[], bool]) -> None:
        """Keep up with the log until told to stop. A store that is away is waited for: nothing is lost meanwhile."""
        ...
