"""An import as it runs: what a path holds is recognised, read and accepted, and what became of it is summed up."""

import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from marquee.adapters.sqlite.connection import explained
from marquee.app import Platform
from marquee.domain.facts import Fact, VoteSeries
from marquee.domain.records import Rejected
from marquee.errors import SettingsError
from marquee.importers import tmdb_ids
from marquee.importers.datasets import ALSO, KINDS, DataSet, gathered
from marquee.importers.files import Tree, Unreadable, printable
from marquee.importers.letters import Letters
from marquee.importers.letters import named as named_letters
from marquee.importers.reading import Progress, Surroundings
from marquee.importers.recognise import Part, Stranger, recognise
from marquee.importers.streams import UnreadableError
from marquee.ingest.door import Door, Receipt
from marquee.origin import check, claim
from marquee.ports import Quarantine
from marquee.serving.answers.matching import Titled, by_titles, cards_of

GROUP = 5_000
"""Events, about, that the door takes at once."""

SHOWN_ALIKE = 100
"""Rejected records of one kind, reason and column that an import keeps one by one; the rest is one row."""

WORK = "import"
"""Folder of the home for what an import writes beside the memory."""


class Bounded:
    """A quarantine that takes so many records of each reason from one import, and then counts. It knows this import's reasons."""

    def __init__(self, inner: Quarantine) -> None:
        self.inner = inner
        self.reasons: Counter[str] = Counter()
        self.taken: Counter[tuple[str, str, str]] = Counter()
        self.rest: Counter[tuple[str, str, str]] = Counter()

    def add(self, rows: Sequence[Rejected], now: int) -> None:
        """Keep records, as long as there are not too many alike."""
        kept = []
        for row in rows:
            alike = (row.source.split(":", 1)[0], row.reason, row.column)
            self.reasons[row.reason] += row.rows
            self.taken[alike] += 1
            if self.taken[alike] <= SHOWN_ALIKE:
                kept.append(row)
            else:
                self.rest[alike] += row.rows
        if kept:
            self.inner.add(kept, now)

    def finish(self, of: str, now: int) -> None:
        """Keep what was only counted, a row for each reason."""
        rows = [
            Rejected(source, reason, f"{count:,} more of {of}", "", column, count)
            for (source, reason, column), count in self.rest.items()
        ]
        if rows:
            self.inner.add(rows, now)
        self.rest.clear()

    def counts(self) -> dict[str, int]:
        """Return how many records each reason has."""
        return self.inner.counts()

    def rows(self, limit: int) -> list[dict[str, object]]:
        """Return the newest rows."""
        return self.inner.rows(limit)


@dataclass(slots=True)
class Summary:
    """What an import did.

    sets: the data sets that were read; strangers: files of none; unreadable: files that cannot be read; seeded: films
    put on the crawl's list; own: a person's own films, new or changed, and own_held: all that were read.
    """

    sets: list[DataSet] = field(default_factory=list)
    strangers: list[Stranger] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    receipt: Receipt = field(default_factory=Receipt)
    reasons: dict[str, int] = field(default_factory=dict)
    seeded: int = 0
    listed: int = 0
    own: int = 0
    own_held: int = 0
    errors: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    held_back: bool = False
    """Whether a release was left out for a newer one, so that it is well that nothing was imported."""

    @property
    def anything(self) -> bool:
        """Whether anything of what was read is in the home now, be it that it was there before."""
        return bool(self.receipt.total or self.receipt.known or self.listed or self.own_held)

    @property
    def well(self) -> bool:
        """Whether the import may be called one."""
        return not self.errors and (self.anything or self.held_back)

    def as_dict(self) -> dict[str, Any]:
        """Return the summary for programs."""
        logged = self.receipt.logged
        return {
            "datasets": [
                {
                    "kind": found.kind.name,
                    "title": found.kind.title,
                    "files": [
                        {
                            "name": part.member.name,
                            "role": part.role,
                            "rows": self.counts.get(part.member.name, 0),
                            "encoding": part.letters.encoding,
                        }
                        for part in found.members
                    ],
                    "unused": [part.member.name for part in found.unused],
                }
                for found in self.sets
            ],
            "strangers": [{"name": found.member.name, "seems": found.seems} for found in self.strangers],
            "unreadable": [{"name": found.name, "reason": found.reason} for found in self.unreadable],
            "logged": logged,
            "films": logged.get("movie.metadata", 0),
            "votes": logged.get("movie.ratings", 0),
            "reviews": logged.get("movie.reviews", 0),
            "known": self.receipt.known,
            "quarantined": self.receipt.quarantined,
            "reasons": self.reasons,
            "crawl_list": {"listed": self.listed, "new": self.seeded},
            "own_films": {"read": self.own_held, "changed": self.own},
            "notes": self.said,
            "errors": self.errors,
        }


