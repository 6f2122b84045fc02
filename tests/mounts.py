"""Folders that cannot be written and disks that are full, as the system makes them: in a mount namespace of their own."""

import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.conftest import missing

NAMESPACE = ("unshare", "--map-root-user", "--mount")


def need_namespaces() -> None:
    """Skip where the system lets nobody mount anything."""
    tried = subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False)
    if tried.returncode:
        missing("mounts", f"no mount namespace: {tried.stderr.decode().strip()}")


def marquee(*arguments: str | Path) -> str:
    """A shell line that runs a command and says its exit code last on standard error."""
    command = shlex.join([sys.executable, "-m", "marquee", *map(str, arguments)])
    return f"{command} && code=0 || code=$?; echo code=$code >&2"


def within(lines: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run shell lines in a mount namespace."""
    return subprocess.run(
        [*NAMESPACE, "sh", "-c", "set -e\n" + "\n".join(lines)],
        capture_output=True,
        text=True,
        timeout=300,
        env={"PATH": os.environ["PATH"], "HOME": "/nowhere", "COLUMNS": "300"},
        check=False,
    )
