"""MovieLens' ratings one by one, kept as the lake's taste table: what the item-item model is learned from."""

from typing import Any

from marquee.domain.events import fingerprint
from marquee.domain.tables import TASTE, TASTE_WHOLE
from marquee.libraries.arrow import arrow_schema
from marquee.libraries.arrow_ratings import tastes
from marquee.ports import Lake


class Taste:
    """The taste table, written part by part: a part is all ratings of some films.

    Of each part its fingerprint is recorded with its rows, in one commit: what is there is not written again, so an
    import that is cut off goes on, and the same release adds nothing.
    """

    def __init__(self, lake: Lake) -> None:
        self.lake = lake
        self.noted = lake.properties(TASTE)
        self.parts: list[str] = []
        self.rows = 0

    def keep(self, records: Any) -> None:
        """Keep the next part: records as `Ratings.read` gives them."""
        part = len(self.parts)
        print_, rows = tastes(records, part)
        self.parts.append(print_)
        self.rows += rows.num_rows
        if self.noted.get(name_of(part)) != print_:
            self.lake.replace(TASTE, rows, [{"part": part}], {name_of(part): print_})

    def finish(self) -> None:
        """Remove the parts that only an earlier release had, and record that this one is whole."""
        whole = fingerprint(*self.parts)
        gone = [held for held in self.lake.partitions(TASTE) if held["part"] >= len(self.parts)]
        if gone or self.noted.get(TASTE_WHOLE) != whole:
            forgotten = {name_of(held["part"]): "" for held in gone}
            self.lake.replace(TASTE, arrow_schema(TASTE).empty_table(), gone, {**forgotten, TASTE_WHOLE: whole})


def name_of(part: int) -> str:
    """Name the record of a part."""
    return f"part-{part}"
