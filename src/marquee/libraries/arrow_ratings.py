"""Millions of single ratings, read by Arrow and made into series of votes in flat memory.

Ratings are spread over files by film as they are read. Each file then holds all ratings of its films, fits into memory,
and gives their series. Nothing is sorted as a whole, so the cost is linear and the memory that of one block and one file.
"""

import hashlib
import io
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from marquee.domain.scores import AVERAGE_SCALE, STARS_SCALE
from marquee.domain.timeline import DAY, SECOND

BLOCK = 1 << 20
SMALL = 4 * 1024 * 1024
"""Bytes, packed or not, of a file of ratings that is held in one piece."""

PARTS = 128
"""Pieces that larger ones are spread over: MovieLens' 32 million are 6 MB each."""

RECORD = np.dtype([("film", "<i8"), ("user", "<i8"), ("time", "<i8"), ("stars", "<i2")])
COLUMNS = ("userid", "movieid", "rating", "timestamp")
LADDER = ((90 * DAY, DAY), (364 * DAY, 7 * DAY), (5 * 364 * DAY, 28 * DAY))
"""(age, width): ratings younger than an age, counted back from the last of all, are summed up by spans so wide."""

WIDEST = 364 * DAY
"""The width of the spans before."""

SPREAD = np.uint64(0x9E3779B97F4A7C15)
"""What ids are multiplied by, so that any regularity of theirs is lost (Knuth, TAOCP 3, 6.4)."""

NO_FILM = -(2**62)
NUMBER = r"^[+-]?\d+(\.\d*)?([eE][+-]?\d+)?$"
DAYS_AND_TIMES = 10_000_000_000
"""Seconds from which a number of a time is taken for one of milliseconds."""

Column = Any
"""A numpy array."""

Series = tuple[int, list[tuple[int, int, int]]]
Complain = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file of ratings is written: what parts its cells, its columns' keys in order, the lines before the first row."""

    separator: str
    columns: tuple[str, ...]
    names: tuple[str, ...]
    start: int
    quoted: bool = True


