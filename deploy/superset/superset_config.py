"""Superset's configuration for Marquee: everything in one folder, no default secret, this machine alone.

MARQUEE_SUPERSET: the folder of its state and of its secret key; MARQUEE_EXPORT: the file that `marquee export` writes.
"""

import os
from pathlib import Path
from typing import Any

STATE = Path(os.environ["MARQUEE_SUPERSET"])
EXPORT = os.environ["MARQUEE_EXPORT"]

SECRET_KEY = (STATE / "secret_key").read_text().strip()
SQLALCHEMY_DATABASE_URI = os.environ.get("MARQUEE_SUPERSET_DATABASE", f"sqlite:///{STATE / 'superset.db'}")
SQLALCHEMY_TRACK_MODIFICATIONS = False
WTF_CSRF_ENABLED = True
TALISMAN_ENABLED = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = os.environ.get("MARQUEE_SUPERSET_HTTPS", "") == "yes"
CACHE_CONFIG = {"CACHE_TYPE": "SimpleCache", "CACHE_DEFAULT_TIMEOUT": 60}
DATA_CACHE_CONFIG = {"CACHE_TYPE": "SimpleCache", "CACHE_DEFAULT_TIMEOUT": 30}
FILTER_STATE_CACHE_CONFIG = CACHE_CONFIG
EXPLORE_FORM_DATA_CACHE_CONFIG = CACHE_CONFIG
RATELIMIT_ENABLED = True
RATELIMIT_STORAGE_URI = "memory://"
FEATURE_FLAGS = {"DASHBOARD_RBAC": True}


def DB_CONNECTION_MUTATOR(uri: Any, params: dict[str, Any], *_: Any) -> tuple[Any, dict[str, Any]]:  # noqa: N802
    """Point the bundle's database at the export, wherever it is."""
    if uri.drivername.startswith("duckdb"):
        uri = uri.set(database=EXPORT)
    return uri, params
