"""Titles as catalogues sort them, read back as people say them."""

import re
import unicodedata

YEAR = re.compile(r"\s*\((\d{4})(?:\s*[-–—/]\s*(?:\d{4})?)?\s*\)?\s*$")
ALIAS = re.compile(r"\s+\(((?:[^()]|\([^()]*\))+)\)$")
ALSO_KNOWN = re.compile(r"^a\.?\s?k\.?\s?a\.?:?\s+", re.IGNORECASE)
ARTICLE = re.compile(
    r"^(.+), (The|A|An|Le|La|Les|L'|L’|Un|Une|El|Los|Las|Il|Lo|Gli|I|Der|Die|Das|Ein|Eine|Den|Det|De|Het|O|Os|As)$",
    re.IGNORECASE,
)
GOES_ON = re.compile(r"(?:\bor|\bof|\bthe|\band|\bin|&|:|,|-)$", re.IGNORECASE)
"""Endings that a title does not have: what follows in brackets belongs to it."""

MARKS = frozenset({"tv", "v", "vg", "video", "short"})
"""What stands in brackets and is no title."""

LONGEST = 1_000
SAID = re.compile(r"[\W_]+")


def catalogued(title: str) -> tuple[str, str, int | None]:
    """Read "Cité (City, The) (1995)" as (title, original title, year): "Matrix, The (1999)" is "The Matrix" of 1999.

    A missing bracket at the end is forgiven, the first of two years counts. Without another title in brackets the
    original is the title.
    """
    rest, year = title.strip(), None
    if len(rest) > LONGEST:
        return rest, rest, None
    found = YEAR.search(rest)
    if found is not None and rest[: found.start()].strip() and 1870 <= int(found[1]) <= 2100:
        rest, year = rest[: found.start()].strip(), int(found[1])
    original = None
    while (alias := ALIAS.search(rest)) is not None:
        before = rest[: alias.start()].strip()
        if not before or (GOES_ON.search(before) and not ARTICLE.match(before)):
            break
        if original is None and not ALSO_KNOWN.match(alias[1]) and alias[1].casefold() not in MARKS:
            original = turned(alias[1].strip())
        rest = before
    name = turned(rest)
    return name, original or name, year


def turned(title: str) -> str:
    """Return a title with its article in front: "Matrix, The" is "The Matrix"."""
    found = ARTICLE.match(title)
    if found is None:
        return title
    return f"{found[2]}{'' if found[2].endswith((chr(39), '’')) else ' '}{found[1]}"


def folded(title: str) -> str:
    """Return a title as titles are compared: without case, accents, punctuation and blanks, '&' as 'and'."""
    plain = unicodedata.normalize("NFKD", title.casefold().replace("&", " and "))
    return SAID.sub("", "".join(c for c in plain if not unicodedata.combining(c)))
