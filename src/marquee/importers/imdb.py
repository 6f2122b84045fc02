"""A person's ratings or a list, exported from IMDb as CSV."""

import re
from collections.abc import Mapping, Sequence

from marquee.domain.own import OwnFilm, together
from marquee.importers.own_films import OwnList, stars_of, time_of, titled_rows, year_of
from marquee.importers.reading import Complaints, Surroundings
from marquee.importers.recognise import Part
from marquee.importers.tables import key

SOURCE = "imdb"
STARS = 10
FILMS = frozenset({"", "movie", "featurefilm", "feature", "tvmovie", "short", "tvshort", "video", "documentary"})
"""Title types that are films; the others are series, episodes, games and the like."""

CONST = re.compile(r"tt\d{6,10}")


def read(parts: Mapping[str, Sequence[Part]], around: Surroundings) -> OwnList:
    """Return the films of ratings and lists. A list named a watchlist holds what the person means to see."""
    own = OwnList(SOURCE)
    for part in parts["films"]:
        wanted = "watchlist" in part.member.stem
        assert part.table is not None  # noqa: S101
        own.says |= {"wanted"} if wanted else {"stars", "seen"} if "position" not in part.table.columns else set()
        own.films += read_part(part, around, own, wanted=wanted)
    own.films = together(own.films)
    return own


def read_part(part: Part, around: Surroundings, own: OwnList, *, wanted: bool) -> list[OwnFilm]:
    """Return what one file says."""
    complaints, found = Complaints(SOURCE, part.member.name, around), []
    for row in titled_rows(part, around, complaints, "title"):
        title, const = row.cells["title"], row.cells.get("const", "")
        if key(row.cells.get("titletype", "")) not in FILMS:
            complaints.row("a series, an episode or a game is no film", row.raw, f"{const} {title}".strip())
            continue
        if not CONST.fullmatch(const):
            complaints.row("Const is no IMDb id", row.raw, title)
            continue
        column = "yourrating" if "yourrating" in row.cells else "yourated"
        stars = stars_of(row, column, complaints, f"{const} {title}", STARS) if column in row.cells else None
        at = time_of(row, ("daterated", "created"))
        year = year_of(row, complaints, title)
        found.append(OwnFilm(SOURCE, const, title, year, const, stars, stars is not None, wanted=wanted, at=at))
    own.bad += complaints.finish()
    return found
