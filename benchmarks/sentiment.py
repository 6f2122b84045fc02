"""The scorer against vaderSentiment, on simulated reviews brought to 180 words."""

from random import Random

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from benchmarks.measure import cpu, table
from marquee.libraries.vader import scorer
from marquee.sources.simulator import prose

WORDS = 180
ROUNDS = 5


def texts(count: int) -> list[str]:
    rng = Random(1)
    found = []
    for _ in range(count):
        words: list[str] = []
        while len(words) < WORDS:
            words += prose.review(rng, rng.choice((-1, 0, 1)), prose.title(rng)).split()
        found.append(" ".join(words[:WORDS]))
    return found


def run() -> str:
    given, original, ours = texts(400), SentimentIntensityAnalyzer(), scorer()
    assert [ours.compound(t) for t in given] == [original.polarity_scores(t)["compound"] for t in given]
    slow = min(cpu(lambda: [original.polarity_scores(t) for t in given])[0] for _ in range(ROUNDS))
    fast = min(cpu(lambda: [ours.compound(t) for t in given])[0] for _ in range(ROUNDS))
    both = min(cpu(lambda: [ours.score(t) for t in given])[0] for _ in range(ROUNDS))
    return table(
        f"Sentiment: {WORDS}-word reviews, one core",
        [
            ("scorer", "texts per CPU second", "ratio", "goal"),
            ("vaderSentiment 3.3.2", f"{len(given) / slow:,.0f}", "1.0", ""),
            ("Marquee, document score", f"{len(given) / fast:,.0f}", f"{slow / fast:.1f}x", "at least 6x"),
            (
                "Marquee, document score, sentence mean and opinion",
                f"{len(given) / both:,.0f}",
                f"{slow / both:.1f}x",
                "",
            ),
        ],
        "Same `compound` on every text, checked in the run. Best of five rounds each.",
    )
