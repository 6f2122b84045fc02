"""From ratings, TMDB's lists and content to a list of films with its reasons: through import, batch and serving."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.files import body, imported, movielens

from marquee.app import Platform
from marquee.domain.documents import LIKED
from marquee.domain.timeline import HOUR, ManualClock
from marquee.http import shapes
from marquee.serving.answers.query import Query
from marquee.serving.answers.recommend import Wish, recommend, similar
from marquee.serving.world.cube import ALL_FILMS
from marquee.sources.tmdb_facts import film_facts
from marquee.watch import audit

DAY = 86_400
TITLES = ("Glass Harbour", "Night Ledger", "Silent River", "Cold Orchard", "Paper Moonlight", "Iron Lantern")
FILMS = "".join(f"{n},{title} ({1990 + n}),Drama\n" for n, title in enumerate(TITLES, 1))
LINKS = "".join(f"{n},{n},{100 + n}\n" for n in range(1, 7))


def crowds(stars: str = "5.0", start: int = 15_000) -> list[str]:
    """Half of the people like the films 1 to 3, half 4 to 6."""
    return [
        f"{user},{film},{stars if (film > 3) == bool(user % 2) else '1.0'},{(start + user) * DAY}"
        for user in range(40)
        for film in range(1, 7)
        if (user + film) % 4
    ]


def published(platform: Platform) -> Query:
    platform.batch().run(cut=True)
    query = platform.query()
    query.refresh()
    return query


def reasons(answer: dict[str, Any], name: str = "results") -> dict[int, list[str]]:
    return {line["movie_id"]: line["reasons"] for line in answer[name]}


def test_what_the_same_people_like_is_recommended(platform: Platform, tmp_path: Path) -> None:
    imported(platform, movielens(tmp_path / "ml", crowds(), LINKS, FILMS))
    query = published(platform)
    found = recommend(query, Wish([101], diversity=0))
    shapes.Recommendations.model_validate(found)
    best = [line["movie_id"] for line in found["results"]]
    assert set(best[:2]) == {102, 103}
    assert all(reasons(found)[m][0] == "liked by the same people as Glass Harbour" for m in best[:2])
    assert recommend(query, Wish([101], [102], diversity=0))["results"][0]["movie_id"] == 103
    beside = similar(query, 101, ALL_FILMS, 12)
    shapes.Similar.model_validate(beside)
    assert {line["movie_id"] for line in beside["liked_together"]} == {102, 103}
    assert [line["score"] for line in beside["liked_together"]] == sorted(
        (line["score"] for line in beside["liked_together"]), reverse=True
    )
    assert audit.verify(platform)["differ"] == 0


def bodies(platform: Platform, *films: dict[str, Any]) -> None:
    now = platform.clock.now()
    platform.door().accept([fact for film in films for fact in film_facts(film, now, "tmdb")])


def test_tmdbs_own_list_is_the_second_source(platform: Platform) -> None:
    listed = {"page": 1, "results": [{"id": 3, "title": "Film 3"}, {"id": 2, "title": "Film 2"}, {"id": 999}]}
    series = {"id": 77, "name": "Harbour Collection", "poster_path": None}
    other = {"genres": [{"id": 1, "name": "Crime"}]}
    bodies(
        platform,
        body(1, title="Glass Harbour", recommendations=listed, belongs_to_collection=series),
        *(body(n, title=title, **other) for n, title in ((2, "Orchard"), (3, "Lantern"), (4, "Moonlight"))),
        body(5, title="A Quiet Return", belongs_to_collection=series, **other),
    )
    query = published(platform)
    found = recommend(query, Wish([1], diversity=0, limit=3))
    assert reasons(found)[3] == ["TMDB recommends it beside Glass Harbour"]
    assert [line["movie_id"] for line in found["results"] if line["movie_id"] in (2, 3)] == [3, 2]
    film = query.movie(1)
    shapes.Film.model_validate(film)
    assert (film["collection_id"], film["collection"], film["recommended"]) == (77, "Harbour Collection", [3, 2, 999])
    assert query.movie(2)["recommended"] is None
    alike = similar(query, 1, ALL_FILMS, 3)
    assert alike["results"][0]["movie_id"] == 5
    assert reasons(alike)[5][0] == "of the same series as Glass Harbour: Harbour Collection"
    assert alike["liked_together"] == []
    assert audit.verify(platform)["differ"] == 0


def test_the_model_is_made_anew_only_when_ratings_have_changed(
    platform: Platform, clock: ManualClock, tmp_path: Path
) -> None:
    def rows(after: int) -> set[int]:
        with platform.views.snapshot() as snapshot:
            return {key for key, _ in snapshot.changed(LIKED, after)}

    def run() -> int:
        clock.time += 2 * HOUR
        platform.batch().run()
        with platform.views.snapshot() as snapshot:
            assert snapshot.publication is not None
            return snapshot.publication.frontier.run

    imported(platform, movielens(tmp_path / "old", crowds(), LINKS, FILMS))
    first = run()
    assert rows(0) == set(range(101, 107))
    bodies(platform, body(900))
    made = Counted(platform)
    second = run()
    assert (made.times, rows(first)) == (0, set())
    newer = [line for line in crowds("4.0", start=18_000) if ",6," not in line]
    imported(platform, movielens(tmp_path / "new", newer, LINKS, FILMS))
    third = run()
    assert made.times > 0
    assert rows(second) >= {101, 102, 103}
    query = platform.query()
    query.refresh()
    assert query.document(LIKED, 106) == [[], []], "a film that only the older release had"
    platform.batch().run(full=True)
    assert rows(third) == set(), "the same rows are no change"
    assert audit.verify(platform)["differ"] == 0


class Counted:
    """Counts how often the taste table is read."""

    def __init__(self, platform: Platform) -> None:
        self.times = 0
        table: Callable[..., Any] = platform.lake.table

        def counted(name: str, *where: Any) -> Any:
            self.times += name == "silver.taste"
            return table(name, *where)

        platform.lake.table = counted  # type: ignore[method-assign]


def test_ratings_of_a_release_that_was_imported_before_are_kept_when_it_is_imported_again(
    platform: Platform, tmp_path: Path
) -> None:
    """A home of a version that threw the users away: nothing is news in the log, and the model comes all the same."""
    folder = movielens(tmp_path / "ml", crowds(), LINKS, FILMS)
    imported(platform, folder)
    lake = platform.lake
    lake.replace(
        "silver.taste",
        lake.table("silver.taste").limit(0),
        lake.partitions("silver.taste"),
        {"part-0": "", "whole": ""},
    )
    query = published(platform)
    assert recommend(query, Wish([101], diversity=0))["results"] == []
    assert imported(platform, folder).receipt.total == 0
    query = published(platform)
    found = reasons(recommend(query, Wish([101], diversity=0)))
    assert found[102][0] == "liked by the same people as Glass Harbour"
