"""The data sets known here, and which of a path's files make one up."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from marquee.domain.facts import Fact
from marquee.importers import imdb, letterboxd, movielens, movies_dataset, tmdb5000, tmdb_csv, tmdb_json
from marquee.importers.own_films import OwnList
from marquee.importers.reading import Surroundings
from marquee.importers.recognise import UNUSED, Part

Parts = Mapping[str, Sequence[Part]]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of data set: its name, its title for people, the roles of its files, and what reads it.

    facts: yields facts of the world; own: returns a person's own films; neither of both: ids for the crawl.
    needs: the role without which there is nothing to read; single: whether each file of that role is a data set of its own.
    """

    name: str
    title: str
    needs: str
    facts: Callable[[Parts, Surroundings], Iterator[Fact]] | None = None
    own: Callable[[Parts, Surroundings], OwnList] | None = None
    single: bool = False


KINDS = {
    kind.name: kind
    for kind in (
        Kind("tmdb5000", "TMDB 5000", "films", tmdb5000.read, single=True),
        Kind("movies-dataset", "The Movies Dataset", "films", movies_dataset.read),
        Kind("tmdb-csv", "a table of TMDB's films", "films", tmdb_csv.read, single=True),
        Kind("tmdb-json", "TMDB's answers as JSON", "bodies", tmdb_json.read),
        Kind("movielens", "MovieLens", "", movielens.read),
        Kind("tmdb-ids", "TMDB's daily list of film ids", "ids"),
        Kind("letterboxd", "a Letterboxd export", "films", own=letterboxd.read),
        Kind("imdb", "an IMDb list", "films", own=imdb.read),
    )
}
"""In the order in which they are read: films before votes, and a person's own films when the others are there."""

ALSO = {"movies-dataset": frozenset({"movielens"})}
"""Kinds that a kind which is named brings with it: The Movies Dataset's ratings are MovieLens'."""

WITHIN = frozenset({"likes", "lists", "deleted", "orphaned"})
"""Folders of an export whose files belong to the folder above."""


@dataclass(frozen=True, slots=True)
class DataSet:
    """A data set: its kind, its files by role, and those of its files that say nothing that is read."""

    kind: Kind
    parts: dict[str, list[Part]]
    unused: list[Part]

    @property
    def members(self) -> list[Part]:
        """All files that are read."""
        return [part for parts in self.parts.values() for part in parts]


def gathered(parts: Iterable[Part]) -> list[DataSet]:
    """Return the data sets that files make up, in the order in which they are to be read."""
    by_kind: dict[str, dict[str, list[Part]]] = defaultdict(lambda: defaultdict(list))
    for part in parts:
        by_kind[part.kind]["" if part.kind == "tmdb-json" else place_of(part)].append(part)
    found: list[DataSet] = []
    for name, kind in KINDS.items():
        for together in completed(kind, list(by_kind[name].values())):
            found += split(kind, together) if kind.single else [made(kind, together)]
    return found


def place_of(part: Part) -> str:
    """Return the folder that a file's data set lies in."""
    parent, _, last = part.member.place.rpartition("/")
    return parent if last in WITHIN else part.member.place


def completed(kind: Kind, groups: list[list[Part]]) -> list[list[Part]]:
    """Return the groups of files of one kind; one that lacks what another has is joined with it, where no role clashes."""
    whole = [group for group in groups if kind.needs and any(part.role == kind.needs for part in group)]
    rest = [group for group in groups if group not in whole]
    for group in rest:
        roles = {part.role for part in group} - {UNUSED}
        fitting = [other for other in whole if not roles & {part.role for part in other}]
        if len(fitting) == 1 and roles:
            fitting[0] += group
        else:
            whole.append(group)
    return whole


def made(kind: Kind, parts: list[Part]) -> DataSet:
    """Return a data set of its files. Of u.data's own samples and the like only the whole is read."""
    roles: dict[str, list[Part]] = defaultdict(list)
    for part in parts:
        if part.role != UNUSED:
            roles[part.role].append(part)
    unused = [part for part in parts if part.role == UNUSED]
    if kind.name == "movielens":
        for role, given in roles.items():
            given.sort(key=lambda part: (-part.member.size, part.member.name))
            unused += given[1:]
            roles[role] = given[:1]
    return DataSet(kind, dict(roles), unused)


def split(kind: Kind, parts: list[Part]) -> list[DataSet]:
    """Return a data set for each table of films; what lies beside goes with the only one."""
    films = [part for part in parts if part.role == kind.needs]
    if len(films) <= 1:
        return [made(kind, parts)]
    return [made(kind, [film]) for film in films]
