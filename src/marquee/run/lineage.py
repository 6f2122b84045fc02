"""Where every figure comes from: tables, their columns, and what is made of what, from the source to the API.

Derived from the definitions themselves where there are any: columns from the event dataclasses and the lake's tables,
what a measure reads from its lift, what a figure of the API reads by trying.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, get_type_hints

from marquee.domain import documents as kinds
from marquee.domain.events import FILM_FIELDS, METADATA, RATINGS, REVIEWS, TOPICS
from marquee.domain.measures import GAUGE, OF_READINGS, OF_REVIEWS, SUM_INDEX, SUMS, Cell
from marquee.domain.tables import BASE, BRONZE, CELLS, SILVER, TABLES, TASTE, event_columns
from marquee.http.routes.analytics import views
from marquee.http.routes.films import films
from marquee.serving.answers.present import counts, sentiment_figures
from marquee.settings import Settings
from marquee.sources.tmdb_facts import TMDB_NAMES

Column = tuple[str, str]
"""A table's name and its column's."""

SOURCE = {
    REVIEWS: {"author": "author", "stars": "author_details.rating", "text": "content", "event_time": "updated_at"},
    RATINGS: {"votes": "vote_count", "gained": "vote_count", "average": "vote_average", "popularity": "popularity"},
    METADATA: {name: TMDB_NAMES.get(name, name) for name in FILM_FIELDS if name != "deleted"},
}
"""What a topic's columns are called at TMDB."""

RATED = {"user_id": "userId", "movie_id": "movieId", "stars": "rating", "time": "timestamp", "part": "movieId"}
"""What the taste table's columns are made of in MovieLens' files."""

MADE_OF = {
    **dict.fromkeys(("compound", "sentence", "opinion", "opined", "positive", "negative"), ("text",)),
    **dict.fromkeys(("favourable", "mixed"), ("text", "stars")),
    "rated": ("stars",),
}
"""What a lift reads and an event does not hold, and the event's columns it is made of."""

VIEWS: dict[str, tuple[str, ...]] = {
    kinds.FILM: (SILVER[METADATA],),
    kinds.CELL_ROWS: (CELLS,),
    kinds.CARD: (SILVER[METADATA], CELLS),
    kinds.ACTIVITY: (CELLS,),
    kinds.DAILY: (CELLS,),
    kinds.SIMILAR: (SILVER[METADATA],),
    kinds.LIKED: (TASTE,),
    kinds.PERSON: (SILVER[METADATA], CELLS),
    kinds.PEOPLE: (SILVER[METADATA], CELLS),
    kinds.FORECASTER: (CELLS, SILVER[METADATA]),
    kinds.MONEY: (SILVER[METADATA],),
    kinds.SEASONS: (CELLS, SILVER[METADATA]),
    kinds.GENRES: (SILVER[METADATA], CELLS),
    kinds.ANOMALIES: (CELLS, SILVER[METADATA]),
}
"""What each kind of published document is made of."""

QUESTIONS = (*films.declared, *views.declared)
"""The API's questions about films and people."""


@dataclass(frozen=True, slots=True)
class Table:
    """A dataset: where it is kept, what it is, its columns (name to type), and the terms that these stand for."""

    name: str
    platform: str
    about: str
    columns: Mapping[str, str] = field(default_factory=dict)
    terms: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Flow:
    """What a job makes: `into`, out of tables, and of which of their columns each column."""

    job: str
    into: str
    out_of: tuple[str, ...]
    columns: Mapping[str, tuple[Column, ...]] = field(default_factory=dict)


class Read:
    """An event that notes what a lift reads of it; any arithmetic on it is itself."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def __getattr__(self, name: str) -> "Read":
        self.names.append(name)
        return self

    def __mul__(self, other: object) -> "Read":
        return self

    __add__ = __sub__ = __mul__


def reads(measure: str) -> tuple[str, ...]:
    """Return the columns that a measure's lift reads."""
    event = Read()
    SUMS[measure].lift(event)
    return tuple(dict.fromkeys(event.names))


def figures() -> dict[str, tuple[str, ...]]:
    """Return of each figure of a presented cell the sums that it changes with, found by changing each in turn."""

    def shown(cell: Cell) -> dict[str, Any]:
        return {**counts(cell), **sentiment_figures(cell)}

    usual = Cell(tuple(range(1_000, 1_000 + 100 * len(SUMS), 100)), None)
    found: dict[str, list[str]] = {name: [] for name in shown(usual)}
    for name, place in SUM_INDEX.items():
        for step in (-900, 40_000, -40_000_000):
            sums = list(usual.sums)
            sums[place] += step
            for figure, value in shown(Cell(tuple(sums), None)).items():
                if value != shown(usual)[figure] and name not in found[figure]:
                    found[figure].append(name)
    return {figure: tuple(names) for figure, names in found.items()}


GLOSSARY = {
    **{name: measure.about for name, measure in SUMS.items()},
    "observed_at": "When the latest reading of a film's gauges was taken, ms.",
    "offset": "Where that reading stood in the log.",
    "votes": "Votes at that reading. A gauge: never summed.",
    "average": "Their average at that reading, x 10^3.",
    "popularity": "TMDB's popularity at that reading, x 10^4; -1 where a source has none.",
}
"""What each measure is, in words."""


def name_of(hint: Any) -> str:
    """Return a column type's name, as people read it."""
    return hint.__name__ if isinstance(hint, type) else str(hint).replace("marquee.domain.events.", "")


def types(columns: Mapping[str, Any]) -> dict[str, str]:
    """Return columns with their types' names."""
    return {name: name_of(hint) for name, hint in columns.items()}


