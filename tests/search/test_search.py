"""Search finds what people type: measured on queries.csv, kind by kind, and on what every title may become."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.growth import linear
from tests.search.catalogue import Catalogue, indexed, own_films, questions, real_films

from marquee.domain.folding import fold
from marquee.domain.numerals import in_digits
from marquee.domain.titles import canonical, name_terms, terms, wholes, words
from marquee.libraries.titles import IndexedFilm, TitleSearch


@pytest.fixture(scope="module")
def own() -> Catalogue:
    return indexed(own_films())


@pytest.fixture(scope="module")
def catalogue(data: Path) -> Catalogue:
    """TMDB 5000, and films of our own whose titles are harder."""
    return indexed([*real_films(data), *own_films()])


def test_the_film_is_within_the_first_three(catalogue: Catalogue) -> None:
    asked, found, missed = Counter[str](), Counter[str](), []
    for question in questions():
        asked[question.kind] += 1
        if question.movie_id in [film.movie_id for film in catalogue.first(question.text)]:
            found[question.kind] += 1
        else:
            missed.append((question.kind, question.text, question.title))
    assert asked.total() >= 200
    assert found.total() >= 0.95 * asked.total(), missed
    assert all(found[kind] >= 0.8 * asked[kind] for kind in asked), missed


def test_the_film_is_mostly_the_first(catalogue: Catalogue) -> None:
    all_questions = questions()
    first = sum([film.movie_id for film in catalogue.first(q.text, 1)] == [q.movie_id] for q in all_questions)
    assert first >= 0.9 * len(all_questions)


def mistyped(title: str, rng: Random) -> str | None:
    """Return a title with one typing error in a word of five letters or more, not the first letter of it."""
    parts = title.split()
    places = [place for place, word in enumerate(parts) if len(word) >= 5 and word.isascii() and word.isalpha()]
    if not places:
        return None
    place = rng.choice(places)
    word = parts[place]
    at, letter = rng.randrange(1, len(word) - 1), rng.choice("aeiort")
    kinds = (
        word[:at] + word[at + 1 :],
        word[:at] + letter + word[at:],
        word[:at] + letter + word[at + 1 :],
        word[:at] + word[at + 1] + word[at] + word[at + 2 :],
    )
    parts[place] = rng.choice(kinds)
    return " ".join(parts)


bare = re.compile(r"[^\w\s]")
WAYS: dict[str, Callable[[IndexedFilm, Random], str | None]] = {
    "as it is": lambda film, rng: film.title,
    "original title": lambda film, rng: film.original_title,
    "decomposed": lambda film, rng: unicodedata.normalize("NFD", film.title),
    "no punctuation": lambda film, rng: bare.sub("", film.title.lower()),
    "blanks for punctuation": lambda film, rng: bare.sub(" ", film.title.upper()),
    "year behind": lambda film, rng: f"{film.title} {film.year}",
    "year in brackets": lambda film, rng: f"{film.title} ({film.year})",
    "no article": lambda film, rng: film.title.removeprefix("The "),
    "article behind": lambda film, rng: f"{film.title[4:]}, The" if film.title.startswith("The ") else None,
    "one word": lambda film, rng: bare.sub("", film.title).replace(" ", "") if film.title.count(" ") == 1 else None,
    "no small words": lambda film, rng: " ".join(w for w in film.title.split() if w not in {"of", "the", "and", "in"}),
    "typing error": lambda film, rng: mistyped(film.title, rng),
    "three quarters typed": lambda film, rng: film.title[: max(8, len(film.title) * 3 // 4)],
    "a word too much": lambda film, rng: f"{film.title} movie",
}


@pytest.mark.parametrize("way", WAYS)
def test_a_known_film_is_found_however_its_title_is_written(way: str, catalogue: Catalogue) -> None:
    rng = Random(way)
    known = sorted(catalogue.films.values(), key=lambda film: -film.votes)[:2_500]
    asked = [(text, film) for film in rng.sample(known, 200) if (text := WAYS[way](film, rng)) and text.strip()]
    missed = [
        (text, film.title) for text, film in asked if film.title not in {other.title for other in catalogue.first(text)}
    ]
    assert len(asked) >= 30
    assert len(missed) <= 0.04 * len(asked), missed


def test_one_letter_less_is_one_error_from_four_letters_and_two_from_eight() -> None:
    films = indexed(
        [IndexedFilm(1, "Ran", "", []), IndexedFilm(2, "Alien", "", []), IndexedFilm(3, "Interstellar", "", [])]
    )
    found = {
        text: [film.movie_id for film in films.first(text)] for text in ("rn", "alin", "aln", "intrstelar", "itrsteler")
    }
    assert found == {"rn": [], "alin": [2], "aln": [], "intrstelar": [3], "itrsteler": []}


def test_years_narrow_and_numbers_are_not_mistyped(own: Catalogue) -> None:
    assert [film.year for film in own.first("siege of gull island 1996")] == [1996]
    films = indexed([IndexedFilm(number, f"Room {number}", "", [], 1990) for number in (101, 102, 103)])
    assert [film.title for film in films.first("room 102")] == ["Room 102"]
    assert len(films.first("room 1990")) == 3


def test_a_replaced_film_is_found_by_its_new_title_only() -> None:
    index = TitleSearch()
    index.update([IndexedFilm(1, "Old Harbour", "", ["Ann Reed"]), IndexedFilm(2, "Gone", "", [])])
    index.update([IndexedFilm(1, "New Harbour", "", ["Bea Reed"])], gone=[2])
    assert index.search("old", 5) == index.search("gone", 5) == index.search("ann", 5) == []
    assert [movie_id for movie_id, _ in index.search("new harbour", 5)] == [1]
    index.update([])
    assert [movie_id for movie_id, _ in index.search("bea", 5)] == [1]


@pytest.mark.parametrize("text", ["", " ", "\u0301", "\0", "\u202e", "\u3000", "'", "’’"])
def test_nothing_is_found_where_nothing_is_asked(own: Catalogue, text: str) -> None:
    assert own.first(text) == []


@given(
    st.text(max_size=60) | st.text("spider-'’&½Ⅱ²1. ", max_size=60) | st.text(max_size=3).map(lambda text: text * 400)
)
def test_whatever_is_asked_is_answered(text: str) -> None:
    index = SMALL.index
    assert len(index.search(text, 3)) <= 3
    assert canonical(words(text))[:0] == []
    for form in (terms(text), wholes(text), name_terms([text])):
        assert "" not in form


SMALL = indexed(own_films()[:5])


@given(st.text(max_size=40))
def test_folding_is_stable_and_blind_to_composition(text: str) -> None:
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("It's", "its"),
        ("Ocean’s", "oceans"),
        ("WALL·E", "wall·e"),
        ("Straße", "strasse"),
        ("ŒUVRE Æon Łódź Ødegård Þór", "oeuvre aeon lodz odegard thor"),
        ("İstanbul", "istanbul"),
        ("Ёлки", "елки"),
        ("ＮＥＯＮ", "neon"),
        ("ｶﾞｷ", "ガキ"),
        ("Rocky Ⅱ", "rocky  ii "),
        ("8½", "8 1 2 "),
        ("Alien³", "alien 3 "),
        ("۲۰۱۲", "2012"),
        ("Fast & Furious", "fast  and  furious"),
    ],
)
def test_texts_are_folded(text: str, wanted: str) -> None:
    assert fold(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("rocky ii", "rocky 2"),
        ("twenty one grams", "21 grams"),
        ("one hundred and one dalmatians", "101 dalmatians"),
        ("two thousand one", "2001"),
        ("five million and two", "5000002"),
        ("nineteen eighty four", "19 84"),
        ("one two three", "1 2 3"),
        ("one hundred and", "100 and"),
        ("eight and a half", "8 1 2"),
        ("the sixth sense", "the 6th sense"),
        ("twenty fifth hour and thirty first", "25th hour and 31st"),
        ("million dollar baby", "million dollar baby"),
        ("star trek xxxix", "star trek 39"),
    ],
)
def test_numbers_are_written_in_digits(text: str, wanted: str) -> None:
    assert " ".join(in_digits(text.split())) == wanted


LONG = {
    "letters": "a",
    "words": "spider man ",
    "letters apart": "m.a.s.h.",
    "numbers": "one hundred and twenty two ",
    "ands": "one hundred and ",
    "hundreds": "hundred ",
    "styled": "s1l3nt ",
    "one styled word": "s1",
    "CJK": "千と千尋の神隠し",
    "accents apart": "e\u0301",
    "ligatures": "ﷺ",
    "fractions": "½",
    "apostrophes": "it's ",
    "emojis": "👨‍👩‍👧",
}


@pytest.mark.parametrize("kind", LONG)
def test_what_a_title_is_found_by_grows_with_it_alone(kind: str) -> None:
    unit = LONG[kind]
    assert linear(
        lambda text: (terms(text), wholes(text), name_terms([text])), lambda size: unit * (size // len(unit)), 25_000
    )


def test_a_long_question_costs_little_more_than_a_short_one(own: Catalogue) -> None:
    for unit in LONG.values():
        assert linear(
            lambda text: own.index.search(text, 5), lambda size, unit=unit: unit * (size // len(unit)), 20_000
        )


def test_the_list_is_varied() -> None:
    kinds = defaultdict(set)
    for question in questions():
        kinds[question.kind].add(question.text)
    assert len(kinds) >= 12
    assert sum(map(len, kinds.values())) == len(questions()), "no question twice"
