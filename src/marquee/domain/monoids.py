"""The two commutative monoids every measure is built from. State is integers, so merging in any order is exact."""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple


class Sum(NamedTuple):
    """Addition of integers. `lift` reads the summand off an event, in Python and in Ibis alike.

    about: what it is, in words; of: which events have it, reviews or readings of the gauges.
    """

    lift: Callable[[Any], Any]
    about: str = ""
    of: Literal["reviews", "readings"] = "reviews"

    @staticmethod
    def zero() -> int:
        """Return the identity."""
        return 0

    @staticmethod
    def merge(left: int, right: int) -> int:
        """Add two states."""
        return left + right


class Gauge(NamedTuple):
    """A reading of a film's gauges; the greatest is the latest, ties broken by the log's order and then by value."""

    observed_at: int
    offset: int
    votes: int
    average: int
    popularity: int


class Latest:
    """The greatest reading seen; None is the identity."""

    @staticmethod
    def zero() -> Gauge | None:
        """Return the identity."""
        return None

    @staticmethod
    def merge(left: Gauge | None, right: Gauge | None) -> Gauge | None:
        """Keep the later of two readings."""
        if left is None or right is None:
            return left or right
        return max(left, right)
