"""The learned opinion: a file that is as it was made, exact scores, and what decides where an author gave stars."""

import hashlib
from importlib.resources import files
from pathlib import Path

import ibis
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from training import opinion as training

from marquee.batch.silver import shaped
from marquee.domain.events import REVIEWS
from marquee.domain.opinion import MODEL, OPINION_SCALE, OpinionModel, terms, verdict
from marquee.domain.sentiment import Score
from marquee.libraries.scoring import score_columns, scorer_name
from marquee.libraries.vader import model, scorer

SHA256 = "7a4d01d960928af982181f3ebe818b06f72f7c0aa4f0a3a371d46c015171bc66"
MOST_BYTES = 500_000


def test_the_model_is_the_one_that_is_described() -> None:
    packed = files("marquee").joinpath("models", f"{MODEL}.tsv.gz").read_bytes()
    assert len(packed) <= MOST_BYTES
    found = hashlib.sha256(packed).hexdigest()
    assert found == SHA256, "another model is another name: see docs/model-card.md"
    assert found in (Path(__file__).parents[2] / "docs" / "model-card.md").read_text()
    assert (model().name, MODEL in scorer_name()) == (MODEL, True)
    assert all(isinstance(weight, int) for weight in model().weights.values())


def test_a_score_is_an_integer_made_of_integers() -> None:
    small = OpinionModel("small", {"good": 900, "not good": -2_000, "!": 100})
    assert small.score("Good") == 10_000 * 900 // 1_400
    assert small.score("not GOOD") == -(10_000 * 635 // 1_135), "-1,100 over the root of three terms"
    assert small.score("a train") == 0
    assert terms("Not good. It isn't!") == {
        *("not", "good", "it", "isn't", "!", "not good", "good it", "it isn't", "isn't !"),
    }


@given(st.text(max_size=300))
def test_any_text_has_an_opinion_between_the_ends(text: str) -> None:
    assert -OPINION_SCALE < scorer().score(text).opinion < OPINION_SCALE


@pytest.mark.parametrize("text", ["", " \n ", "\u5343\u3068\u5343\u5c0b", "\U0001f600", "zzyzx"])
def test_where_nothing_was_learned_there_is_no_opinion(text: str) -> None:
    found = scorer().score(text).review(1, None)
    assert (found.opinion, found.opined, found.favourable, found.mixed) == (0, 0, 0, 1)


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("A wonderful, moving film. One of the best performances of the year.", 1),
        ("A dull and pointless mess. The plot is ridiculous and I was bored.", -1),
        ("It isn\u2019t funny, and the jokes fall flat.", -1),
        ("<p>A touching, beautifully acted story.</p>", 1),
    ],
)
def test_it_knows_reviews(text: str, sign: int) -> None:
    assert verdict(scorer().score(text).opinion, None) == sign


@pytest.mark.parametrize(
    ("stars", "said"), [(0, -1), (10, -1), (40, -1), (45, 0), (50, 0), (60, 0), (65, 0), (70, 1), (100, 1)]
)
def test_an_authors_stars_decide(stars: int, said: int) -> None:
    for opinion in (-9_000, 0, 9_000):
        assert verdict(opinion, stars) == said


TEXTS = st.sampled_from(("A wonderful film.", "A dull mess.", "\u5343\u3068", "It isn\u2019t good.", "<b>Great</b>!"))


STARS = st.sampled_from((None, 0, 35, 40, 41, 55, 69, 70, 100))


@given(st.lists(st.tuples(TEXTS, STARS), min_size=1, max_size=8))
def test_batch_judges_as_speed_does(found: list[tuple[str, int | None]]) -> None:
    columns = {
        "event_time": pa.array([0] * len(found), pa.int64()),
        "stars": pa.array([stars for _, stars in found], pa.int64()),
    }
    scores = score_columns(pa.chunked_array([[text for text, _ in found]]))
    columns |= {name: pa.array(values, pa.int64()) for name, values in scores.items()}
    rows = ibis.duckdb.connect().to_pyarrow(shaped(REVIEWS, ibis.memtable(pa.table(columns)))).to_pylist()
    wanted = [scorer().score(text).review(1, stars) for text, stars in found]
    names = [name for name in wanted[0].__slots__ if name != "weight"]
    key = [[row[name] for name in names] for row in rows]
    assert sorted(key) == sorted([getattr(review, name) for name in names] for review in wanted)


@given(st.integers(-9_999, 9_999), st.none() | st.integers(0, 100), st.sampled_from((1, -1)))
def test_every_review_is_favourable_mixed_or_unfavourable(opinion: int, stars: int | None, weight: int) -> None:
    found = Score(0, 0, opinion).review(weight, stars)
    assert found.favourable - (1 - found.favourable - found.mixed) == verdict(opinion, stars)


LEAST = {"long reviews": 0.87, "sentences": 0.78}


def test_it_does_on_texts_that_it_has_not_seen(data: Path) -> None:
    found = {name: accuracy for name, accuracy, _ in training.halves(data)}
    assert found.keys() == LEAST.keys()
    assert {name: found[name] for name in LEAST if found[name] < LEAST[name]} == {}
