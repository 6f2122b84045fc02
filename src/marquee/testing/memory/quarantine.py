"""The quarantine in memory."""

from collections import defaultdict
from collections.abc import Sequence

from marquee.domain.records import MOST_HELD, Rejected

MORE = "(more of them, only counted)"


class MemoryQuarantine:
    """A `Quarantine` as a dict."""

    def __init__(self, most: int = MOST_HELD) -> None:
        self.most = most
        self.held: dict[Rejected, list[int]] = {}
        self.more: dict[tuple[str, str], tuple[Rejected, list[int]]] = {}

    def add(self, rows: Sequence[Rejected], now: int) -> None:
        """Keep records once, with the times they came."""
        for row in rows:
            alike = sum((held.source, held.reason) == (row.source, row.reason) for held in self.held)
            if row in self.held or alike < self.most:
                self.held.setdefault(row, []).append(now)
            else:
                alike_before, times = self.more.get((row.source, row.reason), (row._replace(rows=0), []))
                counted = Rejected(row.source, row.reason, MORE, rows=alike_before.rows + row.rows)
                self.more[row.source, row.reason] = counted, [*times, now]

    def counts(self) -> dict[str, int]:
        """Return how many records each reason has."""
        found: dict[str, int] = defaultdict(int)
        for row, _ in (*self.held.items(), *self.more.values()):
            found[row.reason] += row.rows
        return dict(found)

    def rows(self, limit: int) -> list[dict[str, object]]:
        """Return the newest rows."""
        newest = sorted((*self.held.items(), *self.more.values()), key=lambda item: -item[1][-1])[:limit]
        return [{"first_at": at[0], "last_at": at[-1], "times": len(at), **row._asdict()} for row, at in newest]
