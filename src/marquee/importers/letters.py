"""Which letters a file's bytes are: UTF-8 unless it says or shows another encoding. Never guessed in silence.

Order: what the person names; a byte-order mark; UTF-16 by its zero bytes; UTF-8 where all of it, or most of what is not
ASCII, is UTF-8; else what charset-normalizer finds in the lines that are not ASCII, which the import then says.
"""

import codecs
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from charset_normalizer import CharsetMatch, from_bytes

from marquee.errors import SettingsError
from marquee.importers.files import Member
from marquee.importers.streams import HEAD, Told, UnreadableError

MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
LEGACY = (
    *("cp1252", "latin_1", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "koi8_r", "mac_roman"),
    *("cp437", "cp850", "shift_jis", "cp932", "euc_jp", "gb18030", "big5", "euc_kr", "cp949"),
)
"""Encodings looked for where a file is not Unicode."""

EVIDENCE = 64 * 1024
"""Bytes of lines that are not ASCII from which such an encoding is told."""

SMALL = "àáâãäåæçèéêëìíîïñòóôõöøœùúûüßÿšž"
GREAT = "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØŒÙÚÛÜŠŽ"
WESTERN = re.compile(
    rf"[{GREAT}]?(?:[A-Za-z]|ç[{SMALL}]?|([{SMALL}])\1?(?![{SMALL}]))*|[A-Z{GREAT}]+",
)
"""A word as Western European languages write it: small letters after small ones, accents alone, doubled, or after ç."""

ODD_WORDS = 0.02
"""Share of words that may be written otherwise."""

NOT_ASCII = re.compile(r"[^\x00-\x7f]")
ESCAPED = re.compile(r"[\udc80-\udcff]")
WORD = re.compile(r"[^\W\d_]+")
BETWEEN = re.compile(r"[^\W\d_][‚ƒ„†‡ˆ‰‹›¡¢£¤¥¦§¨©«¬®¯°±²³´µ¶¸¹»¼½¾¿][^\W\d_]")
"""Signs that stand inside a word only where the encoding is wrong."""

FEW = 0.01
"""Share of lines that may be damaged in a file that is taken for UTF-8 all the same."""

CLOSE = 0.03
"""Coherence (charset-normalizer's, in [0, 1]) within which two readings are as likely."""

LONGEST_LINE = 16 * 1024 * 1024
"""Characters of one line beyond which a file is not taken for text."""


@dataclass(frozen=True, slots=True)
class Letters:
    """An encoding, as Python names it, and how it is known: named, marked, shown, or detected (in words, else empty)."""

    encoding: str
    detected: str = ""

    @property
    def shown(self) -> str:
        """The encoding for a person."""
        name = {"utf-8-sig": "UTF-8", "utf-8": "UTF-8", "utf-16": "UTF-16"}.get(self.encoding, self.encoding)
        return f"{name} ({self.detected})" if self.detected else name

    def text(self, stream: io.BufferedReader) -> io.TextIOWrapper:
        """Return a stream's text with line ends as they are; a byte that does not belong becomes a lone surrogate."""
        errors = "strict" if self.encoding.startswith(("utf-16", "utf-32")) else "surrogateescape"
        return io.TextIOWrapper(stream, self.encoding, errors=errors, newline="")

    def lines(self, member: Member, told: Told | None = None) -> Iterator[str]:
        """Yield a member's lines; only CR, LF and CRLF end one. UnreadableError where they cannot be read."""
        with member.open(told) as stream, self.text(stream) as text:
            while True:
                try:
                    line = text.readline(LONGEST_LINE)
                except UnicodeError as error:
                    raise UnreadableError(
                        f"is not {self.encoding} throughout; name its encoding with --encoding"
                    ) from error
                if not line:
                    return
                if len(line) == LONGEST_LINE and not line.endswith(("\n", "\r")):
                    raise UnreadableError(f"has a line of more than {LONGEST_LINE // 1024**2} million characters")
                yield line


def named(encoding: str) -> Letters:
    """Return the letters that a person names; SettingsError where Python knows no such encoding of text."""
    try:
        "a".encode(encoding.strip())
        found = codecs.lookup(encoding.strip()).name
    except (LookupError, UnicodeError, ValueError, TypeError) as error:
        raise SettingsError(
            f"there is no encoding {encoding!r}",
            hint="For example: --encoding utf-8, cp1252, latin-1, utf-16 or gb18030.",
        ) from error
    return Letters({"utf-8": "utf-8-sig"}.get(found, found))


