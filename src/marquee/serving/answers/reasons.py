"""Why a film is on a list, in words."""

from collections.abc import Sequence

from marquee.domain.films import FilmView

REASONS = 3


def liked_beside(title: str) -> str:
    """Say that those who like one film like another."""
    return f"liked by the same people as {title}"


def recommended_beside(title: str) -> str:
    """Say that TMDB names a film beside another."""
    return f"TMDB recommends it beside {title}"


def reasons(film: FilmView, like: Sequence[FilmView]) -> list[str]:
    """Say what a film shares with those it is like: people first, then what it is about, then the genre."""
    found: list[str] = []
    for other in like:
        series = film["collection"] if same_series(film, other) else None
        directors = names(film, "crew", "Director") & names(other, "crew", "Director")
        cast = names(film, "cast", None) & names(other, "cast", None)
        keywords = set(film["keywords"]) & set(other["keywords"])
        about = [f"of the same series as {other['title']}: {series}"] if series else []
        about += [f"same director as {other['title']}: {name}" for name in sorted(directors)]
        about += [f"with {name}, as {other['title']}" for name in sorted(cast)[:2]]
        about += [f"{', '.join(sorted(keywords)[:3])}, as {other['title']}"] if keywords else []
        found += [reason for reason in about if reason not in found]
    shared = set(film["genres"]) & {genre for other in like for genre in other["genres"]}
    if len(found) < REASONS and shared:
        found.append(" and ".join(sorted(shared)))
    return found[:REASONS]


def same_series(film: FilmView, other: FilmView) -> bool:
    """Say whether two films are known to be of one series."""
    known = "collection_id" if film.get("collection_id") is not None else "collection"
    return film.get(known) is not None and film[known] == other.get(known)


def names(film: FilmView, part: str, job: str | None) -> set[str]:
    """Return the names of a film's people in a part."""
    return {credit["name"] for credit in film[part] if job is None or credit["job"] == job}
