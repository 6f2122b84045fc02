"""What a memory of releases owes."""

from marquee.domain.releases import Release
from marquee.testing.suite import MEMORY, Make

PORT = "releases"


def test_releases_are_remembered_by_source(adapter: Make) -> None:
    releases = adapter(PORT)
    assert releases.held("m") is None
    releases.begin("m", Release(5, 1))
    releases.begin("n", Release(7, 2))
    releases.begin("m", Release(6, 3))
    assert (releases.held("m"), releases.held("n")) == (Release(6, 3), Release(7, 2))


@MEMORY
def test_a_release_is_there_for_who_comes_next(adapter: Make) -> None:
    adapter(PORT, "one").begin("m", Release(5, 1))
    assert adapter(PORT, "one").held("m") == Release(5, 1)
