"""The network of people: who worked with whom, how central each is, and the communities they form."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import orjson

from marquee.domain.documents import PEOPLE, PERSON, Document
from marquee.domain.films import FilmView, film_people
from marquee.libraries.graph import collaborations, communities, pagerank

SHARDS = 64
HALF_LIFE_YEARS = 10
"""A film of ten years ago ties its people half as much as one of this year."""

COLLABORATORS = 12


def film_weight(film: FilmView, people: int, year: int) -> float:
    """Return what a shared film adds to a tie: Newman's 1 / (n - 1) (PRE 64, 016132, 2001), halved every ten years."""
    released = film["release_date"]
    age = max(0, year - int(released[:4])) if released else HALF_LIFE_YEARS
    return float(0.5 ** (age / HALF_LIFE_YEARS) / (people - 1))


def documents(films: Sequence[FilmView], year: int) -> Iterator[Document]:
    """Yield the documents of all people credited in films, as of a year."""
    names: dict[int, str] = {}
    parts: dict[int, list[list[Any]]] = defaultdict(list)
    rows: list[int] = []
    columns: list[int] = []
    weights: list[float] = []
    numbers: dict[int, int] = {}
    for film in films:
        credited = film_people(film)
        for person_id, (name, part) in credited.items():
            names[person_id] = name
            parts[person_id].append([film["movie_id"], film["title"], film["release_date"], part])
            numbers.setdefault(person_id, len(numbers))
        if len(credited) > 1:
            rows += [len(weights)] * len(credited)
            columns += [numbers[person_id] for person_id in credited]
            weights.append(film_weight(film, len(credited), year))
    if not weights:
        return
    ids = list(numbers)
    shared = collaborations(np.array(rows), np.array(columns), np.array(weights))
    shared.resize((len(ids), len(ids)))
    yield from person_documents(ids, names, parts, shared)


def person_documents(
    ids: Sequence[int], names: dict[int, str], parts: dict[int, list[list[Any]]], shared: Any
) -> Iterator[Document]:
    """Yield a document for each person, and the shards of all people's lines."""
    order = np.argsort(-pagerank(shared), kind="stable")
    rank = np.empty(len(ids), dtype=np.int64)
    rank[order] = np.arange(1, len(ids) + 1)
    groups = communities(shared)
    heads: dict[int, int] = {}
    for index in order.tolist():
        heads.setdefault(int(groups[index]), ids[index])
    sizes = np.bincount(groups)
    shards: dict[int, list[list[Any]]] = {shard: [] for shard in range(SHARDS)}
    for index, person_id in enumerate(ids):
        span = slice(shared.indptr[index], shared.indptr[index + 1])
        ties, others = shared.data[span], shared.indices[span]
        best = np.lexsort((others, -ties))[:COLLABORATORS]
        group = int(groups[index])
        head = heads[group]
        worked = sorted(parts[person_id], key=lambda part: (part[2] or "", part[0]), reverse=True)
        body = {
            "person_id": person_id,
            "name": names[person_id],
            "films": worked,
            "degree": len(ties),
            "strength": round(float(ties.sum()), 4),
            "rank": int(rank[index]),
            "of": len(ids),
            "community": {"head": head, "name": names[head], "size": int(sizes[group])},
            "collaborators": [[ids[others[i]], names[ids[others[i]]], round(float(ties[i]), 4)] for i in best.tolist()],
        }
        yield PERSON, person_id, orjson.dumps(body)
        line = [person_id, names[person_id], len(ties), int(rank[index]), head, [part[0] for part in worked]]
        shards[person_id % SHARDS].append(line)
    for shard, lines in shards.items():
        yield PEOPLE, shard, orjson.dumps(lines)
