"""What an identity index owes."""

from dataclasses import replace

from marquee.domain.codec import decode
from marquee.domain.events import RATINGS, REVIEWS
from marquee.testing.events import NOON, rating_event, review_event
from marquee.testing.suite import MEMORY, Make

PORT = "index"


def test_an_index_remembers_what_stands(adapter: Make) -> None:
    index = adapter(PORT)
    assert index.position() == ""
    first, second = review_event("a", 7, NOON), review_event("b", 7, NOON)
    index.apply([(REVIEWS, first), (REVIEWS, second)], "5")
    assert index.position() == "5"
    assert index.standing_reviews(7, "t") == {"review-a", "review-b"}
    assert index.standing_reviews(7, "other") == index.standing_reviews(8, "t") == set()
    found = index.lookup(REVIEWS, ["review-a", "review-x"])
    assert set(found) == {"review-a"}
    held = found["review-a"]
    assert (held.alive, held.revision, held.digest, held.source, held.at) == (True, 1, "d", "t", NOON)
    assert held.body is not None
    assert decode(REVIEWS, held.body) == first
    index.apply([(REVIEWS, review_event("a", 7, NOON, weight=-1))], "6")
    assert index.standing_reviews(7, "t") == {"review-b"}
    assert not index.lookup(REVIEWS, ["review-a"])["review-a"].alive
    assert index.lookup(RATINGS, ["review-a"]) == {}


def test_an_index_moves_on_where_nothing_was_told(adapter: Make) -> None:
    index = adapter(PORT)
    index.apply([], "7")
    assert index.position() == "7"
    assert index.lookup(REVIEWS, []) == {}


def test_the_index_knows_a_films_readings_at_a_source(adapter: Make) -> None:
    index = adapter(PORT)
    named = {"7@1@m": "m", "7@2@m": "m", "7@m": "m", "7@3@n": "n", "70@1@m": "m"}
    events = [
        replace(rating_event(name, int(name.split("@")[0]), NOON), identity=name, source=source)
        for name, source in named.items()
    ]
    index.apply([(RATINGS, event) for event in events], "5")
    assert index.readings(7, "m").keys() == {"7@1@m", "7@2@m", "7@m"}
    assert index.readings(8, "m") == {}
    assert (index.rated("m"), index.rated("n"), index.rated("o")) == ({7, 70}, {7}, set())


def test_an_index_keeps_a_readings_votes_and_when_it_was_last_seen(adapter: Make) -> None:
    index = adapter(PORT)
    identity = "7@t"
    index.apply([(RATINGS, replace(rating_event("a", 7, NOON, 41), identity=identity))], "5")
    assert index.lookup(RATINGS, [identity])[identity].votes == 41
    assert index.readings(7, "t")[identity].votes == 41
    index.touch(RATINGS, {identity: NOON + 9, "nobody": NOON})
    held = index.lookup(RATINGS, [identity, "nobody"])
    assert (held[identity].at, held[identity].votes, held.keys()) == (NOON + 9, 41, {identity})
    index.touch(RATINGS, {identity: NOON})
    assert index.lookup(RATINGS, [identity])[identity].at == NOON + 9, "it does not go back"
    assert index.position() == "5"


@MEMORY
def test_an_index_is_there_for_who_comes_next(adapter: Make) -> None:
    adapter(PORT, "one").apply([(REVIEWS, review_event("a", 7, NOON))], "5")
    again = adapter(PORT, "one")
    assert (again.position(), again.standing_reviews(7, "t")) == ("5", {"review-a"})