@dataclass(slots=True)
class Ratings:
    """Ratings by film, in files of a folder.

    films: TMDB's id by MovieLens' own; now: ms since the epoch; complain: is told (reason, row) of each bad row.
    count: ratings kept; through: time (ms) of the last; unlinked: ratings by film without a TMDB id.
    """

    folder: Path
    films: Mapping[int, int]
    now: int
    complain: Complain
    count: int = 0
    through: int = -1
    rows: int = 0
    unlinked: Counter[int] = field(default_factory=Counter)
    parts: int = 1

    def take(self, stream: IO[bytes], layout: Layout, size: int) -> None:
        """Read one file of ratings, ASCII alone. size: its bytes as stored. OSError and the stream's own errors pass through."""
        self.parts = 1 if size < SMALL else PARTS
        known: Column = np.array([NO_FILM, *sorted(self.films)], dtype=np.int64)
        mapped = np.array([NO_FILM, *(self.films[movie] for movie in sorted(self.films))], dtype=np.int64)
        with ExitStack() as held:
            files = [held.enter_context((self.folder / f"{part}.ratings").open("wb")) for part in range(self.parts)]
            for batch in self.batches(stream, layout):
                self.rows += batch.num_rows
                movies, records = self.records(batch, layout)
                place = np.minimum(np.searchsorted(known, movies), len(known) - 1)
                linked = known[place] == movies
                self.unlinked.update(movies[~linked].tolist())
                records["film"] = mapped[place]
                self.spread(records[linked], files)

    def spread(self, records: Column, files: list[io.BufferedWriter]) -> None:
        """Write ratings to the files of their films."""
        if not len(records):
            return
        self.count += len(records)
        self.through = max(self.through, int(records["time"].max()))
        part = (records["film"].astype(np.uint64) * SPREAD >> np.uint64(40)) % np.uint64(self.parts)
        order = np.argsort(part, kind="stable")
        ends = np.searchsorted(part[order], np.arange(1, self.parts + 1)).tolist()
        start = 0
        for number, end in enumerate(ends):
            if end > start:
                files[number].write(records[order[start:end]].tobytes())
            start = end

    def batches(self, stream: IO[bytes], layout: Layout) -> Iterator[pa.RecordBatch]:
        """Yield a file's rows in blocks, the four columns as texts; rows of another width are complained of."""

        def odd(row: Any) -> str:
            self.rows += 1
            self.complain(f"row has {row.actual_columns} cells where the header has {row.expected_columns}", row.text)
            return "skip"

        wanted = [name for name in COLUMNS if name in layout.columns]
        try:
            reader = pyarrow.csv.open_csv(
                stream,
                pyarrow.csv.ReadOptions(
                    use_threads=False, block_size=BLOCK, skip_rows=layout.start, column_names=list(layout.columns)
                ),
                pyarrow.csv.ParseOptions(
                    delimiter=layout.separator, quote_char='"' if layout.quoted else False, invalid_row_handler=odd
                ),
                pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(wanted, pa.string()), include_columns=wanted),
            )
        except pa.ArrowInvalid as error:
            if "Empty CSV file" in str(error):  # a header and nothing below it
                return
            raise
        with reader:
            yield from reader

    def records(self, batch: pa.RecordBatch, layout: Layout) -> tuple[Column, Column]:
        """Return the MovieLens ids and the records of a block's good rows; bad ones are complained of."""
        texts = {name: batch.column(name) for name in COLUMNS}
        if layout.separator == ";":
            texts["rating"] = pc.replace_substring(texts["rating"], ",", ".")
        user, movie = (numbers(texts[name], pa.int64()) for name in ("userid", "movieid"))
        rating = numbers(texts["rating"], pa.float64())
        time = numbers(texts["timestamp"], pa.int64(), times=True)
        stars = np.round(np.nan_to_num(rating) * 2 * AVERAGE_SCALE)
        problems = {
            "userId is not a whole number": ~is_whole(user),
            "movieId is not a whole number": ~is_whole(movie),
            "rating is not a number": ~np.isfinite(rating),
            "rating is outside 0.5 to 5": (stars < AVERAGE_SCALE) | (stars > 10 * AVERAGE_SCALE),
            "timestamp is not a time": ~np.isfinite(time),
            "timestamp lies before 1970 or in the future": (time < 0) | (time * SECOND > self.now + DAY),
        }
        good = np.ones(batch.num_rows, dtype=bool)
        for reason, bad in problems.items():
            for row in np.flatnonzero(bad & good).tolist():
                cells = [batch.column(name)[row].as_py() for name in COLUMNS]
                if [cell.strip().casefold() for cell in cells] != [name.strip().casefold() for name in layout.names]:
                    self.complain(reason, ",".join(cells))
            good &= ~bad
        records = np.empty(int(good.sum()), dtype=RECORD)
        records["user"], records["stars"] = user[good], stars[good]
        records["time"] = (time[good] * SECOND).astype(np.int64)
        return movie[good].astype(np.int64), records

    def read(self) -> Iterator[Column]:
        """Yield the records of each file, in order of film, user and time; a file is deleted when it has been read.

        Of a person's ratings of a film at one time one counts.
        """
        for part in range(self.parts):
            path = self.folder / f"{part}.ratings"
            yield ordered(np.fromfile(path, RECORD))
            path.unlink()


def numbers(texts: pa.Array, kind: pa.DataType, *, times: bool = False) -> Column:
    """Return texts as numbers, NaN for those that are none; times are in seconds, be they written as dates or as ms.

    kind: of which they mostly are.
    """
    try:
        found = pc.cast(texts, kind).to_numpy(zero_copy_only=False).astype(np.float64)
    except pa.ArrowInvalid:
        found = loose(texts, times=times)
    return np.where(np.abs(found) > DAYS_AND_TIMES, found / SECOND, found) if times else found


def is_whole(values: Column) -> Column:
    """Say which values are whole numbers."""
    return np.isfinite(values) & (values == np.floor(values))


