"""What comes back from TMDB's address, read: JSON where TMDB answers, and else an error that names what answered."""

import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from marquee.errors import (
    BadAnswerError,
    BlockedError,
    MarqueeError,
    NotFoundError,
    RedirectedError,
    RefusedError,
    TransientError,
    UnauthorizedError,
    UnreachableError,
)

DEEPEST = 50
"""Levels of nesting that are read; TMDB's answers have five."""

QUOTED = 120
"""Characters of a strange answer that an error repeats."""

REDIRECTS = frozenset({301, 302, 303, 307, 308})
BUSY = frozenset({408, 425, 429})
LOG_IN = 511
"""The status with which a network asks for a log-in (RFC 6585)."""

PASSING_CODES = frozenset({9, 11, 15, 24, 25, 43, 46})
"""TMDB's own codes of what passes by itself: off line, an internal error, a time-out, too many requests, maintenance."""

SUSPENDED = frozenset({10, 31, 45})
KEYS = "https://www.themoviedb.org/settings/api"
CODES = "https://developer.themoviedb.org/docs/errors"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it came: `path` was asked of the base address `url`; headers by lower-case name."""

    url: str
    path: str
    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def is_page(self) -> bool:
        """Whether it is a web page."""
        return "html" in self.headers.get("content-type", "") or self.content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"

    def body(self) -> Any:
        """Return its JSON; an error, in words, where it has none or tells of a failure."""
        if self.status in REDIRECTS:
            raise redirected(self)
        if self.status in BUSY or (self.status >= 500 and self.status != LOG_IN and not self.is_page):
            raise busy(self)
        try:
            found = parsed(self.content, charset(self.headers.get("content-type", "")))
        except ValueError as error:
            raise unreadable(self, str(error)) from None
        if not 200 <= self.status < 300 or failed(found):
            raise refusal(self.status, self.path, found)
        return found


def parsed(content: bytes, encoding: str | None = None) -> Any:
    """Read JSON in any of its encodings, or in the one that is named; ValueError in words."""
    try:
        try:
            found = json.loads(content)
        except UnicodeDecodeError:
            found = json.loads(content.decode(encoding or "utf-8"))
    except (UnicodeDecodeError, LookupError):
        raise ValueError("not in the encoding it claims") from None
    except ValueError:
        raise ValueError("not JSON (truncated?)") from None
    except RecursionError:
        raise ValueError("nested without end") from None
    level = [found]
    for _ in range(DEEPEST):
        level = [
            inner for value in level if isinstance(value, dict | list)
            for inner in (value.values() if isinstance(value, dict) else value)
        ]  # fmt: skip
        if not level:
            return found
    raise ValueError("nested without end")


def charset(content_type: str) -> str | None:
    """Return the encoding that a header names."""
    found = re.search(r"charset=[\"']?([\w.:-]+)", content_type, re.IGNORECASE)
    return found[1] if found else None


def failed(body: Any) -> bool:
    """Say whether a body is TMDB's word of a failure, whatever its status."""
    if not isinstance(body, dict) or "id" in body or "results" in body:
        return False
    return body.get("success") is False or ("status_code" in body and "status_message" in body)


def retry_after(header: str | None) -> float | None:
    """Read a Retry-After header, seconds or a date; None where there is none or it says nothing."""
    if not header:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None


