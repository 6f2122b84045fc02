"""The cluster's side of serving: batch views and speed views in MongoDB.

Batch documents are kept by run: a publication adds the versions that changed and then swings one pointer, so a
reader, who asks for the newest version up to the run it began with, sees one run whole. The versions that the run
before the last did not need are dropped, and what a failed publication left is dropped by the next.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from pymongo import ASCENDING, DESCENDING, DeleteMany, InsertOne, MongoClient, ReplaceOne, WriteConcern
from pymongo.errors import OperationFailure, PyMongoError
from pymongo.read_concern import ReadConcern

from marquee.domain.coverage import NO_SPEED, Frontier, SpeedState
from marquee.domain.measures import FIRST_STATE, STATE_COLUMNS, Cell, decode_cell, encode_cell
from marquee.domain.records import Publication, SpeedCell, SpeedFilm
from marquee.domain.timeline import SECOND, SPEED_TTL
from marquee.errors import TerminalError, TransientError

DATABASE = "marquee"
GROUP = 1_000
"""Documents written or compared at once."""

OPTIONS_CONFLICT = 85
"""MongoDB's code for an index that exists with other options."""

Body = dict[str, Any]


@contextmanager
def explained() -> Iterator[None]:
    """Turn the driver's errors into ours."""
    try:
        yield
    except PyMongoError as error:
        raise TransientError(
            f"MongoDB cannot be used: {str(error)[:300]}", hint="Is it running? See MARQUEE_MONGO and `marquee status`."
        ) from error


Client = MongoClient[Body]


def connect(address: str) -> Client:
    """Return a client; it connects when it is first used, and is closed by whoever made it."""
    return MongoClient(address, serverSelectionTimeoutMS=10_000, appname="marquee")


def database(client: Client, name: str) -> Any:
    """Return a database, with majority writes and reads."""
    return client.get_database(
        name, write_concern=WriteConcern("majority", wtimeout=10_000), read_concern=ReadConcern("majority")
    )


class MongoSnapshot:
    """A `ViewsSnapshot`: the newest versions up to the run it began with."""

    def __init__(self, views: Any, publication: Publication | None) -> None:
        self.views = views
        self.publication = publication
        self.run = 0 if publication is None else publication.frontier.run

    def get(self, kind: str, key: int) -> bytes | None:
        """Return a document's stored bytes."""
        with explained():
            wanted = {"kind": kind, "key": key, "run": {"$lte": self.run}}
            found = self.views.find_one(wanted, {"body": 1}, sort=[("run", DESCENDING)])
        return None if found is None else bytes(found["body"])

    def changed(self, kind: str, after_run: int) -> list[tuple[int, bytes]]:
        """Return the documents of a kind that runs past `after_run` changed."""
        with explained():
            wanted = {"kind": kind, "run": {"$gt": after_run, "$lte": self.run}}
            versions = self.views.find(wanted, {"key": 1, "body": 1}).sort("run", ASCENDING)
            return list({version["key"]: bytes(version["body"]) for version in versions}.items())


class MongoViews:
    """`BatchViews` in MongoDB: collections `batch_views` and `pointers`."""

    def __init__(self, client: Client, name: str = DATABASE) -> None:
        self.db = database(client, name)
        self.views = self.db["batch_views"]
        self.pointers = self.db["pointers"]
        with explained():
            self.views.create_index([("kind", ASCENDING), ("key", ASCENDING), ("run", DESCENDING)], unique=True)
            self.views.create_index([("kind", ASCENDING), ("run", ASCENDING)])
            self.views.create_index([("superseded_by", ASCENDING)], sparse=True)

    def pointer(self) -> Publication | None:
        """Return the published run."""
        with explained():
            found = self.pointers.find_one({"_id": "batch"})
        if found is None:
            return None
        frontier = Frontier(found["run"], found["run_id"], found["hour"])
        return Publication(frontier, found["published_at"], json.loads(found["facts"]))

    @contextmanager
    def snapshot(self) -> Iterator[MongoSnapshot]:
        """Open a reading of the published run."""
        yield MongoSnapshot(self.views, self.pointer())

    def publish(self, publication: Publication, documents: Iterable[tuple[str, int, bytes]]) -> None:
        """Add the versions that changed, swing the pointer, and drop what no reader needs any more."""
        run, last = publication.frontier.run, self.pointer()
        before = 0 if last is None else last.frontier.run
        if run <= before:
            raise TerminalError(
                f"run {run} cannot be published over run {before}",
                hint="Another batch run has published meanwhile: start a new one with `marquee batch`.",
            )
        with explained():
            self.undo(before)
            given = iter(documents)
            while group := list(islice(given, GROUP)):
                self.add(group, run)
            pointer = {
                "run": run,
                "run_id": publication.frontier.run_id,
                "hour": publication.frontier.hour,
                "published_at": publication.published_at,
                "facts": json.dumps(dict(publication.facts)),
            }
            self.pointers.replace_one({"_id": "batch"}, pointer, upsert=True)
            self.views.delete_many({"superseded_by": {"$gt": 0, "$lte": before}})

    def undo(self, published: int) -> None:
        """Drop what a publication that failed left behind."""
        self.views.delete_many({"run": {"$gt": published}})
        self.views.update_many({"superseded_by": {"$gt": published}}, {"$unset": {"superseded_by": ""}})

    def add(self, group: Sequence[tuple[str, int, bytes]], run: int) -> None:
        """Add the documents of a group that are not as they were."""
        keys: dict[str, list[int]] = {}
        for kind, key, _ in group:
            keys.setdefault(kind, []).append(key)
        held: dict[tuple[str, int], Body] = {}
        for kind, wanted in keys.items():
            standing = {"kind": kind, "key": {"$in": wanted}, "superseded_by": {"$exists": False}}
            held |= {(kind, old["key"]): old for old in self.views.find(standing)}
        writes: list[Any] = []
        for kind, key, body in group:
            old = held.get((kind, key))
            if old is not None and bytes(old["body"]) == body:
                continue
            if old is not None:
                writes.append(ReplaceOne({"_id": old["_id"]}, {**old, "superseded_by": run}))
            writes.append(InsertOne({"kind": kind, "key": key, "run": run, "body": body}))
        if writes:
            self.views.bulk_write(writes, ordered=True)


