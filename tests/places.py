"""Names of folders as people have them, and as they lead programs astray that take a path for something else."""

import os
import unicodedata

NAMES = {
    "blank": "My Films",
    "accent, composed": unicodedata.normalize("NFC", "José"),
    "accent, decomposed": unicodedata.normalize("NFD", "José"),
    "percent": "100%",
    "escape": "a%20b",
    "escaped slash": "a%2Fb%2e%2e",
    "fragment": "films#1",
    "question": "what?",
    "ampersand": "a&b=c;d",
    "apostrophe": "it's",
    "quotes": '"best" films',
    "brackets": "[old]",
    "braces": "{a,b}",
    "star": "all*",
    "parentheses": "films (2)",
    "colon": "C:films",
    "scheme": "s3:",
    "at": "me@host",
    "dash": "-rf",
    "tilde": "~",
    "dollar": "$HOME `id`",
    "backslash": "a\\b",
    "newline": "two\nlines",
    "escape sequence": "\x1b[31mred",
    "markup": "[bold]x",
    "not UTF-8": os.fsdecode(b"caf\xe9 \xff"),
    "other scripts": "映画 фильмы 🎬",
    "long": "n" * 200,
    "dots": "...",
    "blanks around": " x ",
    "a lake's own words": "gold/cells/data",
}
