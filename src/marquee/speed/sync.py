"""The sync: carries merged cells from the speed store to the speed views, and only what changed."""

from dataclasses import dataclass

from marquee.domain.coverage import SpeedState
from marquee.domain.timeline import Clock, speed_horizon
from marquee.ports import SpeedStore, SpeedViews
from marquee.spans import span


@dataclass(slots=True)
class Sync:
    """Copies absolute merged cells, so copying again changes nothing."""

    store: SpeedStore
    views: SpeedViews
    clock: Clock

    def step(self) -> int:
        """Carry over what micro-batches since the last sync touched; return the cells written."""
        state, synced = self.views.state()
        cells, films, progress = self.store.partials(synced)
        if progress is not None and progress.batch_id < synced:  # a store that begins anew counts from 1 again
            cells, films, progress = self.store.partials(0)
        if progress is None or progress.batch_id == synced:
            return 0
        after = SpeedState(progress.since, progress.through, state.version + 1, progress.position)
        with span("speed.sync", batch=progress.batch_id, cells=len(cells)):
            self.views.upsert(cells, films, after, progress.batch_id)
        return len(cells)

    def expire(self) -> int:
        """Drop cells past their TTL from store and views; return how many cells went from the views."""
        horizon = speed_horizon(self.clock.now())
        self.store.expire(horizon)
        return self.views.expire(horizon)