class MongoSpeedViews:
    """`SpeedViews` in MongoDB: collections `speed_views`, `speed_films`; each sync is one transaction."""

    def __init__(self, client: Client, name: str = DATABASE) -> None:
        self.db = database(client, name)
        self.cells, self.films, self.pointers = (self.db[name] for name in ("speed_views", "speed_films", "pointers"))
        with explained():
            for collection in (self.cells, self.films):
                collection.create_index([("version", ASCENDING)])
                collection.create_index([("hour", ASCENDING)])
                expire_by(collection, "written", SPEED_TTL // SECOND)

    def state(self) -> tuple[SpeedState, int]:
        """Return the state and the last batch synced."""
        with explained():
            return state_of(self.pointers.find_one({"_id": "speed"}))

    def upsert(self, cells: Sequence[SpeedCell], films: Sequence[SpeedFilm], state: SpeedState, batch_id: int) -> None:
        """Replace these cells and films, and the state, in one transaction."""
        written, version = datetime.now(UTC), state.version
        of_cells = [
            {
                "_id": f"{cell.movie_id}/{cell.hour}/{cell.window}",
                "movie_id": cell.movie_id,
                "hour": cell.hour,
                "window": cell.window,
                "state": dict(zip(STATE_COLUMNS, encode_cell(cell.cell), strict=True)),
                "version": version,
                "written": written,
            }
            for cell in cells
        ]
        of_films = [
            {
                "_id": f"{film.movie_id}/{film.hour}",
                "movie_id": film.movie_id,
                "hour": film.hour,
                "rank": list(film.rank),
                "body": film.body,
                "version": version,
                "written": written,
            }
            for film in films
        ]
        now = {
            "since": state.since,
            "through": state.through,
            "version": version,
            "position": state.position,
            "batch_id": batch_id,
        }

        def write(session: Any) -> None:
            for collection, bodies in ((self.cells, of_cells), (self.films, of_films)):
                if bodies:
                    replaced = [ReplaceOne({"_id": body["_id"]}, body, upsert=True) for body in bodies]
                    collection.bulk_write(replaced, ordered=False, session=session)
            self.pointers.replace_one({"_id": "speed"}, now, upsert=True, session=session)

        with explained(), self.db.client.start_session() as session:
            session.with_transaction(write, write_concern=WriteConcern("majority"))

    def changes(self, after_version: int) -> tuple[list[SpeedCell], list[SpeedFilm], SpeedState]:
        """Return what changed after a version, all of one moment."""
        with explained(), self.db.client.start_session(snapshot=True) as session:
            newer = {"version": {"$gt": after_version}}
            state, _ = state_of(
                self.pointers.with_options(read_concern=ReadConcern()).find_one({"_id": "speed"}, session=session)
            )
            cells, films = (
                list(collection.with_options(read_concern=ReadConcern()).find(newer, session=session))
                for collection in (self.cells, self.films)
            )
        return (
            [SpeedCell(c["movie_id"], c["hour"], c["window"], cell_of(c["state"])) for c in cells],
            [SpeedFilm(f["movie_id"], f["hour"], (f["rank"][0], f["rank"][1]), bytes(f["body"])) for f in films],
            state,
        )

    def expire(self, before_hour: int) -> int:
        """Drop what was ingested before an hour. The TTL index does the same for a platform that has stopped."""
        with explained():
            self.films.bulk_write([DeleteMany({"hour": {"$lt": before_hour}})])
            return int(self.cells.delete_many({"hour": {"$lt": before_hour}}).deleted_count)


def expire_by(collection: Any, name: str, seconds: int) -> None:
    """Let documents go so many seconds after the time in a field, also where they went after others before."""
    try:
        collection.create_index([(name, ASCENDING)], expireAfterSeconds=seconds)
    except OperationFailure as error:
        if error.code != OPTIONS_CONFLICT:
            raise
        index = {"keyPattern": {name: ASCENDING}, "expireAfterSeconds": seconds}
        collection.database.command({"collMod": collection.name, "index": index})


def cell_of(state: Mapping[str, int | None] | Sequence[int | None]) -> Cell:
    """Read a cell's state: by name, or as version 0.1.0 wrote it."""
    if isinstance(state, Mapping):
        return decode_cell(state.values(), tuple(state))
    return decode_cell(state, FIRST_STATE)


def state_of(found: Body | None) -> tuple[SpeedState, int]:
    """Read the speed pointer."""
    if found is None:
        return NO_SPEED, 0
    state = SpeedState(found["since"], found["through"], found["version"], found["position"])
    return state, found["batch_id"]
