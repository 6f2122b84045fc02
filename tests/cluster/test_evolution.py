"""The stores of the cluster as an earlier version left them, and as settings change: nothing is lost, nothing to do by hand."""

from typing import Any

from tests.cluster.conftest import fresh

from marquee.adapters.cassandra import CassandraSpeedStore
from marquee.adapters.mongo import Client, MongoSpeedViews
from marquee.domain.coverage import SpeedState
from marquee.domain.measures import FIRST_STATE, SUMS, ZERO, Cell, decode_cell
from marquee.domain.records import SpeedCell
from marquee.domain.timeline import SECOND, SPEED_TTL
from marquee.speed.sync import Sync
from marquee.testing.events import NOON, gauge, micro

KEY = (1, NOON, NOON)


def test_cells_in_cassandra_gain_a_measure_and_the_fold_begins_anew(cql: Any, documents: Client) -> None:
    name = fresh()
    store = CassandraSpeedStore(cql, replicas=1, keyspace=name)
    views = MongoSpeedViews(documents, fresh())
    for number in (1, 2, 3):
        store.write(micro(number, {KEY: gauge(number)}, f"e{number}"))
    sync = Sync(store, views, lambda: NOON)  # type: ignore[arg-type]
    assert sync.step() == 1
    cql.execute(f"ALTER TABLE {name}.speed_views DROP stars")
    later = CassandraSpeedStore(cql, replicas=1, keyspace=name)
    assert later.progress() is None
    assert later.partials(0) == ([], [], None)
    assert later.seen(["e1"]) == set()
    seven = Cell(tuple(7 for _ in ZERO.sums), None)
    later.write(micro(1, {KEY: seven}, "e1"))
    assert later.partials(0)[0] == [SpeedCell(*KEY, seven)]
    sync = Sync(later, views, lambda: NOON)  # type: ignore[arg-type]
    assert sync.step() == 1, "views that were at batch 3 take what a store at batch 1 has"
    assert views.changes(1)[0] == [SpeedCell(*KEY, seven)]
    again = CassandraSpeedStore(cql, replicas=1, keyspace=name)
    assert again.partials(0)[0] == [SpeedCell(*KEY, seven)], "only a lack begins anew"


def test_cells_in_mongodb_are_read_as_0_1_0_wrote_them(documents: Client) -> None:
    name = fresh()
    views = MongoSpeedViews(documents, name)
    known = {number: name for number, name in enumerate(FIRST_STATE, start=1) if name in SUMS}
    first = [5 * number for number in range(1, 1 + len(FIRST_STATE))]
    cell = decode_cell(first, FIRST_STATE)
    assert [cell.sum(name) for name in known.values()] == [5 * number for number in known]
    assert cell.sum("gained") == 0
    views.upsert([SpeedCell(*KEY, cell)], [], SpeedState(NOON, NOON, 1, "p"), 1)
    held = documents[name]["speed_views"]
    held.update_many({}, {"$set": {"state": first}})
    assert MongoSpeedViews(documents, name).changes(0)[0] == [SpeedCell(*KEY, cell)]
    held.update_many({}, {"$set": {"state": {"reviews": 3, "of a newer version": 9}}})
    (read,) = views.changes(0)[0]
    assert (read.cell.sum("reviews"), read.cell.sum("stars"), read.cell.gauge) == (3, 0, None)


def test_documents_in_mongodb_expire_as_this_version_says(documents: Client) -> None:
    name = fresh()
    documents[name]["speed_views"].create_index([("written", 1)], expireAfterSeconds=60)
    MongoSpeedViews(documents, name)
    found = documents[name]["speed_views"].index_information()["written_1"]
    assert found["expireAfterSeconds"] == SPEED_TTL // SECOND