def run(
    platform: Platform,
    path: Path,
    progress: Progress,
    *,
    kind: str | None = None,
    encoding: str | None = None,
    replace: bool = False,
) -> Summary:
    """Import what is at a path; SettingsError where it is not there, or holds nothing of the kind that is named.

    What is read is accepted as it comes: an import that is cut off goes on when it is done again.
    """
    letters, summary = None if encoding is None else named_letters(encoding), Summary()
    bounded = Bounded(platform.quarantine)
    with working_folder(platform) as work, Tree(path, platform.home.folder) as tree:
        parts = look(tree, letters, summary)
        summary.sets = chosen(gathered(parts), kind, path, summary)
        if any(found.kind.own is None for found in summary.sets):
            check(platform.home, "import")
        around = Surroundings(
            now=platform.clock.now(),
            work=work,
            find=lambda titles: find(platform, titles),
            rated=platform.index.rated,
            releases=platform.releases,
            lake=lambda: platform.lake,
            progress=progress,
            replace=replace,
        )
        for found in summary.sets:
            try:
                read(platform, found, around, bounded, summary)
            except UnreadableError as error:
                lost = found.members[0].member.name if len(found.members) == 1 else found.kind.title
                summary.unreadable.append(Unreadable(lost, str(error)))
    if summary.receipt.total or summary.listed:
        claim(platform.home, "import")
    summary.unreadable += around.unreadable
    bounded.add([Rejected("import", f"the file {lost.reason}", lost.name) for lost in summary.unreadable], around.now)
    bounded.finish(path.name, around.now)
    summary.receipt.quarantined += len(summary.unreadable)
    summary.errors, summary.said, summary.held_back = around.errors, around.said, around.held_back
    summary.reasons, summary.counts = dict(bounded.reasons.most_common()), dict(around.counts)
    return summary


@contextmanager
def working_folder(platform: Platform) -> Iterator[Path]:
    """Give a folder of the home for temporary files. One import at a time: what a killed one has left goes first."""
    with platform.home.lock("import"):
        folder = platform.home.path(WORK)
        shutil.rmtree(folder, ignore_errors=True)
        with explained(folder):
            folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def look(tree: Tree, letters: Letters | None, summary: Summary) -> list[Part]:
    """Return the parts of data sets that a path holds; what else it holds is noted."""
    parts: list[Part] = []
    for entry in tree.entries():
        if isinstance(entry, Unreadable):
            summary.unreadable.append(entry)
            continue
        try:
            found = recognise(entry, letters)
        except UnreadableError as error:
            summary.unreadable.append(Unreadable(entry.name, str(error)))
            continue
        if isinstance(found, Part):
            parts.append(found)
        else:
            summary.strangers.append(found)
    return parts


def chosen(found: Sequence[DataSet], kind: str | None, path: Path, summary: Summary) -> list[DataSet]:
    """Return the data sets of the kind that is named, or all; SettingsError where there are only others."""
    if kind is None:
        return list(found)
    wanted = {kind} | ALSO.get(kind, frozenset())
    fitting = [one for one in found if one.kind.name in wanted]
    if not any(one.kind.name == kind for one in fitting) and (found or summary.strangers):
        titles = dict.fromkeys(f"{one.kind.title} ({one.kind.name})" for one in found)
        seems = ", ".join(titles) or "; ".join(dict.fromkeys(stranger.seems for stranger in summary.strangers[:3]))
        raise SettingsError(
            f"{printable(str(path))} holds nothing of {KINDS[kind].title} ({kind}); it seems to be {seems}",
            hint="Leave the kind out, and what is there is recognised: `marquee import PATH`.",
        )
    return fitting


def read(platform: Platform, found: DataSet, around: Surroundings, bounded: Bounded, summary: Summary) -> None:
    """Read one data set, to where its kind belongs: the log, the crawl's list, or a person's own films."""
    kind = found.kind
    if kind.needs and kind.needs not in found.parts:
        names = ", ".join(part.member.name for part in found.members)
        raise UnreadableError(f"lacks the file of its {kind.needs}; there are only {names}")
    door = Door(platform.log, platform.index, bounded, platform.clock, platform.door_turn)
    if kind.facts is not None:
        for group in grouped(kind.facts(found.parts, around)):
            summary.receipt.add(door.accept(group))
    elif kind.own is not None:
        own = kind.own(found.parts, around)
        summary.receipt.add(door.accept(own.bad))
        summary.own += platform.own_films.put(own.source, own.films, own.says)
        summary.own_held += len(own.films)
    else:
        wanted = tmdb_ids.most_popular(found.parts, around, platform.settings.films)
        summary.seeded += platform.crawl_memory.seed(wanted)
        summary.listed += len(wanted)


def grouped(facts: Iterable[Fact]) -> Iterator[list[Fact]]:
    """Yield facts in groups that the door takes at once; a series counts as many."""
    group: list[Fact] = []
    weight = 0
    for fact in facts:
        group.append(fact)
        weight += len(fact.readings) if isinstance(fact, VoteSeries) else 1
        if weight >= GROUP:
            yield group
            group, weight = [], 0
    if group:
        yield group


def find(platform: Platform, titles: Iterable[Titled]) -> dict[Titled, int]:
    """Find films by title and year among those that the home's answers know."""
    query = platform.query()
    query.refresh()
    return by_titles(cards_of(query.world, platform.clock.now()), titles)
