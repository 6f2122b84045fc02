"""A set of film ids in flat memory."""

SMALL = 1 << 26
"""Ids below which a bit each is kept: TMDB's and MovieLens' are all far below."""


class Ids:
    """Ids that have been seen: 8 MB at most, but for ids that no data set has."""

    def __init__(self) -> None:
        self.bits = bytearray()
        self.others: set[int] = set()

    def add(self, number: int) -> bool:
        """Add an id; return whether it is new."""
        if not 0 <= number < SMALL:
            new = number not in self.others
            self.others.add(number)
            return new
        place, bit = number >> 3, 1 << (number & 7)
        if place >= len(self.bits):
            self.bits.extend(bytes(place + 1 - len(self.bits) + (1 << 16)))
        new = not self.bits[place] & bit
        self.bits[place] |= bit
        return new
