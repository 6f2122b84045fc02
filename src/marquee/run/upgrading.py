"""Bringing a home up to this version: a backup first, then every store, then what the batch layer holds and publishes.

The home's layout itself comes first of all, when it is opened (`home.UPGRADES`). Each step may be done again after a
kill -9: the note that all is done is written last.
"""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

from marquee import __version__
from marquee.app import Platform
from marquee.batch.shape import shape
from marquee.home import Home
from marquee.places import shown
from marquee.run.backup import backup
from marquee.run.publishing import BATCH, run_batch
from marquee.settings import SERVICES

FIRST = "0.1.0"
"""The version of homes that do not say theirs."""

STORES = ("log", "index", "quarantine", "views", "runs", "speed_store", "speed_views", "keys", "own_films", "releases")


def behind(platform: Platform) -> str | None:
    """Return the version that last used a home, where this one stores things otherwise; None where nothing is to do."""
    noted = platform.home.notes()
    if noted.get("shape") == shape():
        return None
    with platform.views.snapshot() as snapshot:
        publication = snapshot.publication
    if publication is None or publication.facts.get("shape") == shape():
        settled(platform)
        return None
    version: str = noted.get("version", FIRST)
    return version


def settled(platform: Platform) -> None:
    """Note that a home is this version's."""
    platform.home.note(version=__version__, shape=shape())


def save(platform: Platform, say: Callable[[str], None]) -> Path | None:
    """Write a backup beside the home and say where; None where part of it is in services, which have their own tools."""
    if any(getattr(platform.settings, name) is not None for name in SERVICES):
        say("what is in services is not in any backup that Marquee makes: see docs/operating.md")
        return None
    target = free_name(platform.home)
    label = backup(platform.home, target, platform.clock)
    say(f"backup of the home as it was: {shown(target)}, {len(label.files or ())} files")
    return target


def free_name(home: Home) -> Path:
    """Return a name for a backup, beside the home, that nothing has."""
    folder = home.folder.resolve()
    names = (folder.with_name(f"{folder.name}-before-{__version__}{more}.tar") for more in numbers())
    return next(name for name in names if not name.exists())


def numbers() -> Iterator[str]:
    """Yield what tells names apart: nothing, -2, -3 and so on."""
    yield ""
    yield from (f"-{number}" for number in count(2))


def upgrade(platform: Platform, say: Callable[[str], None], *, keep: bool = True) -> bool:
    """Bring a home up to this version; say what was done. Return whether there was anything to do."""
    version = behind(platform)
    if version is None:
        return False
    say(f"{shown(platform.home.folder)} was last used by version {version}; this is {__version__}")
    if keep:
        save(platform, say)
    for name in STORES:
        getattr(platform, name)
    if platform.settings.kafka is not None or BATCH in platform.home.holders():
        platform.home.ask(BATCH)
        say("the batch layer's next run makes the lake and the views anew, as far as their rows are held")
    else:
        run_batch(platform)
        say("the lake and the views are made anew, as far as their rows are held")
    settled(platform)
    return True


def begin(platform: Platform, say: Callable[[str], None]) -> None:
    """Before the parts of a platform start: save a home of another version, and let the batch layer run at once."""
    version = behind(platform)
    if version is not None:
        say(f"{shown(platform.home.folder)} was last used by version {version}: it is brought up to {__version__}")
        save(platform, say)
        platform.home.ask(BATCH)
        settled(platform)
