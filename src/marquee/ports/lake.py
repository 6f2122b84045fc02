"""Versioned tables, and the engine that reads them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar

Piece = TypeVar("Piece")
Result = TypeVar("Result")


class Tables(Protocol):
    """Versioned tables with atomic commits, read as Ibis expressions."""

    def table(self, name: str, where: Mapping[str, Any] | None = None) -> Any:
        """Return a table, or the partitions whose columns equal (or are among) the given values, as Ibis.

        One that was never written to has no rows; a column that its files lack is null.
        """
        ...

    def properties(self, name: str) -> dict[str, str]:
        """Return what commits to the table have recorded, the latest of each name; {} of one never written to."""
        ...

    def append(self, name: str, rows: Any, properties: Mapping[str, str]) -> int:
        """Append rows (Ibis or Arrow) and record properties in one commit; return how many rows."""
        ...

    def replace(
        self, name: str, rows: Any, partitions: Sequence[Mapping[str, Any]], properties: Mapping[str, str]
    ) -> int:
        """Replace whole partitions by rows in one commit; return how many rows. A partition is named by all of its columns, in
        whatever order; one that is not there is no error."""
        ...

    def drop_partitions(self, name: str, partitions: Sequence[Mapping[str, Any]]) -> None:
        """Delete whole partitions in one commit; what was recorded stays."""
        ...

    def files(self, name: str) -> list[dict[str, Any]]:
        """Return the partition of every data file of a table, as the values of its columns, in no particular order."""
        ...

    def partitions(self, name: str) -> list[dict[str, Any]]:
        """Return the partitions that hold rows, in ascending order."""
        ...

    def maintain(self, now: int) -> None:
        """Forget old snapshots and their files; rows and what was recorded stay."""
        ...


class Engine(Protocol):
    """What evaluates Ibis expressions, and runs Python functions where it computes."""

    def parse(self, name: str, rows: Any) -> Any:
        """Return rows of a bronze table with their JSON body parsed into the topic's typed columns, null where a value is
        missing or of another type."""
        ...

    def map_rows(self, rows: Any, columns: Sequence[str], function: Callable[..., Mapping[str, Any]]) -> Any:
        """Add the integer columns that a Python function makes of Arrow columns, here and now.

        It may be called on any part of the rows, and on none.
        """
        ...

    def spread(self, function: Callable[[Piece], Result], pieces: Sequence[Piece]) -> Iterator[Result]:
        """Return a Python function's results on each piece, in order, computed wherever the engine computes."""
        ...

    def local(self, rows: Any) -> Any:
        """Evaluate once and return an expression over the result."""
        ...

    def memory(self, rows: Any) -> Any:
        """Return an Arrow table as an expression."""
        ...

    def arrow(self, rows: Any) -> Any:
        """Return rows as an Arrow table."""
        ...

    def release(self) -> None:
        """Let go of everything that `local`, `memory` and `map_rows` hold."""
        ...


class Lake(Tables, Engine, Protocol):
    """Tables with the engine that they belong to."""
