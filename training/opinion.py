"""Learns the opinion model from labelled reviews: `python -m training.opinion DATA [TARGET]`.

DATA holds two corpora, which are not part of this repository: Pang & Lee's polarity 2.0 (1,000 + 1,000 long reviews, CC BY
4.0) and the movie-review sentences rated by 20 people each that VADER's authors publish (10,605, MIT). With a TARGET it
learns from all of both and writes the model; without one it learns from the even half and prints how well that does on
the odd one.

A logistic regression with a ridge over the model's terms, each scaled by how unevenly the two classes have it: the square
root of Wang & Manning's log-count ratio (ACL 2012). VADER's own words are texts of one word each, so that what the corpora
lack is not unknown. What was tried, and on what it was chosen, stands in docs/model-card.md.
"""

import gzip
import re
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from scipy.optimize import minimize

from marquee.domain.opinion import WEIGHT_SCALE, OpinionModel, terms
from marquee.domain.prose import plain
from marquee.libraries.vader import scorer

LEAST_TEXTS = 2
"""Texts that a term must be in to be learned; a word of VADER's is learned from one."""

LONG_WEIGHT = 3.0
"""What a long review counts against a sentence."""

PIECE, PIECE_WEIGHT = 80, 0.3
"""Words of a piece of a long review, and what it counts against a sentence."""

WORD_WEIGHT = 0.25
"""What a word of VADER's counts against a sentence, for each point of its valence (-4 to 4)."""

RIDGE = 0.1
UNEVENNESS = 0.5
"""The power of the log-count ratio that scales a term."""

TERMS = 60_000
UNDECIDED = 0.3
"""Mean valence (of -4 to 4) up to which a sentence says nothing clear: left out of learning."""

LEAST_VALENCE = 0.5


@dataclass(frozen=True, slots=True)
class Text:
    """A labelled text. number: parts the corpora into halves."""

    text: str
    favourable: bool
    number: int
    weight: float = 1.0


def long_reviews(data: Path) -> Iterator[Text]:
    """Yield Pang & Lee's reviews, in the order of their names."""
    with zipfile.ZipFile(data / "reviews_pang_lee_polarity_v2" / "movie_reviews.zip") as archive:
        for name in sorted(archive.namelist()):
            matched = re.search(r"/(pos|neg)/cv(\d+)_.*\.txt$", name)
            if matched:
                text = plain(archive.read(name).decode("latin-1"))
                yield Text(text, matched[1] == "pos", int(matched[2]), LONG_WEIGHT)


def sentences(data: Path, least: float = 0.0) -> Iterator[Text]:
    """Yield the rated sentences whose mean valence is further than `least` from 0."""
    path = data / "reviews_vader_snippets" / "movieReviewSnippets_GroundTruth.txt"
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8", errors="replace").splitlines()]
    for number, row in enumerate(rows):
        if len(row) > 2 and abs(float(row[1])) > least:
            yield Text(plain(row[2]), float(row[1]) > 0, number)


def lexicon() -> Iterator[Text]:
    """Yield VADER's words of some strength."""
    for word, valence in scorer().lexicon.valence.items():
        if word.isalpha() and abs(valence) >= LEAST_VALENCE:
            yield Text(word, valence > 0, 0, WORD_WEIGHT * abs(valence))


