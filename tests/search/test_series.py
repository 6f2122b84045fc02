"""Films of the same series stand among the likest: on small made-up ones, and on those of TMDB 5000."""

from pathlib import Path
from typing import Any

from tests.files import imported
from tests.search import series

from marquee.app import Platform
from marquee.batch.similar import neighbours, title_words
from marquee.domain.films import unknown_film
from marquee.serving.answers.recommend import similar
from marquee.serving.world.cube import ALL_FILMS

GOAL = 0.85


def film(movie_id: int, title: str, **values: Any) -> dict[str, Any]:
    return {**unknown_film(movie_id), "title": title, "genres": ["Drama"], **values}


def test_what_tells_parts_apart_is_no_word_of_a_series() -> None:
    assert title_words("Rocky II") == title_words("Rocky") == title_words("Rocky, Part 3") == ["rocky"]
    assert title_words("The King's Harbour: Episode IV") == ["kings", "harbour"]
    assert title_words("1984") == ["1984"]
    assert title_words("千の港") == ["千の港"]
    assert title_words("") == []


def test_a_sequel_comes_before_films_of_its_kind() -> None:
    kind = {"genres": ["Crime", "Drama"], "release_date": "1975-05-01"}
    films = [
        film(1, "Harbour", **kind, keywords=["shark"]),
        film(2, "Harbour 2", genres=["Horror"], release_date="1998-05-01"),
        *(film(n, f"{name} Road", **kind) for n, name in enumerate(("Low", "High", "Far", "Near"), 10)),
    ]
    found = {movie_id: ids for movie_id, ids, _ in neighbours(films)}
    assert found[1][0] == 2
    assert found[2][0] == 1


def test_a_series_that_is_known_goes_before_everything() -> None:
    """By the collection's id, or by its name where a file has no id."""
    alike = {"keywords": ["heist", "jazz"], "overview": "A heist goes wrong in Oslo.", "genres": ["Crime"]}
    films = [
        film(1, "Night Ledger", **alike, collection_id=5, collection="Ledger Collection"),
        film(2, "Morning", collection_id=5, collection="Die Ledger-Reihe"),
        film(3, "Night Train", **{**alike, "genres": ["Drama"]}),
        film(4, "Orchard", collection="Orchard Collection"),
        film(5, "Lantern", collection="Orchard Collection"),
        film(6, "Paper", overview="A boat."),
    ]
    found = {movie_id: ids for movie_id, ids, _ in neighbours(films)}
    assert (found[1][0], found[2][0], found[4][0], found[5][0]) == (2, 1, 5, 4)


def test_the_list_of_series_is_sound() -> None:
    listed = series.listed()
    assert len(listed) > 190
    for name, members in listed.items():
        assert len(set(members)) == len(members) > 1, name
        assert all(1900 < year < 2030 for _, year in members), name


def test_series_of_tmdb_5000_stand_among_the_first_ten(platform: Platform, data: Path) -> None:
    imported(platform, data / "tmdb_5000" / "tmdb_5000_movies.csv.zip")
    platform.batch().run(cut=True)
    query = platform.query()
    query.refresh()
    cards = query.world.published.cards.values()
    titled = [(card["movie_id"], card["title"], int((card["release_date"] or "0")[:4]) or None) for card in cards]
    found = series.present(titled)
    assert sum(map(len, found.values())) > 500

    def likest(movie_id: int) -> list[int]:
        return [line["movie_id"] for line in similar(query, movie_id, ALL_FILMS, series.AMONG)["results"]]

    chosen, reported = (series.share(half, likest) for half in series.halves(found))
    assert min(chosen, reported) >= GOAL, (chosen, reported)
