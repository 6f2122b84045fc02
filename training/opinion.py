"""Learns the opinion model from labelled reviews: `python -m training.opinion DATA [TARGET]`.

DATA holds two corpora, which are not part of this repository: Pang & Lee's polarity 2.0 (1,000 + 1,000 long reviews, CC BY
4.0) and the movie-review sentences rated by 20 people each that VADER's authors publish (10,605, MIT). With a TARGET it
learns from all of both and writes the model; without one it learns from one half and prints how well that does on the other.
"""

import gzip
import re
import sys
import zipfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from scipy.optimize import minimize

from marquee.domain.opinion import WEIGHT_SCALE, OpinionModel, terms

LEAST_TEXTS = 2
"""Texts that a term must be in to be learned."""

LONG_WEIGHT = 3.0
"""What a long review counts against a sentence."""

RIDGE = 0.1
TERMS = 20_000
UNDECIDED = 0.3
"""Mean valence (of -4 to 4) below which a sentence says nothing clear: left out of learning."""


@dataclass(frozen=True, slots=True)
class Text:
    """A labelled text. number: parts the corpora into halves."""

    text: str
    favourable: bool
    number: int
    weight: float


def long_reviews(data: Path) -> list[Text]:
    found = []
    with zipfile.ZipFile(data / "reviews_pang_lee_polarity_v2" / "movie_reviews.zip") as archive:
        for name in sorted(archive.namelist()):
            matched = re.search(r"/(pos|neg)/cv(\d+)_.*\.txt$", name)
            if matched:
                text = archive.read(name).decode("latin-1")
                found.append(Text(text, matched[1] == "pos", int(matched[2]), LONG_WEIGHT))
    return found


def sentences(data: Path, least: float = 0.0) -> list[Text]:
    path = data / "reviews_vader_snippets" / "movieReviewSnippets_GroundTruth.txt"
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8", errors="replace").splitlines()]
    return [
        Text(row[2], float(row[1]) > 0, number, 1.0)
        for number, row in enumerate(rows)
        if len(row) > 2 and abs(float(row[1])) > least
    ]


def learn(texts: Sequence[Text], name: str) -> OpinionModel:
    """Fit weights by L-BFGS on the logistic loss with a ridge, and keep the terms that move most texts most."""
    sets = [terms(text.text) for text in texts]
    counts = Counter(term for found in sets for term in found)
    vocabulary = {term: index for index, term in enumerate(sorted(t for t, n in counts.items() if n >= LEAST_TEXTS))}
    rows, columns, values = [], [], []
    for row, found in enumerate(sets):
        known = [vocabulary[term] for term in found if term in vocabulary]
        rows += [row] * len(known)
        columns += known
        values += [1 / np.sqrt(len(found))] * len(known)
    matrix = sp.csr_matrix((values, (rows, columns)), shape=(len(texts), len(vocabulary)))
    sign = np.array([1.0 if text.favourable else -1.0 for text in texts])
    weight = np.array([text.weight for text in texts])

    def loss(beta: np.ndarray) -> tuple[float, np.ndarray]:
        margin = sign * (matrix @ beta)
        slope = -sign * weight / (1 + np.exp(np.clip(margin, -500, 500)))
        value = (weight * np.logaddexp(0, -margin)).sum() + RIDGE / 2 * (beta**2).sum()
        return float(value), matrix.T @ slope + RIDGE * beta

    beta = minimize(loss, np.zeros(len(vocabulary)), jac=True, method="L-BFGS-B", options={"maxiter": 300}).x
    names = sorted(vocabulary)
    moved = np.abs(beta) * np.sqrt([counts[term] for term in names])
    kept = sorted(np.argsort(-moved, kind="stable")[:TERMS].tolist())
    weights = {names[index]: round(float(beta[index]) * WEIGHT_SCALE) for index in kept}
    return OpinionModel(name, {term: value for term, value in weights.items() if value})


def measured(model: OpinionModel, texts: Sequence[Text]) -> tuple[float, float]:
    """Return (balanced accuracy at 0, area under the ROC curve)."""
    scores = np.array([model.score(text.text) for text in texts])
    label = np.array([text.favourable for text in texts])
    accuracy = ((scores[label] > 0).mean() + (scores[~label] <= 0).mean()) / 2
    ranks = np.empty(len(scores))
    ranks[np.lexsort((np.arange(len(scores)), scores))] = np.arange(1, len(scores) + 1)
    for value in np.unique(scores):
        ranks[scores == value] = ranks[scores == value].mean()
    positive, negative = int(label.sum()), int((~label).sum())
    area = (ranks[label].sum() - positive * (positive + 1) / 2) / (positive * negative)
    return float(accuracy), float(area)


def write(model: OpinionModel, target: Path) -> None:
    """Write a model: its name, then a term and its weight a line."""
    lines = [model.name, *(f"{term}\t{weight}" for term, weight in sorted(model.weights.items()))]
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(gzip.compress("\n".join(lines).encode(), 9, mtime=0))


def main(data: Path, target: Path | None) -> None:
    if target is not None:
        model = learn([*long_reviews(data), *sentences(data, UNDECIDED)], target.name.split(".")[0])
        write(model, target)
        print(f"{target}: {len(model.weights):,} terms, {target.stat().st_size:,} bytes")
        return
    half = [text for text in (*long_reviews(data), *sentences(data, UNDECIDED)) if text.number % 2 == 0]
    model = learn(half, "half")
    for name, texts in (("long reviews", long_reviews(data)), ("sentences", sentences(data))):
        accuracy, area = measured(model, [text for text in texts if text.number % 2])
        print(f"{name}: balanced accuracy {accuracy:.3f}, AUC {area:.3f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
