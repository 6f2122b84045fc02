"""What a route says of itself, once: the answer cache, the guard, the metrics and the lineage read it here."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, TypeVar

from fastapi import APIRouter
from starlette.routing import compile_path

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])
Scope = Literal["open", "read", "operate"]


class Kept(Enum):
    """What an answer depends on, and so how long the answer cache may keep it."""

    NEVER = "never"
    CHANGES = "every change of either layer, and the 5-minute windows"
    FILM = "the changes of its own film, publications, and the 5-minute windows"
    WINDOWS = "publications, and the 5-minute windows"
    PUBLICATIONS = "publications"


@dataclass(frozen=True, slots=True)
class Route:
    """A route: its path as a template, what it is in a few words, and what is declared of it.

    scope: what a key must allow; reads: the kinds of published documents that its answer is made of;
    cells: whether the answer presents merged cells with all their figures.
    """

    path: str
    summary: str = ""
    scope: Scope = "read"
    kept: Kept = Kept.NEVER
    reads: tuple[str, ...] = ()
    cells: bool = False


class Routes(APIRouter):
    """A router whose routes declare what they read, how long an answer is kept, and who may ask."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.declared: list[Route] = []

    def question(
        self,
        path: str,
        responses: dict[int | str, dict[str, Any]],
        summary: str,
        *,
        kept: Kept,
        reads: tuple[str, ...] = (),
        scope: Scope = "read",
        cells: bool = False,
        method: str = "GET",
        **more: Any,
    ) -> Callable[[Endpoint], Endpoint]:
        """Return the decorator that adds a route with its declaration."""
        self.declared.append(Route(self.prefix + path, summary, scope, kept, reads, cells))
        found: Callable[[Endpoint], Endpoint] = self.api_route(
            path, methods=[method], responses=responses, summary=summary, **more
        )
        return found


class Declared:
    """All declared routes, found by a request's path."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = tuple(routes)
        plain = [route for route in self.routes if "{" not in route.path]
        self.plain = {route.path: route for route in plain}
        self.patterns: list[tuple[re.Pattern[str], Route]] = [
            (compile_path(route.path)[0], route) for route in self.routes if "{" in route.path
        ]

    def match(self, path: str) -> tuple[Route, dict[str, str]] | None:
        """Return the route that answers a path, and the values of its parameters; None of an unknown path."""
        route = self.plain.get(path)
        if route is not None:
            return route, {}
        for pattern, route in self.patterns:
            found = pattern.match(path)
            if found:
                return route, found.groupdict()
        return None

    def label(self, path: str) -> str:
        """Return a path's route with bounded variety, for a metric's label."""
        if path.startswith("/static/"):
            return "/static"
        found = self.match(path)
        return found[0].path if found else "other"

    def scope(self, path: str) -> Scope:
        """Return what a key must allow; a path that there is not asks for as much as any question."""
        if path.startswith("/static/"):
            return "open"
        found = self.match(path)
        return found[0].scope if found else "read"
