"""EASE, a linear item-item model in closed form (Steck, Embarrassingly Shallow Autoencoders, WWW 2019, arXiv 1905.03251)."""

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

USERS = 2_048
"""Users whose preferences stand side by side in memory at once."""


def gram(blocks: Iterable[tuple[Ints, Ints, Ints]], items: int) -> Floats:
    """Return X'X of preferences: how much two items are preferred by the same users.

    blocks: (user, item, preference) each, whole numbers; all of a user's stand in one block, in any order. Of two for one
    item the greater counts. Products of whole numbers are added, so the sum is exact (below 2^53) in any order.
    """
    total = np.zeros((items, items))
    for users, columns, preferences in blocks:
        order = np.argsort(users, kind="stable")
        _, rows = np.unique(users[order], return_inverse=True)
        columns, preferences = columns[order], preferences[order]
        for first in range(0, int(rows[-1]) + 1 if len(rows) else 0, USERS):
            start, end = np.searchsorted(rows, (first, first + USERS))
            side = np.zeros((int(rows[end - 1]) - first + 1, items))
            np.maximum.at(
                side, (rows[start:end] - first, columns[start:end]), preferences[start:end].astype(np.float64)
            )
            total += side.T @ side
    return total


def weights(grams: Floats, penalty: float) -> Floats:
    """Return B of items: what a preference for item i (row) says of item j (column).

    B minimises |X - XB|^2 + penalty |B|^2 with a diagonal of zeros: with P = (X'X + penalty I)^-1 it is -P / diag(P),
    column by column. penalty: > 0, in the unit of X'X.
    """
    inverse = np.linalg.inv(grams + penalty * np.eye(len(grams)))
    found: Floats = -inverse / np.diag(inverse)
    np.fill_diagonal(found, 0.0)
    return found


def strongest(row: Floats, ids: Ints, scale: int, most: int) -> tuple[list[int], list[int]]:
    """Return the `most` ids of the strongest weights, and these x `scale` in whole numbers; greatest first, none is 0."""
    whole = np.rint(row * scale).astype(np.int64)
    kept = np.lexsort((ids, -np.abs(whole)))[:most]
    kept = kept[whole[kept] != 0]
    kept = kept[np.lexsort((ids[kept], -whole[kept]))]
    return ids[kept].tolist(), whole[kept].tolist()


def rows(found: Floats, ids: Ints, scale: int, most: int) -> Iterator[tuple[int, list[int], list[int]]]:
    """Yield (id, ids, weights x `scale`) of each item that has a weight."""
    for movie_id, row in zip(ids.tolist(), found, strict=True):
        others, whole = strongest(row, ids, scale, most)
        if others:
            yield movie_id, others, whole
