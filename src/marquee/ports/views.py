"""What the batch layer publishes."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Protocol

from marquee.domain.records import Publication


class ViewsSnapshot(Protocol):
    """The batch views as one run left them, however many reads are made of it."""

    publication: Publication | None

    def get(self, kind: str, key: int) -> bytes | None:
        """Return a document's stored bytes."""
        ...

    def changed(self, kind: str, after_run: int) -> list[tuple[int, bytes]]:
        """Return the documents of a kind that runs past `after_run` changed, in no particular order."""
        ...


class BatchViews(Protocol):
    """Published answers. A reader sees one run whole, or the next."""

    def snapshot(self) -> AbstractContextManager[ViewsSnapshot]:
        """Open a consistent reading, for the length of a block: what is published meanwhile is not seen.

        A store of many machines keeps it whole over one publication, not over two.
        """
        ...

    def publish(self, publication: Publication, documents: Iterable[tuple[str, int, bytes]]) -> None:
        """Replace (kind, key) documents and swing the pointer; readers see all of it or none. A key is given once.

        TerminalError of a run at or below the last. What a publication that failed left behind is never shown.

        A document whose bytes are those already held counts as not written: `changed` does not show it.
        """
        ...
