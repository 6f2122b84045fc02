"""What each part says: JSON lines in the home, a file for each part, and how they are read again."""

import heapq
import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import orjson
from pydantic import SecretStr

from marquee import spans as work
from marquee.app import Platform
from marquee.domain.printable import printable
from marquee.domain.timeline import parse_iso
from marquee.places import valid
from marquee.settings import Settings
from marquee.sources.tmdb_key import bare

FOLDER = "logs"
FILE_BYTES, FILES_KEPT = 10 * 1024**2, 5
IDS = ("run", "batch", "request")
"""What a line may be about: a run of the batch layer, a micro-batch, a request of the API."""

LEVELS = ("debug", "info", "warning", "error", "critical")
HIDDEN = "***"


def secrets_of(settings: Settings) -> list[str]:
    """Return every text that must not be said: secrets, and the passwords within addresses, the longest first."""
    found = set()
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, SecretStr) and value.get_secret_value():
            secret = value.get_secret_value()
            password = urlsplit(secret).password if "://" in secret else None
            found |= {secret, *([password, unquote(password)] if password else [])}
    if settings.tmdb_api_key is not None:
        found.add(bare(settings.tmdb_api_key.get_secret_value()))
    return sorted(found - {""}, key=len, reverse=True)


class Words(logging.Formatter):
    """Writes a record as a person reads it, without the secrets of the settings."""

    def __init__(self, secrets: Sequence[str]) -> None:
        super().__init__("%(message)s")
        self.secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        """Return the text."""
        text = self.said(record)
        for secret in self.secrets:
            text = text.replace(secret, HIDDEN)
        return text

    def said(self, record: logging.LogRecord) -> str:
        """Return the text with all that it says, and nothing that a terminal would obey."""
        return printable(super().format(record))


class JsonLines(Words):
    """Writes a record as one JSON line, without the secrets of the settings, in which JSON may escape characters."""

    def __init__(self, part: str, secrets: Sequence[str]) -> None:
        super().__init__([form for text in secrets for form in (text, orjson.dumps(text)[1:-1].decode())])
        self.part = part

    def said(self, record: logging.LogRecord) -> str:
        """Return the line with all that it says."""
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        body: dict[str, Any] = {
            "time": time.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "part": self.part,
            "message": valid(record.getMessage()),
            "logger": record.name,
        }
        body |= {name: str(getattr(record, name)) for name in IDS if hasattr(record, name)}
        if record.exc_info:
            body["error"] = valid(self.formatException(record.exc_info))
        return orjson.dumps(body).decode()


def begin(platform: Platform, part: str, *, aloud: bool = True) -> None:
    """Let this process be a part: its spans are counted, and it writes a log of its own.

    All from `info` goes into the home and, `aloud`, to standard error.

    MARQUEE_LOG_FORMAT says how the latter is written: `text` shows warnings in words, `json` all lines as in the home.
    """
    settings = platform.settings
    secrets = secrets_of(settings)
    folder = platform.home.path(FOLDER)
    folder.mkdir(exist_ok=True)
    file = RotatingFileHandler(folder / f"{part}.jsonl", maxBytes=FILE_BYTES, backupCount=FILES_KEPT, encoding="utf-8")
    lines = JsonLines(part, secrets)
    file.setFormatter(lines)
    said = logging.StreamHandler(sys.stderr)
    said.setFormatter(lines if settings.log_format == "json" else Words(secrets))
    said.setLevel(logging.INFO if settings.log_format == "json" else logging.WARNING)
    logging.basicConfig(level=logging.WARNING, handlers=[file, said] if aloud else [file], force=True)
    logging.getLogger("marquee").setLevel(logging.INFO)
    tracer = None
    if settings.traces is not None:
        from marquee.adapters.otel import Collector

        tracer = Collector(settings.traces, part)
    work.keep(platform.home.path(work.FOLDER), part, tracer)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines are wanted. since: a time (ms); ids: of IDS; text: what a line must contain, in any case."""

    parts: tuple[str, ...] = ()
    level: str = "info"
    since: int = 0
    ids: Mapping[str, str] | None = None
    text: str = ""

    def takes(self, line: Mapping[str, Any]) -> bool:
        """Say whether a line is wanted."""
        part = str(line["part"])
        return (
            (not self.parts or part in self.parts or part.partition("-")[0] in self.parts)
            and LEVELS.index(line["level"]) >= LEVELS.index(self.level)
            and parse_iso(line["time"]) >= self.since
            and all(line.get(name) == value for name, value in (self.ids or {}).items())
            and (not self.text or self.text.casefold() in orjson.dumps(line).decode().casefold())
        )


def parsed(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the lines of a file; one that a crash cut short is passed over."""
    with path.open("rb") as lines:
        for line in lines:
            try:
                found = orjson.loads(line)
            except orjson.JSONDecodeError:
                continue
            yield found


def read(folder: Path, wanted: Wanted) -> Iterator[dict[str, Any]]:
    """Yield the wanted lines of all parts in the order of time."""
    files = folder.glob("*.jsonl*")
    every = heapq.merge(*map(parsed, files), key=lambda line: str(line["time"]))
    return (line for line in every if wanted.takes(line))


class Tail:
    """Reads what is added to the files of a folder, from now on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.reached = {path: path.stat().st_size for path in folder.glob("*.jsonl")}

    def step(self, wanted: Wanted) -> list[dict[str, Any]]:
        """Return the wanted lines that were added since the last step. A file that has become shorter begins anew."""
        found = []
        for path in self.folder.glob("*.jsonl"):
            start = self.reached.get(path, 0)
            with path.open("rb") as file:
                if path.stat().st_size < start:
                    start = 0
                file.seek(start)
                whole, _, _ = file.read().rpartition(b"\n")
            if whole:
                self.reached[path] = start + len(whole) + 1
                found += [orjson.loads(line) for line in whole.splitlines()]
        return sorted(filter(wanted.takes, found), key=lambda line: str(line["time"]))
