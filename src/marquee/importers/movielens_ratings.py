"""MovieLens' ratings as series of votes.

A film's reading at the end of a span has all its ratings until then: their number, and their mean on a scale of 10.
Spans are days in the last 90 days of a release, weeks in its last year, 28 days in its last five, 364 days before that.
"""

import codecs
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import IO, cast

from marquee.domain.facts import Fact, Malformed, VoteSeries
from marquee.domain.releases import Release
from marquee.domain.timeline import DAY, iso
from marquee.importers.movielens_taste import Taste
from marquee.importers.reading import LEAST_FAILURES, Surroundings, shown
from marquee.importers.recognise import Part
from marquee.importers.streams import Pieces, UnreadableError, replaced
from marquee.importers.tables import PAIR, PAIR_AS
from marquee.libraries.arrow_ratings import Layout, Ratings, series_of

SOURCE = "movielens"
PIECE = 1 << 18
PLAIN = bytes(range(128)) + b"?" * 128
SAMPLES = 50
"""Bad rows of one reason that are shown; the others are counted."""


class Votes:
    """The ratings of one release."""

    def __init__(self, part: Part, around: Surroundings, films: Mapping[int, int]) -> None:
        self.part = part
        self.around = around
        self.bad: Counter[str] = Counter()
        self.samples: dict[str, list[str]] = defaultdict(list)
        self.store = Ratings(around.work, films, around.now, self.complain)

    def complain(self, reason: str, row: str) -> None:
        """Note a bad row."""
        self.bad[reason] += 1
        if len(self.samples[reason]) < SAMPLES:
            self.samples[reason].append(shown(row))

    def take(self) -> None:
        """Read the file. UnreadableError where it is cut or damaged: half a release is none."""
        part, table = self.part, self.part.table
        assert table is not None  # noqa: S101
        paired = table.separator == PAIR
        separator = PAIR_AS if paired else table.separator
        layout = Layout(separator, table.columns, table.names, table.start, quoted=table.start > 0 and not paired)
        with part.member.open(self.around.meter(part.member)) as stream:
            pieces: Iterator[bytes] = iter(lambda: stream.read(PIECE), b"")
            if part.letters.encoding.startswith(("utf-16", "utf-32")):
                decoded = codecs.iterdecode(pieces, part.letters.encoding, errors="replace")
                pieces = (text.encode("ascii", "replace") for text in decoded if text)
            elif paired:
                pieces = replaced(pieces, PAIR.encode(), PAIR_AS.encode())
            try:
                self.store.take(cast(IO[bytes], Pieces(map(plain, pieces))), layout, part.member.size)
            except ValueError as error:
                raise UnreadableError(f"cannot be read as a table: {str(error).partition(chr(10))[0]}") from error
        self.around.counts[part.member.name] += self.store.rows

    def begin(self) -> bool:
        """Take the place of the release that is held; return whether this one may."""
        if not self.store.count:
            return True
        given, held = Release(self.store.through, self.store.count), self.around.releases.held(SOURCE)
        if held is not None and not given.replaces(held) and not self.around.replace:
            self.around.said.append(
                f"MovieLens: this release ({told_of(given)}) does not take the place of the one that is held "
                f"({told_of(held)}) and is left out; --replace takes it all the same"
            )
            self.around.held_back = True
            return False
        if held is not None and held != given:
            self.around.said.append(f"MovieLens: {told_of(given)} takes the place of {told_of(held)}")
        self.around.releases.begin(SOURCE, given)
        return True

    def facts(self, titles: Mapping[int, str]) -> Iterator[Fact]:
        """Yield a series for each film; films that only an earlier release had ratings of have none any more."""
        yield from self.complaints()
        yield from self.lost(titles)
        if not self.store.count:
            return
        rated, films = set[int](), len(set(self.store.films.values()))
        taste = Taste(self.around.lake())
        for records in self.store.read():
            taste.keep(records)
            for film, readings in series_of(records, self.store.through):
                rated.add(film)
                self.around.progress("votes", len(rated), films)
                yield VoteSeries(film, SOURCE, tuple(readings))
        taste.finish()
        self.around.progress("votes", films, films)
        self.around.said.append(f"MovieLens: {taste.rows:,} ratings are kept, for what people who like a film like too")
        end = self.store.through // DAY * DAY + DAY - 1
        for film in sorted(self.around.rated(SOURCE) - rated):
            yield VoteSeries(film, SOURCE, ((end, 0, 0),))

    def complaints(self) -> Iterator[Malformed]:
        """Yield what could not be read: one by one, or as one and an error where no row could be."""
        name = self.part.member.name
        for reason, count in self.bad.items():
            samples = self.samples[reason]
            column = reason.split(" ", 1)[0] if reason.split(" ", 1)[0] in self.columns() else ""
            if count >= LEAST_FAILURES and count == self.store.rows:
                whole = f"column {column or 'of ratings'} fails in all {count:,} rows: {reason}"
                self.around.errors.append(f"{name}: {whole}, for example {samples[0]}")
                yield Malformed(SOURCE, whole, samples[0], "", column)
                continue
            for raw in samples:
                yield Malformed(SOURCE, reason, raw, "", column)
            if count > len(samples):
                rest = count - len(samples)
                yield Malformed(SOURCE, reason, f"{rest:,} more rows of {name}", "", column, rest)

    def columns(self) -> tuple[str, ...]:
        """Return the names of the columns that complaints may be about."""
        return ("userId", "movieId", "rating", "timestamp")

    def lost(self, titles: Mapping[int, str]) -> Iterator[Malformed]:
        """Yield the films whose ratings are left out because no TMDB id is known."""
        for movie, count in sorted(self.store.unlinked.items()):
            film = f"movieId {movie} {titles.get(movie, '')}".strip()
            raw = f"{film}: {count:,} ratings"
            yield Malformed(SOURCE, "rating of a film without a TMDB id", raw, film, "", count)


def plain(piece: bytes) -> bytes:
    """Return bytes with a question mark for each that is not ASCII: ratings are digits, whatever stands beside them."""
    return piece if piece.isascii() else piece.translate(PLAIN)


def told_of(release: Release) -> str:
    """Describe a release."""
    return f"{release.ratings:,} ratings until {iso(release.through)[:10]}"
