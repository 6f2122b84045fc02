"""Sparse vectors and their nearest neighbours (scipy, sparse_dot_topn)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array, csr_matrix, diags_array, hstack
from sparse_dot_topn import sp_matmul_topn

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def tfidf(documents: Sequence[Sequence[str]], most: float) -> Any:
    """Return documents as unit rows of TF-IDF weights, (1 + ln tf) ln(N / df) (Salton & Buckley, IPM 24, 1988).

    Terms in a single document say nothing of likeness, those in more than a share of `most` too little.
    """
    numbers: dict[str, int] = {}
    rows: list[int] = []
    columns: list[int] = []
    for index, terms in enumerate(documents):
        rows += [index] * len(terms)
        columns += [numbers.setdefault(term, len(numbers)) for term in terms]
    counts = csr_array(
        (np.ones(len(rows)), (np.array(rows, dtype=np.int64), np.array(columns, dtype=np.int64))),
        shape=(len(documents), max(1, len(numbers))),
    )
    counts.sum_duplicates()
    frequency = np.bincount(counts.indices, minlength=counts.shape[1])
    kept = (frequency >= 2) & (frequency <= max(2.0, most * len(documents)))
    rarity = np.where(kept, np.log(len(documents) / np.maximum(frequency, 1)), 0.0)
    counts.data = (1 + np.log(counts.data)) * rarity[counts.indices]
    counts.eliminate_zeros()
    return unit_rows(counts)


def unit_rows(matrix: Any) -> Any:
    """Return a matrix with its rows scaled to length 1; empty rows stay empty."""
    length = np.sqrt((matrix * matrix).sum(axis=1))
    return (diags_array(1 / np.where(length > 0, length, 1)) @ matrix).tocsr()


def joined(parts: Sequence[tuple[Any, float]]) -> Any:
    """Return parts side by side, so that a product of rows is the sum of the parts' products by their weights."""
    return hstack([part * np.sqrt(weight) for part, weight in parts], format="csr")


def nearest(vectors: Any, k: int, block: range) -> list[tuple[Ints, Floats]]:
    """Return for each row of a block its `k` most similar other rows, exactly, best first, and their products."""
    left, right = csr_matrix(vectors[block.start : block.stop]), csr_matrix(vectors.T)
    top = sp_matmul_topn(left, right, top_n=k + 1, sort=True, threshold=0.0, n_threads=2)
    found = []
    for place, row in enumerate(block):
        span = slice(top.indptr[place], top.indptr[place + 1])
        others = top.indices[span] != row
        found.append((top.indices[span][others][:k].astype(np.int64), top.data[span][others][:k]))
    return found
