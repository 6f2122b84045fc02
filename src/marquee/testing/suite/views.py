"""What batch views owe."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from marquee.domain.coverage import Frontier
from marquee.domain.records import Publication
from marquee.domain.timeline import HOUR, floor
from marquee.errors import TerminalError
from marquee.testing.events import NOON
from marquee.testing.suite import MEMORY, Make

PORT = "views"


def publication(run: int) -> Publication:
    """Return a run's publication."""
    return Publication(Frontier(run, f"run-{run}", floor(NOON, HOUR)), NOON, {"n": run})


def test_views_show_one_run_whole(adapter: Make) -> None:
    views = adapter(PORT)
    with views.snapshot() as empty:
        assert empty.publication is None
        assert empty.get("film", 1) is None
        assert empty.changed("film", 0) == []
    views.publish(publication(1), [("film", 1, b"a"), ("film", 2, b"b")])
    with views.snapshot() as before:
        views_of_before = before.publication
        assert before.get("film", 1) == b"a"
    views.publish(publication(2), [("film", 1, b"c")])
    with views.snapshot() as after:
        assert after.publication == publication(2)
        assert (after.get("film", 1), after.get("film", 2)) == (b"c", b"b")
        assert after.changed("film", 1) == [(1, b"c")]
        assert sorted(after.changed("film", 0)) == [(1, b"c"), (2, b"b")]
        assert after.changed("card", 0) == []
    assert views_of_before == publication(1)


def test_a_reader_keeps_its_run_while_another_is_published(adapter: Make) -> None:
    views = adapter(PORT)
    views.publish(publication(1), [("film", 1, b"a"), ("film", 3, b"x")])
    with views.snapshot() as held, ThreadPoolExecutor(1) as pool:
        pool.submit(views.publish, publication(2), [("film", 1, b"b"), ("film", 2, b"new")]).result()
        assert (held.publication, held.get("film", 1), held.get("film", 2)) == (publication(1), b"a", None)
        assert sorted(held.changed("film", 0)) == [(1, b"a"), (3, b"x")]
    with views.snapshot() as after:
        assert (after.publication, after.get("film", 1), after.get("film", 3)) == (publication(2), b"b", b"x")


@pytest.mark.cannot("mongo", "keep what a reader began with over two publications")
def test_a_reader_keeps_its_run_over_two_publications(adapter: Make) -> None:
    views = adapter(PORT)
    views.publish(publication(1), [("film", 1, b"a")])
    with views.snapshot() as held, ThreadPoolExecutor(1) as pool:
        for run in (2, 3):
            pool.submit(views.publish, publication(run), [("film", 1, b"%d" % run)]).result()
        assert (held.publication, held.get("film", 1)) == (publication(1), b"a")


def test_a_failed_or_stale_publication_leaves_the_last_one(adapter: Make) -> None:
    views = adapter(PORT)
    views.publish(publication(5), [("film", 1, b"a")])

    def broken() -> Iterator[tuple[str, int, bytes]]:
        yield ("film", 1, b"half")
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError):
        views.publish(publication(6), broken())
    with pytest.raises(TerminalError):
        views.publish(publication(5), [("film", 1, b"again")])
    with views.snapshot() as held:
        assert (held.publication, held.get("film", 1)) == (publication(5), b"a")
    views.publish(publication(7), [])
    with views.snapshot() as held:
        assert (held.publication, held.get("film", 1)) == (publication(7), b"a"), (
            "nothing of what failed is shown later"
        )
        assert held.changed("film", 5) == []


def test_a_document_published_as_it_was_has_not_changed(adapter: Make) -> None:
    views = adapter(PORT)
    views.publish(publication(1), [("film", 1, b"a"), ("film", 2, b"b")])
    views.publish(publication(2), [("film", 1, b"a"), ("film", 2, b"c")])
    with views.snapshot() as held:
        assert held.publication == publication(2)
        assert held.changed("film", 1) == [(2, b"c")]
        assert sorted(held.changed("film", 0)) == [(1, b"a"), (2, b"c")]


@MEMORY
def test_views_are_there_for_another_process(adapter: Make) -> None:
    writer, reader = adapter(PORT, "one"), adapter(PORT, "one")
    writer.publish(publication(1), [("film", 1, b"a")])
    with reader.snapshot() as held:
        writer.publish(publication(2), [("film", 1, b"b")])
        assert (held.publication, held.get("film", 1)) == (publication(1), b"a")
    with pytest.raises(TerminalError):
        reader.publish(publication(2), [])
