"""What a route declares of itself holds everywhere: cache, guard, metrics, client."""

import inspect
import re
from types import SimpleNamespace
from typing import Any, cast

import pytest
from fastapi.routing import APIRoute

from marquee.client import Questions
from marquee.domain import documents
from marquee.http.application import DECLARED
from marquee.http.cache import rule
from marquee.http.routes.analytics import views
from marquee.http.routes.declared import Declared, Kept, Route
from marquee.http.routes.films import films
from marquee.http.routes.operations import operations
from marquee.serving.answers.query import Query

QUERY = cast(
    Query,
    SimpleNamespace(version=lambda: (7, 8, 9), world=SimpleNamespace(edition=("run", 7), changed={550: 3})),
)
CALLED = {"movie_id": "550", "genre": "Drama", "person_id": "287"}


def path_of(route: Route) -> str:
    return re.sub(r"{(\w+)}", lambda found: CALLED[found[1]], route.path)


def test_every_route_of_the_api_is_declared_and_found_by_its_path() -> None:
    served = [route.path for router in (films, views, operations) for route in router.routes]
    assert sorted(served) == sorted(r.path for router in (films, views, operations) for r in router.declared)
    assert len(served) > 25
    for route in DECLARED.routes:
        found = DECLARED.match(path_of(route))
        assert found is not None
        assert found[0] is route, path_of(route)
        assert DECLARED.label(path_of(route)) == route.path
    kinds = {value for name, value in vars(documents).items() if name.isupper() and isinstance(value, str)}
    assert {kind for route in DECLARED.routes for kind in route.reads} <= kinds


@pytest.mark.parametrize("path", ["/v1/nothing", "/v1/movies/1/2/3/4", "/wp-admin", "/v1/movies/", "/V1/mine"])
def test_an_unknown_path_has_one_label_asks_for_a_key_and_is_never_kept(path: str) -> None:
    assert (DECLARED.label(path), DECLARED.scope(path)) == ("other", "read")
    assert rule(path, QUERY, DECLARED) is None


def test_scopes_are_those_of_what_is_asked() -> None:
    assert {route.path for route in DECLARED.routes if route.scope == "operate"} == {
        "/v1/status",
        "/v1/quality",
        "/metrics",
    }
    assert DECLARED.scope("/health") == DECLARED.scope("/static/base.js") == DECLARED.scope("/") == "open"
    assert (DECLARED.scope("/v1/movies/5"), DECLARED.scope("/v1/live")) == ("read", "read")


def test_an_answer_is_kept_by_what_it_depends_on() -> None:
    run = ("run", 7)
    wanted = {
        "/v1/trending/movies": ((run, 8, 9), 300.0),
        "/v1/movies/550/stats": ((run, 3, 9), 300.0),
        "/v1/movies/551": ((run, 0, 9), 300.0),
        "/v1/movies/550/similar": (run, 900.0),
        "/v1/people/path": (run, 900.0),
        "/v1/search/movies": ((run, 9), 300.0),
        "/v1/status": None,
        "/v1/live": None,
        f"/v1/movies/{'9' * 17}": None,
        "/v1/movies/abc": None,
    }
    assert {path: rule(path, QUERY, DECLARED) for path in wanted} == wanted


def test_a_route_that_is_added_is_known_everywhere_at_once() -> None:
    more = Declared((*DECLARED.routes, Route("/v1/moods/{mood}", "Moods", "operate", Kept.PUBLICATIONS)))
    assert (more.label("/v1/moods/blue"), more.scope("/v1/moods/blue")) == ("/v1/moods/{mood}", "operate")
    assert rule("/v1/moods/blue", QUERY, more) == (("run", 7), 900.0)


class Noting(Questions[str]):
    """Answers each question with the path that it asks."""

    def ask(self, path: str, parameters: Any = None, body: Any = None) -> str:
        return path


def test_the_client_asks_every_question_of_the_api_with_all_its_parameters() -> None:
    values: dict[str, Any] = {"movie_id": 550, "person_id": 287, "name": "Drama", "liked": [550], "q": "a"}
    asked: dict[str, inspect.Signature] = {}
    for name, method in inspect.getmembers(Noting(), inspect.ismethod):
        if name.startswith("_") or name == "ask":
            continue
        signature = inspect.signature(method)
        needed = [n for n, p in signature.parameters.items() if p.default is p.empty and p.kind is not p.VAR_KEYWORD]
        path = method(**{n: values.get(n, 1) for n in needed})
        found = DECLARED.match(path)
        assert found is not None, path
        asked[found[0].path] = signature
    questions = [route for router in (films, views) for route in router.routes if isinstance(route, APIRoute)]
    assert {route.path for route in questions} - asked.keys() == {"/v1/trending/genres/{genre}"}
