"""The batch views in memory."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from marquee.domain.records import Publication
from marquee.errors import TerminalError


class MemorySnapshot:
    """A `ViewsSnapshot` over one state of the documents."""

    def __init__(self, publication: Publication | None, documents: dict[tuple[str, int], tuple[int, bytes]]) -> None:
        self.publication = publication
        self.documents = documents

    def get(self, kind: str, key: int) -> bytes | None:
        """Return a document's stored bytes."""
        held = self.documents.get((kind, key))
        return None if held is None else held[1]

    def changed(self, kind: str, after_run: int) -> list[tuple[int, bytes]]:
        """Return the documents of a kind that later runs wrote."""
        return [(key, body) for (name, key), (run, body) in self.documents.items() if name == kind and run > after_run]


class MemoryViews:
    """`BatchViews` as a dict that is replaced whole at each publication."""

    def __init__(self) -> None:
        self.held = MemorySnapshot(None, {})

    @contextmanager
    def snapshot(self) -> Iterator[MemorySnapshot]:
        """Open a consistent reading."""
        yield self.held

    def publish(self, publication: Publication, documents: Iterable[tuple[str, int, bytes]]) -> None:
        """Replace documents and swing the pointer."""
        last, run = self.held.publication, publication.frontier.run
        if last is not None and run <= last.frontier.run:
            raise TerminalError(f"run {run} cannot be published over run {last.frontier.run}")
        held = self.held.documents
        fresh = {
            (kind, key): (run, body) for kind, key, body in documents if held.get((kind, key), (0, None))[1] != body
        }
        self.held = MemorySnapshot(publication, {**self.held.documents, **fresh})
