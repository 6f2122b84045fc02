"""Texts as search compares them: without case, accents, ligatures and width, and symbols as people say them."""

import re
import unicodedata
from typing import Final

MARKS: Final = dict.fromkeys(
    (*range(0x300, 0x370), *range(0x591, 0x5C8), *range(0x64B, 0x660), 0x670, 0x640, *range(0x200B, 0x2010), 0xFEFF)
)
"""Accents of Latin, Greek and Cyrillic, points of Hebrew and Arabic, and what is not seen. Marks that spell stay."""

LETTERS: Final = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ŧ": "t", "ı": "i"}
    | {"ي": "ى", "ة": "ه", "ی": "ى", "ک": "ك"}
)
"""Letters that Unicode does not take apart, and those that Arabic and Persian write for each other."""

APOSTROPHES: Final = frozenset("'’‘‛ʼʻ′`´＇")
SIGNS: Final = {
    "&": " and ",
    "＆": " and ",
    "+": " and ",
    "♥": " heart ",
    "❤": " heart ",
    "™": "",
    "®": "",
    "©": "",
    "№": " no ",
}
SPOKEN: Final = {mark: str.maketrans(SIGNS | dict.fromkeys(APOSTROPHES, mark)) for mark in ("", " ")}


FOREIGN: Final = re.compile("[^\x00-\x7f]")


def fold(text: str, apostrophe: str = "") -> str:
    """Return a text folded: NFKD without accents, in lower case, digits 0 to 9, and words for signs.

    apostrophe: what stands for one; nothing joins what it parts ("it's": "its"). 8½ becomes "8 1 2", Alien³ "alien 3".
    """
    text = text.translate(SPOKEN[apostrophe])
    if text.isascii():
        return text.lower()
    text = FOREIGN.sub(lambda found: apart(found[0]), text).casefold()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKD", text).translate(MARKS)).translate(LETTERS)


def apart(character: str) -> str:
    """Return a character; a number that is one sign (½, ³, Ⅱ, ②) as its digits, set apart; another script's digit as ours."""
    if not character.isnumeric():
        return character
    digit = unicodedata.decimal(character, None)
    if digit is not None:
        return str(digit)
    plain = unicodedata.normalize("NFKD", character)
    return character if plain == character else f" {plain.replace('⁄', ' ')} "
