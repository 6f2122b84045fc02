"""Graphs of people: centrality and communities by scikit-network, shortest paths by rustworkx."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import rustworkx as rx

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def collaborations(films: Ints, people: Ints, weights: Floats) -> Any:
    """Return the symmetric matrix of people by people whose entries are the weights of the films they share.

    films, people: equal-long columns of credits, as row numbers; weights: by film.
    """
    from scipy.sparse import csr_matrix

    credited = csr_matrix((np.ones(len(films)), (films, people)))
    credited.sum_duplicates()
    credited.data[:] = 1.0
    scaled = credited.copy()
    scaled.data = weights[np.repeat(np.arange(credited.shape[0]), np.diff(credited.indptr))]
    shared = (credited.T @ scaled).tocsr()
    shared.setdiag(0)
    shared.eliminate_zeros()
    return shared


def pagerank(shared: Any) -> Floats:
    """Return the PageRank of each person in a weighted graph (Page, Brin, Motwani & Winograd, 1999; damping 0.85)."""
    from sknetwork.ranking import PageRank

    ranks: Floats = PageRank(damping_factor=0.85).fit_predict(shared)
    return ranks


def communities(shared: Any) -> Ints:
    """Return each person's community, the largest first (Louvain: Blondel et al., J. Stat. Mech. P10008, 2008)."""
    from sknetwork.clustering import Louvain

    labels: Ints = Louvain(random_state=0, shuffle_nodes=False).fit_predict(shared)
    return labels


class CreditGraph:
    """Films and the people in them, for paths from one person to another through films they share."""

    def __init__(self, credits_of: Sequence[tuple[int, Sequence[int]]]) -> None:
        """Take (person id, film ids) of everyone."""
        self.graph: Any = rx.PyGraph(multigraph=False)
        self.people: dict[int, int] = {}
        films: dict[int, int] = {}
        edges: list[tuple[int, int]] = []
        for person_id, movie_ids in credits_of:
            node = self.people[person_id] = self.graph.add_node(person_id)
            for movie_id in movie_ids:
                if movie_id not in films:
                    films[movie_id] = self.graph.add_node(movie_id)
                edges.append((node, films[movie_id]))
        self.graph.add_edges_from_no_data(edges)

    def path(self, start: int, end: int) -> list[int] | None:
        """Return person, film, person, film, ..., person on a shortest path; None where there is none."""
        first, last = self.people[start], self.people[end]
        found = rx.dijkstra_shortest_paths(self.graph, first, target=last)
        if last not in found:
            return [start] if start == end else None
        return [self.graph[node] for node in found[last]]
