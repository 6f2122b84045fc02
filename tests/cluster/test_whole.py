"""The platform over MongoDB and Cassandra: the answers of the reference, also when a service dies at the worst moment."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from tests.cluster.conftest import differ, fresh
from tests.conftest import NOON
from tests.facts import TEXTS, film, history, review

from marquee.adapters.cassandra import CassandraSpeedStore, Nodes
from marquee.adapters.mongo import MongoSpeedViews, MongoViews, connect
from marquee.app import Platform
from marquee.domain.timeline import DAY, HOUR, ManualClock
from marquee.errors import SettingsError, TransientError
from marquee.services.cassandra import Cassandra
from marquee.services.mongo import Mongo
from marquee.settings import load


class Over:
    """A platform over the services, each part on a database of its own."""

    def __init__(self, home: Path, clock: ManualClock, documents: Any, cql: Any) -> None:
        self.platform = Platform(load(home=home), clock)
        self.platform.views = MongoViews(documents, fresh())
        self.platform.speed_views = MongoSpeedViews(documents, self.platform.views.db.name)
        self.platform.speed_store = CassandraSpeedStore(cql, replicas=1, keyspace=fresh())


def test_both_layers_on_the_real_services_answer_as_the_reference(
    tmp_path: Path, clock: ManualClock, documents: Any, cql: Any
) -> None:
    platform = Over(tmp_path / "home", clock, documents, cql).platform
    door, batch, speed = platform.door(), platform.batch(), platform.speed()
    for hour, (now, facts) in enumerate(history(3, NOON - 3 * DAY, 72)):
        clock.time = now
        door.accept(facts)
        if hour % 3 == 0:
            speed.drain()
        if hour % 16 == 15:
            batch.run()
            assert differ(platform) == 0
    speed.drain()
    assert differ(platform) == 0
    assert platform.query().refresh()


def test_the_settings_choose_the_services(
    tmp_path: Path, clock: ManualClock, own_mongo: Mongo, cassandra: Cassandra
) -> None:
    settings = load(home=tmp_path / "home", cassandra=cassandra.address, cassandra_replicas=1)
    settings.mongo = SecretStr(own_mongo.address)
    platform = Platform(settings, clock)
    platform.door().accept([film(1, NOON), review(1, NOON, "a")])
    clock.time += 2 * HOUR
    platform.batch().run()
    platform.door().accept([review(1, clock.now(), "b")])
    platform.speed().drain()
    query = platform.query()
    query.refresh()
    assert query.movie(1)["sentiment"]["reviews"] == 2
    assert isinstance(platform.views, MongoViews)
    assert isinstance(platform.speed_store, CassandraSpeedStore)
    platform.mongo.close()
    platform.speed_store.session.cluster.shutdown()


@pytest.mark.parametrize("text", ["", "a:b", "a:1,b:2", ":9042", "a,,b"])
def test_nodes_that_cannot_be_are_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="MARQUEE_CASSANDRA"):
        Nodes.of(text)


def test_a_mongod_killed_in_a_publication_leaves_the_run_before(
    tmp_path: Path, clock: ManualClock, own_mongo: Mongo, cql: Any
) -> None:
    with connect(own_mongo.address) as client:
        platform = Over(tmp_path / "home", clock, client, cql).platform
        door, batch = platform.door(), platform.batch()
        door.accept([film(n, NOON) for n in range(1, 30)] + [review(n, NOON, f"r{n}") for n in range(1, 30)])
        clock.time += 2 * HOUR
        first = batch.run()
        door.accept([review(n, clock.now(), f"later{n}", TEXTS[1]) for n in range(1, 30)])
        platform.speed().drain()
        clock.time += HOUR
        views = platform.views
        added = views.add

        def dies(group: Any, run: int) -> None:
            added(group[: len(group) // 2], run)
            own_mongo.kill()
            added(group[len(group) // 2 :], run)

        views.add = dies  # type: ignore[method-assign]
        with pytest.raises(TransientError, match="MongoDB cannot be used"):
            batch.run()
        views.add = added  # type: ignore[method-assign]
        own_mongo.start().wait()
        with views.snapshot() as held:
            assert held.publication is not None
            assert held.publication.frontier.run_id == first.run_id
        assert differ(platform) == 0
        assert batch.run().state == "published"
        assert differ(platform) == 0
        platform.speed().drain()
        assert differ(platform) == 0


def test_a_node_killed_in_a_micro_batch_loses_and_doubles_nothing(
    tmp_path: Path, clock: ManualClock, documents: Any, own_cassandra: Cassandra
) -> None:
    session = Nodes.of(own_cassandra.address).connect()
    try:
        platform = Over(tmp_path / "home", clock, documents, session).platform
        door, speed = platform.door(), platform.speed()
        door.accept([film(n, NOON) for n in range(1, 20)] + [review(n, NOON, f"r{n}") for n in range(1, 20)])
        speed.drain()
        store = platform.speed_store
        many, one = store.many, store.one
        for dies_at in ("put_touched", "put_cell", "put_seen", "put_progress"):
            door.accept([review(n, clock.now(), f"{dies_at}{n}", TEXTS[n % 3]) for n in range(1, 20)])

            def dies(name: str, rows: Any, dies_at: str = dies_at) -> Any:
                if name == dies_at:
                    many(name, rows[: len(rows) // 2])
                    own_cassandra.kill()
                return many(name, rows)

            def last(name: str, *values: Any, dies_at: str = dies_at) -> Any:
                if name == dies_at:
                    own_cassandra.kill()
                return one(name, *values)

            store.many, store.one = dies, last  # type: ignore[method-assign]
            with pytest.raises(TransientError, match="Cassandra cannot be used"):
                speed.drain()
            store.many, store.one = many, one  # type: ignore[method-assign]
            own_cassandra.start().wait()
            until_reached(store.progress)
            speed.drain()
            assert differ(platform) == 0
    finally:
        session.cluster.shutdown()


def test_one_of_three_nodes_killed_and_back_costs_nothing(tmp_path: Path, clock: ManualClock, documents: Any) -> None:
    first = Cassandra(tmp_path / "1", "127.0.0.11")
    nodes = [first]
    for number in (2, 3):
        folder, host = tmp_path / f"{number}", f"127.0.0.1{number}"
        nodes.append(Cassandra(folder, host, first.port, first.storage, first.host))
    session = None
    try:
        for node in nodes:
            node.start().wait()
        session = Nodes.of(",".join(node.address for node in nodes)).connect()
        platform = Over(tmp_path / "home", clock, documents, session).platform
        keyspace = fresh()
        # The nodes answer before each knows that the others are up.
        platform.speed_store = until_reached(lambda: CassandraSpeedStore(session, replicas=3, keyspace=keyspace))
        door, speed = platform.door(), platform.speed()
        door.accept([film(n, NOON) for n in range(1, 20)] + [review(n, NOON, f"r{n}") for n in range(1, 20)])
        until_reached(speed.drain)
        nodes[1].kill()
        door.accept([review(n, clock.now(), f"without{n}", TEXTS[1]) for n in range(1, 20)])
        assert speed.drain() == 19
        assert differ(platform) == 0
        nodes[1].start().wait()
        nodes[2].kill()
        door.accept([review(n, clock.now(), f"other{n}", TEXTS[2]) for n in range(1, 20)])
        until_reached(platform.speed_store.progress)
        assert speed.drain() == 19
        assert differ(platform) == 0
    finally:
        if session is not None:
            session.cluster.shutdown()
        for node in nodes:
            node.stop()


def until_reached(ask: Callable[[], Any]) -> Any:
    """Return an answer of the nodes, asked for until enough of them are there."""
    for _ in range(100):
        try:
            return ask()
        except TransientError:
            time.sleep(0.2)
    raise AssertionError("the nodes did not come back")
