"""The home: the one folder that holds all state of an embedded platform, and the locks on it."""

import fcntl
import json
import logging
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from marquee import __version__
from marquee.adapters.sqlite.connection import explained
from marquee.adapters.sqlite.keys import SqliteKeys
from marquee.domain.coverage import Source
from marquee.errors import HomeBusyError, StorageError
from marquee.places import fit, keep_private, shown, tighten, write_whole

log = logging.getLogger(__name__)

LAYOUT = 3
"""Version of the folder's layout, written into it."""


def let_keys_expire(home: "Home") -> None:
    """Give the keys of layout 1, which did not expire, the column that says when they do."""
    if home.path("keys.db").exists():
        SqliteKeys(home.path("keys.db")).close()


def settle(home: "Home") -> None:
    """Bring a home of layout 2 to layout 3: all that is its own lies in it, and is its user's alone."""
    busy = {role: pid for role, pid in home.holders().items() if role != "upgrade"}
    if busy:
        raise HomeBusyError(
            f"{shown(home.folder)} is of an earlier version of Marquee, which still runs on it: "
            f"{', '.join(f'{role} ({pid})' for role, pid in busy.items())}",
            hint="End these processes; the home is then brought up to the present layout.",
        )
    home.bring_in_strays()
    changed = tighten(home.folder)
    if changed:
        log.warning(
            "%s: %d files and folders could be read by others; they are private to their user now",
            shown(home.folder),
            changed,
        )


UPGRADES: dict[int, Callable[["Home"], None]] = {1: let_keys_expire, 2: settle}
"""What brings a home of a layout to the next one. Each may be done again, should it be cut off."""

REQUESTS = "requests"
"""Folder of the home with a file for each role that is asked to work now."""

LEAST_FREE = 64 * 1024 * 1024
"""Bytes that must be free to begin with."""


def maker(noted: Mapping[str, Any]) -> str:
    """Name the version of Marquee that a home was last used by."""
    return f"Marquee {noted['version']}" if "version" in noted else "another version of Marquee"


class Home:
    """Paths and locks of a home."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, name: str) -> Path:
        """Return the path of a file in the home."""
        return self.folder / name

    def open(self, *, reading: bool = False) -> "Home":
        """Create the folder if needed, bring it up to the present layout, and check that it can be used.

        reading: an existing home need not be writable, and its disk may be full.
        """
        fit(self.folder)
        keep_private()
        writable = self.writable(reading=reading and self.exists())
        if writable and not self.exists():
            self.begin()
        noted = self.notes()
        found = noted.get("layout")
        if found in UPGRADES and writable:
            found = self.upgrade()
        if found != LAYOUT and found not in UPGRADES:
            raise StorageError(
                f"{shown(self.folder)} has layout {found}, made by {maker(noted)}; this program uses {LAYOUT}",
                hint=f"Install {maker(noted)}, or a newer one, or choose another folder with --home.",
            )
        if not reading and shutil.disk_usage(self.folder).free < LEAST_FREE:
            raise StorageError(
                f"the disk that holds {shown(self.folder)} has under {LEAST_FREE // 1024**2} MB free",
                hint="Free some space, or choose another folder with --home or MARQUEE_HOME.",
            )
        return self

    def writable(self, *, reading: bool) -> bool:
        """Say whether the home can be written, by writing; StorageError where it cannot be, and not only reading is wanted."""
        probe = self.path(f".probe-{os.getpid()}")
        try:
            self.path("locks").mkdir(parents=True, exist_ok=True)
            try:
                probe.write_text("writable")
            finally:
                probe.unlink(missing_ok=True)
        except OSError:
            if reading:
                return False
            with explained(self.folder):
                raise
        return True

    def begin(self) -> None:
        """Make a new home of the folder."""
        if not any(path != self.path("locks") for path in self.folder.iterdir()):
            tighten(self.folder)
        self.bring_in_strays()
        self.note(layout=LAYOUT, version=__version__)

    def bring_in_strays(self) -> None:
        """Bring in what an earlier version kept beside this home; first let another home have what it kept in this one."""
        from marquee.engines.duckdb.strays import bring_in, owner

        lake = self.path("lake")
        other = owner(lake)
        if other is not None and Home(other.parent).exists():
            Home(other.parent).open()
        brought = bring_in(lake)
        for place, files in brought.moved.items():
            log.warning(
                "%s: %d files of the lake lay in %s, where an earlier version had put them; they are in the home now",
                *(shown(self.folder), files, shown(place)),
            )
        for place, files in brought.copied.items():
            log.warning(
                "%s: %d files of the lake were copied from %s, where an earlier version had put them; "
                "if no other home needs them, that folder may be deleted",
                *(shown(self.folder), files, shown(place)),
            )

    def upgrade(self) -> int:
        """Bring the home to the present layout; one process at a time. Return its layout."""
        with self.lock("upgrade", wait=True):
            while (found := self.notes()["layout"]) in UPGRADES:
                UPGRADES[found](self)
                self.note(layout=found + 1)
        return int(found)

    def notes(self) -> dict[str, Any]:
        """Return what the home knows of itself."""
        path = self.path("layout.json")
        with explained(path):
            text = path.read_text()
        try:
            found: dict[str, Any] = dict(json.loads(text))
        except (ValueError, TypeError) as error:
            raise StorageError(
                f"{shown(path)} cannot be read: {error}",
                hint=f'Take it from a backup, or write {{"layout": {LAYOUT}}} into it.',
            ) from None
        return found

    def note(self, **facts: Any) -> None:
        """Write down something of the home itself, beside what is noted already."""
        target = self.path("layout.json")
        with explained(target):
            write_whole(target, json.dumps({**(self.notes() if self.exists() else {}), **facts}).encode())

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
            if not taken(handle, wait=wait):
                handle.seek(0)
                raise HomeBusyError(
                    f"process {handle.read().strip() or '?'} already runs `marquee {name}` on {shown(self.folder)}",
                    hint="End it first, or choose another folder with --home.",
                )
            handle.truncate(0)
            handle.write(str(os.getpid()))
            handle.flush()
            yield

    def holders(self) -> dict[str, int]:
        """Return the processes that hold roles now, by role."""
        found: dict[str, int] = {}
        for path in sorted(self.path("locks").glob("*")):
            with path.open() as handle:
                try:
                    fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except BlockingIOError:
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


LOOKS, LOOK_SECONDS = 20, 0.01
"""How often a lock is tried: who only looks whether it is held has it for a moment."""


def taken(handle: IO[str], *, wait: bool) -> bool:
    """Take a lock; return whether it could be had."""
    if wait:
        fcntl.flock(handle, fcntl.LOCK_EX)
        return True
    for _ in range(LOOKS):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(LOOK_SECONDS)
        else:
            return True
    return False
