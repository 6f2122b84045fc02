"""Text of others as a terminal may be given it: what it says, and nothing that the terminal would obey."""

from typing import Final

CONTROLS: Final = {*range(0x20), *range(0x7F, 0xA0)} - {ord("\n"), ord("\t")}
"""C0 and C1 control characters, ESC and CSI among them; lines and tabs do no harm."""

DIRECTIONS: Final = {*range(0x202A, 0x202F), *range(0x2066, 0x206A)}
"""Unicode's embeddings, overrides and isolates, which turn round what stands beside them (UAX 9)."""

HARMFUL: Final = dict.fromkeys(CONTROLS | DIRECTIONS)


def printable(text: str) -> str:
    """Return a text without control characters and without what reorders the line that it stands in."""
    return text.translate(HARMFUL)
