"""Jars of Java services: pinned and checksummed in `locks/`, fetched once into a cache outside the tree."""

import hashlib
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from marquee.errors import SettingsError, StorageError, TransientError

LOCKS = Path(__file__).parent / "locks"
WORKERS = 8


def cache() -> Path:
    """Return the folder of downloads: MARQUEE_CACHE, or .cache/marquee in the user's home."""
    return Path(os.environ.get("MARQUEE_CACHE", Path.home() / ".cache" / "marquee"))


def repository() -> str:
    """Return the address jars come from: MARQUEE_MAVEN, or Maven Central as jgo knows it."""
    from jgo.maven import MavenContext

    return os.environ.get("MARQUEE_MAVEN") or str(MavenContext().remote_repos["central"])


def digest(path: Path) -> str:
    """Return a file's SHA-256."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def fetch(client: httpx.Client, address: str, wanted: str, target: Path) -> None:
    """Download one jar; StorageError where it is not the one that was pinned."""
    if target.exists():
        return
    try:
        response = client.get(address)
        response.raise_for_status()
    except httpx.HTTPError as error:
        raise TransientError(
            f"{address} cannot be fetched: {error}", hint="Try again, or name another repository with MARQUEE_MAVEN."
        ) from error
    part = target.with_suffix(f".{os.getpid()}.part")
    part.write_bytes(response.content)
    if digest(part) != wanted:
        part.unlink()
        raise StorageError(
            f"{address} is not the file that was pinned",
            hint="Its SHA-256 differs from the one in src/marquee/services/locks: do not use it.",
        )
    part.rename(target)


def jars(name: str) -> Path:
    """Return the folder with all jars of a lock, fetched where they are missing."""
    lines = [line.split() for line in (LOCKS / f"{name}.txt").read_text().splitlines()]
    folder = cache() / "jars" / f"{name}-{digest(LOCKS / f'{name}.txt')[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    missing = [(wanted, path) for wanted, path in lines if not (folder / Path(path).name).exists()]
    if missing:
        base = repository()
        with httpx.Client(timeout=120, follow_redirects=True) as client, ThreadPoolExecutor(WORKERS) as pool:
            jobs = [
                pool.submit(fetch, client, f"{base}/{path}", sha, folder / Path(path).name) for sha, path in missing
            ]
            for job in jobs:
                job.result()
    return folder


def paths(name: str) -> list[str]:
    """Return the paths of all jars of a lock, in order, fetched where they are missing."""
    return sorted(map(str, jars(name).glob("*.jar")))


def java() -> str:
    """Return Java's program; SettingsError where there is none."""
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=f"{home}/bin") if home else shutil.which("java")
    if found is None:
        raise SettingsError("no Java on the path", hint="Install Java 17 (a JRE is enough), or set JAVA_HOME.")
    return found
