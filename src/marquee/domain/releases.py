"""Releases of a data set: which of two counts."""

from dataclasses import dataclass

SAMPLE = 10
"""How many times more ratings another release must have for this one to be a sample of it, and not its successor."""


@dataclass(frozen=True, slots=True)
class Release:
    """A release of a source's ratings: the time (ms) of the last of them, and how many there are."""

    through: int
    ratings: int

    def replaces(self, held: "Release") -> bool:
        """Say whether this release takes the place of another: it is as new, unless one of them is a mere sample."""
        if self.ratings >= SAMPLE * held.ratings:
            return True
        if held.ratings >= SAMPLE * self.ratings:
            return False
        return (self.through, self.ratings) >= (held.through, held.ratings)