def shown(text: str) -> str:
    """Return the beginning of a strange text on one line, with nothing that a terminal would obey."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return line if len(line) <= QUOTED else line[:QUOTED] + "..."


def quoted(body: Any) -> str:
    """Return the beginning of a strange JSON."""
    return shown(json.dumps(body, ensure_ascii=False))


def said(body: Any) -> str:
    """Return what TMDB says of a failure."""
    if not isinstance(body, dict):
        return quoted(body)
    errors = body.get("errors")
    found = body.get("status_message") or (", ".join(map(str, errors)) if isinstance(errors, list) else errors)
    return shown(str(found)) if found else "without a word why"


def busy(answer: Answer) -> TransientError:
    """Return the error of an answer that may be another one in a moment."""
    try:
        words = f": {said(parsed(answer.content))}"
    except ValueError:
        words = ""
    wait = retry_after(answer.headers.get("retry-after"))
    return TransientError(f"TMDB answered {answer.status} for {answer.path}{words}", wait=wait)


def redirected(answer: Answer) -> RedirectedError:
    """Return the error of an answer that leads elsewhere. What follows a '?' is not shown: it may repeat a key."""
    here, target, same = urlsplit(answer.url), "an address that cannot be read", False
    try:
        there = urlsplit(urljoin(f"{answer.url}{answer.path}", answer.headers.get("location", "")))
        port = f":{there.port}" if there.port else ""
        target = shown(f"{there.scheme}://{there.hostname}{port}{there.path}")
        same = there.hostname == here.hostname and there.path.endswith(answer.path)
    except ValueError:
        pass
    if same:
        hint = f"Set MARQUEE_TMDB_URL={re.sub(r'(?:/3)+$', '/3', target.removesuffix(answer.path))}."
    else:
        hint = (
            "Is it the login page of a network, or a proxy's? Open any page in a browser on this machine. If TMDB has "
            "moved, set MARQUEE_TMDB_URL to its new address."
        )
    return RedirectedError(
        f"{here.hostname} leads to another address for {answer.path} ({answer.status}, to {target}), and no key is sent there",
        hint=hint,
    )


def unreadable(answer: Answer, reason: str) -> MarqueeError:
    """Return the error of an answer that is not TMDB's JSON."""
    if not answer.is_page and answer.status < 300:
        return BadAnswerError(f"TMDB's answer to {answer.path} is {reason}")
    text = answer.content[:20_000].decode(errors="replace")
    title = re.search(r"<title[^>]*>(.*?)</title", text, re.IGNORECASE | re.DOTALL)
    seen = shown(html.unescape(title[1] if title else re.sub(r"<[^>]*>?", " ", text)))
    what = f'"{seen}"' if seen else "nothing"
    host = urlsplit(answer.url).hostname
    message = f"something other than TMDB answers at {host} for {answer.path}: status {answer.status}, {what}"
    if answer.status >= 500 and answer.status != LOG_IN:
        return UnreachableError(
            message, hint=f"It may pass. If not, look at https://status.themoviedb.org and at {host}."
        )
    return BlockedError(
        message,
        hint=f"A provider, a firewall, a proxy or the login page of a network stands in between: open https://{host} in a "
        "browser on this machine. Another way there is HTTPS_PROXY, another address MARQUEE_TMDB_URL.",
    )


def refusal(status: int, path: str, body: Any) -> MarqueeError:
    """Return the error of a failure that TMDB itself tells of."""
    code = body.get("status_code") if isinstance(body, dict) else None
    words = said(body)
    if code in SUSPENDED:
        return UnauthorizedError(
            f"TMDB has suspended the account of this key: {words}",
            hint="Ask TMDB why: https://www.themoviedb.org/talk.",
        )
    if status == 401 or code == 7:
        return UnauthorizedError(
            f"TMDB refused the key: {words}",
            hint=f"Set TMDB_API_KEY to the API Read Access Token or the API Key from {KEYS}, or unset it to use the simulator.",
        )
    if status == 404 and code == 34:
        return NotFoundError(
            f"TMDB has no {path}: {words}", hint="Does MARQUEE_TMDB_URL end in /3, as TMDB's address does?"
        )
    if code in PASSING_CODES or status >= 500:
        return TransientError(f"TMDB answered {status} for {path}, with an error of its own ({code}): {words}")
    return RefusedError(
        f"TMDB answered {status} for {path}, with an error: {words}", hint=f"TMDB's codes stand at {CODES}."
    )
