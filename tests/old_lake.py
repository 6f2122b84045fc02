"""Lakes as homes up to layout 2 kept them: their catalogue names whole addresses, made of paths and taken for paths."""

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import NamespaceAlreadyExistsError
from pyiceberg.table import Table

from marquee.domain.tables import TABLES
from marquee.engines.duckdb.iceberg import IcebergCatalog
from marquee.libraries.arrow import arrow_schema


class OldCatalog(IcebergCatalog):
    """What stood in the catalogue's place up to layout 2, in what it did with paths."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.reach: Any = folder
        self.reach = type("Reach", (), {"path": str(folder)})
        self.catalog = SqlCatalog(
            "marquee", uri=f"sqlite:///{folder / 'catalog.db'}", warehouse=folder.absolute().as_uri()
        )
        self.tables: dict[str, Table] = {}

    def create(self, name: str) -> Table:
        with suppress(NamespaceAlreadyExistsError):
            self.catalog.create_namespace(name.split(".")[0])
        made = self.catalog.create_table_transaction(name, arrow_schema(name))
        with made as creation, creation.update_spec() as spec:
            for column in TABLES[name].partition:
                spec.add_identity(column)
        return self.catalog.load_table(name)

    def files(self, name: str, where: Mapping[str, Any] | None = None) -> list[str]:
        return sorted(file.file_path.removeprefix("file://") for file in self.data_files(name, where))


def use(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let lakes be opened as they were."""
    monkeypatch.setattr("marquee.engines.duckdb.lake.IcebergCatalog", OldCatalog)


def make(lake: Path, name: str, *rows: pa.Table) -> None:
    """Make a lake of one table as it was."""
    catalog = OldCatalog(lake)
    for part in rows:
        catalog.commit(name, part, {})


def date_back(home: Path) -> None:
    """Let a home be one of layout 2, open to others as it was made."""
    (home / "layout.json").write_text(json.dumps({"layout": 2}))
    for path in (home, *home.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
