"""What mends a damaged file of a home with the least loss."""

from pathlib import Path

ANEW = {
    "views.db": "`marquee batch --full` makes it anew from the lake",
    "speed.db": "`marquee speed` makes it anew from the log",
    "speed_views.db": "`marquee speed` makes it anew from speed.db",
    "budget.db": "it is made anew, and holds nothing but the pace of requests",
    "quarantine.db": "it is made anew; the bad rows that it held are forgotten, and nothing else",
    "runs.db": "it is made anew; the history of batch runs is forgotten, and nothing else",
    "crawl.db": "it is made anew; `marquee ingest` asks TMDB for all films again, and what is known already counts once",
    "keys.db": "it is made anew; then make the API's keys again with `marquee keys create NAME`",
    "index.db": "it is made anew from the log's last seven days; what is older and comes again would count twice, so "
    "restore it from a backup if there is one",
}
"""What follows from something else, or what little is lost without it."""

KEPT = {
    "log.db": "It holds what was accepted and not archived yet: restore the home from a backup, or keep a copy of the file "
    "and see what `sqlite3 log.db .recover` saves.",
}


def remedy(path: Path) -> str:
    """Return what mends a file that may be damaged."""
    if path.name in ANEW:
        return f"If the file is damaged, end Marquee and move the file and its -wal and -shm away: {ANEW[path.name]}."
    return KEPT.get(path.name, "If it is damaged, restore the home from a backup.")
