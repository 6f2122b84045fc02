"""The scorer is vaderSentiment's, text for text."""

import zipfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from vaderSentiment import vaderSentiment

from marquee.libraries.vader import scorer

original = vaderSentiment.SentimentIntensityAnalyzer()

SPECIAL = [
    *[
        "no",
        "not",
        "never",
        "so",
        "this",
        "without",
        "doubt",
        "least",
        "at",
        "very",
        "but",
        "or",
        "nor",
        "isn't",
        "kind",
    ],
    *[
        "of",
        "sort",
        "the",
        "shit",
        "bomb",
        "bad",
        "ass",
        "yeah",
        "right",
        "kiss",
        "death",
        "to",
        "die",
        "for",
        "beating",
    ],
    *[
        "heart",
        "good",
        "GREAT",
        "Horrible",
        "love",
        "hate",
        "extremely",
        "BARELY",
        "just",
        "enough",
        ":)",
        ":D",
        "!",
        "?",
    ],
    *[
        "!!!!!",
        "??",
        "😀",
        "😡",
        "—",
        "İstanbul",
        "ß",
        "hell",
        "no!",
        "(good)",
        "'great'",
        "...",
        "",
        "\n",
        "BUT",
        "cover-up",
    ],
]
words = st.lists(st.sampled_from(SPECIAL) | st.text(max_size=6), max_size=25).map(" ".join)


@given(words | st.text(max_size=200))
@example("The plot was good, but the characters are uncompelling and the dialog is not great.")
@example("good but good but bad good")
@example("no good no bad or nor great")
def test_compound_is_vaders(text: str) -> None:
    assert scorer().compound(text) == original.polarity_scores(text)["compound"]


contrasted = st.lists(st.sampled_from(["but", "good", "bad", "GREAT", "awful", "so", "okay", "hate", "!"]), max_size=80)


@given(contrasted.map(" ".join))
def test_contrast_is_vaders_where_valences_repeat(text: str) -> None:
    assert scorer().compound(text) == original.polarity_scores(text)["compound"]


@pytest.mark.parametrize("unit", ["but good film ", "good but bad ", "good bad great awful but fine "])
def test_contrast_is_vaders_on_long_texts(unit: str) -> None:
    for text in (unit * 60, "good bad great " * 20 + unit * 20):
        assert scorer().compound(text) == original.polarity_scores(text)["compound"]


@pytest.fixture(scope="module")
def long_reviews(data: Path) -> list[str]:
    with zipfile.ZipFile(data / "reviews_pang_lee_polarity_v2" / "movie_reviews.zip") as archive:
        return [archive.read(name).decode() for name in sorted(archive.namelist()) if name.endswith(".txt")]


def test_compound_is_vaders_on_every_real_snippet(data: Path) -> None:
    lines = (data / "reviews_vader_snippets" / "movieReviewSnippets_GroundTruth.txt").read_text().splitlines()
    texts = [line.split("\t")[2] for line in lines]
    differ = [text for text in texts if scorer().compound(text) != original.polarity_scores(text)["compound"]]
    assert len(texts) > 10_000
    assert differ == []


def test_compound_is_vaders_on_real_long_reviews(long_reviews: list[str]) -> None:
    chosen = long_reviews[::4]
    assert len(chosen) == 500
    assert [t for t in chosen if scorer().compound(t) != original.polarity_scores(t)["compound"]] == []


def test_the_sentence_mean_is_the_mean_of_sentences() -> None:
    one, two = "I loved it.", "The end was terrible."
    wanted = round((round(scorer().compound(one) * 10_000) + round(scorer().compound(two) * 10_000)) / 2)
    assert scorer().score(f"{one} {two}").sentence == wanted


def test_empty_and_odd_texts_have_a_score() -> None:
    assert scorer().score("").compound == 0
    assert scorer().score(" \n ").sentence == 0
    assert scorer().score("مرحبا بالعالم 👋").compound == round(
        original.polarity_scores("مرحبا بالعالم 👋")["compound"] * 10_000
    )


def test_a_megabyte_is_scored() -> None:
    text = "this is a good film and I did not hate it! " * 24_000
    assert -10_000 <= scorer().score(text).compound <= 10_000
