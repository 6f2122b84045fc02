"""The home: the one folder that holds all state of an embedded platform, and the locks on it."""

import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from marquee.adapters.sqlite import explained
from marquee.adapters.sqlite_keys import SqliteKeys
from marquee.domain.coverage import Source
from marquee.errors import HomeBusyError, StorageError

LAYOUT = 2
"""Version of the folder's layout, written into it."""


def let_keys_expire(home: "Home") -> None:
    """Give the keys of layout 1, which did not expire, the column that says when they do."""
    if home.path("keys.db").exists():
        SqliteKeys(home.path("keys.db")).close()


UPGRADES: dict[int, Callable[["Home"], None]] = {1: let_keys_expire}
"""What brings a home of a layout to the next one. Each may be done again, should it be cut off."""

REQUESTS = "requests"
"""Folder of the home with a file for each role that is asked to work now."""

LEAST_FREE = 64 * 1024 * 1024
"""Bytes that must be free to begin with."""


class Home:
    """Paths and locks of a home."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, name: str) -> Path:
        """Return the path of a file in the home."""
        return self.folder / name

    def open(self) -> "Home":
        """Create the folder if needed, and check that it can be used."""
        with explained(self.folder):
            self.path("locks").mkdir(parents=True, exist_ok=True)
            probe = self.path("locks") / f"probe-{os.getpid()}"
            probe.write_text("writable")
            probe.unlink()
        if not self.exists():
            self.note(layout=LAYOUT)
        found = self.notes().get("layout")
        if found in UPGRADES:
            found = self.upgrade()
        if found != LAYOUT:
            raise StorageError(
                f"{self.folder} has layout {found}, this program uses {LAYOUT}",
                hint="Use the version of Marquee that made it, or choose another folder with --home.",
            )
        if shutil.disk_usage(self.folder).free < LEAST_FREE:
            raise StorageError(
                f"the disk that holds {self.folder} has under {LEAST_FREE // 1024**2} MB free",
                hint="Free some space, or choose another folder with --home or MARQUEE_HOME.",
            )
        return self

    def upgrade(self) -> int:
        """Bring the home to the present layout; one process at a time. Return its layout."""
        with self.lock("upgrade", wait=True):
            while (found := self.notes()["layout"]) in UPGRADES:
                UPGRADES[found](self)
                self.note(layout=found + 1)
        return int(found)

    def notes(self) -> dict[str, Any]:
        """Return what the home knows of itself."""
        with explained(self.path("layout.json")):
            found: dict[str, Any] = json.loads(self.path("layout.json").read_text())
            return found

    def note(self, **facts: Any) -> None:
        """Write down something of the home itself, beside what is noted already."""
        target = self.path("layout.json")
        part = target.with_suffix(f".{os.getpid()}.part")
        with explained(target):
            part.write_text(json.dumps({**(self.notes() if self.exists() else {}), **facts}))
            part.replace(target)

    def source(self) -> Source | None:
        """Return where this home's films come from, as noted; None while nothing is."""
        noted: Source | None = self.notes().get("source")
        return noted

    def exists(self) -> bool:
        """Whether there is a home here."""
        return self.path("layout.json").exists()

    @contextmanager
    def lock(self, name: str, *, wait: bool = False) -> Iterator[None]:
        """Hold a role in this home; the system frees it when the process ends, however it ends.

        Raises HomeBusyError, naming the process, when another holds it and `wait` is false.
        """
        path = self.path("locks") / name
        with explained(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = path.open("a+")
        with handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                handle.seek(0)
                raise HomeBusyError(
                    f"process {handle.read().strip() or '?'} already runs `marquee {name}` on {self.folder}",
                    hint="End it first, or choose another folder with --home.",
                ) from None
            handle.truncate(0)
            handle.write(str(os.getpid()))
            handle.flush()
            yield

    def holders(self) -> dict[str, int]:
        """Return the processes that hold roles now, by role."""
        found: dict[str, int] = {}
        for path in sorted(self.path("locks").glob("*")):
            with path.open("a+") as handle:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    handle.seek(0)
                    found[path.name] = int(handle.read().strip() or 0)
        return found

    def ask(self, role: str) -> None:
        """Ask who holds a role to do its work now."""
        with explained(self.path(REQUESTS)):
            self.path(REQUESTS).mkdir(exist_ok=True)
            (self.path(REQUESTS) / role).touch()

    def asked(self, role: str) -> bool:
        """Say whether a role was asked to work now, once."""
        try:
            (self.path(REQUESTS) / role).unlink()
        except FileNotFoundError:
            return False
        return True

    def services(self) -> list[dict[str, Any]]:
        """Return the services that `marquee cluster up` runs for this home, and whether each still does."""
        path = self.path("services") / "services.json"
        if not path.exists():
            return []
        return [{**one, "runs": Path(f"/proc/{one['pid']}").exists()} for one in json.loads(path.read_text())]
