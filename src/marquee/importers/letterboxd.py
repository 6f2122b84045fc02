"""A Letterboxd export: ratings, watched films, diary, watchlist and likes of one person."""

from collections.abc import Mapping, Sequence

from marquee.domain.catalogued import folded
from marquee.domain.own import OwnFilm, together
from marquee.importers.own_films import OwnList, stars_of, time_of, titled_rows, year_of
from marquee.importers.reading import Complaints, Surroundings
from marquee.importers.recognise import Part

SOURCE = "letterboxd"
STARS = 5
SAYS = {
    "ratings": {"stars"},
    "watched": {"seen"},
    "diary": set[str](),
    "reviews": set[str](),
    "watchlist": {"wanted"},
    "films": {"liked"},
}
"""What each file says of films, by its name; likes/films.csv holds the liked ones. A diary and reviews repeat the rest."""


def read(parts: Mapping[str, Sequence[Part]], around: Surroundings) -> OwnList:
    """Return the films of an export."""
    own = OwnList(SOURCE)
    for part in parts["films"]:
        name = next((name for name in SAYS if name in part.member.stem), None)
        if name is None or any(folder in part.member.name for folder in ("deleted/", "orphaned/", "lists/")):
            around.said.append(f"{part.member.name}: passed over; it is none of {', '.join(SAYS)}")
            continue
        own.says |= SAYS[name]
        own.films += read_part(part, name, around, own)
    own.films = together(own.films)
    return own


def read_part(part: Part, name: str, around: Surroundings, own: OwnList) -> list[OwnFilm]:
    """Return what one file says."""
    complaints, found = Complaints(SOURCE, part.member.name, around), []
    for row in titled_rows(part, around, complaints, "name"):
        title = row.cells["name"]
        year = year_of(row, complaints, title)
        stars = stars_of(row, "rating", complaints, title, STARS) if "rating" in row.cells else None
        found.append(
            OwnFilm(
                source=SOURCE,
                key=f"{folded(title) or title} {year or ''}".strip(),
                title=title,
                year=year,
                stars=stars,
                seen=name != "watchlist",
                liked=name == "films",
                wanted=name == "watchlist",
                at=time_of(row, ("watcheddate", "date")),
            )
        )
    own.bad += complaints.finish()
    return found
