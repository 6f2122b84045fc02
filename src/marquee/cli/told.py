"""What an import says of itself when it ends."""

from collections.abc import Iterator

from marquee.run.importing import Summary

MOST_FILES = 10
MOST_REASONS = 20


def lines(summary: Summary) -> Iterator[str]:
    """Yield what was read, what came of it, and what could not be read, a line each."""
    for found in summary.sets:
        yield f"{found.kind.title} ({found.kind.name})"
        for part in found.members[:MOST_FILES]:
            rows = summary.counts.get(part.member.name, 0)
            yield f"  {part.member.name}: {rows:,} {'rows' if part.table else 'values'}, {part.letters.shown}"
        if len(found.members) > MOST_FILES:
            yield f"  and {len(found.members) - MOST_FILES:,} more files"
        if found.unused:
            names = ", ".join(part.member.name for part in found.unused[:MOST_FILES])
            yield f"  not needed: {names}"
    yield from outcome(summary)
    for stranger in summary.strangers[:MOST_FILES]:
        yield f"passed over: {stranger.member.name} seems to be {stranger.seems}"
    if len(summary.strangers) > MOST_FILES:
        yield f"passed over: {len(summary.strangers) - MOST_FILES:,} more files that are of no data set known"
    for lost in summary.unreadable[:MOST_FILES]:
        yield f"not read: {lost.name} {lost.reason}"
    if len(summary.unreadable) > MOST_FILES:
        yield f"not read: {len(summary.unreadable) - MOST_FILES:,} more files; `marquee status` counts them by reason"
    yield from summary.said


def outcome(summary: Summary) -> Iterator[str]:
    """Yield what an import added, and what of it went to quarantine and why."""
    logged, receipt = summary.receipt.logged, summary.receipt
    counts = {"films": "movie.metadata", "vote readings": "movie.ratings", "reviews": "movie.reviews"}
    new = ", ".join(f"{logged.get(topic, 0):,} {name}" for name, topic in counts.items())
    if receipt.total or receipt.known or receipt.quarantined:
        known = f"{receipt.known:,} already known, {receipt.quarantined:,} quarantined"
        yield f"logged {receipt.total:,} events ({new}); {known}"
    for reason, count in list(summary.reasons.items())[:MOST_REASONS]:
        yield f"  in quarantine: {count:,} x {reason}"
    if len(summary.reasons) > MOST_REASONS:
        yield f"  in quarantine: {len(summary.reasons) - MOST_REASONS:,} more reasons"
    if summary.listed:
        yield f"the crawl's list: {summary.listed:,} most popular films (MARQUEE_FILMS), {summary.seeded:,} of them new"
    if summary.own_held:
        yield f"your own films, for the page What to watch: {summary.own_held:,}, {summary.own:,} new or changed"


def shown(text: str) -> str:
    """Return a text without what a terminal would obey."""
    return "".join(c if c.isprintable() else " " for c in text)
