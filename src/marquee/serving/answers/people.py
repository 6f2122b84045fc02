"""People: who they are, whom they work with, and how few films lie between two of them."""

from difflib import get_close_matches
from typing import Any

from marquee.domain.documents import PERSON
from marquee.domain.films import film_people
from marquee.errors import NotFoundError
from marquee.serving.answers.query import Answer, Query, covered
from marquee.serving.answers.search import card_line
from marquee.serving.world.world import World


def person(query: Query, person_id: int) -> Answer:
    """Answer /v1/people/{id}: films, place in the network, community and closest collaborators."""
    world, now = query.sight()
    body = query.document(PERSON, person_id)
    if body is None:
        raise unknown(person_id)
    films = [
        {
            **(
                {"movie_id": movie_id, "title": title, "release_date": released}
                if card is None
                else card_line(card, world)
            ),
            "part": part,
        }
        for movie_id, title, released, part in body["films"]
        for card in [world.card(movie_id, now)]
    ]
    collaborators = [
        {"person_id": other, "name": name, "strength": strength} for other, name, strength in body["collaborators"]
    ]
    answer = {**body, "films": films, "collaborators": collaborators}
    answer["top_share"] = round(body["rank"] / body["of"], 4)
    return covered(answer, world)


def people(query: Query, q: str | None, page: int, page_size: int) -> Answer:
    """Answer /v1/people: people by name, or all, the most central first."""
    world = query.world
    lines = list(world.published.people.values())
    near: list[str] = []
    if q is not None and q.strip():
        words = q.casefold().split()
        found = [line for line in lines if all(word in line["name"].casefold() for word in words)]
        if not found:
            near = get_close_matches(q, [line["name"] for line in lines], 5, 0.6)
            found = [line for line in lines if line["name"] in set(near)]
        lines = found
    first = (page - 1) * page_size
    results = [{**line, "films": len(line["films"])} for line in lines[first : first + page_size]]
    paging = {"page": page, "page_size": page_size, "total": len(lines), "pages": -(-len(lines) // page_size)}
    return covered({"q": q, "spelled_otherwise": bool(near), **paging, "results": results}, world)


def path(query: Query, start: int, end: int) -> Answer:
    """Answer /v1/people/path: the shortest chain of shared films between two people."""
    world, now = query.sight()
    published = world.published
    for person_id in (start, end):
        if person_id not in published.people:
            raise unknown(person_id)
    found = published.graph.path(start, end)
    steps: list[dict[str, Any]] = []
    for index, node in enumerate(found or ()):
        if index % 2 == 0:
            steps.append({"person_id": node, "name": published.people[node]["name"]})
        else:
            card = world.card(node, now)
            steps.append({"movie_id": node, "title": None if card is None else card["title"] or None})
    answer = {
        "from": start,
        "to": end,
        "connected": found is not None,
        "degrees": None if found is None else len(found) // 2,
        "path": steps,
    }
    return covered(answer, world)


def network(query: Query, movie_id: int) -> Answer:
    """Answer /v1/movies/{id}/network: the film's people, their place in the network, and who of them share other films."""
    world, _, film, _ = query.film(movie_id)
    lines = world.published.people
    nodes = []
    for person_id, (name, part) in film_people(film).items():
        line = lines.get(person_id)
        known = {key: line[key] for key in ("degree", "rank", "community")} if line else {}
        nodes.append({"person_id": person_id, "name": name, "part": part, **known})
    ties = []
    for index, one in enumerate(nodes):
        for other in nodes[index + 1 :]:
            shared = films_of(world, one["person_id"]) & films_of(world, other["person_id"]) - {movie_id}
            if shared:
                ties.append({"from": one["person_id"], "to": other["person_id"], "other_films": sorted(shared)})
    answer = {"movie_id": movie_id, "title": film["title"] or None, "people": nodes, "also_together": ties}
    return covered(answer, world)


def films_of(world: World, person_id: int) -> set[int]:
    """Return the ids of a person's films."""
    line = world.published.people.get(person_id)
    return set(line["films"]) if line else set()


def unknown(person_id: int) -> NotFoundError:
    """Return the error for someone no film credits."""
    return NotFoundError(f"no film credits a person {person_id}", hint="Find ids with /v1/people?q=...")
