"""What a lake owes: its tables, and the engine that they are read with."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from marquee.domain.events import REVIEWS
from marquee.domain.tables import BRONZE, CELLS, TABLES
from marquee.domain.timeline import DAY
from marquee.libraries.arrow import arrow_schema
from marquee.ports.lake import Lake
from marquee.testing.events import NOON
from marquee.testing.suite import MEMORY, Make

PORT = "lake"
BODIES = BRONZE[REVIEWS]


def cells(*keys: tuple[int, int, int]) -> pa.Table:
    """Return rows of the table of cells by (film, year, month), the other columns 1."""
    rows = [dict.fromkeys(TABLES[CELLS].columns, 1) | {"movie_id": m, "year": y, "month": n} for m, y, n in keys]
    return pa.Table.from_pylist(rows, arrow_schema(CELLS))


def films(lake: Lake, **where: Any) -> list[int]:
    """Return the films of the cells in a table, or in some of its partitions."""
    rows = lake.arrow(lake.table(CELLS, where or None).select("movie_id"))
    return sorted(rows.column("movie_id").to_pylist())


def months(*keys: tuple[int, int]) -> list[dict[str, int]]:
    """Return partitions of the table of cells."""
    return [{"year": year, "month": month} for year, month in keys]


def test_a_table_never_written_to_has_its_columns_and_no_rows(adapter: Make) -> None:
    lake = adapter(PORT)
    for name, table in TABLES.items():
        rows = lake.arrow(lake.table(name))
        assert (rows.num_rows, set(rows.column_names)) == (0, set(table.columns))
    assert (lake.properties(CELLS), lake.files(CELLS), lake.partitions(CELLS)) == ({}, [], [])
    lake.drop_partitions(CELLS, months((2020, 1)))
    assert films(lake) == []


def test_rows_and_what_is_recorded_are_one_commit(adapter: Make) -> None:
    lake = adapter(PORT)
    assert lake.append(CELLS, cells((1, 2020, 1), (2, 2020, 2), (3, 2021, 1)), {"hour": "5", "scorer": "a b"}) == 3
    assert lake.append(CELLS, cells((4, 2020, 2)), {"hour": "6"}) == 1
    assert lake.append(CELLS, cells(), {"empty": "yes"}) == 0
    assert lake.properties(CELLS) == {"hour": "6", "scorer": "a b", "empty": "yes"}
    assert films(lake) == [1, 2, 3, 4]
    assert (films(lake, year=2020), films(lake, year=2020, month=2)) == ([1, 2, 4], [2, 4])
    assert (films(lake, year=[2021, 2022]), films(lake, year=1999)) == ([3], [])
    assert lake.partitions(CELLS) == months((2020, 1), (2020, 2), (2021, 1))
    held = sorted(tuple(partition.items()) for partition in lake.files(CELLS))
    assert set(held) == {tuple(partition.items()) for partition in lake.partitions(CELLS)}


def test_whole_partitions_are_replaced_and_dropped_in_one_commit(adapter: Make) -> None:
    lake = adapter(PORT)
    lake.append(CELLS, cells((1, 2020, 1), (2, 2020, 2), (3, 2021, 1)), {"hour": "5"})
    fresh = cells((7, 2020, 1), (8, 2022, 1))
    assert lake.replace(CELLS, fresh, months((2020, 1), (2022, 1)), {"hour": "6"}) == 2
    assert films(lake) == [2, 3, 7, 8]
    lake.replace(CELLS, cells((9, 2020, 2)), [{"month": 2, "year": 2020}], {})
    assert films(lake) == [3, 7, 8, 9], "whatever order a partition's columns are named in"
    lake.replace(CELLS, lake.table(CELLS, {"year": 2020}), months((2020, 1), (2020, 2)), {"hour": "7"})
    assert films(lake) == [3, 7, 8, 9], "rows may come out of what they take the place of"
    lake.drop_partitions(CELLS, months((2020, 1), (2021, 1), (1999, 1)))
    assert (films(lake), lake.partitions(CELLS)) == ([8, 9], months((2020, 2), (2022, 1)))
    assert lake.properties(CELLS) == {"hour": "7"}


def test_maintenance_changes_no_rows_and_nothing_that_is_recorded(adapter: Make) -> None:
    lake = adapter(PORT)
    for number in range(3):
        lake.append(CELLS, cells((number, 2020, 1)), {"hour": str(number)})
    lake.maintain(NOON + 10**4 * DAY)
    assert (films(lake), lake.properties(CELLS)) == ([0, 1, 2], {"hour": "2"})


def bodies(*texts: str) -> pa.Table:
    """Return rows of bronze with these bodies."""
    place = {"partition": 0, "ingest_time": NOON, "year": 2026, "month": 3, "day": 14, "hour": 12}
    rows = [place | {"offset": offset, "body": text} for offset, text in enumerate(texts)]
    return pa.Table.from_pylist(rows, arrow_schema(BODIES))


def test_bodies_are_parsed_into_columns_null_where_they_do_not_fit(adapter: Make) -> None:
    lake = adapter(PORT)
    sound = '{"movie_id": 7, "text": "a \\"b\\" 😀", "stars": 80, "unknown": {"x": 1}}'
    lake.append(BODIES, bodies(sound, '{"movie_id": "many", "text": "c"}', "{}"), {})
    rows = lake.arrow(lake.parse(BODIES, lake.table(BODIES)).order_by("offset"))
    found = rows.select(["offset", "movie_id", "text", "stars", "author"]).to_pylist()
    assert [tuple(row.values()) for row in found] == [
        (0, 7, 'a "b" 😀', 80, None),
        (1, None, "c", None, None),
        (2, None, None, None, None),
    ]
    lake.release()


def test_a_python_function_adds_columns_where_the_engine_computes(adapter: Make) -> None:
    lake = adapter(PORT)

    def lengths(body: pa.ChunkedArray) -> dict[str, Any]:
        return {"length": pc.cast(pc.utf8_length(body), pa.int64())}

    lake.append(BODIES, bodies("{}", "[1,2]"), {})
    rows = lake.map_rows(lake.table(BODIES).select("offset", "body"), ["body"], lengths)
    assert sorted(lake.arrow(rows.select("offset", "length")).to_pydict()["length"]) == [2, 5]
    none = lake.map_rows(lake.table(BODIES, {"year": 1999}).select("offset", "body"), ["body"], lengths)
    assert lake.arrow(none).num_rows == 0
    lake.release()


def test_pieces_come_back_in_order(adapter: Make) -> None:
    lake = adapter(PORT)
    assert list(lake.spread(sum, [[1, 2], [], [3]])) == [3, 0, 3]
    assert list(lake.spread(sum, [])) == []


def test_what_is_held_is_an_expression_until_it_is_let_go(adapter: Make) -> None:
    lake = adapter(PORT)
    lake.append(CELLS, cells((1, 2020, 1), (2, 2020, 2)), {})
    local = lake.local(lake.table(CELLS).filter(lambda rows: rows.movie_id > 1))
    memory = lake.memory(cells((2, 1, 1), (3, 1, 1)).select(["movie_id"]))
    lake.append(CELLS, cells((5, 2020, 1)), {})
    assert lake.arrow(local.select("movie_id")).to_pydict() == {"movie_id": [2]}, "as it was when it was evaluated"
    assert lake.arrow(local.semi_join(memory, "movie_id").count().as_table()).to_pylist()[0].popitem()[1] == 1
    rows = cells((4, 1, 1))
    assert lake.arrow(rows) is rows
    lake.release()
    lake.release()


@MEMORY
def test_a_lake_is_there_for_another_process(adapter: Make) -> None:
    writer, reader = adapter(PORT, "one"), adapter(PORT, "one")
    writer.append(CELLS, cells((1, 2020, 1)), {"hour": "5"})
    assert (films(reader), reader.properties(CELLS)) == ([1], {"hour": "5"})
    writer.replace(CELLS, cells((2, 2020, 1)), months((2020, 1)), {"hour": "6"})
    assert (films(reader), reader.properties(CELLS)) == ([2], {"hour": "6"})
