"""Text as people and their browsers write it, brought to the plain letters that scorers know."""

import html
import re

APOSTROPHES = dict.fromkeys(map(ord, "\u2018\u2019\u201b\u02bc\u2032\uff07\u00b4"), "'")
QUOTES = dict.fromkeys(map(ord, "\u201c\u201d\u201e\u201f\u2033\uff02"), '"')
UNSEEN = dict.fromkeys(map(ord, "\u200b\u200c\u2060\ufeff\u00ad"), None)
"""Characters without width: they stand within words and part them for a scorer. The joiner of emojis is left."""

PLAIN = APOSTROPHES | QUOTES | UNSEEN | {0x00A0: " "}
TAG = re.compile(r"</?[a-zA-Z][^<>]{0,200}>")


def plain(text: str) -> str:
    """Return a text without tags and entities, with typewriter's apostrophes and quotes, and no invisible characters.

    A tag parts words as a browser shows them parted; a text without any of these is returned as it is.
    """
    if "<" in text:
        text = TAG.sub(" ", text)
    if "&" in text:
        text = html.unescape(text)
    return text.translate(PLAIN)
