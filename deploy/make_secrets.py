"""Makes the secrets of a deployment, once: for Compose as files of a folder, for Kubernetes as a Secret on stdout.

make_secrets.py files FOLDER             keeps what is there, and makes what is missing
make_secrets.py kubernetes NAMESPACE     reads TMDB_API_KEY, PAGERDUTY_ROUTING_KEY and SLACK_WEBHOOK
"""

import base64
import json
import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path

RANDOM = (
    *("marquee_api_key", "mongo_key", "mongo_password", "redis_password"),
    *("airflow_password", "airflow_jwt", "grafana_password"),
)
GIVEN = {
    "tmdb_api_key": "TMDB_API_KEY",
    "pagerduty_routing_key": "PAGERDUTY_ROUTING_KEY",
    "slack_webhook": "SLACK_WEBHOOK",
}
"""What others give, and the variable that it is read from."""

MONGO = {"files": "mongo", "kubernetes": "mongo-0.mongo"}
"""Where the first MongoDB answers."""


def made(form: str, held: Callable[[str], str | None]) -> dict[str, str]:
    """Return every secret: the one that is held, or a new one."""
    found: dict[str, str] = {}

    def keep(name: str, value: Callable[[], str]) -> None:
        before = held(name)
        found[name] = value() if before is None else before

    for name in RANDOM:
        keep(name, lambda: secrets.token_hex(32))
    keep("airflow_fernet", lambda: base64.urlsafe_b64encode(os.urandom(32)).decode())
    mongo = f"mongodb://marquee:{found['mongo_password']}@{MONGO[form]}:27017/?replicaSet=marquee&authSource=admin"
    keep("marquee_mongo", lambda: mongo)
    keep("marquee_redis", lambda: f"redis://:{found['redis_password']}@redis:6379/0")
    database = f"postgresql+psycopg2://airflow:{found['airflow_password']}@airflow-database/airflow"
    keep("airflow_database", lambda: database)
    for name, variable in GIVEN.items():
        keep(name, lambda variable=variable: os.environ.get(variable, "") if form == "kubernetes" else "")
    return found


def files(folder: Path) -> None:
    """Write what is missing. Containers read these as users of their own: the folder guards them, not the files' modes."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)

    def held(name: str) -> str | None:
        path = folder / name
        return path.read_text() if path.exists() else None

    for name, value in made("files", held).items():
        path = folder / name
        if not path.exists():
            path.write_text(value)
            path.chmod(0o644)


def kubernetes(namespace: str) -> None:
    """Print a Secret."""
    about = {"name": "marquee", "namespace": namespace}
    data = made("kubernetes", lambda name: None)
    print(json.dumps({"apiVersion": "v1", "kind": "Secret", "metadata": about, "type": "Opaque", "stringData": data}))


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in MONGO:
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    if sys.argv[1] == "files":
        files(Path(sys.argv[2]))
    else:
        kubernetes(sys.argv[2])
