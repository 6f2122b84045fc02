"""Text is made plain before it is scored: what a browser shows is what counts."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from vaderSentiment import vaderSentiment

from marquee.domain.prose import plain
from marquee.libraries.vader import scorer

SHOWN = {
    "The film isn\u2019t good.": "The film isn't good.",
    "It isn\u02bct, it wasn\uff07t": "It isn't, it wasn't",
    "\u201cGreat\u201d and \u00abgood\u00bb": '"Great" and "good"',
    "good\u2014but slow": "good - but slow",
    "Good\u2026but slow": "Good... but slow",
    "Great\uff01": "Great!",
    "<em>Great</em> film": " Great  film",
    "Bad.<br/>Worse.</p>Worst": "Bad.\nWorse.\nWorst",
    '<a href="x" title=y>fine</a>': " fine ",
    "I <3 it, 2 < 3 > 1": "I <3 it, 2 < 3 > 1",
    "I <love it": "I  love it",
    "It&#039;s &quot;good&quot; &amp; bad&hellip;": 'It\'s "good" & bad... ',
    "isn&rsquo;t, isn&#8217;t, isn&#x2019;t, isn&#146;t": "isn't, isn't, isn't, isn't",
    "&amp;amp;quot;good&amp;amp;quot;": '"good"',
    "&lt;i&gt;good&lt;/i&gt;": " good ",
    "AT&T, R&D; fish & chips": "AT&T, R&D; fish & chips",
    "\ufeffgood": "good",
    "won\u00adder\u200bful": "wonderful",
    "\u200egood\u200f \u2066bad\u2069": "good bad",
    "\u2764\ufe0f": "\u2764",
    "G\u00fcnther, \u5343\u3068\u5343\u5c0b, \U0001f600": "G\u00fcnther, \u5343\u3068\u5343\u5c0b, \U0001f600",
}


@pytest.mark.parametrize("text", SHOWN)
def test_a_text_is_what_people_see(text: str) -> None:
    assert plain(text) == SHOWN[text]


PIECES = (
    *"&;#<>/x alptb\u200b\u2019\u2026\u00ad",
    *("amp;", "&amp;", "&lt;", "lt;", "gt;", "&#38;", "&#60;", "#x26;", "&#1;", "<b>", "<br>", "&rsquo;", "&shy;"),
    *("108;", "&n", "AMP;", "&foo;", "&nlt;", "&fjlig;", "&#146;", "&#0;", "&#xD800;", "&#x110000;"),
)


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join) | st.text())
@example("&&#108;t;b>")
@example("&am&#112;;quot;")
@example("<&#98;>good</&#98;>")
@example("&l\u200bt;b&g\u00adt;")
@example("<a <b> good>")
def test_a_plain_text_stays_as_it_is(text: str) -> None:
    assert plain(plain(text)) == plain(text)


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("The film isn\u2019t good.", "The film isn't good."),
        ("<em>Great</em> film", "Great film"),
        ("It isn&#8217;t great&hellip;", "It isn't great..."),
        ("\ufeffgreat film", "great film"),
        ("a won\u00adder\u200bful film", "a wonderful film"),
        ("I \u2764\ufe0f it", "I \u2764 it"),
        ("Good.<br><br>Bad.", "Good.\n\nBad."),
    ],
)
def test_texts_that_look_the_same_score_the_same(text: str, other: str) -> None:
    assert scorer().score(text) == scorer().score(other)
    assert scorer().score(text) != scorer().score("")


original = vaderSentiment.SentimentIntensityAnalyzer()
marks = st.sampled_from(
    ("isn\u2019t", "good", "bad", "<b>great</b>", "&amp;", "not", "but", "\u200b", "\u2026", "\U0001f600", "!")
)


@given(st.lists(marks, max_size=20).map(" ".join) | st.text())
def test_the_compound_is_vaders_of_the_plain_text(text: str) -> None:
    assert scorer().score(text).compound == round(original.polarity_scores(plain(text))["compound"] * 10_000)
