"""The speed store and the speed views in memory."""

from collections import defaultdict
from collections.abc import Sequence

from marquee.domain.coverage import NO_SPEED, SpeedState
from marquee.domain.measures import Cell, merge_cells
from marquee.domain.records import MicroBatch, SpeedCell, SpeedFilm, SpeedProgress
from marquee.domain.timeline import HOUR


class MemorySpeedStore:
    """A `SpeedStore` as dicts."""

    def __init__(self) -> None:
        self.cells: dict[tuple[int, int, int], dict[int, Cell]] = defaultdict(dict)
        self.films: dict[tuple[int, int], tuple[int, SpeedFilm]] = {}
        self.events: dict[str, int] = {}
        self.reached: SpeedProgress | None = None

    def progress(self) -> SpeedProgress | None:
        """Return how far the fold is."""
        return self.reached

    def seen(self, event_ids: Sequence[str]) -> set[str]:
        """Return which of these events were folded before."""
        return {event_id for event_id in event_ids if event_id in self.events}

    def intend(self, position: str) -> None:
        """Do nothing: `write` is one step."""

    def intended(self) -> str | None:
        """Return None: no micro-batch is ever half written."""
        return None

    def write(self, batch: MicroBatch) -> None:
        """Store a micro-batch and its progress."""
        for key, cell in batch.cells.items():
            self.cells[key][batch.batch_id] = cell
        for film in batch.films:
            held = self.films.get((film.movie_id, film.hour))
            if held is None or film.rank >= held[1].rank:
                self.films[film.movie_id, film.hour] = (batch.batch_id, film)
        for event_id, hour in batch.seen:
            self.events.setdefault(event_id, hour)
        self.reached = SpeedProgress(batch.position, batch.batch_id, batch.since, batch.through)

    def partials(self, after_batch: int) -> tuple[list[SpeedCell], list[SpeedFilm], SpeedProgress | None]:
        """Return the merged cells of all keys that later batches touched."""
        cells = [
            SpeedCell(*key, merge_cells(parts.values()))
            for key, parts in self.cells.items()
            if any(batch > after_batch for batch in parts)
        ]
        films = [film for batch, film in self.films.values() if batch > after_batch]
        return cells, films, self.reached

    def expire(self, before_hour: int) -> int:
        """Drop what was ingested before an hour."""
        old = [key for key in self.cells if key[1] < before_hour]
        gone = sum(len(self.cells.pop(key)) for key in old)
        self.films = {key: held for key, held in self.films.items() if key[1] >= before_hour}
        self.events = {event: hour for event, hour in self.events.items() if hour >= before_hour - HOUR}
        return gone


class MemorySpeedViews:
    """`SpeedViews` as dicts."""

    def __init__(self) -> None:
        self.cells: dict[tuple[int, int, int], tuple[int, SpeedCell]] = {}
        self.films: dict[tuple[int, int], tuple[int, SpeedFilm]] = {}
        self.now = (NO_SPEED, 0)

    def state(self) -> tuple[SpeedState, int]:
        """Return the state and the last batch synced."""
        return self.now

    def upsert(self, cells: Sequence[SpeedCell], films: Sequence[SpeedFilm], state: SpeedState, batch_id: int) -> None:
        """Replace these cells and films, and the state."""
        for cell in cells:
            self.cells[cell.movie_id, cell.hour, cell.window] = (state.version, cell)
        for film in films:
            self.films[film.movie_id, film.hour] = (state.version, film)
        self.now = (state, batch_id)

    def changes(self, after_version: int) -> tuple[list[SpeedCell], list[SpeedFilm], SpeedState]:
        """Return what changed after a version."""
        cells = [cell for version, cell in self.cells.values() if version > after_version]
        films = [film for version, film in self.films.values() if version > after_version]
        return cells, films, self.now[0]

    def expire(self, before_hour: int) -> int:
        """Drop what was ingested before an hour."""
        kept = {key: held for key, held in self.cells.items() if key[1] >= before_hour}
        gone = len(self.cells) - len(kept)
        self.cells = kept
        self.films = {key: held for key, held in self.films.items() if key[1] >= before_hour}
        return gone
