"""Child processes that cannot outlive their parent, and a parent that ends them in order."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

GRACE_SECONDS = 20.0
PARENT_PIPE = "MARQUEE_PARENT_PIPE"


def follow_parent() -> None:
    """In a child: end when the parent is gone, however it went (its end of a pipe closes then)."""
    descriptor = os.environ.pop(PARENT_PIPE, None)
    if descriptor is None:
        return

    def watch() -> None:
        os.read(int(descriptor), 1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


class Stop:
    """A flag that SIGINT and SIGTERM raise."""

    def __init__(self) -> None:
        self.event = threading.Event()
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, self.on_signal)

    def on_signal(self, number: int, frame: object) -> None:
        """Raise the flag."""
        self.event.set()

    def __call__(self) -> bool:
        """Whether the flag is up."""
        return self.event.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait for the flag for some seconds; return whether it is up."""
        return self.event.wait(seconds)


@dataclass(slots=True)
class Family:
    """The children of one parent."""

    children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    pipe: tuple[int, int] = field(default_factory=os.pipe)

    def start(self, name: str, arguments: Sequence[str], environment: dict[str, str] | None = None) -> None:
        """Start `marquee <arguments>` as a child, in a process group of its own so that Ctrl-C reaches the parent alone."""
        reading, _ = self.pipe
        self.children[name] = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "marquee", *arguments],
            env={**os.environ, **(environment or {}), PARENT_PIPE: str(reading)},
            pass_fds=(reading,),
            start_new_session=True,
        )

    def ended(self) -> tuple[str, int] | None:
        """Return the name and exit code of a child that has ended by itself."""
        for name, child in self.children.items():
            if (code := child.poll()) is not None:
                return name, code
        return None

    def stop(self) -> None:
        """End all children, politely first, the last started first."""
        for child in reversed(self.children.values()):
            if child.poll() is None:
                child.terminate()
        for child in self.children.values():
            try:
                child.wait(GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self.children.clear()