def tables(settings: Settings) -> Iterator[Table]:
    """Yield every table, where the settings keep it."""
    log = "kafka" if settings.kafka else "sqlite"
    cells = "cassandra" if settings.cassandra else "sqlite"
    shelf = "mongodb" if settings.mongo else "sqlite"
    measures = {name: name for name in (*SUMS, *GAUGE)}
    yield Table("movielens.ratings", "movielens", "Who rated which film how", dict.fromkeys(RATED.values(), "text"))
    for topic, kind in TOPICS.items():
        fields = dict.fromkeys(SOURCE[topic].values(), "json")
        yield Table(f"tmdb.{topic.removeprefix('movie.')}", "tmdb", f"What TMDB's API tells for {topic}", fields)
        about = (kind.__doc__ or "").partition("\n")[0]
        yield Table(topic, log, about, types(get_type_hints(kind)))
    for name, held in TABLES.items():
        layer = name.partition(".")[0]
        yield Table(
            name, "iceberg", f"The {layer} layer's {name}", types(held.columns), measures if layer == "gold" else {}
        )
    cell = dict.fromkeys(("movie_id", "hour", "window", *SUMS, *GAUGE), "int")
    yield Table("speed_cells", cells, "Partial cells of the last 48 hours, by ingest hour", cell, measures)
    yield Table("speed_views.cells", shelf, "The same, merged, for readers", cell, measures)
    yield Table("speed_views.films", shelf, "Descriptions that the speed layer has seen", {"movie_id": "int"})
    for name in VIEWS:
        held_columns = dict.fromkeys((*SUMS, *GAUGE), "int") if name == kinds.CELL_ROWS else {}
        terms = measures if held_columns else {}
        yield Table(f"batch_views.{name}", shelf, f"Published documents of the kind {name!r}", held_columns, terms)
    for route in QUESTIONS:
        fields = dict.fromkeys(figures(), "number") if route.cells else {}
        yield Table(f"api{route.path}", "marquee", route.summary, fields)


def flows() -> Iterator[Flow]:
    """Yield what is made of what, in the order of the data."""
    for topic in TOPICS:
        source, log, bronze, silver = f"tmdb.{topic.removeprefix('movie.')}", topic, BRONZE[topic], SILVER[topic]
        yield Flow("ingest", log, (source,), {to: ((source, at),) for to, at in SOURCE[topic].items()})
        body = {"body": tuple((log, name) for name in event_columns(topic))}
        yield Flow("bronze", bronze, (log,), body)
        parsed = {name: ((bronze, "body"),) for name in TABLES[silver].columns if name not in TABLES[bronze].columns}
        kept = {name: ((bronze, name),) for name in TABLES[silver].columns if name in TABLES[bronze].columns}
        yield Flow("silver", silver, (bronze,), {**parsed, **kept})
    yield Flow("import", TASTE, ("movielens.ratings",), {to: (("movielens.ratings", at),) for to, at in RATED.items()})
    reviews, ratings = SILVER[REVIEWS], SILVER[RATINGS]
    lifted = {
        **{name: tuple((reviews, column) for column in reads(name)) for name in OF_REVIEWS},
        **{name: tuple((ratings, column) for column in (*reads(name), "since", "event_time")) for name in OF_READINGS},
        **{name: ((ratings, name),) for name in GAUGE},
        **{name: ((reviews, name), (ratings, name)) for name in ("movie_id", "window")},
    }
    yield Flow("gold", CELLS, (reviews, ratings, BASE), lifted)
    yield Flow("maintain", BASE, (reviews, ratings), lifted)
    for name, out_of in VIEWS.items():
        cells = (*SUMS, *GAUGE) if name == kinds.CELL_ROWS else ()
        yield Flow("publish", f"batch_views.{name}", out_of, {column: ((CELLS, column),) for column in cells})
    folded = {
        **{
            name: tuple((REVIEWS, column) for read in reads(name) for column in MADE_OF.get(read, (read,)))
            for name in OF_REVIEWS
        },
        **{name: tuple((RATINGS, column) for column in (*reads(name), "since", "event_time")) for name in OF_READINGS},
        **{name: ((RATINGS, name),) for name in ("votes", "average", "popularity")},
    }
    yield Flow("fold", "speed_cells", (REVIEWS, RATINGS), folded)
    same = {name: (("speed_cells", name),) for name in (*SUMS, *GAUGE)}
    yield Flow("sync", "speed_views.cells", ("speed_cells",), same)
    yield Flow("sync", "speed_views.films", (METADATA,), {})
    both = (f"batch_views.{kinds.CELL_ROWS}", "speed_views.cells")
    shown = {figure: tuple((held, name) for held in both for name in names) for figure, names in figures().items()}
    for route in QUESTIONS:
        documents = tuple(f"batch_views.{name}" for name in route.reads)
        columns = shown if route.cells else {}
        out_of = tuple(
            dict.fromkeys((*documents, *(both if columns else ()), "speed_views.cells", "speed_views.films"))
        )
        yield Flow("serve", f"api{route.path}", out_of, columns)


def jobs(made: Sequence[Flow]) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return each job's (inputs, outputs), in the order of the data."""
    found: dict[str, tuple[dict[str, None], dict[str, None]]] = {}
    for flow in made:
        inputs, outputs = found.setdefault(flow.job, ({}, {}))
        inputs.update(dict.fromkeys(flow.out_of))
        outputs[flow.into] = None
    return {job: (tuple(inputs), tuple(outputs)) for job, (inputs, outputs) in found.items()}
