"""Text as people and their browsers write it, brought to the plain letters that scorers know."""

import html
import re
from collections.abc import Mapping
from html.entities import html5
from typing import Final

LOOKALIKES: Final[Mapping[str, str]] = (
    dict.fromkeys("\u2018\u2019\u201b\u02bc\u2032\uff07\u00b4", "'")
    | dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\uff02\u00ab\u00bb", '"')
    | dict.fromkeys("\u2010\u2011", "-")
    | dict.fromkeys("\u2012\u2013\u2014\u2015", " - ")
    | {"\u2026": "... ", "\uff01": "!", "\uff1f": "?"}
)
"""What typesetters, phones and word processors write for the marks of a typewriter."""

UNSEEN: Final = (
    "\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff"
    "\U000e0001-\U000e007f"
)
"""Characters without width, joiners and selectors of emojis among them: they stand in and around words that they hide."""

TYPESET: Final = re.compile(f"[{''.join(LOOKALIKES)}{UNSEEN}]")
AMPERSAND: Final = "(?:[aA][mM][pP]|#0*38|#[xX]0*26);"
ENTITY: Final = re.compile(
    rf"&(?:{AMPERSAND}){{0,40}}(#\d{{1,7}}|#[xX][0-9a-fA-F]{{1,6}}|[a-zA-Z][a-zA-Z0-9]{{1,31}});"
)
"""An entity, escaped once or, as by programs one after the other, many times."""

TAG: Final = re.compile(r"<(?=/?[a-zA-Z])(?:(/?(?:br|p|div|li|h[1-6]|blockquote)\b)?[^<>]{0,200}>)?", re.IGNORECASE)
"""A tag, or the mark of one that does not end; its first group is of one that ends a line."""


def plain(text: str) -> str:
    """Return a text without tags and entities, in a typewriter's marks, and without what has no width.

    A tag parts words, and lines as a browser shows them. What would still be read as an entity or a tag after that
    loses its mark, so a plain text stays as it is. Costs time in proportion to the text's length.
    """
    text = typewritten(text)
    if "&" in text:
        text = typewritten(ENTITY.sub(character, text))
        text = ENTITY.sub(unmarked, text)
    return TAG.sub(parting, text) if "<" in text else text


def typewritten(text: str) -> str:
    """Return a text in the marks of a typewriter, without what has no width."""
    return text if text.isascii() else TYPESET.sub(lambda found: LOOKALIKES.get(found[0], ""), text)


def character(found: re.Match[str]) -> str:
    """Return what an entity stands for; one that HTML does not know stays."""
    name = found[1]
    return html.unescape(f"&{name};") if name[0] == "#" else html5.get(f"{name};", found[0])


def unmarked(found: re.Match[str]) -> str:
    """Return what still looks like an entity without its mark."""
    return found[0] if character(found) == found[0] else f" {found[0][1:]}"


def parting(found: re.Match[str]) -> str:
    """Return what parts the text around a tag."""
    return "\n" if found[1] else " "
