"""Errors for people: what was wrong, where, and the setting or command that mends it."""


class MarqueeError(Exception):
    """A failure with a remedy; the command line prints it and exits with `exit_code`."""

    exit_code = 2

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  {self.hint}" if self.hint else self.message


class TerminalError(MarqueeError):
    """Trying again cannot help: something must be changed first."""


class TransientError(MarqueeError):
    """The same call may succeed later; callers back off and retry."""

    exit_code = 75

    def __init__(self, message: str, *, hint: str = "", wait: float | None = None) -> None:
        super().__init__(message, hint=hint)
        self.wait = wait
        """Seconds that the other side asked to wait, if it did."""


class SettingsError(TerminalError):
    """A setting has a value that cannot work."""


class HomeBusyError(TerminalError):
    """Another process holds a lock on this home."""


class StorageError(TerminalError):
    """The disk is full, read-only or holds something unreadable."""


class RefusedError(TerminalError):
    """The source refuses this one thing, and says why; it may answer others."""


class NotFoundError(RefusedError):
    """The source has no such thing (HTTP 404, status code 34)."""


class SourceError(MarqueeError):
    """The source as a whole cannot be asked: nothing that was asked for is to blame."""


class UnauthorizedError(SourceError, TerminalError):
    """TMDB refused the key (HTTP 401)."""


class RedirectedError(SourceError, TerminalError):
    """The source's address leads to another, to which no key is sent."""


class BlockedError(SourceError, TransientError):
    """Something else answers in the source's place: a provider, a proxy, the login page of a network."""


class UnreachableError(SourceError, TransientError):
    """The source cannot be reached: no network, no such host, nobody there, a connection that is not what it claims."""


class OutageError(SourceError, TransientError):
    """The source answers, and gives nothing of what it gave before."""


class QueryError(TerminalError):
    """A question in SQL cannot be run."""


class BadAnswerError(TransientError):
    """The source's answer could not be read: truncated, not JSON, or of another shape."""


class QualityStopError(MarqueeError):
    """A quality gate stopped the publication; the last good run goes on serving."""

    exit_code = 3
