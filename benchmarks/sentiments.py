"""Sentiment on labelled reviews: VADER's cut at 0 and the calibrated cut, learned on one half and tested on the "
"other."""

import re
import zipfile
from pathlib import Path

from benchmarks.measure import table
from marquee.domain.scores import COMPOUND_SCALE, FAVOURABLE_CUT
from marquee.libraries.vader import scorer

Scored = tuple[float, bool]


def reviews(data: Path) -> list[tuple[int, int, bool, int]]:
    """Return (compound, sentence mean, whether it is favourable, its number) of the long reviews."""
    found = []
    with zipfile.ZipFile(data / "reviews_pang_lee_polarity_v2" / "movie_reviews.zip") as archive:
        for name in sorted(archive.namelist()):
            matched = re.search(r"/(pos|neg)/cv(\d+)_.*\.txt$", name)
            if matched:
                score = scorer().score(archive.read(name).decode("latin1"))
                found.append((score.compound, score.sentence, matched[1] == "pos", int(matched[2])))
    return found


def snippets(data: Path) -> list[Scored]:
    """Return (compound, whether people rated it above 0) of the sentences."""
    path = data / "reviews_vader_snippets" / "movieReviewSnippets_GroundTruth.txt"
    found = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        parts = line.split("\t")
        if len(parts) >= 3:
            found.append((float(scorer().score(parts[2]).compound), float(parts[1]) > 0))
    return found


def accuracy(rows: list[Scored], cut: float) -> tuple[float, float, float]:
    """Return the accuracy on all, on favourable and on unfavourable ones."""
    sides = [[(score >= cut) == wanted for score, label in rows if label is wanted] for wanted in (True, False)]
    every = [right for side in sides for right in side]
    return tuple(sum(side) / len(side) for side in (every, *sides))  # type: ignore[return-value]


def auc(rows: list[Scored]) -> float:
    """Return the area under the ROC curve (Mann & Whitney)."""
    order = sorted(rows)
    ranks = [index for index, (_, label) in enumerate(order, start=1) if label]
    positive, negative = len(ranks), len(order) - len(ranks)
    return (sum(ranks) - positive * (positive + 1) / 2) / (positive * negative)


def best_cut(rows: list[Scored]) -> float:
    """Return the cut with the best mean of both classes' accuracies."""
    return max({score for score, _ in rows}, key=lambda cut: sum(accuracy(rows, cut)[1:]))


def run(data: Path) -> str:
    found = reviews(data)
    learned, tested = ([r for r in found if r[3] % 2 == side] for side in (0, 1))
    rows: list[tuple[object, ...]] = [("texts", "score", "cut", "accuracy", "favourable", "unfavourable", "AUC")]

    def row(texts: str, score: str, cut: float, given: list[Scored]) -> None:
        every, yes, no = accuracy(given, cut)
        rows.append(
            (
                texts,
                score,
                f"{cut / COMPOUND_SCALE:+.3f}",
                f"{every:.1%}",
                f"{yes:.1%}",
                f"{no:.1%}",
                f"{auc(given):.3f}",
            )
        )

    document, sentence = [(float(r[0]), r[2]) for r in tested], [(float(r[1]), r[2]) for r in tested]
    row("1,000 long reviews", "whole text", 0, document)
    row("1,000 long reviews", "whole text", best_cut([(float(r[0]), r[2]) for r in learned]), document)
    row("1,000 long reviews", "mean of sentences", 0, sentence)
    row("1,000 long reviews", "mean of sentences (`favourable`)", FAVOURABLE_CUT, sentence)
    row("10,605 sentences", "whole text", 0, snippets(data))
    found_cut = best_cut([(float(r[1]), r[2]) for r in learned])
    return table(
        "Sentiment",
        rows,
        f"Long reviews: Pang & Lee's polarity 2.0; cuts are learned on the even half ({found_cut / COMPOUND_SCALE:+.3f} "
        "for the mean of sentences, which "
        "is the cut of `share_favourable`) and everything is measured on the odd half. The goal of 73 % after "
        "calibration is **missed**: these texts are "
        "lower-cased and cut into words, and a logistic regression over fifteen statistics of VADER's scores "
        "reached 68.9 % too, so the lexicon is the limit, "
        "not the cut. What calibration mends is the lean: at VADER's 0 most unfavourable long reviews pass for "
        "favourable. Sentences: the labels of VADER's authors.",
    )