def loose(texts: pa.Array, *, times: bool) -> Column:
    """Return texts as numbers or, where `times` says so, as times; NaN for what is neither."""
    trimmed = pc.ascii_trim(texts, " \t\r\n\"'")
    right = pc.match_substring_regex(trimmed, NUMBER)
    found = pc.cast(pc.if_else(right, trimmed, "nan"), pa.float64()).to_numpy(zero_copy_only=False)
    if times and not pc.all(right).as_py():
        found = np.where(np.isfinite(found), found, moments(trimmed))
    return found


def moments(texts: pa.Array) -> Column:
    """Return dates with or without a time (ISO 8601, UTC) as seconds since 1970; NaN for anything else."""
    dated = pc.match_substring_regex(texts, r"^\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2})?(\.\d+)?)?(Z|\+00:00)?$")
    plain = pc.replace_substring_regex(pc.if_else(dated, texts, ""), r"(\.\d+)?(Z|\+00:00)?$", "")
    plain = pc.if_else(pc.equal(plain, ""), None, plain)
    try:
        seconds = pc.cast(pc.cast(plain, pa.timestamp("s")), pa.int64())
    except pa.ArrowInvalid:  # a day that does not exist: one by one
        seconds = pa.array([moment(text) for text in plain.to_pylist()], pa.int64())
    return seconds.to_numpy(zero_copy_only=False).astype(np.float64)


def moment(text: str | None) -> int | None:
    """Return one date and time in seconds since 1970, None where there is no such time."""
    try:
        return None if text is None else int(pc.cast(pa.scalar(text), pa.timestamp("s")).value)
    except pa.ArrowInvalid:
        return None


def ordered(records: Column) -> Column:
    """Return records in order of film, user and time, each of these once: of several the one of most stars."""
    records = records[np.lexsort((records["stars"], records["time"], records["user"], records["film"]))]
    return records[last_of(records, "film", "user", "time")]


def last_of(records: Column, *names: str) -> Column:
    """Say which records, ordered by these names, are the last with their values of them."""
    if not len(records):
        return np.ones(0, dtype=bool)
    return np.r_[np.logical_or.reduce([records[name][1:] != records[name][:-1] for name in names]), True]


def tastes(records: Column, part: int) -> tuple[str, pa.Table]:
    """Return the last rating of each film by each user as rows of the taste table, and a fingerprint of them.

    records: ordered; part: what they are kept as.
    """
    kept = records[last_of(records, "film", "user")]
    columns = {
        "part": np.full(len(kept), part, dtype=np.int64),
        "user_id": kept["user"],
        "movie_id": kept["film"],
        "stars": kept["stars"].astype(np.int64) * STARS_SCALE // AVERAGE_SCALE,
        "time": kept["time"],
    }
    rows = pa.table({name: np.ascontiguousarray(values) for name, values in columns.items()})
    return hashlib.blake2b(kept.tobytes(), digest_size=16).hexdigest(), rows


def series_of(records: Column, through: int) -> Iterator[Series]:
    """Yield (film, readings) of the films whose records these are, in order: (time, votes, average) at the end of each span."""
    if not len(records):
        return
    ends = span_ends(records["time"], through)
    order = np.lexsort((ends, records["film"]))
    film, ends, stars = records["film"][order], ends[order], records["stars"][order].astype(np.int64)
    another = film[1:] != film[:-1]
    final = np.r_[another | (ends[1:] != ends[:-1]), True]
    totals = np.cumsum(stars)
    borders = [0, *(np.flatnonzero(another) + 1).tolist(), len(film)]
    for start, stop in pairwise(borders):
        at = np.flatnonzero(final[start:stop]) + start
        before = int(totals[start] - stars[start])
        votes = at - start + 1
        averages = (totals[at] - before) // votes
        yield int(film[start]), list(zip(ends[at].tolist(), votes.tolist(), averages.tolist(), strict=True))


def span_ends(times: Column, through: int) -> Column:
    """Return the last millisecond of the span that each time lies in, by the ladder that ends at `through`.

    Each rung begins on a boundary of the next, wider one, so a wider span is always whole.
    """
    width = np.full(len(times), WIDEST, dtype=np.int64)
    for (age, span), wider in zip(reversed(LADDER), (WIDEST, *(span for _, span in reversed(LADDER))), strict=False):
        width = np.where(times >= (through - age) // wider * wider, span, width)
    return times // width * width + width - 1
