"""Rate limits of the API."""

from collections.abc import Hashable
from typing import Protocol

from marquee.domain.limits import Allowance


class Limits(Protocol):
    """So many requests a minute for each key, with a burst (`domain.limits.RateLimit`), over all who share the store."""

    def take(self, key: Hashable) -> Allowance:
        """Ask for one request of a key."""
        ...
