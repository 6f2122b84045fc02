"""The files of a lake, named relative to its folder, wherever that is now."""

import re

from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.typedef import EMPTY_DICT, Properties

from marquee.domain.tables import TABLES
from marquee.errors import StorageError

CATALOG = "catalog.db"
"""The file of the lake's catalogue, within its folder."""

ROOT = "lake.folder"
"""Property of the catalogue that holds the path by which the lake's folder is reached."""

TABLE_FOLDERS = "|".join(re.escape(name.replace(".", "/")) for name in TABLES)
INSIDE = re.compile(rf"(?:.*/)?((?:{TABLE_FOLDERS})/(?:data|metadata)/.+)", re.DOTALL)


def folder_of(name: str) -> str:
    """Return a table's location: its folder within the lake."""
    return name.replace(".", "/")


def inside(location: str) -> str:
    """Return where in the lake a location of Iceberg's metadata lies, such as `gold/cells/data/a.parquet`.

    Homes of layout 2 and earlier name files by their whole paths at the time of writing; the last part of those that
    names a table is what counts, so that such a home may be moved or copied too.
    """
    found = INSIDE.fullmatch(location)
    if found is None or ".." in found[1].split("/"):
        raise StorageError(
            f"the lake's catalogue names {location}, which is no file of a lake",
            hint="Restore the home from a backup.",
        )
    return found[1]


class LakeFiles(PyArrowFileIO):
    """Reads and writes the files that the metadata of a lake name."""

    @staticmethod
    def parse_location(location: str, properties: Properties = EMPTY_DICT) -> tuple[str, str, str]:
        """Return (scheme, host, path) of a location: it is always within the lake."""
        return "file", "", f"{properties[ROOT]}/{inside(location)}"