def marked(head: bytes) -> Letters | None:
    """Return the letters that a head gives away by a byte-order mark or by UTF-16's zero bytes."""
    for mark, encoding in MARKS:
        if head.startswith(mark):
            return Letters(encoding)
    even, odd = head[:4096:2].count(0), head[1:4096:2].count(0)
    half = len(head[:4096]) // 2
    if half >= 4 and odd > 0.6 * half and even < 0.1 * half:
        return Letters("utf-16-le")
    return Letters("utf-16-be") if half >= 4 and even > 0.6 * half and odd < 0.1 * half else None


def of_head(head: bytes) -> Letters:
    """Return letters that are good enough to recognise a file by its head, where what matters is ASCII."""
    return marked(head) or Letters("utf-8")


def settle(member: Member) -> Letters:
    """Return a member's letters, by all of it; UnreadableError where they cannot be told."""
    found = marked(member.head())
    if found is not None:
        return found
    survey, utf8 = Survey(), codecs.getincrementaldecoder("utf-8")("surrogateescape")
    with member.open() as stream:
        while piece := stream.read(HEAD):
            survey.add(piece, utf8.decode(piece))
        survey.add(b"", utf8.decode(b"", final=True))
    return survey.verdict()


@dataclass(slots=True)
class Survey:
    """What is beyond ASCII in a file: letters that are UTF-8, bytes that are not, lines with such bytes, and some of both."""

    good: int = 0
    bad: int = 0
    lines: int = 1
    wrong_lines: int = 0
    evidence: bytearray = field(default_factory=bytearray)

    def add(self, piece: bytes, text: str) -> None:
        """Count a piece of the file and what it is as UTF-8."""
        self.lines += piece.count(b"\n")
        if text.isascii():
            return
        beyond = NOT_ASCII.findall(text)
        wrong = sum("\udc80" <= c <= "\udcff" for c in beyond)
        self.good, self.bad = self.good + len(beyond) - wrong, self.bad + wrong
        if wrong:
            self.wrong_lines += sum(bool(ESCAPED.search(line)) for line in text.split("\n"))
        if len(self.evidence) < EVIDENCE:
            self.evidence += b"\n".join(line[:EVIDENCE] for line in piece.split(b"\n") if not line.isascii()) + b"\n"

    def verdict(self) -> Letters:
        """Return the letters; UnreadableError where they cannot be told."""
        # A few bytes that were damaged do not make UTF-8 another encoding: their cells are named one by one.
        if self.bad <= self.good:
            return Letters("utf-8")
        try:
            return legacy(bytes(self.evidence))
        except UnreadableError:
            if self.wrong_lines <= FEW * self.lines:
                return Letters("utf-8")
            raise


def legacy(evidence: bytes) -> Letters:
    """Tell an encoding from lines that are not Unicode; UnreadableError where nothing fits, or several readings do."""
    readings: dict[str, CharsetMatch] = {}
    for match in from_bytes(evidence, cp_isolation=list(LEGACY)):
        readings.setdefault(str(match), match)
    sound = [match for text, match in readings.items() if not BETWEEN.search(text)]
    best = max((match.coherence for match in sound), default=0.0)
    western = evidence.decode("cp1252", "replace")
    if plausible(western):
        if western not in readings or readings[western].coherence >= best - CLOSE:
            return detected("cp1252", western)
    elif readings:
        likely = {text: match for text, match in readings.items() if match.coherence >= best - CLOSE}
        calm = min(match.chaos for match in likely.values())
        likely = {text: match for text, match in likely.items() if match.chaos <= calm + 0.1}
        if len(likely) == 1:
            ((text, match),) = likely.items()
            return detected(match.encoding, text)
    could = ", ".join(f"{match.encoding} ({example(text)})" for text, match in list(readings.items())[:3])
    raise UnreadableError(
        f"is not Unicode, and its encoding cannot be told{f' (it could be {could})' if could else ''}; "
        "name it with --encoding"
    )


def detected(encoding: str, text: str) -> Letters:
    """Return letters that were told from a text, with a word of it for a person to judge by."""
    return Letters(encoding, f"detected, by {example(text)}; if that is wrong, name it with --encoding")


def plausible(text: str) -> bool:
    """Say whether a text beyond ASCII reads like a Western European one."""
    words = [word for word in WORD.findall(text) if not word.isascii()]
    odd = len(BETWEEN.findall(text)) + sum(WESTERN.fullmatch(word) is None for word in words)
    return "\ufffd" not in text and odd <= ODD_WORDS * len(words)


def example(text: str) -> str:
    """Return a word of a text that is not ASCII, for a person to judge by."""
    words = (word for word in re.split(r"[\s,;|\t\"]+", text) if not word.isascii() and word.isprintable())
    return f"'{next(words, '?')[:40]}'"
