"""What rate limits owe. The clock may be the store's own."""

import time

from marquee.domain.limits import BURST, RATE
from marquee.testing.suite import MEMORY, Make

PORT = "limits"


def seconds() -> float:
    """Return the time (s) by which an adapter under test goes, where it has no clock of its own."""
    return time.monotonic()


def test_a_burst_is_let_through_and_then_one_at_a_time(adapter: Make) -> None:
    limits = adapter(PORT)
    taken = [limits.take("key") for _ in range(BURST + 1)]
    assert [one.allowed for one in taken] == [True] * BURST + [False]
    assert [one.remaining for one in taken[:3]] == [BURST - 1, BURST - 2, BURST - 3]
    assert taken[-1].remaining == 0
    assert 0 < taken[-1].wait <= 60 / RATE
    assert limits.take("another").allowed, "keys have their own"
    assert limits.take(("key", 1)).allowed, "any hashable is a key"
    time.sleep(taken[-1].wait)
    assert limits.take("key").allowed, "after the wait that it told"
    assert not limits.take("key").allowed


@MEMORY
def test_a_limit_is_one_for_all_who_share_it(adapter: Make) -> None:
    limits = [adapter(PORT, "one") for _ in range(2)]
    taken = [limits[n % 2].take("key") for n in range(BURST + 1)]
    assert [one.allowed for one in taken] == [True] * BURST + [False]
