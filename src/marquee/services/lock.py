"""Writes a lock of jars: `python -m marquee.services.lock NAME GROUP:ARTIFACT:VERSION... [-ARTIFACT...]`.

A name after a dash leaves that artifact out, where the program that loads the jars carries it itself.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from marquee.services.jars import LOCKS, cache, digest, repository


def resolve(coordinates: Sequence[str], left_out: set[str]) -> list[tuple[str, str]]:
    """Return (SHA-256, path in the repository) of the jars that the coordinates need, themselves first resolved."""
    from jgo.maven import MavenContext, PythonResolver

    folder = cache() / "m2"
    context = MavenContext(
        repo_cache=folder, resolver=PythonResolver(lenient=True), remote_repos={"central": repository()}, timeout=300
    )
    wanted = []
    for coordinate in coordinates:
        group, artifact, version = coordinate.split(":")
        component = context.project(group, artifact).at_version(version)
        wanted.append(dependency(component))
    inputs, transitive = context.resolver.resolve(wanted)
    found = {}
    for each in [*inputs, *transitive]:
        if each.artifact.artifactId in left_out or each.scope in ("test", "provided", "system"):
            continue
        path = Path(each.artifact.resolve())
        found[str(path.relative_to(folder))] = digest(path)
    return [(sha, path) for path, sha in sorted(found.items())]


def dependency(component: Any) -> Any:
    """Return a component's jar as a dependency to resolve."""
    from jgo.maven import Dependency

    return Dependency(component.artifact(packaging="jar"))


def main(arguments: Sequence[str]) -> None:
    """Write the lock."""
    name, *rest = arguments
    coordinates = [each for each in rest if not each.startswith("-")]
    rows = resolve(coordinates, {each.removeprefix("-") for each in rest if each.startswith("-")})
    (LOCKS / f"{name}.txt").write_text("".join(f"{sha} {path}\n" for sha, path in rows))


if __name__ == "__main__":
    main(sys.argv[1:])
