"""The lineage holds together: everything that is made is made of something that is there, down to the source."""

from marquee.domain.events import REVIEWS
from marquee.domain.measures import GAUGE, SUMS
from marquee.domain.tables import SILVER, TABLES
from marquee.run.lineage import GLOSSARY, QUESTIONS, Column, Flow, figures, flows, jobs, reads, tables
from marquee.settings import load

HELD = {table.name: table for table in tables(load())}
MADE = {flow.into: flow for flow in flows()}


def sources(column: Column) -> set[Column]:
    """Return the columns that nothing is made of any more, from which a column comes."""
    flow = MADE.get(column[0])
    above = () if flow is None else flow.columns.get(column[1], ())
    return {column} if not above else set().union(*(sources(one) for one in above))


def test_every_end_of_every_flow_is_there() -> None:
    for flow in flows():
        assert set(flow.out_of) <= HELD.keys(), flow.into
        for column, above in flow.columns.items():
            assert column in HELD[flow.into].columns, (flow.into, column)
            for table, name in above:
                assert table in flow.out_of, (flow.into, column, table)
                assert name in HELD[table].columns, (flow.into, column, table, name)


def test_everything_but_the_source_is_made_of_something() -> None:
    assert {name for name in HELD if name not in MADE} == {
        *("tmdb.reviews", "tmdb.ratings", "tmdb.metadata", "movielens.ratings"),
    }
    assert len({flow.into for flow in flows()}) == len(list(flows()))
    for topic, name in SILVER.items():
        assert MADE[name].columns.keys() == TABLES[name].columns.keys(), topic
    assert {f"api{route.path}" for route in QUESTIONS} <= MADE.keys()
    assert all(route.reads for route in QUESTIONS), "every question says what it reads"


def test_a_figure_of_the_api_leads_back_to_what_people_wrote() -> None:
    found = sources(("api/v1/movies/{movie_id}/sentiment", "score"))
    assert ("tmdb.reviews", "content") in found
    assert not any(table == "tmdb.ratings" for table, _ in found)
    stars = sources(("api/v1/movies/{movie_id}/stats", "mean_stars"))
    assert ("tmdb.reviews", "author_details.rating") in stars
    assert ("tmdb.ratings", "vote_count") in sources(("batch_views.cells", "votes"))


def test_what_is_read_is_found_by_trying() -> None:
    assert reads("compound_sq") == ("weight", "compound")
    assert figures()["neutral"] == ("reviews", "positive", "negative")
    assert figures()["share_positive_at_least"] == ("reviews", "positive")
    assert GLOSSARY.keys() == {*SUMS, *GAUGE}


def test_the_jobs_are_those_of_the_platform() -> None:
    found = jobs([*flows(), Flow("ingest", REVIEWS, ("tmdb.reviews",))])
    assert list(found) == [
        "ingest",
        "bronze",
        "silver",
        "import",
        "gold",
        "maintain",
        "publish",
        "fold",
        "sync",
        "serve",
    ]
    assert found["fold"] == (("movie.reviews", "movie.ratings"), ("speed_cells",))


def test_tables_are_where_the_settings_keep_them() -> None:
    settings = load(kafka="k:1", registry="http://r", cassandra="c", mongo="mongodb://m")
    platforms = {table.name: table.platform for table in tables(settings)}
    assert (platforms["movie.reviews"], platforms["speed_cells"], platforms["batch_views.cells"]) == (
        "kafka",
        "cassandra",
        "mongodb",
    )
    assert HELD["movie.reviews"].platform == "sqlite"
