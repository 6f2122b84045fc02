"""TMDB's keys: the API Read Access Token, which travels in a header, and the older v3 key, which TMDB takes in the address."""

import re
import string
import unicodedata

from marquee.errors import SettingsError

V3_KEY = re.compile(r"[0-9a-fA-F]{32}")
ALLOWED = frozenset(string.ascii_letters + string.digits + "-._~+/=")
"""What a bearer token may consist of (RFC 6750)."""

AROUND = "\"'`´‘’‚‛“”„‟«»‹›"
PREFIXES = ("Bearer ", "TMDB_API_KEY=", "api_key=")
WHERE = "It is the API Read Access Token or the API Key of https://www.themoviedb.org/settings/api."


def bare(text: str) -> str:
    """Return a key without what stands around one that was copied: blanks, quotes, marks, a prefix."""
    before = None
    while before != text:
        before = text
        text = text.strip(AROUND)
        text = text.strip("".join({letter for letter in text if unseen(letter)}))
        for prefix in PREFIXES:
            if f"{text} ".lower().startswith(prefix.lower()):
                text = f"{text} "[len(prefix) :]
    return text


def unseen(letter: str) -> bool:
    """Say whether a character is a blank, a line break, a byte-order mark or another that is not seen."""
    return letter.isspace() or unicodedata.category(letter) in ("Cc", "Cf", "Zs", "Zl", "Zp")


def check_key(text: str) -> str:
    """Return the key that a setting holds; SettingsError names what cannot be one, and never shows it."""
    key = bare(text)
    if not key:
        raise SettingsError(
            "TMDB_API_KEY is set, and empty", hint=f"{WHERE} Set it, or unset TMDB_API_KEY to use the simulator."
        )
    for place, letter in enumerate(key, 1):
        if letter not in ALLOWED:
            raise SettingsError(
                f"TMDB_API_KEY cannot be a key: character {place} of {len(key)} is {named(letter)}",
                hint=f"{WHERE} Copy it anew, in one piece.",
            )
    return key


def named(letter: str) -> str:
    """Name a character for a person."""
    if letter in "\r\n\u2028\u2029\x85":
        return "a line break"
    if letter == " ":
        return "a blank"
    return f"{unicodedata.name(letter, 'a control character').lower()} (U+{ord(letter):04X})"


def is_v3(key: str) -> bool:
    """Say whether a key is of the older kind, 32 hexadecimal digits."""
    return V3_KEY.fullmatch(key) is not None
