"""Releases of a data set: which of two counts."""

from dataclasses import dataclass

SAMPLE = 10
LARGE = 1_000_000
"""A release with a tenth of the ratings of another, or fewer, is a sample and not its successor, where the other is large."""


@dataclass(frozen=True, slots=True)
class Release:
    """A release of a source's ratings: the time (ms) of the last of them, and how many there are."""

    through: int
    ratings: int

    def replaces(self, held: "Release") -> bool:
        """Say whether this release takes the place of another: it is as new, unless one of them is a mere sample."""
        if self.ratings >= max(LARGE, SAMPLE * held.ratings):
            return True
        if held.ratings >= max(LARGE, SAMPLE * self.ratings):
            return False
        return (self.through, self.ratings) >= (held.through, held.ratings)
