"""The speed layer as it runs: fold, sync, expire, again and again."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from marquee.domain.timeline import HOUR, floor
from marquee.errors import TransientError
from marquee.speed.fold import Fold
from marquee.speed.sync import Sync

IDLE_SECONDS = 0.25
AWAY_SECONDS = 2.0
log = logging.getLogger(__name__)


@dataclass(slots=True)
class SpeedLayer:
    """Fold and sync together, in this process."""

    fold: Fold
    sync: Sync
    expired_in: int = field(default=0)

    def step(self) -> int:
        """Fold one micro-batch and carry it to the views; return the events read."""
        events = self.fold.step()
        self.carry()
        return events

    def carry(self) -> None:
        """Carry what was folded to the views, and drop what is past its time."""
        self.sync.step()
        hour = floor(self.fold.clock.now(), HOUR)
        if hour != self.expired_in:
            self.sync.expire()
            self.expired_in = hour

    def drain(self) -> int:
        """Step until the log's end; return the events read."""
        total = 0
        while events := self.step():
            total += events
        return total

    def follow(self, stopped: Callable[[], bool]) -> None:
        """Keep up with the log until told to stop."""
        while not stopped():
            try:
                idle = not self.step()
            except TransientError as error:
                log.warning("the speed layer waits: %s", error)
                time.sleep(error.wait or AWAY_SECONDS)
                continue
            if idle:
                time.sleep(IDLE_SECONDS)