def pieces(review: Text) -> Iterator[Text]:
    """Yield a long review piece by piece, so that texts of every length between a sentence and a review are learned."""
    found = review.text.split()
    for start in range(0, max(1, len(found) - PIECE // 2), PIECE):
        yield Text(" ".join(found[start : start + PIECE]), review.favourable, review.number, PIECE_WEIGHT)


def corpora(data: Path) -> tuple[list[Text], list[Text]]:
    """Return what may be learned from, but VADER's words: long reviews with their pieces, and sentences."""
    long = list(long_reviews(data))
    return [*long, *(piece for review in long for piece in pieces(review))], list(sentences(data, UNDECIDED))


def learn(texts: Sequence[Text], name: str) -> OpinionModel:
    """Fit weights by L-BFGS on the logistic loss with a ridge, and keep the terms that move most texts most."""
    known = [text for text in lexicon() if len(terms(text.text)) == 1]
    sets = [terms(text.text) for text in (*texts, *known)]
    counts = Counter(term for found in sets for term in found)
    learnable = {term for term, count in counts.items() if count >= LEAST_TEXTS} | {text.text for text in known}
    names = sorted(learnable & counts.keys())
    vocabulary = {term: index for index, term in enumerate(names)}
    columns = [[vocabulary[term] for term in found if term in vocabulary] for found in sets]
    values = [[len(found) ** -0.5] * len(row) for found, row in zip(sets, columns, strict=True)]
    starts = np.cumsum([0, *map(len, columns)])
    matrix = sp.csr_matrix((np.concatenate(values), np.concatenate(columns), starts), shape=(len(sets), len(names)))
    sign = np.array([1.0 if text.favourable else -1.0 for text in (*texts, *known)])
    weight = np.array([text.weight for text in (*texts, *known)])
    scale = unevenness(matrix, sign, weight)
    beta = scale * fit(matrix @ sp.diags(scale), sign, weight)
    moved = np.abs(beta) * np.sqrt([counts[term] for term in names])
    kept = sorted(np.argsort(-moved, kind="stable")[:TERMS].tolist())
    weights = {names[index]: round(float(beta[index]) * WEIGHT_SCALE) for index in kept}
    return OpinionModel(name, {term: value for term, value in weights.items() if value})


def unevenness(matrix: sp.csr_matrix, sign: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return each term's scale: its log-count ratio between the classes, smoothed by 1, to a power."""
    presence = (matrix > 0).astype(float).T
    liked, disliked = (1 + presence @ (weight * (sign == side)) for side in (1, -1))
    return np.abs(np.log((liked / liked.sum()) / (disliked / disliked.sum()))) ** UNEVENNESS


def fit(matrix: sp.csr_matrix, sign: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the weights of least logistic loss with a ridge."""
    turned = matrix.T.tocsr()

    def loss(beta: np.ndarray) -> tuple[float, np.ndarray]:
        margin = sign * (matrix @ beta)
        slope = -sign * weight / (1 + np.exp(np.clip(margin, -500, 500)))
        value = (weight * np.logaddexp(0, -margin)).sum() + RIDGE / 2 * (beta**2).sum()
        return float(value), turned @ slope + RIDGE * beta

    start = np.zeros(matrix.shape[1])
    found: np.ndarray = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 300}).x
    return found


def balanced(scores: np.ndarray, favourable: np.ndarray) -> float:
    """Return the mean of both classes' accuracies at 0; no opinion is wrong for either."""
    return float(((scores[favourable] > 0).mean() + (scores[~favourable] < 0).mean()) / 2)


def area(scores: np.ndarray, favourable: np.ndarray) -> float:
    """Return the area under the ROC curve (Mann & Whitney); ties count half."""
    liked, disliked = scores[favourable], np.sort(scores[~favourable])
    below = np.searchsorted(disliked, liked, "left") + np.searchsorted(disliked, liked, "right")
    return float(below.sum() / 2 / len(liked) / len(disliked))


def measured(model: OpinionModel, texts: Sequence[Text]) -> tuple[float, float]:
    """Return (balanced accuracy at 0, area under the ROC curve)."""
    scores = np.array([model.score(text.text) for text in texts])
    favourable = np.array([text.favourable for text in texts])
    return balanced(scores, favourable), area(scores, favourable)


def halves(data: Path) -> Iterator[tuple[str, float, float]]:
    """Yield (texts, balanced accuracy, area) on the odd half of each corpus, learned from the even half of both."""
    model = learn([text for kind in corpora(data) for text in kind if text.number % 2 == 0], "half")
    for name, texts in (("long reviews", long_reviews(data)), ("sentences", sentences(data))):
        yield name, *measured(model, [text for text in texts if text.number % 2])


def write(model: OpinionModel, target: Path) -> None:
    """Write a model: its name, then a term and its weight a line."""
    lines = [model.name, *(f"{term}\t{weight}" for term, weight in sorted(model.weights.items()))]
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(gzip.compress("\n".join(lines).encode(), 9, mtime=0))


def main(data: Path, target: Path | None) -> None:
    if target is None:
        for name, accuracy, under in halves(data):
            print(f"{name}: balanced accuracy {accuracy:.3f}, AUC {under:.3f}")
        return
    model = learn([text for kind in corpora(data) for text in kind], target.name.split(".")[0])
    write(model, target)
    print(f"{target}: {len(model.weights):,} terms, {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
