"""What a keeper of a person's own films owes."""

from marquee.domain.own import OwnFilm
from marquee.testing.suite import MEMORY, Make

PORT = "own"


def test_own_films_are_what_their_source_says_last(adapter: Make) -> None:
    own = adapter(PORT)
    assert own.films() == []
    rated = OwnFilm("s", "a", "A", 1999, stars=80, seen=True, at=5)
    assert own.put("s", [rated, OwnFilm("s", "b", "B", None, wanted=True)], ["stars", "seen", "wanted"]) == 2
    assert own.put("t", [OwnFilm("t", "a", "A", 1999, "tt1", seen=True)], ["seen"]) == 1
    assert own.put("s", [rated], ["stars"]) == 0
    assert own.put("s", [OwnFilm("s", "a", "A", 1999, liked=True)], ["liked", "wanted"]) == 2
    assert own.films() == [
        OwnFilm("s", "a", "A", 1999, stars=80, seen=True, liked=True, at=5),
        OwnFilm("t", "a", "A", 1999, "tt1", seen=True),
    ]
    own.put("s", [OwnFilm("s", "a", "A", 1999, stars=30, seen=True, at=9)], ["stars", "seen"])
    assert own.films()[0] == OwnFilm("s", "a", "A", 1999, stars=30, seen=True, liked=True, at=9)


@MEMORY
def test_own_films_are_there_for_who_comes_next(adapter: Make) -> None:
    film = OwnFilm("s", "a", "A", 1999, stars=80, seen=True, at=5)
    adapter(PORT, "one").put("s", [film], ["stars"])
    assert adapter(PORT, "one").films() == [film]
